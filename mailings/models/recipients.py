"""The recipients of mailings, a row each, and the stop list."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection, models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailings.models.accounts import Account
from mailings.models.bulk import insert
from mailings.models.mailing import Mailing
from mailings.models.prepared import Prepared, adding, given
from mailings.smsc.spec import lists
from mailings.smsc.spec.spec import Addressee

# How many rows are read or written at once.
CHUNK = 5_000
# Fewer rows than these are inserted one by one: a COPY asks PostgreSQL several times.
FEW = 10
FRONT_LENGTH = 340
TABLE, WRITTEN = "mailings_recipient", ("position", "address", "text", "front")


class RecipientQuerySet(models.QuerySet["Recipient"]):
    def replace(self, mailing: Mailing, people: Iterable[Addressee]) -> int:
        """Make these the recipients of a mailing, in this order; returns their number."""
        self.filter(mailing=mailing).delete()
        return self.add(mailing, people)

    def add(self, mailing: Mailing, people: Iterable[Addressee]) -> int:
        """Add the recipients of a mailing that has none, in this order; returns their number."""
        rows, written = ((position, *one) for position, one in enumerate(people)), 0
        # The people may come from a query on the same connection, which would wait for ever during a COPY, so
        # each chunk is read first.
        while chunk := list(islice(rows, CHUNK)):
            if len(chunk) < FEW:
                for row in chunk:
                    _ADDED.rows(mailing_id=mailing.pk, stopped=False, **dict(zip(WRITTEN, row, strict=True)))
            else:
                insert(TABLE, WRITTEN, chunk, mailing_id=mailing.pk, stopped=False)
            written += len(chunk)
        return written

    def add_imported(self, mailing: Mailing, imported: int, verdicts: Sequence[str], behind: int) -> int:
        """Add the rows of an import with these verdicts; returns their number.

        `behind`: how many recipients the mailing has already.
        """
        marks = ", ".join(["%s"] * len(verdicts))
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {TABLE} (mailing_id, {', '.join(WRITTEN)}, stopped) "  # noqa: S608 (our own names)
                "SELECT %s, %s + position, address, NULL, '', %s "
                f"FROM mailings_importedrow WHERE imported_id = %s AND verdict IN ({marks})",
                [mailing.pk, behind, False, imported, *verdicts],
            )
            return int(cursor.rowcount)

    def addresses(self, mailing: Mailing) -> tuple[str, ...]:
        """The addresses to which a mailing is sent, in order, without those left out by the stop list."""
        kept = self.filter(mailing=mailing, stopped=False).order_by("position")
        return tuple(kept.values_list("address", flat=True).iterator(chunk_size=CHUNK))

    def lines(self, mailing: Mailing) -> Iterator[str]:
        """The lines of a mailing's personal messages as the provider takes them, in order, without those left
        out by the stop list."""
        kept = self.filter(mailing=mailing, stopped=False).order_by("position")
        # Once there is a spec, it counts, and not what was typed.
        nl = (mailing.spec.get("options") or mailing.options).get("nl") not in (None, "", "0", 0, False)
        # A query for each chunk, because the lines are read while they are sent, which may take minutes.
        found, last = kept.values_list("position", "front", "address", "text"), -1
        while rows := list(found.filter(position__gt=last)[:CHUNK]):
            for _position, front, address, text in rows:
                yield lists.line(front, address, text or "", nl=nl)
            last = rows[-1][0]


class Recipient(models.Model):
    """One address of one mailing, in the form in which it is sent."""

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="people", db_index=False)
    position = models.PositiveIntegerField()
    address = models.CharField(max_length=320)
    # The text of a personal message; null where everybody gets the mailing's.
    text = models.TextField(null=True)
    # The sender and time zone of a personal message, as they stand in its line: `SHOP,2|`.
    front = models.CharField(max_length=FRONT_LENGTH, default="", db_default="")
    # Left out at the claim, because the address was on the stop list by then.
    stopped = models.BooleanField(default=False)
    # What became of its message, written by mailings.delivery only: a `Result` ("" while none was seen), the
    # provider's status and error number, and the time of that status (seconds since 1970).
    result = models.CharField(max_length=10, default="", db_default="", blank=True)
    status = models.IntegerField(null=True)
    err = models.IntegerField(null=True)
    result_at = models.BigIntegerField(null=True)
    cost = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    parts = models.PositiveIntegerField(null=True)

    objects = RecipientQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["address", "mailing"], name="recipient_address"),
            models.Index(fields=["mailing", "result", "position"], name="recipient_result"),
        ]
        constraints = [models.UniqueConstraint(fields=["mailing", "position"], name="recipient_in_order")]

    if TYPE_CHECKING:
        mailing_id: int

    def __str__(self) -> str:
        return f"recipient {self.position} of mailing {self.mailing_id}"


_ADDED = Prepared(lambda: adding(TABLE, **given(Recipient, "mailing_id", "stopped", *WRITTEN)))
_ADDRESSES = Prepared(
    lambda: (
        Recipient.objects.filter(stopped=False, **given(Recipient, mailing_id="mailing"))
        .order_by("position")
        .values_list("address")
    )
)


def addresses_of(mailing: Mailing) -> tuple[str, ...]:
    """The addresses to which a mailing is sent, in order. For few recipients a prepared statement is used."""
    if (mailing.recipients_count or CHUNK) < CHUNK:
        return tuple(address for (address,) in _ADDRESSES.rows(mailing=mailing.pk))
    return Recipient.objects.addresses(mailing)


class StopEntry(models.Model):
    """An address to which nothing is sent by one account; without an account, by none of them."""

    account = models.ForeignKey(
        Account,
        verbose_name=_("account"),
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="stops",
    )
    address = models.CharField(_("address"), max_length=320, db_index=True)
    reason = models.CharField(_("reason"), max_length=200, default="", blank=True)
    who = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("who"), on_delete=models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("stopped address")
        verbose_name_plural = _("stop list")
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "address"], name="stop_once"),
            models.UniqueConstraint(
                fields=["address"], name="stop_once_for_all", condition=models.Q(account=None)
            ),
        ]

    def __str__(self) -> str:
        return f"stop {self.pk}"
