"""What an edit changed: the parameters whose values differ, however they are written."""

import re
from collections.abc import Mapping
from typing import Any

# Recipients are kept cleaned: how they were written down and parted is no change.
HOW_WRITTEN = re.compile(r"[\s,;+().\-]+")


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The names whose values differ, in order. Empty is as good as none, and so is 0: now, once, off."""
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
