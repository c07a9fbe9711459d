"""A mailing: what a person wants (its spec) and the mirror of the provider's job.

The row is the queue. Every change of state is one conditional UPDATE, so that two workers can never both act
on one row: `MailingQuerySet.move`, or a prepared statement (`outbox.claims.claim`, `mirror.take_free_job`).
"""

import secrets
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import F, FloatField, Func, IntegerField, Q, Value
from django.db.models.functions import Coalesce, Concat, Left, Now
from django.utils.translation import gettext_lazy as _

from mailings.models.accounts import Account
from mailings.models.readings import Reading, VerifiedField
from mailings.models.states import (
    HELD_IN_DOUBT,
    PENDING,
    Alarm,
    HeldReason,
    Origin,
    State,
    Wish,
    WishAnswer,
    WishResult,
    may_follow,
)

# Crockford's alphabet: no I, L, O or U, which are misread.
CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 5

SEARCH_LENGTH = 400
# What the history can be ordered by besides `created_at`. A row without a count of recipients or a price is
# ordered by NO_FIGURE. It is part of the SQL and no parameter, as else no database would use the index.
NO_FIGURE = -1
BY_HOUR = Coalesce("remote_send_at", "due_at", "created_at")
BY_PEOPLE = Func(
    F("recipients_count"), template=f"COALESCE(%(expressions)s, {NO_FIGURE})", output_field=IntegerField()
)
# A float, which holds 14 digits exactly: on SQLite Django would put casts around a decimal.
BY_PRICE = Func(F("cost"), template=f"COALESCE(%(expressions)s, {NO_FIGURE})", output_field=FloatField())
# The only mark on letters that a search does not ignore: without it й would be и.
BREVE = "\N{COMBINING BREVE}"

# Leases and pauses are minutes long. One that ends later than this was written before the clock was set back.
CLOCK_WENT_BACK = timedelta(hours=1)

# When a mailing counts as overdue whose hour is not known to us ("between these hours", or a date in the
# account's own zone): so long after it was sent off.
HOUR_UNKNOWN = timedelta(days=1)


class IllegalTransition(Exception):
    """A change of state that the table does not have: a defect of ours, never bad input."""


def new_code() -> str:
    """A short random code, e.g. `K7Q2M`. At least one letter, so that it cannot be taken for a number."""
    while True:
        code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
        if not code.isdigit():
            return code


def letters(index: int) -> str:
    """The letters of the create attempt `index` (from 0): a, b … z, aa, ab …"""
    text = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        text = chr(ord("a") + rest) + text
    return text


def has_come(field: str, now: datetime) -> Q:
    """The column `field` is null, has come, or lies so far ahead that the clock was set back since."""
    return Q(**{field: None}) | Q(**{f"{field}__lte": now}) | Q(**{f"{field}__gt": now + CLOCK_WENT_BACK})


def _allowed(old: State | Iterable[State], new: State) -> list[State]:
    olds = [old] if isinstance(old, State) else list(old)
    for state in olds:
        if not may_follow(state, new):
            raise IllegalTransition(f"{state} -> {new}")
    return olds


class MailingQuerySet(models.QuerySet["Mailing"]):
    def move(self, pk: int, old: State | Iterable[State], new: State, **fields: Any) -> bool:
        """Take one row from any of the states `old` to `new`; False when it was in none of them.

        `fields` are written in the same UPDATE. Narrow the query set first to add conditions, e.g. a token.
        Raises IllegalTransition when the table does not have the change.
        """
        olds = _allowed(old, new)
        values = {"state": new, "held_reason": "", **fields}
        values.setdefault("state_at", Now())
        if fields.get("remote_id") and "search_text" not in fields:
            # In front, so that never the number is cut off. `mirror.observe` writes the whole text anew.
            number = Value(f"{fields['remote_id']} ")
            values["search_text"] = Left(Concat(number, "search_text"), SEARCH_LENGTH)
        return self.filter(pk=pk, state__in=olds).update(**values) == 1

    def looked_for(self) -> "MailingQuerySet":
        """Rows that may have a job which we have not seen, so that the provider's list is searched for it.

        These are unknown, held in doubt, or queued again after a creating call.
        """
        held = Q(state=State.HELD, held_reason__in=HELD_IN_DOUBT)
        again = Q(state=State.QUEUED, attempts__kind="create")
        open_ones = self.filter(state__in=[State.UNKNOWN, State.HELD, State.QUEUED])
        return open_ones.filter(Q(state=State.UNKNOWN) | held | again).distinct()

    def of(self, account: Account) -> "MailingQuerySet":
        """The rows of an account, for query sets whose other conditions leave few rows.

        `+ 0` keeps SQLite from using the index of accounts, by which it would read all that the account ever
        sent: it has no statistics to know better.
        """
        return self.alias(owner=F("account_id") + 0).filter(owner=account.pk)

    def newest_first(self) -> "MailingQuerySet":
        return self.order_by("-created_at", "-id")


