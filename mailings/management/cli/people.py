"""The verbs on people: `stop` (the list of addresses that nothing is sent to) and `person`."""

from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from mailings.management.cli.order import Wrong
from mailings.management.cli.recipients import opened, reading
from mailings.models import StopEntry
from mailings.recipients import reader, stop_list
from mailings.recipients.reasons import Unreadable, Verdict
from mailings.selectors import people

Object = dict[str, Any]


def stop(asked: Namespace) -> Iterator[Object]:
    """The stop list: add, remove, list or import."""
    try:
        with transaction.atomic():
            yield from DEEDS[asked.deed](asked)
    except stop_list.NotAnAddress as error:
        said = _("“%(value)s” is no number, address or name. Nothing was changed.")
        raise Wrong({"value": [said % {"value": error.value}]}) from None


def person(asked: Namespace) -> Iterator[Object]:
    """Every mailing that a person was part of, the newest first."""
    try:
        found = people.mailings_of(asked.value, settings.DEFAULT_COUNTRY)
    except stop_list.NotAnAddress as error:
        said = _("“%(value)s” is no number, address or name.") % {"value": error.value}
        raise Wrong({"value": [said]}) from None
    return (people.described(row) for row in found)


def _add(asked: Namespace) -> Iterator[Object]:
    found = stop_list.add(
        asked.values, country=settings.DEFAULT_COUNTRY, reason=asked.reason or "", by=asked.by
    )
    return stop_list.described(found)


def _remove(asked: Namespace) -> Iterator[Object]:
    yield {"removed": stop_list.remove(asked.values, country=settings.DEFAULT_COUNTRY)}


def _list(asked: Namespace) -> Iterator[Object]:
    entries = StopEntry.objects.select_related("account", "who")
    return stop_list.described(entries.iterator(chunk_size=2000))


def _import(asked: Namespace) -> Iterator[Object]:
    with opened(asked.file) as file:
        try:
            choices = reader.Choices(channel=None, country=settings.DEFAULT_COUNTRY)
            found = list(reading(file, Path(asked.file).name, choices))
        except Unreadable as error:
            raise Wrong({"recipients_file": [error.said.message(_)]}) from None
    values = [entry.recipient for entry in found if entry.verdict in (Verdict.VALID, Verdict.DOUBTFUL)]
    added = stop_list.add(values, country=settings.DEFAULT_COUNTRY, reason=asked.reason or "", by=asked.by)
    wrong = sum(entry.verdict is Verdict.WRONG for entry in found)
    yield {"added": len(added), "wrong": wrong}


DEEDS: dict[str, Callable[[Namespace], Iterator[Object]]] = {
    "add": _add,
    "remove": _remove,
    "list": _list,
    "import": _import,
}
