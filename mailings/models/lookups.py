"""What was asked of the provider for the compose form: an account's lists (senders, groups …), and prices."""

from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from mailings.models.accounts import Account
from mailings.models.mailing import Mailing


class Catalog(models.Model):
    """One of the lists that an account has at the provider, as it was last read whole."""

    class Kind(models.TextChoices):
        SENDERS = "senders", _("sender names")
        GROUPS = "groups", _("groups")
        TEMPLATES = "templates", _("templates")

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="catalogs")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    # Each {"id", "name", "text", "people"}: a template's text, a group's size; null if the provider gave
    # none.
    rows = models.JSONField(default=list)
    fetched_at = models.DateTimeField(null=True)
    # Why the last try brought nothing: a slug of the client's errors or of Waiting; "" if it succeeded.
    trouble = models.CharField(max_length=40, default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "kind"], name="one_catalog_of_a_kind")]

    if TYPE_CHECKING:
        account_id: int

    def __str__(self) -> str:
        return f"{self.kind} of account {self.account_id}"


class Quote(models.Model):
    """The price of one message to some people. `digest`: of all parameters that were asked with."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="quotes")
    digest = models.CharField(max_length=32)
    # The draft whose price it is; without one, `asked` holds the parameters until the answer is there.
    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, null=True, related_name="quotes")
    asked = models.JSONField(default=list)
    asked_at = models.DateTimeField(db_index=True)
    # When a worker took it, so that it is asked once, however many workers are nudged.
    begun_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    cost = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    messages = models.PositiveIntegerField(null=True)
    # Why there is no price (as in Catalog), and the provider's words.
    trouble = models.CharField(max_length=40, default="", blank=True)
    words = models.CharField(max_length=500, default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "digest"], name="one_quote_of_a_message")]

    if TYPE_CHECKING:
        account_id: int

    def __str__(self) -> str:
        return f"quote {self.pk}"
