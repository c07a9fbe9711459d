"""Small makers for the tests of the spec: options that pass, changed as a test needs."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mailings.smsc.spec.files import FileRef
from mailings.smsc.spec.spec import Problem, Spec, SpecError, validate

NOW = datetime(2025, 11, 22, 13, 0, tzinfo=UTC)  # a Saturday; 16:00 in Moscow
PHONE = "+79990000001"


def options(**given: Any) -> dict[str, Any]:
    """A plain SMS, changed by `given`; None takes an option out. `fl5` stands for `fl[5]`."""
    found = {"name": "Spring sale", "phones": PHONE, "mes": "Hello"} | given
    if "fl5" in found:
        found["fl[5]"] = found.pop("fl5")
    return {name: value for name, value in found.items() if value is not None}


def spec(*files: FileRef, **given: Any) -> Spec:
    return validate(options(**given), files, now=NOW)


def problems(given: Mapping[str, Any], *files: FileRef) -> tuple[Problem, ...]:
    """What is wrong with these options; () if nothing is."""
    try:
        validate(given, files, now=NOW)
    except SpecError as error:
        return error.problems
    return ()


def wrong(*files: FileRef, **given: Any) -> dict[str, list[str]]:
    """Field -> codes of the problems beside it."""
    found: dict[str, list[str]] = {}
    for problem in problems(options(**given), *files):
        for field in problem.fields:
            found.setdefault(field, []).append(problem.code)
    return found


def file(name: str = "photo.jpg", size: int = 1000, content_type: str = "image/jpeg") -> FileRef:
    return FileRef(name, size, content_type, "ab" * 32)
