"""What became of messages: each one that a mailing of ours may have sent, and the figures of each mailing.

A message has neither text nor address: it points at a recipient, which has both. Times that the provider
names are seconds since 1970, as it gives them.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from mailings.models.accounts import Account
from mailings.models.mailing import Mailing


class Result(models.TextChoices):
    """What is known of a recipient's message. The label is shown on pages."""

    DELIVERED = "delivered", _("delivered")
    READ = "read", pgettext_lazy("message", "read")
    FAILED = "failed", _("not delivered")
    WAITING = "waiting", _("on the way")
    UNCLEAR = "unclear", pgettext_lazy("message", "unclear")


# How many characters an `Ending` has.
ENDING = 4


class Delivery(models.Model):
    """How many recipients of a mailing have which result, and when to ask the provider about them next.

    Each recipient is counted once. A recurring mailing has the figures of its last round here.
    """

    mailing = models.OneToOneField(
        Mailing, on_delete=models.CASCADE, primary_key=True, related_name="delivery"
    )
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)
    # When its messages may go out; `closes` is null for one that repeats for ever.
    opens = models.DateTimeField()
    closes = models.DateTimeField(null=True)
    recipients = models.PositiveIntegerField(default=0)
    # Groups at the provider, which are not counted in `recipients`: their members are not known here.
    groups = models.PositiveIntegerField(default=0, db_default=0)
    delivered = models.PositiveIntegerField(default=0)
    read = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    waiting = models.PositiveIntegerField(default=0)
    unclear = models.PositiveIntegerField(default=0)
    # By status of the provider: how many of `failed` and `read` have it.
    reasons = models.JSONField(default=dict)
    # Of a recurring mailing: the number of the last round, and the figures of the rounds before it.
    round = models.PositiveIntegerField(default=0)
    rounds = models.JSONField(default=list)
    as_of = models.DateTimeField(null=True)
    ask_at = models.DateTimeField(null=True)
    # Whether its `Ending` rows are written.
    endings = models.BooleanField(default=False, db_default=False)
    # The provider is not asked again: all messages are settled, or it has been asked for long enough.
    final = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(
                fields=["account", "ask_at"], name="delivery_to_ask", condition=models.Q(final=False)
            ),
            models.Index(fields=["account", "closes"], name="delivery_hours"),
            models.Index(fields=["opens"], name="delivery_lately"),
        ]

    if TYPE_CHECKING:
        mailing_id: int
        account_id: int

    def __str__(self) -> str:
        return f"delivery of mailing {self.mailing_id}"

    @property
    def unheard(self) -> int:
        """How many recipients have no message that was seen."""
        known = self.delivered + self.read + self.failed + self.waiting + self.unclear
        return max(self.recipients - known, 0)

    @property
    def on_the_way(self) -> int:
        """How many recipients may still get a final result."""
        return 0 if self.final else self.waiting + self.unheard

    @property
    def unknown(self) -> int:
        """How many recipients will never get a final result, because the provider is not asked again."""
        return self.waiting + self.unheard if self.final else 0


class Message(models.Model):
    """A message at the provider, and a recipient that it may have been for. One message may have several."""

    # Without a foreign key in the database, which would check every message once more (decisions/0022).
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="messages", db_index=False)
    position = models.PositiveIntegerField()
    round = models.PositiveIntegerField(default=0)
    int_id = models.BigIntegerField()
    sent = models.BigIntegerField()
    last = models.BigIntegerField(default=0)
    status = models.IntegerField(null=True)
    err = models.IntegerField(null=True)
    cost = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    parts = models.PositiveIntegerField(null=True)
    # No other recipient of ours can have been meant, and the text was compared and is the mailing's.
    alone = models.BooleanField()
    # Its text was compared with that of this recipient's mailing, and is the same.
    compared = models.BooleanField(default=False, db_default=False)
    # Whose job the provider's `id` names: that of "this" mailing, that of an "other" one which may have sent
    # the message too, or none of these ("").
    named = models.CharField(max_length=5, default="", blank=True)
    final = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "int_id", "mailing", "position"], name="message_once_for_each"
            )
        ]
        indexes = [
            models.Index(fields=["mailing", "position"], name="message_of_recipient"),
            # Of recurring mailings only: which round is the last one.
            models.Index(fields=["mailing", "round"], name="message_round", condition=models.Q(round__gt=0)),
        ]

    if TYPE_CHECKING:
        mailing_id: int

    def __str__(self) -> str:
        return f"message of mailing {self.mailing_id}"


class Ending(models.Model):
    """The last characters of a recipient's address, for searches in large mailings (delivery.endings)."""

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="+", db_index=False)
    ending = models.CharField(max_length=ENDING)
    position = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["mailing", "ending", "position"], name="ending_of_recipient")]

    if TYPE_CHECKING:
        mailing_id: int

    def __str__(self) -> str:
        return f"ending in mailing {self.mailing_id}"


class DeliveryPull(models.Model):
    """One read of the provider's results: when, how much, and what was odd about it."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="delivery_pulls")
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    calls = models.PositiveIntegerField(default=0)
    rows = models.PositiveIntegerField(default=0)
    matched = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    # Rows that say too little, by why: odd (cannot be read), undated or unaddressed (cannot be
    # matched), status (matched, but with a status that is not known to us).
    left_alone = models.JSONField(default=dict)
    # Why it ended before its end: an error's sentence, or a slug of `delivery.pulls`.
    ended_by = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        indexes = [models.Index(fields=["account", "-begun_at"], name="delivery_pull_newest")]

    if TYPE_CHECKING:
        account_id: int

    def __str__(self) -> str:
        return f"{self.begun_at:%d.%m.%Y %H:%M}: {self.rows}"


# The result columns of a recipient's row, with their values while no message of it was seen.
NO_RESULT: dict[str, Any] = {
    "result": "", "status": None, "err": None, "result_at": None, "cost": None, "parts": None,
}  # fmt: skip


def moment(seconds: int | None) -> datetime | None:
    """A time that the provider gave in seconds since 1970, in UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
