"""The forms and links of a page, found in its HTML and pressed as a browser would press them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.test import Client


@dataclass
class Form:
    """A form of a page: where it goes and what it sends when its button is pressed."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[str] = field(default_factory=list)


class Controls(HTMLParser):
    """The forms and links of the main part of a page. `ids`: of buttons and links, to what they do."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.ids: dict[str, Form] = {}
        self.open: Form | None = None
        self.feed(html[html.index("<main") :])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.open = Form(given.get("action", ""), given.get("method", "get"))
            self.forms.append(self.open)
        elif tag == "a" and "id" in given:
            self.ids[given["id"]] = Form(given["href"], "get")
        elif self.open and tag == "input" and given.get("type") not in ("radio", "checkbox"):
            self.open.fields[given.get("name", "")] = given.get("value", "")
        elif self.open and tag == "button":
            self.ids[given.get("id", "")] = self.open

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = None


def press(client: Client, form: Form, at: str, **fields: str) -> Any:
    """The page that follows when a form's button, or a link, is pressed on the page `at`."""
    url, data = form.action or at, {**form.fields, **fields}
    answer = client.post(url, data, follow=True) if form.method == "post" else client.get(url, follow=True)
    assert answer.status_code == 200
    return answer
