"""The provider without HTTP: who may call, what each call does, and what it answers."""

import threading
import time
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

from sandbox import dialects, formats, rules, times
from sandbox.calls import Call, Calls
from sandbox.faults import Fault, Faults
from sandbox.forms import Form, UndecodableError
from sandbox.jobs import CANCELLED, Job, Pace, Progress, Store, price
from sandbox.limits import MINUTE, Credentials, Limits
from sandbox.messages import Messages
from sandbox.rules import RefusedError, Surroundings, wrong

ACTIONS = ("add", "del", "cancel", "get", "get_all")
# By script, but for jobs and send: the parameter that has to be 1 ("" for none), and the kind of call.
SCRIPTS = {
    "balance": ("", "balance"),
    "senders": ("get", "senders"),
    "templates": ("get", "templates"),
    "phones": ("get_group", "groups"),
    "get": ("get_messages", "messages"),
    "status": ("", "status"),
}
SENDERS: list[dict[str, Any]] = [{"sender": "Mailroom"}, {"sender": "Sandbox"}]
TEMPLATES: list[dict[str, Any]] = [
    {"id": 1, "name": "Reminder", "message": "Your appointment is tomorrow."},
    {"id": 2, "name": "Привет", "message": "Добрый день!"},
]
GROUPS: list[dict[str, Any]] = [
    {"id": 1, "name": "Customers", "num": 3},
    {"id": 2, "name": "Сотрудники", "num": 12},
]
CURRENCY = "RUR"
COST_REQUESTS_A_MINUTE = 5
BALANCE_REQUESTS_A_MINUTE = 10
MOST_WITHOUT_DAYS = 10

ListBy = Literal["created", "sending"]


def kind_of(script: str, form: Form) -> str:
    """The kind of call that a request makes; "" if it is none. `script`: the file name without .php."""
    if script == "jobs":
        chosen = [action for action in ACTIONS if form.raw(action) == b"1"]
        return chosen[0] if len(chosen) == 1 else ""
    if script == "send":
        return "price" if form.raw("cost") == b"1" else "send"
    flag, kind = SCRIPTS.get(script, ("", ""))
    return "" if flag and form.raw(flag) != b"1" else kind


