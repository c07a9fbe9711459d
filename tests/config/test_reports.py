"""What the page about an error shows with DEBUG: where it happened, and nothing of what was being handled."""

import secrets
from typing import Any

import pytest
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

# Made up at each run: the page shows lines of this file.
PHONE, WORDS, LOGIN, PASSWORD, COOKIE = (
    f"{name}-{secrets.token_hex(8)}" for name in ("7", "w", "l", "p", "c")
)


def _hand_over(params: dict[str, Any]) -> None:
    phones = [PHONE]
    raise LookupError(f"{len(phones)} numbers, {len(params)} parameters")


@login_not_required
def breaks(request: HttpRequest) -> HttpResponse:
    _hand_over({"phones": PHONE, "mes": WORDS})
    return HttpResponse()


urlpatterns = [path("breaks/", breaks)]


@pytest.fixture
def page(settings, db: None, request: pytest.FixtureRequest) -> str:
    """The page of an error in a form's view, as HTML and, for scripts, as text."""
    settings.DEBUG = True
    settings.ROOT_URLCONF = __name__
    settings.SMSC_LOGIN, settings.SMSC_PASSWORD, settings.SMSC_API_KEY = LOGIN, PASSWORD, PASSWORD
    settings.REDIS_URL = settings.CELERY_BROKER_URL = f"rediss://{LOGIN}:{PASSWORD}@redis.example/0"
    settings.SOME_ADDRESSES = [f"amqp://{LOGIN}:p@{PASSWORD}@h/", {"x": f"redis://:{PASSWORD}@h/"}]
    settings.DATABASES["default"] = settings.DATABASES["default"] | {"USER": LOGIN, "PASSWORD": PASSWORD}
    client = Client(raise_request_exception=False)
    client.cookies["choice"] = COOKIE
    answer = client.post(
        "/breaks/",
        {"phones": PHONE, "mes": WORDS},
        headers={"Accept": request.param},
        DATABASE_URL=f"postgres://{LOGIN}:{PASSWORD}@db.example/mail",
        SMSC_LOGIN=LOGIN,
    )
    assert answer.status_code == 500
    return answer.content.decode()


both = pytest.mark.parametrize("page", ["text/html", "text/plain"], indirect=True)


@both
@pytest.mark.parametrize("private", range(5), ids=["phone", "words", "login", "password", "cookie"])
def test_nothing_private_is_shown(page: str, private: int) -> None:
    assert (PHONE, WORDS, LOGIN, PASSWORD, COOKIE)[private] not in page


@both
def test_where_it_happened_is_shown(page: str) -> None:
    for word in ("LookupError", "1 numbers, 2 parameters", "_hand_over", "SYNC_SECONDS", "phones"):
        assert word in page
