"""What a person saw when deciding: a decision is carried out only while nothing newer is known."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _

from mailings.models import Attempt, Mailing
from mailings.outbox.errors import Impossible

# What a decision rests on. More looks in vain do not count: they only bear out what was shown.
FACTS = (
    "state",
    "state_at",
    "held_reason",
    "released_at",
    "remote_id",
    "look_matches",
    "candidate",
    "wish",
    "wish_at",
    "wish_tries",
    "wish_result",
    "wish_result_at",
    "alarm",
    "alarm_jobs",
    "messages_seen",
)


class Outdated(Impossible):
    """Something newer is known than what was decided on; the text says what."""


@dataclass(frozen=True)
class Seen:
    """What was shown. `attempt`: the newest create attempt's reference, "" where there was none; `stamp`:
    the `stamp` of the row. None: not told, so that it is not compared."""

    attempt: str | None = None
    stamp: str | None = None

    def must_be_so(self, mailing: Mailing) -> None:
        """Raises Outdated with the new facts. Call with the row locked."""
        newest = _newest(mailing)
        reference = newest.reference if newest else ""
        attempt_is_so = self.attempt is None or self.attempt == reference
        if attempt_is_so and (self.stamp is None or self.stamp == stamp(mailing)):
            return
        raise Outdated(
            _(
                "Something newer is known than what you decided on, so nothing was changed: the mailing is "
                "%(state)s now, and its newest attempt is %(reference)s. Look at it, and decide anew."
            )
            % {"state": mailing.get_state_display(), "reference": reference or "–"}
        )


# A decision that says nothing of what it rests on, as the command line allows.
UNBOUND = Seen()


def stamp(mailing: Mailing) -> str:
    """A digest of everything that a decision on this mailing rests on, for a form to carry."""
    return _digest(mailing, _newest(mailing))


def stamps(mailings: Collection[Mailing]) -> dict[int, str]:
    """The stamps of many, by their keys, for one query."""
    tries = Attempt.objects.filter(mailing__in=mailings, kind=Attempt.Kind.CREATE)
    newest = {attempt.mailing_id: attempt for attempt in tries.defer("raw").order_by("id")}
    return {mailing.pk: _digest(mailing, newest.get(mailing.pk)) for mailing in mailings}


def _digest(mailing: Mailing, newest: Attempt | None) -> str:
    facts = [getattr(mailing, name) for name in FACTS]
    facts += [newest.pk, newest.token, newest.outcome] if newest else []
    text = json.dumps(facts, default=str)
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def _newest(mailing: Mailing) -> Attempt | None:
    return Attempt.objects.filter(mailing=mailing, kind=Attempt.Kind.CREATE).order_by("id").last()
