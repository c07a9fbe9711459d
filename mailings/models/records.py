"""Rows that are only ever added: attempts, events, observations. Also the files that go with a mailing."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.storage import storages
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailings.models.accounts import Account
from mailings.models.mailing import Mailing
from mailings.models.prepared import Prepared, adding, changing, given
from mailings.models.states import EventKind
from mailings.smsc.spec.files import FileRef


class AppendOnlyError(Exception):
    """A row that may only be added was about to be changed or deleted: a defect of ours."""


class AppendOnlyQuerySet(models.QuerySet[Any]):
    """Rows are only added. `AttemptQuerySet.finish` writes to a row once; `mirror.absorb_twin` moves rows to
    another mailing."""

    def update(self, **values: Any) -> int:
        raise AppendOnlyError(self.model.__name__)

    def delete(self) -> tuple[int, dict[str, int]]:
        raise AppendOnlyError(self.model.__name__)


class AttemptQuerySet(AppendOnlyQuerySet):
    def begin(self, mailing: Mailing, reference: str, token: str, now: datetime) -> "Attempt":
        """Record that a creating call is about to be made. IntegrityError: there is one with this token."""
        create = Attempt.Kind.CREATE
        values = {"kind": create, "reference": reference, "token": token, "begin": now}
        ((pk,),) = _BEGIN.rows(mailing_id=mailing.pk, **values)
        return Attempt(pk=pk, mailing=mailing, **values)

    def open(self) -> "AttemptQuerySet":
        return self.filter(outcome="")

    def finish(
        self, pk: int, outcome: str, at: datetime, *, code: int | None = None, text: str = "", raw: str = ""
    ) -> bool:
        """Record how an attempt ended; False when that was recorded before."""
        values = {"outcome": outcome, "end": at, "code": code, "text": text[:500], "raw": raw}
        return _FINISH.change(pk=pk, **values) == 1


class Attempt(models.Model):
    """One call that tries to change something at the provider. Begun once, finished at most once."""

    class Kind(models.TextChoices):
        CREATE = "create", _("create")
        CANCEL = "cancel", _("cancel")
        DELETE = "delete", _("delete")

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        CONFIRMED = "confirmed", _("confirmed")
        REFUSED = "refused", _("refused")
        NOT_SENT = "not_sent", _("not sent")
        HELD = "held", _("held")
        UNKNOWN = "unknown", _("unknown")
        TOO_LATE = "too_late", _("too late")

    mailing = models.ForeignKey(Mailing, on_delete=models.PROTECT, related_name="attempts")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    reference = models.CharField(max_length=10, default="", blank=True)
    token = models.CharField(max_length=32, default="", editable=False)
    begin = models.DateTimeField()
    end = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default="", blank=True)
    code = models.IntegerField(null=True)
    text = models.CharField(max_length=500, default="", blank=True)
    # The provider's answer as it came, without our credentials.
    raw = models.TextField(default="", blank=True)

    objects = AttemptQuerySet.as_manager()

    class Meta:
        ordering = ["begin", "id"]
        indexes = [
            models.Index(fields=["token"], name="attempt_token"),
            # For the sweep: a few of all that ever were.
            models.Index(fields=["begin"], name="open_attempts", condition=models.Q(outcome="")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["token"], name="one_create_per_token", condition=models.Q(kind="create")
            )
        ]

    if TYPE_CHECKING:
        mailing_id: int

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"


_BEGIN = Prepared(
    lambda: adding(
        "mailings_attempt",
        **given(Attempt, "mailing_id", "kind", "reference", "token", "begin"),
        outcome="",
        text="",
        raw="",
    )
)
_ENDED = given(Attempt, "outcome", "end", "code", "text", "raw")
_FINISH = Prepared(lambda: changing(Attempt.objects.filter(outcome="", **given(Attempt, id="pk")), **_ENDED))


class Event(models.Model):
    """Who did what, and when: the timeline of a mailing or account. `wording` makes sentences of it."""

    mailing = models.ForeignKey(
        Mailing, verbose_name=_("mailing"), on_delete=models.PROTECT, related_name="events", null=True
    )
    account = models.ForeignKey(
        Account, verbose_name=_("account"), on_delete=models.PROTECT, related_name="events", null=True
    )
    at = models.DateTimeField(_("at"))
    who = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("who"), on_delete=models.PROTECT, null=True, related_name="+"
    )
    kind = models.CharField(_("kind"), max_length=40, choices=EventKind.choices)
    data = models.JSONField(_("data"), default=dict)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["account", "-at"], name="account_events")]

    def __str__(self) -> str:
        return self.kind


_EVENT = Prepared(
    lambda: adding("mailings_event", **given(Event, "mailing_id", "kind", "at", "who_id", "data"))
)


@dataclass(frozen=True)
class SystemUser:
    """The name, at the operating system, of whoever runs the command line without naming a login of ours."""

    name: str


def login_of(by: Any) -> Any:
    """The login to store in a column: None for Mailroom itself and for a system user."""
    return None if isinstance(by, SystemUser) else by


def record(kind: EventKind, mailing: Mailing | int | None = None, *, by: Any = None, **data: Any) -> None:
    """Add an event to a mailing's timeline. `by`: the login, a SystemUser, or None for Mailroom itself."""
    pk = mailing.pk if isinstance(mailing, Mailing) else mailing
    if isinstance(by, SystemUser):
        data["system_user"] = by.name
    who = login_of(by)
    _EVENT.rows(mailing_id=pk, kind=kind, at=timezone.now(), who_id=who and who.pk, data=data)


class Observation(models.Model):
    """An answer about a job as it came, if it differs from the one before. `source`: get or get_all."""

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="observations")
    at = models.DateTimeField()
    source = models.CharField(max_length=10)
    status_word = models.CharField(max_length=100, default="", blank=True)
    payload = models.JSONField()

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.source} {self.at:%Y-%m-%d %H:%M:%S}"


def private_storage() -> Any:
    return storages["default"]


class Attachment(models.Model):
    """A file that goes with a mailing. It is stored under MEDIA_ROOT, which no URL serves."""

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="attachments")
    file = models.FileField(upload_to="attachments/%Y/%m", storage=private_storage, max_length=300)
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=100, default="application/octet-stream")
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> FileRef:
        """The file as a spec names it."""
        return FileRef(self.name, self.size, self.content_type, self.sha256)
