"""Sends the random requests to the application as a server does, and counts what must not be."""

import io
import secrets
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client

from config.handler import Handler
from mailings.models import Mailing, State
from tests.fuzz.requests import Requests
from tests.views.rows import row

SLOW_SECONDS = 2.0
# After so many requests people and rows are put right again: fuzzing logs out, deletes and spoils.
RENEW_EVERY = 50
TOKEN = "T" * 32


@dataclass
class Figures:
    """`defects`: answers of 500 and more, exceptions that came through; `slow`: twice over two seconds."""

    statuses: Counter[int] = field(default_factory=Counter)
    defects: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)
    bare: list[str] = field(default_factory=list)
    longest: float = 0.0

    @property
    def right(self) -> bool:
        return not (self.defects or self.slow or self.bare)


class Fuzz:
    def __init__(self, seed: int) -> None:
        self.application, self.figures = Handler(), Figures()
        self.cookies: list[str] = []
        rows = [row(state, name=f"Mailing {state}").pk for state in State]
        self.requests = Requests(seed, [*rows, rows[0]])

    def run(self, count: int) -> Figures:
        for number, environ in enumerate(islice(self.requests.endless(), count)):
            if number % RENEW_EVERY == 0:
                self._renew()
            self._one(environ)
        return self.figures

    def _renew(self) -> None:
        """A visitor; somebody without a permission, one of the staff and a superuser, each logged in."""
        users, self.cookies = get_user_model().objects, [""]
        superuser: dict[str, Any] = {"is_staff": True, "is_superuser": True}  # most often: he gets furthest
        users.filter(username__startswith="fuzz-").update(is_active=False)
        for fields in ({}, {"is_staff": True}, superuser, superuser, superuser):
            person = users.create_user(f"fuzz-{secrets.token_hex(6)}", **fields)
            if fields == {"is_staff": True}:
                person.groups.set(Group.objects.all())
            client = Client()
            client.force_login(person)
            self.cookies.append(
                f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
            )
        if not Mailing.objects.exists():
            row()

    def _one(self, environ: dict[str, Any]) -> None:
        random = self.requests.random
        body = environ["wsgi.input"].getvalue()
        cookies = f"{random.choice(self.cookies)}; {settings.CSRF_COOKIE_NAME}={TOKEN}"
        whole = server(body) | {"HTTP_COOKIE": cookies} | environ | {"wsgi.input": io.BytesIO(body)}
        if random.random() < 0.8:  # else the check of the form's token ends most of them
            whole["HTTP_X_CSRFTOKEN"] = TOKEN
        spent = self._answered(whole, body)
        if spent > SLOW_SECONDS:  # once may be the machine's own business
            spent = self._answered(whole, body)
        self.figures.longest = max(self.figures.longest, spent)
        if spent > SLOW_SECONDS:
            self.figures.slow.append(f"{spent:.1f} s {_named(whole)}")

    def _answered(self, environ: dict[str, Any], body: bytes) -> float:
        """Send one; the seconds that it took, its answer read to the end."""
        said: dict[str, Any] = {}

        def start(status: str, headers: list[tuple[str, str]], *_: object) -> None:
            said.update(status=int(status[:3]), headers={name.lower() for name, _value in headers})

        began = time.monotonic()
        try:
            answer = self.application(environ | {"wsgi.input": io.BytesIO(body)}, start)
            try:
                for _chunk in answer:
                    pass
            finally:
                getattr(answer, "close", lambda: None)()
        except Exception as error:  # noqa: BLE001 (what a server would answer with a bare 500)
            said |= {"status": 599, "headers": {"content-security-policy"}}
            self.figures.defects.append(f"{type(error).__name__} {_named(environ)}")
        spent = time.monotonic() - began
        status = said["status"]
        self.figures.statuses[status] += 1
        if 500 <= status < 599 and not environ["PATH_INFO"].startswith("/healthz"):
            self.figures.defects.append(f"{status} {_named(environ)}")
        if not {"content-security-policy", "permissions-policy"} & said["headers"]:
            self.figures.bare.append(f"{status} {_named(environ)}")
        return spent


def server(body: bytes) -> dict[str, Any]:
    """What a server adds to a request."""
    return {
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SCRIPT_NAME": "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(body)),
    }


def _named(environ: dict[str, Any]) -> str:
    """The request, for a person who looks into it; `--seed` brings it back."""
    odd = {name: value for name, value in environ.items() if name.startswith(("HTTP_", "CONTENT_"))}
    odd.pop("HTTP_COOKIE", None)
    where = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']!r}?{environ['QUERY_STRING']!r}"
    body = environ["wsgi.input"].getvalue()[:400]
    return f"{where[:600]} {str(odd)[:600]} {body!r}"
