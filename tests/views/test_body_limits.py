"""What a visitor can make the server read, count or keep: next to nothing, whatever is posted where."""

import io
import time
import tracemalloc
from typing import Any

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver
from django.utils.translation import trans_real

from mailings.forms import Typed
from mailings.forms.compose import ComposeForm
from mailings.forms.preview import SHOWN_WRONG, Preview

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"
COMPOSE, PREVIEW = "/mailings/new/", "/mailings/new/preview/"
KB, MB = 1024, 1024 * 1024


class Untouched(io.RawIOBase):
    """A body that must not be read."""

    def read(self, *_: object) -> bytes:
        raise AssertionError("the body was read")

    readline = read


def declare(client: Client, path: str, length: int | str, method: str = "POST", **extra: Any) -> Any:
    """A request that declares a length and whose body must not be read."""
    environ: dict[str, Any] = {"CONTENT_LENGTH": str(length), "wsgi.input": Untouched(), "CONTENT_TYPE": FORM}
    return client.generic(method, path, **(environ | extra))


def addresses() -> list[str]:
    """An example of every address that there is."""
    found = []

    def walk(resolver: URLResolver, prefix: str) -> None:
        for one in resolver.url_patterns:
            path = prefix + str(one.pattern).lstrip("^")
            if isinstance(one, URLResolver):
                walk(one, path)
            else:
                found.append("/" + path.replace("<int:pk>", "1").replace("<path:object_id>", "1").rstrip("$"))

    walk(get_resolver(), "")
    return [path for path in found if "<" not in path and "(" not in path]


def test_a_visitor_s_large_body_is_refused_unread_at_every_address(client: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies["csrftoken"] = "T" * 32
    for path in addresses():
        for method in ("POST", "PUT", "DELETE"):
            assert declare(strict, path, 24 * MB, method).status_code == 413, path


def test_a_refused_body_is_explained_and_costs_next_to_nothing(client: Client) -> None:
    declare(client, COMPOSE, MB)  # what is read once (templates, translations) is no cost of a request
    began = time.process_time()
    for _ in range(10):
        answer = declare(client, COMPOSE, 24 * MB)
    spent = (time.process_time() - began) / 10

    assert b"log in again in another tab" in answer.content
    assert "default-src" in answer["Content-Security-Policy"]
    assert spent < 0.1


def test_a_body_of_no_declared_length_is_refused(client: Client) -> None:
    answer = declare(client, COMPOSE, "", HTTP_TRANSFER_ENCODING="chunked")

    assert answer.status_code == 411
    assert b"Content-Length" in answer.content


@pytest.mark.parametrize("path", ["/accounts/login/", "/i18n/setlang/", PREVIEW, "/nothing/"])
def test_the_largest_body_of_a_visitor_costs_a_tenth_of_a_second_and_ten_megabytes(
    client: Client, path: str
) -> None:
    worst = b"csrfmiddlewaretoken=T&phones=" + b"%0A" * ((64 * KB - 40) // 3)
    client.post(path, worst, content_type=FORM)
    tracemalloc.start()
    client.post(path, worst, content_type=FORM)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    began = time.process_time()
    client.post(path, worst, content_type=FORM)
    spent = time.process_time() - began

    assert peak < 10 * MB
    assert spent < 0.1


def test_a_form_whose_session_ran_out_comes_back_as_typed_without_being_judged(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def judged(*_: object, **__: object) -> None:
        raise AssertionError("a visitor's recipients were read")

    monkeypatch.setattr("mailings.forms.compose.gather", judged)
    monkeypatch.setattr("mailings.smsc.spec.spec.validate", judged)
    monkeypatch.setattr("mailings.forms.preview.message_parts", judged)
    phones = "\n".join(["7999000000"] * 20_000)

    answer = client.post(COMPOSE, {"phones": phones, "mes": "long text", "action": "send"})

    assert answer.status_code == 200
    html = answer.content.decode()
    assert "Your session has ended" in html
    assert phones in html
    assert "long text" in html
    assert declare(client, COMPOSE, 256 * KB + 1).status_code == 413


@pytest.mark.parametrize(
    ("path", "most"),
    [("/refresh/", 5 * MB // 2), ("/preferences/", 5 * MB // 2), (PREVIEW, 32 * MB), (COMPOSE, 96 * MB)],
)
def test_more_than_the_usual_is_taken_only_of_a_form_of_somebody_logged_in(
    page: Client, path: str, most: int
) -> None:
    answer = declare(page, path, most + 1)

    assert answer.status_code == 413
    assert b"at once" in answer.content
    with pytest.raises(AssertionError, match="the body was read"):
        declare(page, path, most, CONTENT_TYPE="multipart/form-data; boundary=b")


def test_no_more_wrong_entries_are_put_into_words_than_the_panel_shows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    translated: list[str] = []
    plain = trans_real.gettext

    def counted(text: str) -> str:
        translated.append(text)
        return plain(text)

    monkeypatch.setattr(trans_real, "gettext", counted)
    facts = Preview(ComposeForm(Typed({"phones": "\n".join(f"9{n:05}" for n in range(20_000))}), now=None))
    assert len(facts.gathered.wrong) == 20_000
    translated.clear()

    for _ in range(3):
        assert len(facts.wrong) == SHOWN_WRONG
        assert facts.wrong_unlisted == 20_000 - SHOWN_WRONG

    assert len(translated) <= SHOWN_WRONG
