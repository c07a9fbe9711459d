"""An account: one login at the provider, whether its calls may go out, and what they last showed."""

import secrets
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Breaker(models.TextChoices):
    """Why no call of an account may go out. Empty: calls may go out."""

    CLOSED = "", _("closed")
    LOGIN = "login", _("the login was refused")
    BLOCK = "block", _("the address is blocked")


def new_instance() -> str:
    return secrets.token_hex(8)


class Account(models.Model):
    class Kind(models.TextChoices):
        LIVE = "live", _("live")
        SANDBOX = "sandbox", _("sandbox")

    name = models.CharField(_("name"), max_length=60, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.LIVE)
    base_url = models.URLField(_("base address"), default="", blank=True)
    # Fernet-encrypted JSON {"login", "password", "apikey"}; only accounts.credentials decrypts and writes it.
    secret = models.BinaryField(editable=False, default=b"")
    # A digest of the login or key: names the account in Redis without showing either.
    identity = models.CharField(max_length=64, editable=False, default="")
    # When the credentials last changed: the outcome of a call with older ones does not count for these.
    credentials_at = models.DateTimeField(null=True, editable=False)
    # Two letters; empty: DEFAULT_COUNTRY.
    country = models.CharField(_("country"), max_length=2, default="", blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    breaker = models.CharField(
        _("calls"), max_length=10, choices=Breaker.choices, default=Breaker.CLOSED, blank=True
    )
    breaker_at = models.DateTimeField(_("stopped at"), null=True, blank=True)
    breaker_until = models.DateTimeField(_("stopped until"), null=True, blank=True)
    breaker_text = models.CharField(_("words of the refusal"), max_length=200, default="", blank=True)
    probe_asked_at = models.DateTimeField(_("probe asked for at"), null=True, blank=True)
    # When a call first succeeded with these credentials; until then calls go one at a time.
    proven_at = models.DateTimeField(_("proven at"), null=True, blank=True)

    # Roughly when a call last began: tells a Redis that lost its memory from a new one (accounts.limiter).
    last_call_at = models.DateTimeField(null=True, editable=False)
    # `instance` names this row, and restored copies of it, in Redis. `memory` is the secret that they share
    # with Redis (accounts.restore_guard).
    instance = models.CharField(max_length=16, default=new_instance, editable=False)
    memory = models.CharField(max_length=16, default="", editable=False)
    # When the database was last found to be perhaps restored: rows queued before may have been sent already,
    # so a person has to release them.
    doubt_from = models.DateTimeField(null=True, editable=False)
    # forgotten (Redis lost its memory), other (its secret differs), older (the database lacks an attempt).
    doubt_reason = models.CharField(max_length=10, default="", editable=False)
    last_ok_at = models.DateTimeField(_("last answer"), null=True, blank=True)
    last_error_at = models.DateTimeField(_("last error at"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=200, default="", blank=True)
    # When the last read of the list began that ran to its end, and the last one that failed.
    list_read_at = models.DateTimeField(null=True, editable=False)
    list_failed_at = models.DateTimeField(null=True, editable=False)
    # The most rows that one answer to get_all has held. An answer with fewer was not cut by the provider.
    most_rows = models.PositiveIntegerField(default=0, editable=False)
    # Whether the `id` of a message is the number of its mailing's job: "" (not known), "alike" or "unlike";
    # and how many messages have shown that it is.
    message_ids = models.CharField(max_length=6, default="", blank=True, editable=False)
    message_ids_seen = models.PositiveIntegerField(default=0, editable=False)
    balance = models.DecimalField(_("balance"), max_digits=14, decimal_places=4, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=10, default="", blank=True)
    balance_at = models.DateTimeField(_("balance read at"), null=True, blank=True)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")

    def __str__(self) -> str:
        return self.name

    @property
    def home(self) -> str:
        """The country by which numbers without a country code are read."""
        return self.country or settings.DEFAULT_COUNTRY

    @property
    def is_sandbox(self) -> bool:
        return self.kind == self.Kind.SANDBOX


class Pull(models.Model):
    """One read of the provider's list over the days from `start` to `end`, and whether it was complete."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="pulls")
    start = models.DateField()
    end = models.DateField()
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    complete = models.BooleanField(default=False)
    # Why it is not complete: a LookNote.
    incomplete_reason = models.CharField(max_length=40, default="", blank=True)
    rows = models.PositiveIntegerField(default=0)
    calls = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["account", "-begun_at"], name="pull_newest")]

    if TYPE_CHECKING:
        account_id: int

    def __str__(self) -> str:
        return f"{self.start:%d.%m.%Y}-{self.end:%d.%m.%Y}"
