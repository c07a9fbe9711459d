"""Filling in the compose form as a browser without scripts would."""

import re
from html import unescape
from typing import Any

from django.test import Client

URL = "/mailings/new/"
SMS = {"name": "Spring sale", "phones": "79990000001", "mes": "Hello", "key": "k1"}
MAIL = {
    "name": "Letter", "phones": "ann@example.com", "mes": "Hello", "key": "k2",
    "channel": "mail", "shown": "mail", "sender": "shop@example.com", "subj": "Sale",
}  # fmt: skip
VIBER: dict[str, Any] = {"viber": 1, "mes2": "Hi", "fl[5]": 1}


def post(page: Client, posted: dict[str, Any], action: str = "send", **headers: Any) -> Any:
    return page.post(URL, posted | {"action": action}, **headers)


def text_of(answer: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.content.decode())).split())


def values_of(html: str) -> dict[str, list[str]]:
    """What a browser would post of the page's form: by name."""
    found: dict[str, list[str]] = {}
    form = html[html.index('<form id="compose"') :]
    for tag in re.findall(r"<input[^>]*>", form):
        attrs = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if attrs.get("type") in ("radio", "checkbox") and not re.search(r"\schecked\b", tag):
            continue
        if attrs.get("type") != "file":
            found.setdefault(unescape(attrs["name"]), []).append(unescape(attrs.get("value", "")))
    for name, text in re.findall(r'<textarea name="([^"]*)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL):
        found.setdefault(unescape(name), []).append(unescape(text))
    for name, inner in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', inner)
        found.setdefault(unescape(name), []).append(unescape(chosen[1]) if chosen else "")
    return found


def reposted(answer: Any, action: str, page: Client, **changes: Any) -> Any:
    """Press a button of the page that came back, as a browser without scripts would."""
    values: dict[str, Any] = values_of(answer.content.decode())
    return post(page, values | changes, action)
