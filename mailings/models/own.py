"""People's own addresses, the tests that go to them, and Mailroom's own templates."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailings.models.mailing import Mailing


class OwnAddress(models.Model):
    """An address to which a person's own tests go, for one channel, in the form in which it is sent."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="own_addresses"
    )
    channel = models.CharField(max_length=10)
    address = models.CharField(max_length=320)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["person", "channel", "address"], name="own_address_once")
        ]

    if TYPE_CHECKING:
        person_id: int

    def __str__(self) -> str:
        return f"own address {self.pk}"


class SelfTest(models.Model):
    """Marks a mailing as a test to its author's own addresses. `of`: the draft that is tried.

    A table of its own: for a new column SQLite rebuilds mailings_mailing, without its triggers for searches.
    """

    mailing = models.OneToOneField(
        Mailing, on_delete=models.CASCADE, primary_key=True, related_name="self_test"
    )
    of = models.ForeignKey(Mailing, on_delete=models.SET_NULL, null=True, related_name="tests")

    if TYPE_CHECKING:
        mailing_id: int

    def __str__(self) -> str:
        return f"test {self.mailing_id}"


class OwnTemplate(models.Model):
    """A text with its options under a name. Whoever uses it fills in the `{…}` of the text.

    `options`: as a draft has them, without recipients, hour and name.
    """

    name = models.CharField(_("name"), max_length=120, unique=True)
    channel = models.CharField(max_length=10, default="", blank=True)
    options = models.JSONField(default=dict)
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
