"""What a person saw when deciding: a decision is refused when the facts have changed since."""

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from mailings.models import Attempt, Mailing
from mailings.models.among import as_one
from mailings.models.prepared import Given, PreparedRow
from mailings.outbox.errors import Impossible

# The columns that a decision rests on. `looks` is not among them: further looks in vain only confirm what the
# person saw.
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
    """The facts have changed since the person saw them; the text says how."""


@dataclass(frozen=True)
class Seen:
    """What a person saw.

    `attempt`: the reference of the newest creating attempt, "" if there was none. `stamp`: the row's `stamp`.
    None: not known, so not compared.
    """

    attempt: str | None = None
    stamp: str | None = None

    def must_be_so(self, mailing: Mailing) -> None:
        """Raises Outdated, with the new facts, when the mailing has changed. Call with the row locked."""
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


# For a decision that does not say what the person saw: the command line allows that.
UNBOUND = Seen()


def stamp(mailing: Mailing, attempts: Iterable[Attempt] | None = None) -> str:
    """24 hex digits over everything that a decision on this mailing rests on; forms post it back.

    `attempts`: all of the mailing's, if they were read already.
    """
    if attempts is None:
        return _digest(mailing, _newest(mailing))
    creates = [attempt for attempt in attempts if attempt.kind == Attempt.Kind.CREATE]
    return _digest(mailing, max(creates, key=lambda attempt: attempt.pk, default=None))


def stamps(mailings: Collection[Mailing]) -> dict[int, str]:
    """The stamps of many mailings by primary key, with one query for all."""
    tries = _CREATES.all(pks=as_one(mailing.pk for mailing in mailings))
    newest = {attempt.mailing_id: attempt for attempt in tries}
    return {mailing.pk: _digest(mailing, newest.get(mailing.pk)) for mailing in mailings}


def _creates() -> QuerySet[Attempt]:
    found = Attempt.objects.filter(mailing__id__among=Given("pks"), kind=Attempt.Kind.CREATE)
    return found.only("mailing", "token", "outcome").order_by("id")


_CREATES = PreparedRow(_creates)


def _digest(mailing: Mailing, newest: Attempt | None) -> str:
    facts = [getattr(mailing, name) for name in FACTS]
    facts += [newest.pk, newest.token, newest.outcome] if newest else []
    text = json.dumps(facts, default=str)
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def _newest(mailing: Mailing) -> Attempt | None:
    return Attempt.objects.filter(mailing=mailing, kind=Attempt.Kind.CREATE).order_by("id").last()
