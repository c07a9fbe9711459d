"""Finds other mailings that send the same text to the same people within 24 hours.

Only mailings count that went out, or still may: not those withdrawn, refused or cancelled, and no tests that
somebody sent to their own addresses. Of their people those do not count of whom SMS Centre says that they did
not get it. A request that carries no text (HLR, ping) repeats none. The text of a
template is known to the provider alone: the same template is the same text.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Coalesce, Lower

from mailings.forms import ComposeForm
from mailings.models import Mailing, Recipient, Result, State
from mailings.recipients.judge import person
from mailings.smsc.spec.addresses import TO_PHONES, kinds_for
from mailings.smsc.spec.spec import Addressee, Spec

WITHIN = timedelta(hours=24)
# How many other mailings are compared, the newest ones.
AT_MOST = 20
# Stands before a template's id, where a text would stand.
TEMPLATE = "\ue000"
NONE = Q(pk__in=())
WHILE_TYPING = 20_000
# Addresses in one query: SQLite accepts 999 parameters.
AT_ONCE = 900
MAY_ARRIVE = (State.QUEUED, State.HELD, State.SENDING, State.UNKNOWN, State.ACCEPTED, State.ABANDONED)


@dataclass(frozen=True)
class Repeat:
    """Another mailing with the same text. `at`: its hour. `people`: how many of our recipients get both."""

    mailing_id: int
    name: str
    at: datetime
    people: int


def of_spec(spec: Spec, now: datetime, *, filed: Iterable[str] = ()) -> list[Repeat]:
    """The repeats of a mailing that is not stored yet. `filed`: the addresses of its file.

    Recipients are read only if another mailing around that hour may have the same text.
    """
    others = _others(spec, spec.due_at(now) or now, None)
    if not others:
        return []
    ours = [*spec.people(), *map(Addressee, set(filed).difference(spec.phones))]
    return _repeats((one, _count_given(one, ours, _shared(spec.options))) for one in others)


def of_form(form: ComposeForm) -> list[Repeat]:
    """The same for a form that is being filled in, with its file.

    As this runs while a person types, a file of more than WHILE_TYPING rows is left to the review.
    """
    if form.spec is None or (form.chosen and form.chosen.count > WHILE_TYPING):
        return []
    filed = form.chosen.rows.values_list("address", flat=True) if form.chosen else ()
    return of_spec(form.spec, form.now, filed=filed)


def of_mailing(mailing: Mailing, spec: Spec, now: datetime) -> list[Repeat]:
    """The same for a stored mailing, counted by the database."""
    others = _others(spec, spec.due_at(now) or now, mailing)
    shared = _shared(spec.options)
    count = _count_stored if kinds_for(spec.channel) <= TO_PHONES else _count_stored_in_any_case
    return _repeats((one, count(one, mailing, shared)) for one in others)


def _repeats(found: Iterable[tuple["_Other", int]]) -> list[Repeat]:
    return [Repeat(one.pk, one.name, one.at, count) for one, count in found if count]


@dataclass(frozen=True)
class _Other:
    """`text`: what recipients without a personal text get, or a template's mark; "" if all have one."""

    pk: int
    name: str
    at: datetime
    text: str

    @property
    def people(self) -> "QuerySet[Any]":
        """Its recipients who may have got it, annotated with their text as `said`."""
        rows = Recipient.objects.filter(mailing_id=self.pk, stopped=False).exclude(result=Result.FAILED)
        return rows.annotate(said=Coalesce("text", Value(self.text, TextField())))


def _others(spec: Spec, when: datetime, but: Mailing | None) -> list[_Other]:
    """Mailings within 24 hours of `when` that may have a text of this one. `but`: not this mailing."""
    near = Q(due_at__range=(when - WITHIN, when + WITHIN))
    unknown = Q(due_at=None, created_at__gte=when - WITHIN)
    rows = Mailing.objects.filter(near | unknown, state__in=MAY_ARRIVE, self_test=None)
    rows = rows.exclude(pk=but.pk if but else 0)
    # An equal text first: newer mailings with texts of each person's own hide none.
    own = Case(When(spec__personal=True, then=1), default=0)
    alike = rows.filter(_alike(spec)).alias(own=own).order_by("own", "-created_at", "-id")
    return [_other(mailing) for mailing in alike[:AT_MOST]]


def _alike(spec: Spec) -> Q:
    """Mailings that may have a text of this one: by their own text, or by each person's."""
    options, personal = spec.options, Q(spec__personal=True)
    if "list" in options:
        return personal | Q(spec__options__mes__isnull=False)
    if not _shared(options):
        return NONE
    if "tpl" in options:
        return Q(spec__options__tpl=options["tpl"])
    return personal | Q(spec__options__mes=options["mes"])


def _other(mailing: Mailing) -> _Other:
    text = _shared(mailing.options)
    return _Other(mailing.pk, mailing.name, mailing.due_at or mailing.created_at, text)


def _shared(options: Mapping[str, Any]) -> str:
    """What everybody gets who has no text of their own; "" for a mailing that carries none."""
    if options.get("hlr") or options.get("ping"):
        return ""
    return options.get("mes") or (f"{TEMPLATE}{options['tpl']}" if options.get("tpl") else "")


def _count_stored(other: _Other, mailing: Mailing, shared: str) -> int:
    ours = Recipient.objects.filter(mailing=mailing, stopped=False)
    ours = ours.annotate(said=Coalesce("text", Value(shared, TextField())))
    same = other.people.filter(address=OuterRef("address"), said=OuterRef("said"))
    return ours.filter(Exists(same)).values("address").distinct().count()


def _count_stored_in_any_case(other: _Other, mailing: Mailing, shared: str) -> int:
    """The same for e-mail addresses and nicknames, which are compared without regard to case."""
    ours = Recipient.objects.filter(mailing=mailing, stopped=False)
    ours = ours.annotate(said=Coalesce("text", Value(shared, TextField())))
    both = (rows.annotate(person=Lower("address")).values("person", "said") for rows in (ours, other.people))
    return next(both).intersection(*both).count()


def _count_given(other: _Other, ours: list[Addressee], shared: str) -> int:
    texts: dict[str, set[str]] = {}
    for address, text, _front in ours:
        texts.setdefault(person(address), set()).add(shared if text is None else text)
    numbers, got = [one for one in texts if one[0] == "+"], set[str]()
    for chunk in _chunks(numbers):
        rows = other.people.filter(address__in=chunk).values_list("address", "said")
        got.update(address for address, said in rows if said in texts[address])
    if len(numbers) < len(texts):
        # Addresses that are no numbers may differ in case, for which there is no index: read all of them
        # once.
        rows = other.people.exclude(address__startswith="+").values_list("address", "said")
        for address, said in rows.iterator(chunk_size=AT_ONCE):
            if said in texts.get(person(address), ()):
                got.add(person(address))
    return len(got)


def _chunks(addresses: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(addresses)
    while chunk := list(islice(remaining, AT_ONCE)):
        yield chunk