class Mailing(models.Model):
    # No index of its own, nor for `created_by`: those of the history begin with it.
    account = models.ForeignKey(
        Account,
        verbose_name=_("account"),
        on_delete=models.PROTECT,
        related_name="mailings",
        db_index=False,
    )
    # Minted with the row; with a letter per create attempt it stands in front of the remote name.
    code = models.CharField(_("code"), max_length=CODE_LENGTH, unique=True, null=True, editable=False)
    # Made with the form, before its button is pressed: a double click, or a repeated command, finds the row.
    key = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.LOCAL)

    name = models.CharField(_("name"), max_length=255)
    # Name, code and remote id, made by `search_text` (SQLite ignores case in Latin letters only).
    search_text = models.CharField(max_length=SEARCH_LENGTH, default="", editable=False)
    channel = models.CharField(_("channel"), max_length=10, default="", blank=True)
    # A versioned JSON of mailings.smsc.spec.spec.Spec, without the recipients (model Recipient).
    spec = models.JSONField(default=dict)
    spec_digest = models.CharField(max_length=64, default="", editable=False)
    # What a draft's form held, as typed; empty once there is a spec.
    draft = models.JSONField(default=dict, blank=True)
    # The page that saved the draft last, and when: an older page puts nothing over it (outbox.drafts).
    draft_version = models.CharField(max_length=24, default="", blank=True, editable=False)
    draft_at = models.DateTimeField(null=True, editable=False)
    # What the review of a draft shows and takes long to work out (selectors.review); empty: not ready.
    prepared = models.JSONField(default=dict, blank=True)
    recipients_count = models.PositiveIntegerField(_("recipients"), null=True)
    parts = models.PositiveIntegerField(null=True)
    cost = models.DecimalField(_("cost"), max_digits=14, decimal_places=4, null=True)

    state = models.CharField(_("state"), max_length=20, choices=State.choices, default=State.DRAFT)
    state_at = models.DateTimeField()
    held_reason = models.CharField(max_length=10, choices=HeldReason.choices, default="", blank=True)
    refusal_code = models.IntegerField(null=True)
    refusal_text = models.CharField(max_length=500, default="", blank=True)
    alarm = models.CharField(max_length=20, choices=Alarm.choices, default="", blank=True)
    alarm_jobs = models.JSONField(default=list)
    # Jobs that bear this row's code and are not its own: remote id to what the list said (mirror.note_jobs).
    other_jobs = models.JSONField(default=dict)
    # Who put it aside last, and when: nothing more is to be done about what had gone wrong by then.
    put_aside_at = models.DateTimeField(null=True)
    put_aside_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    created_at = models.DateTimeField(_("made"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="mailings",
        db_index=False,
    )
    submitted_at = models.DateTimeField(null=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # The hour asked for (now, when "now"); null when it cannot be known (a date in the account's own zone).
    due_at = models.DateTimeField(null=True)
    # The provider's parameter `rpt`; 0: it goes out once.
    repeats = models.PositiveSmallIntegerField(default=0)
    # When a person let an overdue or restored mailing go: lateness counts from here.
    released_at = models.DateTimeField(null=True)

    # Why it is unknown: a slug of wording.reasons.
    unknown_reason = models.CharField(max_length=60, default="", blank=True, editable=False)

    # The claim: whoever has the token may send until the deadline; after the lease the outcome is unknown.
    token = models.CharField(max_length=32, default="", editable=False)
    deadline_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    nudged_at = models.DateTimeField(null=True)
    waiting_for = models.CharField(max_length=20, default="", blank=True)

    # The mirror: only models.mirror and models.mirror_many write these.
    remote_id = models.CharField(_("job"), max_length=40, null=True, blank=True)
    remote_status = models.CharField(max_length=20, default="", blank=True)
    remote_word = models.CharField(max_length=100, default="", blank=True)
    remote = models.JSONField(null=True)
    fingerprint = models.CharField(max_length=32, default="", editable=False)
    verified_at = VerifiedField(null=True)
    # The newest list that showed the job as it was known, together with others; null: there was none.
    reading = models.ForeignKey(
        Reading, null=True, on_delete=models.PROTECT, related_name="+", db_index=False, editable=False
    )
    # The hour that the provider names for the job, if it can be read; of a recurring job the next one.
    remote_send_at = models.DateTimeField(null=True)
    gone = models.BooleanField(default=False)
    gone_at = models.DateTimeField(null=True)

    wish = models.CharField(max_length=10, choices=Wish.choices, default="", blank=True)
    wish_at = models.DateTimeField(null=True)
    wish_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    wish_next_at = models.DateTimeField(null=True)
    wish_tries = models.PositiveIntegerField(default=0)
    # When the provider said OK to the wish. A second look still has to confirm it.
    wish_agreed_at = models.DateTimeField(null=True)
    wish_result = models.CharField(max_length=15, choices=WishResult.choices, default="", blank=True)
    wish_result_at = models.DateTimeField(null=True)
    # Why a wish failed.
    wish_answer = models.CharField(max_length=10, choices=WishAnswer.choices, default="", blank=True)

    # The job that a person says is this mailing's, until a `get` has shown whose it is.
    candidate = models.CharField(max_length=40, default="", blank=True)
    candidate_at = models.DateTimeField(null=True)
    candidate_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    candidate_next_at = models.DateTimeField(null=True)
    # When a person took a job to be this mailing's; can be undone until something is asked of the job.
    adopted_at = models.DateTimeField(null=True)
    # The wish from before that. It is not asked of the job unless a person asks for it again.
    wish_before = models.CharField(max_length=10, choices=Wish.choices, default="", blank=True)

    # Looks for an unknown mailing: complete reads that did not show it, and why the last one did not count.
    looks = models.PositiveIntegerField(default=0)
    look_at = models.DateTimeField(null=True)
    look_note = models.CharField(max_length=40, default="", blank=True)
    look_matches = models.JSONField(default=list)

    # Messages that it may have sent were seen while its outcome was unknown: whoever decides has to know
    # that.
    messages_seen = models.BooleanField(default=False, editable=False)

    objects = MailingQuerySet.as_manager()

    class Meta:
        verbose_name = _("mailing")
        verbose_name_plural = _("mailings")
        permissions = [  # besides Django's own, of which only `view_mailing` is used (rights.py)
            ("send_mailing", _("Can write and send mailings")),
            ("cancel_mailing", _("Can cancel what others sent, release, and decide on unknown outcomes")),
        ]
        indexes = [
            # Holds the text itself, so that a search reads this and not the wide rows.
            models.Index(fields=["-created_at", "-id", "search_text"], name="history_words"),
            # Holds what is added up too: totals of a state, and what was spent in the last days.
            models.Index(
                fields=[
                    *("state", "-created_at", "-id", "account", "channel", "origin", "remote_status"),
                    *("remote_send_at", "recipients_count", "cost"),
                ],
                name="history_by_state",
            ),
            models.Index(fields=["channel", "-created_at", "-id"], name="history_by_channel"),
            models.Index(BY_HOUR.desc(), F("id").desc(), name="history_by_hour"),
            models.Index(BY_PEOPLE.desc(), F("id").desc(), name="history_by_people"),
            models.Index(BY_PRICE.desc(), F("id").desc(), name="history_by_price"),
            models.Index(
                fields=["state", "id"],
                name="open_rows",
                condition=Q(state__in=[State.QUEUED, State.SENDING, State.UNKNOWN, State.HELD]),
            ),
            models.Index(fields=["wish_next_at"], name="open_wishes", condition=~Q(wish="")),
            models.Index(fields=["candidate_next_at"], name="candidates", condition=~Q(candidate="")),
            models.Index(fields=["created_by", "-created_at", "-id"], name="history_by_maker"),
            models.Index(fields=["origin", "-created_at", "-id"], name="history_by_origin"),
            models.Index(fields=["account", "-created_at", "-id"], name="history_by_account"),
            models.Index(fields=["created_by", "state", "-draft_at", "-id"], name="own_drafts"),
            models.Index(fields=["repeats"], name="repeating"),
            models.Index(fields=["reading", "id"], name="read_together", condition=Q(reading__isnull=False)),
            models.Index(fields=["wish_result_at"], name="settled_wishes"),
            models.Index(fields=["alarm"], name="alarms"),
            models.Index(fields=["due_at"], name="due", condition=Q(due_at__isnull=False)),
            models.Index(
                fields=["remote_send_at"],
                name="remote_hours",
                condition=Q(remote_send_at__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "remote_id"], name="one_row_per_job", condition=Q(remote_id__isnull=False)
            ),
            models.CheckConstraint(
                name="local_rows_have_a_code", condition=Q(origin=Origin.PROVIDER) | Q(code__isnull=False)
            ),
            models.CheckConstraint(
                name="accepted_rows_have_a_job",
                condition=~Q(state__in=[State.ACCEPTED, State.CANCELLED, State.DELETED])
                | Q(remote_id__isnull=False),
            ),
        ]

    if TYPE_CHECKING:
        account_id: int
        created_by_id: int | None
        submitted_by_id: int | None

    def __str__(self) -> str:
        return f"{self.code or self.remote_id}"

    @property
    def options(self) -> dict[str, Any]:
        """The create options by name: as typed while it is a draft, else those of the spec."""
        return dict(self.draft or self.spec.get("options", {}))

    @property
    def is_personal(self) -> bool:
        """Whether each recipient has a text of its own (`Recipient.text`). Not for a draft's form."""
        return bool(self.spec.get("personal")) and not self.draft

    @property
    def is_test(self) -> bool:
        """Whether it is a test to its author's own addresses (SelfTest)."""
        return hasattr(self, "self_test")

    @property
    def is_settled(self) -> bool:
        """Nothing more happens by itself: the page may stop asking."""
        return self.state not in PENDING and not self.wish

    @property
    def goes_out_at(self) -> datetime | None:
        """When it goes out, or went: the provider's hour, where it names one, else the one asked for here."""
        return self.remote_send_at or self.due_at

    @property
    def was_moved(self) -> bool:
        """Whether the provider names another hour, by the minute, than was asked for here."""
        if self.repeats or self.due_at is None or self.remote_send_at is None:
            return False
        return abs(self.remote_send_at - self.due_at) >= timedelta(minutes=1)

    @property
    def overdue_from(self) -> datetime | None:
        """From when lateness counts: the hour asked for (if not known, HOUR_UNKNOWN after sending off), or
        the release if that is later. None for a draft without an hour."""
        due = self.due_at or (self.submitted_at and self.submitted_at + HOUR_UNKNOWN)
        moments = [moment for moment in (due, self.released_at) if moment]
        return max(moments) if moments else None

    def has_come(self, now: datetime) -> bool:
        """Whether the row's `not_before` has come. The same rule as that of the function `has_come`."""
        return self.not_before is None or not now < self.not_before <= now + CLOCK_WENT_BACK

    def is_overdue(self, now: datetime, allowed: timedelta) -> bool:
        since = self.overdue_from
        return since is not None and now - since > allowed


def searchable(text: str) -> str:
    """The form in which texts are compared in a search: one case, ё as е, İ as i, single blanks."""
    plain = unicodedata.normalize("NFKD", text.casefold()).replace("ı", "i")
    kept = "".join(sign for sign in plain if sign == BREVE or not unicodedata.combining(sign))
    return " ".join(unicodedata.normalize("NFKC", kept).split())


def search_text(name: str, code: str | None, remote_id: str | None) -> str:
    """The text in which a search looks: name, code and job number. Only the name may be cut short."""
    numbers = searchable(" ".join(part for part in (code, remote_id) if part))
    return f"{searchable(name)[: SEARCH_LENGTH - len(numbers) - 1]} {numbers}".strip()
