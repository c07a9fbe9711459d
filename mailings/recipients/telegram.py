"""Judges Telegram recipients: names with or without @, `#` and an ID, links to t.me."""

import re

from mailings.recipients.numbers import Judged
from mailings.recipients.reasons import Reason, Verdict

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,30}[A-Za-z0-9]")
_ID = re.compile(r"#-?[0-9]{1,20}")
_LINK = re.compile(
    r"(?:https?://)?(?:www\.)?(?:t|telegram)\.(?:me|dog)/([^/?#\s]+)/?(?:\?[^\s]*)?|tg://resolve\?domain=([^&\s]+)[^\s]*",
    re.IGNORECASE,
)
_INVITE = re.compile(r"\+.*|joinchat|c|s|addstickers|share", re.IGNORECASE)


def normal(text: str) -> str | None:
    """The form in which a name or an ID is sent: `@name` or `#ID`; None if `text` is neither."""
    if text[:1] == "#":
        return text if _ID.fullmatch(text) else None
    name = text.removeprefix("@")
    return f"@{name}" if _NAME.fullmatch(name) else None


def plainly(text: str) -> bool:
    """Whether `text` is plainly a Telegram recipient, and not just a word, which could be a name."""
    return text[:1] in ("@", "#") or _LINK.match(text) is not None


def judge(text: str) -> Judged:
    """The verdict on a text that is no number."""
    value = text.strip()
    link = _LINK.fullmatch(value)
    name = (link[1] or link[2]) if link else value
    if link and _INVITE.fullmatch(name):
        return Judged(Verdict.WRONG, value, "", Reason.TELEGRAM_INVITE)
    found = normal(name)
    if found is not None:
        return Judged(Verdict.VALID, value, found, None)
    meant = link is not None or re.fullmatch(r"@\S*|[A-Za-z_]\w*", value) is not None
    return Judged(Verdict.WRONG, value, "", Reason.TELEGRAM_NAME if meant else Reason.NO_TELEGRAM)