class Provider:
    """One account at the imitated provider. Its methods may be called from any thread.

    `zone`: the account's own, in hours from Moscow. `list_by`: whether `start` and `end` of `get_all` mean
    the day of creation or of the (next) sending.
    """

    def __init__(
        self,
        credentials: Credentials,
        store: Store,
        *,
        dialect: str | None = None,
        pace: Pace,
        same_request_seconds: float = 60.0,
        at_once: int = 15,
        balance: Decimal = Decimal("10000000.00"),
        zone: float = 0.0,
        list_by: ListBy = "created",
        seed: int = 0,
    ) -> None:
        self.lock = threading.RLock()
        self.credentials = credentials
        self.store = store
        self.messages = Messages(store)
        self.pace = pace
        self.limits = Limits(same_request_seconds, at_once)
        self.faults = Faults(seed)
        self.calls = Calls()
        self.deposit = balance
        self.zone = zone
        self.list_by: ListBy = list_by
        self._dialect = ""
        self.dialect = dialect or store.noted("dialect") or "plain"
        self._ahead = float(store.noted("ahead") or 0.0)

    @property
    def dialect(self) -> str:
        return self._dialect

    @dialect.setter
    def dialect(self, name: str) -> None:
        if name not in dialects.DIALECTS:
            raise ValueError(f"no such dialect: {name}")
        with self.lock:
            self._dialect = name
            self.store.note("dialect", name)

    def now(self) -> float:
        """The sandbox's clock, in seconds since 1970: the machine's, plus what `advance` has added."""
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Put the sandbox's clock forward, which affects jobs and limits."""
        with self.lock:
            self._ahead += seconds
            self.store.note("ahead", repr(self._ahead))

    def is_genuine(self, form: Form) -> bool:
        """Whether a request has the account's credentials."""
        try:
            return self.credentials.match(form)
        except UndecodableError:
            return False

    def answer(self, call: Call, form: Form, address: str, fault: Fault | None) -> formats.Answer:
        """Carry out a call, as far as its fault allows, and return the answer. Updates the record `call`."""
        fmt, codec = form.answer_format, form.answer_charset
        try:
            text = self._admitted(call, form, address, fault)
            call.result = "ok"
        except UndecodableError as error:
            text = self._refusal(call, fmt, wrong(str(error)))
        except RefusedError as refused:
            text = self._refusal(call, fmt, refused)
        return formats.answer(fmt, text, codec)

    def _refusal(self, call: Call, fmt: str, refused: RefusedError) -> str:
        call.result = f"error {refused.code}"
        return formats.error(fmt, refused.code, refused.reason)

    def _admitted(self, call: Call, form: Form, address: str, fault: Fault | None) -> str:
        if not (form.get("apikey") or (form.get("login") and form.get("psw"))):
            raise wrong("login and psw, or apikey")
        genuine = self.credentials.match(form)
        digest = form.digest(call.path)
        with self.lock:
            now = self.now()
            self.limits.check_block(address, now)
            call.authenticated = genuine
            if not genuine:
                raise self.limits.bad_login(address, now)
            self.limits.check_crowd()
            self._check_repeat(call.kind, digest, now)
        text = self._done(call, form, fault)
        if fault is not None and (code := fault.pretended_error):
            raise RefusedError(code, "sandbox fault")
        return text

    def _check_repeat(self, kind: str, digest: str, now: float) -> None:
        limited = self.limits.same_request_seconds > 0
        if kind == "balance":
            self.limits.check_repeat(kind, now, BALANCE_REQUESTS_A_MINUTE, MINUTE * limited)
        elif kind == "price":
            self.limits.check_repeat(digest, now, COST_REQUESTS_A_MINUTE, MINUTE * limited)
        else:
            self.limits.check_repeat(digest, now, 1, self.limits.same_request_seconds)

    def _done(self, call: Call, form: Form, fault: Fault | None) -> str:
        fmt, codec = form.answer_format, form.answer_charset
        if call.kind == "add":
            return self._add(call, form, fault)
        if call.kind in ("cancel", "del"):
            return self._end(call, form, fault)
        if call.kind == "get":
            with self.lock:
                job, now = self._named(form), self.now()
                return dialects.one(self.dialect, fmt, (job, job.progress(now, self.pace)), self.zone, codec)
        if call.kind == "get_all":
            found = self._listed(form)
            return dialects.many(self.dialect, fmt, found, self.zone, codec)
        if call.kind == "balance":
            currency = CURRENCY if form.get("cur") == "1" else None
            return formats.balance(fmt, f"{self.balance():.2f}", currency)
        if call.kind == "price":
            wanted = rules.check_add(form, self._surroundings(self.now()), named=False)
            return formats.price(fmt, f"{price(wanted.channel, wanted.paid_parts):.2f}", wanted.paid_parts)
        if call.kind in ("messages", "status"):
            return self._messages(call.kind, form)
        if call.kind == "send":
            raise RefusedError(1, "the sandbox sends no single messages: only cost=1 is answered")
        found_rows = {"senders": SENDERS, "templates": TEMPLATES, "groups": GROUPS}.get(call.kind)
        if found_rows is None:
            raise RefusedError(1, "wrong parameters: no single action")
        return formats.rows(fmt, call.kind.removesuffix("s"), found_rows, codec)

    def _messages(self, kind: str, form: Form) -> str:
        """The answer to `get_messages`, or to status.php."""
        with self.lock:
            around = (form, self.now(), self.pace, self.zone)
            if kind == "messages":
                found = self.messages.history(*around)
                return formats.rows(form.answer_format, "message", found, form.answer_charset)
            return formats.row(form.answer_format, self.messages.one(*around), form.answer_charset)

    def _surroundings(self, now: float) -> Surroundings:
        groups = {group["id"]: group["num"] for group in GROUPS}
        templates = {row["id"]: row["message"] for row in TEMPLATES}
        return Surroundings(now, self.zone, groups, templates)

    def _add(self, call: Call, form: Form, fault: Fault | None) -> str:
        late = fault.seconds if fault is not None and fault.fault == "saved_late" else 0.0
        moment = self.now() + late
        wanted = rules.check_add(form, self._surroundings(moment))
        cost = price(wanted.channel, wanted.paid_parts)
        with self.lock:
            if not self._affords(cost):
                raise RefusedError(3, "could not save the record: not enough money")
            number = self.store.next_id()
            if fault is None or fault.saved:
                self.messages.keep_texts(number, form)
                self.store.save(_job(number, wanted, call, moment))
                call.job = number
        asked = f"{cost:.2f}" if form.get("cost") == "1" else None
        return formats.created(form.answer_format, number, asked)

    def _end(self, call: Call, form: Form, fault: Fault | None) -> str:
        late = fault.seconds if fault is not None and fault.fault == "saved_late" else 0.0
        with self.lock:
            job, now = self._named(form), self.now()
            call.job = job.id
            if call.kind == "cancel" and not job.may_cancel(now, self.pace):
                raise RefusedError(3, "could not save the record: it is not waiting to be sent")
            if fault is None or fault.saved:
                if call.kind == "cancel":
                    job.cancelled_at = now + late
                    job.forced = CANCELLED if job.forced else None
                else:
                    job.deleted_at = now + late
                self.store.save(job)
            return formats.done(form.answer_format, dialects.DIALECTS[self.dialect].done)

    def _named(self, form: Form) -> Job:
        text = form.get("id")
        if not (text.isascii() and text.isdigit()):
            raise wrong("id")
        job = self.store.jobs.get(int(text))
        if job is None or not job.exists(self.now()):
            raise RefusedError(3, "no such record")
        return job

    def _listed(self, form: Form) -> list[tuple[Job, Progress]]:
        """The rows of `get_all`, the newest first; unless both days are given, ten at most."""
        start, end = form.get("start"), form.get("end")
        with self.lock:
            now = self.now()
            today = times.on_day(now, self.zone)
            try:
                first = times.day(start, "start") if start else times.two_months_before(today)
                last = times.day(end, "end") if end else None
            except times.BadTimeError as error:
                raise RefusedError(5, f"wrong date format: {error}") from None
            opens = times.midnight(first, self.zone)
            closes = times.midnight(last + timedelta(days=1), self.zone) if last else float("inf")
            jobs = [(self._moment(job, now), job) for job in self.store.shown(now)]
            jobs = [(moment, job) for moment, job in jobs if opens <= moment < closes]
            jobs.sort(key=lambda pair: (pair[1].created_at, pair[1].id), reverse=True)
            if not (start and end):
                jobs = jobs[:MOST_WITHOUT_DAYS]
            return [(job, job.progress(now, self.pace)) for _, job in jobs]

    def _moment(self, job: Job, now: float) -> float:
        if self.list_by == "created":
            return job.created_at
        return job.progress(now, self.pace).next_at or job.due_at

    def balance(self) -> Decimal:
        """The balance: the deposit less the cost of all jobs so far (see `Job.charged`)."""
        with self.lock:
            return self.deposit - self._charged(list(self.store.jobs.values()))

    def _charged(self, jobs: list[Job]) -> Decimal:
        now = self.now()
        return sum((job.charged(now, self.pace) for job in jobs), Decimal(0))

    def _affords(self, cost: Decimal) -> bool:
        """Whether the balance covers the cost."""
        # The most that can have been charged: it is quick to compute, and mostly answers the question.
        most = self.store.committed + self._charged(self.store.recurring)
        return cost <= self.deposit - most or cost <= self.balance()


def _job(number: int, wanted: rules.Wanted, call: Call, moment: float) -> Job:
    """The job for an accepted add at `moment`."""
    return Job(
        id=number,
        name=wanted.name,
        channel=wanted.channel,
        recipients=wanted.recipients,
        paid_parts=wanted.paid_parts,
        time=wanted.time,
        due_at=wanted.due_at,
        zone=wanted.zone,
        created_at=moment,
        rpt=wanted.rpt,
        rptn=wanted.rptn,
        stretch=wanted.stretch,
        step=wanted.step,
        parameters=call.parameters,
        long=call.long,
        files=call.files,
    )
