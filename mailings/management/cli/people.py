"""The verbs `stop` (the stop list: addresses that nothing is sent to) and `person`."""

from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from mailings import accounts
from mailings.management.cli.addressed import limits
from mailings.management.cli.errors import BadInput
from mailings.management.cli.recipients import FIELD, opened
from mailings.models import StopEntry
from mailings.recipients import stop_list
from mailings.recipients.reasons import UnreadableFile
from mailings.selectors import people

Object = dict[str, Any]


def stop(asked: Namespace) -> Iterator[Object]:
    """The stop list: add, remove, list or import."""
    try:
        if asked.deed == "list":
            yield from _list(asked)
            return
        # Commit before printing: the reader of our output may close the pipe.
        with transaction.atomic():
            said = list(DEEDS[asked.deed](asked))
    except stop_list.NotAnAddress as error:
        text = _("“%(value)s” is no number, address or name. Nothing was changed.")
        raise BadInput({"value": [text % {"value": error.value}]}) from None
    yield from said


def person(asked: Namespace) -> Iterator[Object]:
    """Every mailing that a person was part of, the newest first."""
    try:
        found = people.mailings_of(asked.value, accounts.home_country())
    except stop_list.NotAnAddress as error:
        said = _("“%(value)s” is no number, address or name.") % {"value": error.value}
        raise BadInput({"value": [said]}) from None
    return (people.described(row) for row in found)


def _add(asked: Namespace) -> Iterator[Object]:
    found = stop_list.add(
        asked.values,
        country=accounts.home_country(),
        reason=asked.reason or "",
        by=asked.by,
    )
    return stop_list.described(found)


def _remove(asked: Namespace) -> Iterator[Object]:
    yield {"removed": stop_list.remove(asked.values, country=accounts.home_country())}


def _list(asked: Namespace) -> Iterator[Object]:
    entries = StopEntry.objects.select_related("account", "who")
    return stop_list.described(entries.iterator(chunk_size=2000))


def _import(asked: Namespace) -> Iterator[Object]:
    with opened(asked.file) as file:
        try:
            values = stop_list.values_of(file, Path(asked.file).name, accounts.home_country(), limits())
        except UnreadableFile as error:
            raise BadInput({FIELD: [error.said.message(_)]}) from None
    added = stop_list.add(values, country=accounts.home_country(), reason=asked.reason or "", by=asked.by)
    yield {"added": len(added)}


DEEDS: dict[str, Callable[[Namespace], Iterator[Object]]] = {
    "add": _add,
    "remove": _remove,
    "import": _import,
}
