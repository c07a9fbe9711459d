"""The stop list: addresses to which nothing is sent, by one account or by all.

It is used when recipients are read (`keys`), and again in the transaction of the claim (`leave_out`), so that
an address that was stopped in between gets nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from mailings.models import Account, Mailing, Recipient, StopEntry, login_of
from mailings.models.prepared import Prepared, changing, given
from mailings.recipients.judge import Judge, person
from mailings.recipients.limits import Limits
from mailings.recipients.reader import Choices, key_of, read
from mailings.recipients.reasons import Verdict

# How many addresses one statement has.
CHUNK = 2_000

# How many recipients of a mailing are on the list: a part of the claiming UPDATE (outbox.claims).
ANY_LISTED = (
    "SELECT count(*) FROM mailings_recipient JOIN mailings_stopentry"
    " ON mailings_stopentry.address = LOWER(mailings_recipient.address)"
    " WHERE mailings_recipient.mailing_id = mailings_mailing.id AND NOT mailings_recipient.stopped"
    " AND (mailings_stopentry.account_id = mailings_mailing.account_id"
    " OR mailings_stopentry.account_id IS NULL)"
)


class BadReason(Exception):
    """The reason contains a NUL character, which PostgreSQL cannot store."""


class NotAnAddress(Exception):
    """`value`, as it was given, is no number, e-mail address or Telegram name."""

    def __init__(self, value: str) -> None:
        super().__init__("not an address")
        self.value = value


def key(value: str, country: str) -> str:
    """The form in which the list stores an address, for any spelling of it. Raises NotAnAddress."""
    found = Judge(None, country).entries(value)
    if len(found) != 1 or found[0].verdict is Verdict.WRONG or not found[0].recipient:
        raise NotAnAddress(value)
    return person(found[0].recipient)


def add(
    values: Iterable[str], *, country: str, account: Account | None = None, reason: str = "", by: Any = None
) -> list[StopEntry]:
    """Stop all of these addresses, or none; returns their entries. Old entries keep their reason and time.

    Raises NotAnAddress and BadReason.
    """
    if "\0" in reason:
        raise BadReason
    stopped = list(dict.fromkeys(key(value, country) for value in values))
    fields = {"account": account, "reason": reason[:200], "who": login_of(by)}
    found: dict[str, StopEntry] = {}
    with transaction.atomic():
        for some in (stopped[at : at + CHUNK] for at in range(0, len(stopped), CHUNK)):
            rows = [StopEntry(address=one, **fields) for one in some]
            StopEntry.objects.bulk_create(rows, ignore_conflicts=True)
            kept = StopEntry.objects.filter(account=account, address__in=some)
            found |= {entry.address: entry for entry in kept.select_related("account", "who")}
    return [found[one] for one in stopped]


def values_of(file: IO[bytes], name: str, country: str, limits: Limits | None = None) -> list[str]:
    """The recipients in a file, of any kind. Raises UnreadableFile."""
    found = read(file, name, Choices(channel=None, country=country), limits)
    return [entry.recipient for entry in found if entry.verdict in (Verdict.VALID, Verdict.DOUBTFUL)]


def remove(values: Iterable[str], *, country: str, account: Account | None = None) -> int:
    """Take addresses off the list of an account, or off that for all (None); returns how many were on it.

    Raises NotAnAddress.
    """
    stopped = [key(value, country) for value in values]
    return StopEntry.objects.filter(account=account, address__in=stopped).delete()[0]


def of(account: Account) -> QuerySet[StopEntry]:
    """The entries that count for an account: its own, and those for all."""
    return StopEntry.objects.filter(Q(account=account) | Q(account=None))


def keys(account: Account) -> frozenset[int]:
    """The keys (`key_of`) of all who are on the list now."""
    return frozenset(map(key_of, of(account).values_list("address", flat=True).iterator()))


def is_stopped(account: Account, recipient: str) -> bool:
    """Whether a recipient (in the form in which it is sent) is on the list now."""
    return of(account).filter(address=person(recipient)).exists()


def reachable(mailing: Mailing) -> QuerySet[Recipient]:
    """The recipients of a mailing that are not on the list now."""
    listed = of(mailing.account).values("address")
    found = Recipient.objects.filter(mailing=mailing, stopped=False).annotate(key=Lower("address"))
    return found.exclude(key__in=listed)


def leave_out(mailing: Mailing) -> int:
    """Mark the recipients of a mailing that are on the list now; returns their number.

    Call in the transaction of the claim.
    """
    return _LEAVE_OUT.change(mailing=mailing.pk, account=mailing.account_id)


def _leaving_out() -> tuple[str, Sequence[Any]]:
    account = Q(**given(StopEntry, account_id="account")) | Q(account=None)
    listed = StopEntry.objects.filter(account).values("address")
    kept = Recipient.objects.filter(stopped=False, **given(Recipient, mailing_id="mailing"))
    return changing(kept.annotate(key=Lower("address")).filter(key__in=listed), stopped=True)


_LEAVE_OUT = Prepared(_leaving_out)


def described(entries: Iterable[StopEntry]) -> Iterator[dict[str, str | None]]:
    """Entries as the command line and the export show them."""
    for entry in entries:
        yield {
            "value": entry.address,
            "account": entry.account.name if entry.account else None,
            "reason": entry.reason,
            "by": entry.who.get_username() if entry.who else None,
            "at": entry.at.isoformat(timespec="seconds"),
        }
