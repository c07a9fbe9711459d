"""Controls the sandbox provider through its control endpoints (docs/sandbox.md).

Only for an account of kind sandbox at a loopback address, so nothing here can reach the real provider.
"""

import json
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from django.db import models
from django.utils.translation import gettext_lazy as _

from mailings.models import Account
from mailings.smsc.base_url import is_loopback

WAIT_SECONDS = 2.0
PREFIX = "/_sandbox/"


class NoSandbox(Exception):
    """The account is not at a sandbox on this machine, or the sandbox does not answer or refuses."""


class Trial(models.TextChoices):
    """A fault that a person can order from the page; the label is its button's text."""

    CUT = "cut", _("Break the connection during the next send")
    REFUSE = "refuse", _("Refuse the next cancel")
    AWAY = "away", _("Be away for the next six calls")
    CALM = "calm", _("All is well again")


FAULTS: dict[Trial, dict[str, Any]] = {
    Trial.CUT: {"fault": "cut_after_saving", "calls": "add", "rst": True},
    Trial.REFUSE: {"fault": "wrong_error", "error": 3, "saved": False, "calls": "cancel"},
    Trial.AWAY: {"fault": "server_error", "saved": False, "count": 6},
}


def is_here(account: Account) -> bool:
    """Whether the account is at a sandbox on this machine."""
    address = urlsplit(account.base_url)
    return account.is_sandbox and address.scheme == "http" and is_loopback(address.hostname)


def order(account: Account, trial: Trial) -> None:
    """Order a trial's fault, or clear all faults for CALM. Raises NoSandbox."""
    if trial in FAULTS:
        ask(account, "POST", "faults", FAULTS[trial])
    else:
        ask(account, "DELETE", "faults")


def make_jobs(account: Account, jobs: list[dict[str, Any]]) -> list[str]:
    """Make jobs at the sandbox (`POST jobs` in docs/sandbox.md); returns their ids. Raises NoSandbox."""
    return [str(number) for number in ask(account, "POST", "jobs", jobs)["ids"]]


def ask(account: Account, method: str, what: str, asked: Any = None) -> Any:
    """One control request; returns its decoded JSON answer. Raises NoSandbox with the reason."""
    if not is_here(account):
        raise NoSandbox("This account is not at a sandbox on this machine.")
    address = urlsplit(account.base_url)
    connection = HTTPConnection(address.hostname or "", address.port or 80, timeout=WAIT_SECONDS)
    try:
        connection.request(method, PREFIX + what, None if asked is None else json.dumps(asked))
        answer = connection.getresponse()
        found = json.loads(answer.read())
    except (OSError, HTTPException, ValueError) as error:
        raise NoSandbox("The sandbox does not answer.") from error
    finally:
        connection.close()
    if answer.status != 200:
        raise NoSandbox(f"The sandbox did not do it: {found.get('error')}")
    return found
