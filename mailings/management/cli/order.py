"""The input of `mailings create` and `price`: a JSON object (an order) with options, files and recipients.

Errors are reported by parameter, as many at once as possible, and before anything is stored.
"""

import hashlib
import json
import mimetypes
import os
import stat
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import Any

from django.core.files import File
from django.utils.translation import gettext as _

from mailings import accounts
from mailings.forms import kinds
from mailings.management.cli import addressed
from mailings.management.cli.errors import BadInput, Errors, Unfit
from mailings.models import Account
from mailings.recipients.personal import FILE, Rule
from mailings.smsc.spec.spec import FileRef, Spec, SpecError, validate

STANDARD_INPUT = "-"
LONGEST_KEY = 64
OF_FILE = ("sheet", "columns", "wrong", "doubtful")
# With a file of recipients, errors of these options are reported under what they were made from.
PLACES = {"phones": FILE, "list": "mes", "nl": "mes"}


@dataclass(frozen=True)
class Order:
    """A parsed order. Its options are not validated yet: `spec` does that."""

    options: dict[str, Any]
    files: tuple[tuple[FileRef, Path], ...]
    account: Account
    key: str | None
    submit: bool
    # Whether the recipients come from `recipients_file`.
    from_file: bool = False

    def spec(self, now: datetime) -> Spec:
        """The validated spec. Raises BadInput."""
        try:
            return validate(self.options, [ref for ref, _path in self.files], now=now)
        except SpecError as error:
            errors: Errors = {}
            for name, problems in error.by_field().items():
                given = PLACES.get(name, name) if self.from_file else name
                errors.setdefault(given, []).extend(problem.message(_) for problem in problems)
            raise BadInput(errors) from None

    def uploads(self) -> list[tuple[FileRef, File[bytes]]]:
        """The files, opened for reading. Raises BadInput if one has disappeared meanwhile."""
        try:
            return [(ref, File(_opened(path), name=ref.name)) for ref, path in self.files]
        except Unfit as error:
            raise BadInput({"files": [str(error)]}) from None


def texts(source: str) -> list[tuple[int, str]]:
    """The orders in a file ("-": standard input), each with its line number.

    If the first line is a JSON object by itself, every line is an order; otherwise the whole text is one.
    """
    text = text_of(source)
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    return lines if len(lines) > 1 and _is_object(lines[0][1]) else [(1, text)]


def read(source: str) -> Order:
    """The single order in a file ("-": standard input). Raises BadInput."""
    return parsed(text_of(source))


def parsed(text: str) -> Order:
    """The order in a JSON text. Raises BadInput."""
    given = _object(text)
    errors: Errors = {name: [_("There is no such parameter here.")] for name in given if name not in READERS}
    found: dict[str, Any] = {}
    for name, reader in READERS.items():
        try:
            found[name] = reader(given.get(name))
        except Unfit as error:
            errors[name] = [str(error)]
    if errors:
        raise BadInput(errors)
    return _addressed(found, given)


def _addressed(found: dict[str, Any], given: Mapping[str, Any]) -> Order:
    """The order, with its recipients added to the options in the form in which they are sent."""
    path, country = found.pop(FILE), accounts.home_country(found["account"])
    how = addressed.FileChoices(**{name: found.pop(name) for name in OF_FILE})
    if path is None:
        lone = [name for name in OF_FILE if given.get(name) is not None]
        if lone:
            raise BadInput(
                {name: [_("This goes with a recipients_file, and there is none.")] for name in lone}
            )
        return Order(**found | {"options": addressed.by_phones(found["options"], country)})
    try:
        file = _opened(path)
    except Unfit as error:
        raise BadInput({FILE: [str(error)]}) from None
    options = addressed.by_file(found["options"], file, path.name, how, country)
    return Order(**found | {"options": options}, from_file=True)


def text_of(source: str) -> str:
    """The text of a file ("-": standard input). Raises BadInput if it cannot be read, or is not UTF-8."""
    try:
        raw = sys.stdin.buffer.read() if source == STANDARD_INPUT else _bytes_of(source)
        return _decoded(raw)
    except Unfit as error:
        raise BadInput({"file": [str(error)]}) from None


def _bytes_of(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError):
        raise Unfit(_("This file cannot be read.")) from None


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unfit(_("This is not UTF-8 text.")) from None


def _object(text: str) -> dict[str, Any]:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise BadInput({"file": [_('This is not a JSON object such as {"options": {…}}.')]})
    return given


def _is_object(text: str) -> bool:
    try:
        _object(text)
    except BadInput:
        return False
    return True


def _options(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unfit(_("An object is expected here: the provider's parameter names with their values."))
    return value


def _files(value: Any) -> tuple[tuple[FileRef, Path], ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(path, str) for path in value):
        raise Unfit(_("A list of paths is expected here."))
    return tuple((_file_ref(Path(path)), Path(path)) for path in value)


def _file_ref(path: Path) -> FileRef:
    """Name, size, type and SHA-256 of a file to attach. Its content must match its name, as for uploads."""
    with _opened(path) as file:
        try:
            head = file.read(kinds.HEAD)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            raise Unfit(_unreadable(path)) from None
        guessed = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        content_type = kinds.content_type(head) or guessed
        ref = FileRef(name=path.name, size=file.tell(), content_type=content_type, sha256=digest)
    if not kinds.is_what_its_name_says(head, ref.ending):
        told = _("“{name}” is not what its name says, so it was not taken. Save it anew or rename it.")
        raise Unfit(told.format(name=path.name))
    return ref


def _opened(path: Path) -> BufferedReader:
    """Open a regular file for reading. Devices, pipes and folders are refused: reading them may never end.

    The open file is checked, not its path, which may be replaced in between. O_NONBLOCK, because opening a
    pipe without a writer would block for ever.
    """
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        raise Unfit(_unreadable(path)) from None
    if stat.S_ISREG(os.fstat(opened).st_mode):
        return os.fdopen(opened, "rb")
    os.close(opened)
    raise Unfit(_("“%(name)s” is not a file, so nothing was read from it.") % {"name": path.name})


def _unreadable(path: Path) -> str:
    return _("The file “%(name)s” cannot be read.") % {"name": path.name}


def _recipients_file(value: Any) -> Path | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise Unfit(_("A path is expected here."))
    _opened(Path(value)).close()
    return Path(value)


def _account(value: Any) -> Account:
    if value is not None and not isinstance(value, str):
        raise Unfit(_("The name of an account is expected here."))
    try:
        return accounts.default_account(value)
    except accounts.NoAccount as error:
        raise Unfit(str(error)) from None


def _key(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_KEY or not value.isprintable():
        raise Unfit(_("A key is a text of 1 to %(most)s characters.") % {"most": LONGEST_KEY})
    return value


def _submit(value: Any) -> bool:
    if value is None:
        return True
    if not isinstance(value, bool):
        raise Unfit(_("Either true or false is expected here."))
    return value


READERS: dict[str, Callable[[Any], Any]] = {
    "options": _options,
    "files": _files,
    FILE: _recipients_file,
    "sheet": addressed.sheet,
    "columns": addressed.columns,
    "wrong": partial(addressed.rule, (Rule.REFUSE, Rule.SKIP)),
    "doubtful": partial(addressed.rule, tuple(Rule)),
    "account": _account,
    "key": _key,
    "submit": _submit,
}
