"""A person's wish that a mailing which waits at the provider goes out at another hour."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mailings.models.mailing import Mailing


class HourChange(models.Model):
    """The mailing is cancelled first. Once that is confirmed, a copy of it is sent off for the new hour.

    `time`: the new hour as the provider's parameter has it. `wish_at`: that of the mailing, as the cancel was
    asked for; if it differs by now, a person has asked for something else since. `result`: "" until the end.
    """

    class Result(models.TextChoices):
        MOVED = "moved", _("cancelled, and a copy was sent off for the new hour")
        TOO_LATE = "too_late", _("it had gone out already")
        UNCONFIRMED = "unconfirmed", _("the cancel could not be confirmed")
        FAILED = "failed", _("SMS Centre did not cancel it")
        PAST = "past", _("it was cancelled, but by then the new hour had passed")
        NO_COPY = "no_copy", _("it was cancelled, but no copy could be made: a file of it is missing")
        DROPPED = "dropped", _("something else was asked for meanwhile")
        DOUBT = (
            "doubt",
            _("the database may be older than what was sent last, so the copy may have been sent before"),
        )

    mailing = models.ForeignKey(Mailing, on_delete=models.PROTECT, related_name="hour_changes")
    time = models.CharField(max_length=20)
    due_at = models.DateTimeField()
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    wish_at = models.DateTimeField()
    result = models.CharField(max_length=15, choices=Result.choices, default="", blank=True)
    ended_at = models.DateTimeField(null=True)
    copy = models.OneToOneField(
        Mailing, null=True, blank=True, on_delete=models.PROTECT, related_name="moved_from"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mailing"], condition=Q(result=""), name="one_hour_change_open")
        ]
        indexes = [models.Index(fields=["asked_at"], condition=Q(result=""), name="hour_change_open")]

    if TYPE_CHECKING:
        mailing_id: int
        copy_id: int | None

    def __str__(self) -> str:
        return f"{self.mailing_id} to {self.time}"
