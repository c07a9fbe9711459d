"""Requests are read in UTF-8, and those that claim another charset are refused in our words."""

import io
from typing import Any

import pytest

from config.handler import Handler
from tests.fuzz.runner import server


@pytest.mark.django_db
@pytest.mark.parametrize("charset", ["idna", "punycode", "utf-16", "utf-7", "no-such", "\xff", "hex"])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/accounts/login/", "/nothing/"])
def test_a_charset_that_is_not_utf_8_is_no_defect_of_ours(charset: str, method: str, path: str) -> None:
    said: list[Any] = []
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": "next=%D1%91",
        "CONTENT_TYPE": f"application/x-www-form-urlencoded; charset={charset}",
        "HTTP_HOST": "testserver",
        "REMOTE_ADDR": "192.0.2.1",
        "wsgi.input": io.BytesIO(b"login=%D1%91"),
    }

    Handler()(server(b"login=%D1%91") | environ, lambda *answer: said.extend(answer))

    assert said[0] == "400 Bad Request"
    assert "Content-Security-Policy" in dict(said[1])
