"""The verb `recipients`: reads a file of recipients as the page does, and stores nothing."""

from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import IO, Any

import phonenumbers
from django.utils.translation import gettext as _

from mailings import accounts
from mailings.management.cli.addressed import limits
from mailings.management.cli.errors import BadInput
from mailings.recipients import reader, stop_list
from mailings.recipients.columns import ROLES
from mailings.recipients.reasons import UnreadableFile, Verdict
from mailings.smsc.spec.vocabulary import Channel

Object = dict[str, Any]
FIELD = "recipients_file"


def recipients(asked: Namespace) -> Iterator[Object]:
    """Read a file of recipients; print its figures and, on request, its rows."""
    choices = reader.Choices(
        channel=_channel(asked.channel),
        country=_country(asked.country),
        sheet=asked.sheet,
        columns=_columns(asked.column),
    )
    with closing(opened(asked.file)) as file:
        try:
            found = reading(file, Path(asked.file).name, choices)
            yield from _said(found, valid=asked.valid, problems=asked.problems)
        except UnreadableFile as error:
            raise BadInput({FIELD: [error.said.message(_)]}) from None


def reading(file: IO[bytes], name: str, choices: reader.Choices) -> reader.Reading:
    """A reading of the file, with the limits of uploads and the stop list of the default account."""
    return reader.read(file, name, choices, limits(), stopped=_stopped())


def _said(found: reader.Reading, *, valid: bool, problems: bool) -> Iterator[Object]:
    """The summary, then the rows asked for. Reads the file twice, as the summary needs all rows."""
    for _entry in found:
        pass
    yield summary(found)
    if valid or problems:
        for entry in found:
            if entry.verdict is Verdict.VALID and valid:
                yield {"line": entry.line, "recipient": entry.recipient}
            elif entry.verdict is not Verdict.VALID and problems:
                yield problem(entry)


def summary(found: reader.Reading) -> Object:
    """The figures of a file. Open questions come first among the notes."""
    counts = {verdict.value: found.counts[verdict] for verdict in Verdict}
    said = [*found.questions, *found.notes]
    return {
        "rows": found.rows,
        **counts,
        "sheet": found.sheet,
        "columns": found.layout.columns,
        "notes": [one.message(_) for one in said],
    }


def problem(entry: reader.Entry) -> Object:
    """A row that is not valid, with the reason."""
    return {
        "line": entry.line,
        "value": entry.value,
        "verdict": entry.verdict.value,
        "reason": _(entry.reason.value) if entry.reason else "",
    }


def opened(path: str) -> IO[bytes]:
    try:
        if Path(path).is_file():
            return Path(path).open("rb")
    except (OSError, ValueError):
        pass
    raise BadInput({FIELD: [_("This is no ordinary file, or it cannot be read.")]})


def _stopped() -> frozenset[int]:
    try:
        return stop_list.keys(accounts.default_account())
    except accounts.NoAccount:
        return frozenset()


def _channel(name: str) -> Channel:
    if name not in set(Channel):
        known = ", ".join(Channel)
        raise BadInput({"channel": [_("There is no such channel. There are: %(known)s.") % {"known": known}]})
    return Channel(name)


def _country(name: str | None) -> str:
    code = (name or accounts.home_country()).upper()
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise BadInput({"country": [_("A country is two letters, such as RU.")]})
    return code


def _columns(given: list[str]) -> Mapping[str, str]:
    pairs = [one.partition("=") for one in given]
    if any(not mark or name not in ROLES or not heading for name, mark, heading in pairs):
        known = ", ".join(ROLES)
        said = _("A column is NAME=HEADING, with one of the names %(known)s.") % {"known": known}
        raise BadInput({"column": [said]})
    return {name: heading for name, _mark, heading in pairs}
