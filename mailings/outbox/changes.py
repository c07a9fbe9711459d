"""Which parameters an edit changed, without differences that are only a matter of notation."""

import re
from collections.abc import Mapping
from typing import Any

# Ignored in recipients: they are stored normalised, so separators and brackets are no change.
HOW_WRITTEN = re.compile(r"[\s,;+().\-]+")


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The sorted names whose values differ. Missing, "" and 0 are equal: 0 means now, once or off."""
    names = sorted({*before, *after})
    return [name for name in names if _plain(name, before.get(name)) != _plain(name, after.get(name))]


def _plain(name: str, value: Any) -> str:
    if value is None or value is False:
        return ""
    if isinstance(value, (list, tuple)):
        value = "\n".join(str(one) for one in value)
    text = "1" if value is True else str(value)
    if name == "phones":
        return HOW_WRITTEN.sub("", text)
    text = text.replace("\r\n", "\n").strip()
    return "" if text == "0" else text
