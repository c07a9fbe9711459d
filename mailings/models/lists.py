"""Saved lists: recipients under a name, for any mailing."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SavedList(models.Model):
    """`source`: the name of the file that it was last made from, "" if pasted. `count`: how many people."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    source = models.CharField(max_length=255, default="", blank=True)
    count = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ListedPerson(models.Model):
    """One recipient of a list, in the form in which it is sent, each person once (by `key`)."""

    saved_list = models.ForeignKey(SavedList, on_delete=models.CASCADE, related_name="people", db_index=False)
    address = models.CharField(max_length=320)
    key = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["saved_list", "key"], name="listed_once")]
        indexes = [models.Index(fields=["key"], name="listed_person")]

    if TYPE_CHECKING:
        saved_list_id: int

    def __str__(self) -> str:
        return f"person {self.pk} of list {self.saved_list_id}"
