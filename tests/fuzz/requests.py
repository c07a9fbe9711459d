"""Random requests: every address and method, odd headers, charsets and bodies. One seed, one sequence."""

import io
import json
import re
from collections.abc import Iterator
from random import Random
from typing import Any
from urllib.parse import quote, quote_from_bytes

from django.urls import URLPattern, URLResolver, get_resolver

from mailings.forms.typed import PAGE
from mailings.smsc.spec.catalogue import OPTIONS

METHODS = ("GET", "POST", "POST", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW")
TEXTS = (
    *(
        "",
        "0",
        "1",
        "-1",
        "²",
        "٣",
        "1e3",
        "9" * 19,
        "9" * 5000,
        "NaN",
        "null",
        "true",
        "a",
        "%",
        "%s",
        "{0}",
        "{{7}}",
    ),
    *(
        "\0",
        "a\0b",
        "\r\nX: 1",
        "\u202egnp",
        "\ud7ff",
        "\ufffe",
        "😀" * 40,
        "ё" * 300,
        "x" * 10_000,
        "İ",
        "ß",
    ),
    *(
        "<script>",
        "'\"><svg/onload=1>",
        "' OR 1=1 --",
        "../../etc/passwd",
        "//evil.example/",
        "http://[",
        "a@b.c",
    ),
    *(
        "79990000001",
        "+7 (999) 000-00-01, 12345",
        "79990000001\n" * 500,
        "1," * 5000,
        "draft",
        "send",
        "1-x",
        "1-1-1",
    ),
    *("0001-01-01", "9999-12-31", "2026-13-45T99:99", "01.01.70 00:00", "01700000000", "Asia/Omsk", "ru"),
)
NAMES = (
    *(
        *OPTIONS,
        *sorted(PAGE),
        "q",
        "state",
        "by",
        "period",
        "start",
        "end",
        "after",
        "before",
        "row",
        "id",
        "next",
    ),
    *(
        "number",
        "decision",
        "remote_id",
        "attempt",
        "reference",
        "language",
        "timezone",
        "login",
        "password",
        "v",
    ),
    *("code", "oldpassword", "password1", "password2", "username", "_selected_action", "post", "o", "p", "e"),
    *(
        "state__exact",
        "kind__exact",
        "name",
        "kind",
        "base_url",
        "app_label",
        "model_name",
        "field_name",
        "term",
    ),
    *("credential", "a\0b"),
)
KINDS = (
    *(
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=utf-16",
        "text/plain",
        "\xff",
    ),
    *(
        "application/x-www-form-urlencoded; charset=no-such",
        "application/x-www-form-urlencoded; charset=idna",
        "",
    ),
    *(
        "application/x-www-form-urlencoded; charset=utf-7",
        "application/json",
        "multipart/form-data",
        'a/b; c="',
        ";",
    ),
    *(
        "multipart/form-data; boundary=b",
        "multipart/form-data; boundary=b; charset=utf-16",
        "multipart/mixed",
    ),
    *("multipart/form-data; boundary=" + "b" * 300, "multipart/form-data; boundary=\xe9"),
)
HEADERS: dict[str, tuple[str, ...]] = {
    "HTTP_HOST": ("testserver", "evil.example", "a b", "testserver:99999", "[::1", "", "\xff"),
    "HTTP_ACCEPT_LANGUAGE": ("ru", "xx-\0", "ru;q=9", "," * 900, "a" * 600, "*", "\xff"),
    "HTTP_ACCEPT_ENCODING": ("gzip", "identity;q=0", "\xff", "," * 500),
    "HTTP_ACCEPT": ("*/*", "text/html;q=x", "\xff", "application/json"),
    "HTTP_X_FORWARDED_FOR": ("192.0.2.1", "nonsense", "," * 50, "::1, 192.0.2.2", "\xff"),
    "HTTP_X_FORWARDED_PROTO": ("https", "gopher"),
    "HTTP_REFERER": ("http://testserver/", "http://[", "\xff", "https://evil.example/"),
    "HTTP_ORIGIN": ("http://testserver", "null", "http://[", "https://evil.example"),
    "HTTP_HX_REQUEST": ("true", "false", "\xff"),
    "HTTP_HX_CURRENT_URL": ("http://testserver/mailings/?q=1", "http://[", "%ff"),
    "HTTP_HX_TARGET": ("compose", "\0"),
    "HTTP_IF_MODIFIED_SINCE": ("Thu, 01 Jan 1970 00:00:00 GMT", "yesterday", "\xff"),
    "HTTP_IF_NONE_MATCH": ('"1"', "*", "\xff"),
    "HTTP_RANGE": ("bytes=0-1", "bytes=9-1", "bytes=-"),
    "HTTP_X_REQUESTED_WITH": ("XMLHttpRequest",),
    "HTTP_X_HTTP_METHOD_OVERRIDE": ("DELETE",),
    "HTTP_TRANSFER_ENCODING": ("chunked", "identity"),
    "HTTP_CONTENT_ENCODING": ("gzip",),
    "HTTP_EXPECT": ("100-continue",),
    "HTTP_AUTHORIZATION": ("Basic \xff", "Bearer x"),
    "CONTENT_LENGTH": ("", "0", "-1", "abc", "1", "70000", "3000000", "99999999999999999999"),
    "REMOTE_ADDR": ("127.0.0.1", "2001:db8::1", "", "nonsense"),
    "HTTP_COOKIE": ("timezone=%FF", "timezone=../../etc/passwd", "sessionid=x; csrftoken=\xff", ";;=;"),
}


class Requests:
    """`keys`: numbers of rows that are there. `cookies`: of the people, an empty one for a visitor."""

    def __init__(self, seed: int, keys: list[int]) -> None:
        self.random, self.keys = Random(seed), keys
        self.addresses = sorted({*_addresses(), "static/mailroom.css", "nothing/"})

    def endless(self) -> Iterator[dict[str, Any]]:
        """WSGI environments, without the cookies; every address in turn, first of all."""
        while True:
            for address in self.random.sample(self.addresses, len(self.addresses)):
                yield self.one(address)

    def one(self, address: str) -> dict[str, Any]:
        kind = (
            self._one_of(KINDS)
            if self._odds(0.4)
            else self._one_of((KINDS[0], "multipart/form-data; boundary=b"))
        )
        body = self._body(kind)
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self._one_of(METHODS),
            "PATH_INFO": self._path(address).encode("utf-8", "surrogatepass").decode("latin-1"),
            "QUERY_STRING": self._pairs().decode("latin-1") if self._odds(0.5) else "",
            "CONTENT_TYPE": kind,
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_HOST": "testserver",
            "REMOTE_ADDR": f"192.0.2.{self.random.randrange(255)}",
        }
        for name in self.random.sample(list(HEADERS), self._one_of((0, 0, 1, 2, 4))):
            environ[name] = self._one_of(HEADERS[name])
        if "HTTP_TRANSFER_ENCODING" in environ and self._odds(0.7):  # most often as such a request comes
            environ["CONTENT_LENGTH"] = ""
        return environ | {"wsgi.input": io.BytesIO(body)}

    def _one_of(self, values: Any) -> Any:
        return self.random.choice(values)

    def _odds(self, share: float) -> bool:
        return self.random.random() < share

    def _text(self) -> str:
        return str(self._one_of(self.keys)) if self._odds(0.2) else str(self._one_of(TEXTS))

    def _path(self, address: str) -> str:
        """The address with numbers of rows in it, now and then with what is none, now and then spoilt."""

        def filled(_: re.Match[str]) -> str:
            return str(self._one_of(self.keys) if self._odds(0.7) else self._one_of(TEXTS))

        path = "/" + re.sub(r"<[^>]*>", filled, address)
        if self._odds(0.1):
            at = self.random.randrange(len(path))
            path = path[:at] + self._one_of(("\0", "//", "/../", "%00", "é", ";", "\u2028")) + path[at:]
        return path[:2000]

    def _pairs(self) -> bytes:
        chosen = self.random.choices(NAMES, k=self.random.randrange(8))
        pairs = [f"{quote(name)}={quote(self._text())}".encode() for name in chosen]
        if self._odds(0.1):
            noise = self.random.randbytes(30)
            pairs.append(b"q=" + (quote_from_bytes(noise).encode() if self._odds(0.5) else noise))
        return b"&".join(pairs)

    def _body(self, kind: str) -> bytes:
        if self._odds(0.15):
            return self.random.randbytes(self._one_of((0, 1, 50, 5000)))
        if kind.startswith("multipart"):
            return self._parts()
        if kind == "application/json":
            return json.dumps({self._one_of(NAMES): self._text()}).encode()
        return self._pairs()

    def _parts(self) -> bytes:
        found = []
        for name in self.random.choices(NAMES, k=self.random.randrange(6)):
            head = f'Content-Disposition: form-data; name="{name}"'
            if self._odds(0.3):
                head += f'; filename="{self._one_of(("a.txt", "a.xlsx", "../a.csv", "", "a.png", "é.exe"))}"'
            if self._odds(0.2):
                head += self._one_of(
                    (
                        "\r\nContent-Type: text/plain; charset=utf-16",
                        "\r\nContent-Transfer-Encoding: base64",
                        "\r\n:",
                    )
                )
            content = (
                self.random.randbytes(40) if self._odds(0.2) else self._text().encode("utf-8", "replace")
            )
            found.append(b"--b\r\n" + head.encode() + b"\r\n\r\n" + content + b"\r\n")
        whole = b"".join(found) + b"--b--\r\n"
        return whole[: self.random.randrange(len(whole))] if self._odds(0.2) else whole


def _addresses() -> Iterator[str]:
    """Every address as the resolver writes it, its expressions made plain."""

    def walk(resolver: URLResolver, prefix: str) -> Iterator[str]:
        for one in resolver.url_patterns:
            whole = prefix + str(one.pattern)
            if isinstance(one, URLResolver):
                yield from walk(one, whole)
            elif isinstance(one, URLPattern):
                plain = re.sub(r"\(\?P(<\w+>)(?:[^()]|\([^)]*\))*\)", r"\1", whole)
                plain = re.sub(r"\(\?:([^|)]*)[^)]*\)", r"\1", plain)
                yield re.sub(r"[\^$]", "", plain)

    return walk(get_resolver(), "")
