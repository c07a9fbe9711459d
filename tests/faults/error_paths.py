"""More than forty ways for something to fail, each run with the seeded password, key and phone number.

The workers are stopped meanwhile, so that each fault hits the call that it is meant for. The log goes to this
process's standard error, which is one of the campaign's logs.
"""

import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from mailings import accounts, outbox, sync
from mailings.models import Account, Mailing, Wish
from mailings.smsc.api.client import Credentials
from mailings.smsc.spec.spec import SpecError, validate
from mailings.sync import spans
from tests.faults.house import House
from tests.faults.proxy import FAULTS

log = logging.getLogger(__name__)
Path = tuple[str, Callable[[], Any]]
NEVER_ANSWERS = "http://127.0.0.1:9/sys/"
PROVIDER_ERRORS = (1, 3, 5, 7, 9)


class ErrorPaths:
    """The paths, on each provider in turn. `pages`: name and content of the pages that they returned."""

    def __init__(self, house: House, rows: list[Account]) -> None:
        self.house, self.rows = house, rows
        self.pages: list[tuple[str, bytes]] = []
        self._turn = 0
        self._calls = 0

    def paths(self) -> list[Path]:
        found: list[Path] = []
        for fault in FAULTS:
            found.append((f"create, {fault}", partial(self.create, fault)))
            found.append((f"list, {fault}", partial(self.listing, fault)))
        found += [(f"create, error {code}", partial(self.refused, code)) for code in PROVIDER_ERRORS]
        found += [
            ("cancel, echoing_error", partial(self.wish, Wish.CANCEL, "echoing_error")),
            ("delete, html", partial(self.wish, Wish.DELETE, "html")),
            ("the login is refused", self.wrong_login),
            ("the key is refused", self.wrong_key),
            ("nobody listens", self.nobody_listens),
            ("credentials that no key opens", self.closed_credentials),
            ("Redis is away", self.no_redis),
            ("command line: wrong values", self.command_line_wrong),
            ("command line: a password given", self.command_line_password),
            ("a spec of wrong values", self.wrong_spec),
            ("a page without its table", self.broken_page),
            ("a page's form that is wrong", self.wrong_form),
            ("a login that fails", self.failed_login),
            ("no such page", self.no_such_page),
        ]
        return found

    def walk(self) -> list[str]:
        """Run every path; their names. Exceptions are logged with their traceback, as in production."""
        walked = []
        for name, path in self.paths():
            self._turn += 1
            try:
                path()
            except Exception:
                log.exception("An error path brought up: %s", name)
            walked.append(name)
        return walked

    # --- calls ------------------------------------------------------------------------------------------

    @property
    def account(self) -> Account:
        """The account whose turn it is, made ready for a call."""
        row = self.rows[self._turn % len(self.rows)]
        far = timezone.now() + timedelta(hours=1)
        Account.objects.filter(pk=row.pk).update(proven_at=far, doubt_from=None)
        row.refresh_from_db()
        return row

    @property
    def provider(self) -> Any:
        return self.house.providers[self._turn % len(self.rows)]

    def create(self, fault: str) -> None:
        mailing = self._queued()
        self.provider.proxy.force(fault)
        self._deliver(mailing)

    def listing(self, fault: str) -> None:
        self.provider.proxy.force(fault)
        today = spans.today()
        self._calls += 1
        sync.pull(self.account, today - timedelta(days=self._calls), today, wait=3)

    def refused(self, code: int) -> None:
        self.provider.control("faults", {"fault": "wrong_error", "calls": "add", "error": code})
        self._deliver(self._queued())

    def wish(self, kind: Wish, fault: str) -> None:
        mailing = self._queued()
        self._deliver(mailing)
        outbox.wish(mailing.pk, kind)
        self.provider.proxy.force(fault)
        outbox.fulfil(mailing.pk)

    def wrong_login(self) -> None:
        quiet = self.house.quiet
        self._refused_by(Credentials(login=quiet.login, password=f"{self.house.seeded.password}x"))

    def wrong_key(self) -> None:
        self._refused_by(Credentials(apikey=f"{self.house.seeded.key}x"))

    def _refused_by(self, credentials: Credentials) -> None:
        account = Account.objects.get(name=self.house.quiet.name)
        accounts.set_credentials(account, credentials)
        with accounts.slot(account, "balance", f"path {self._turn}", wait=5) as client:
            client.balance()

    def nobody_listens(self) -> None:
        account = self._elsewhere("nobody", NEVER_ANSWERS)
        accounts.set_credentials(account, Credentials(login="no", password=self.house.seeded.password))
        self._deliver(self._queued(account))

    def closed_credentials(self) -> None:
        account = self._elsewhere("closed", NEVER_ANSWERS)
        Account.objects.filter(pk=account.pk).update(secret=b"not what any key opens")
        self._deliver(self._queued(account))

    def no_redis(self) -> None:
        self.house.kill_redis()
        try:
            self._deliver(self._queued())
        finally:
            self.house.revive_redis()

    # --- the command line -------------------------------------------------------------------------------

    def command_line_wrong(self) -> None:
        phone = self.house.seeded.phone
        self._command({"options": {"phones": phone, "mes": "", "tz": phone, "nosuch": phone}})

    def command_line_password(self) -> None:
        self._command({"options": {"phones": self.house.seeded.phone, "psw": self.house.seeded.password}})

    def _command(self, order: dict[str, Any]) -> None:
        command = [sys.executable, "manage.py", "mailings", "create", "-"]
        done = subprocess.run(
            command, input=json.dumps(order), capture_output=True, text=True, timeout=60, check=False
        )
        (self.house.logs / "command.log").open("a").write(done.stdout + done.stderr)

    def wrong_spec(self) -> None:
        seeded = self.house.seeded
        try:
            validate({"phones": seeded.phone, "psw": seeded.password, "mes": ""}, now=timezone.now())
        except SpecError:
            log.exception("A spec was refused")

    # --- pages ------------------------------------------------------------------------------------------

    def broken_page(self) -> None:
        """Post the form while one of its tables is missing: a 500, with its traceback in the log."""
        with self._without("mailings_recipients"):
            self._post_form(mes="Hello")

    def wrong_form(self) -> None:
        self._post_form(mes="", tz="99")

    def _post_form(self, **values: str) -> None:
        typed = {"name": "From a page", "phones": self.house.seeded.phone, "action": "send", **values}
        self._keep("compose", self.browser().post(reverse("compose"), typed, secure=True))

    def failed_login(self) -> None:
        typed = {"login": "nobody", "password": self.house.seeded.password}
        self._keep("login", self.browser(known=False).post(reverse("account_login"), typed, secure=True))

    def no_such_page(self) -> None:
        self._keep(
            "404", self.browser().post("/nosuchpage/", {"phones": self.house.seeded.phone}, secure=True)
        )

    def browser(self, *, known: bool = True) -> Browser:
        browser = Browser(raise_request_exception=False, headers={"host": "localhost"})
        if known:
            users = get_user_model().objects
            user = users.filter(username="chief").first()
            user = user or users.create_superuser("chief", password=self.house.seeded.django_key)
            browser.force_login(user)
        return browser

    def _keep(self, name: str, answer: Any) -> None:
        self.pages.append((f"{name} ({answer.status_code})", answer.content))

    # --- helpers ----------------------------------------------------------------------------------------

    def _queued(self, account: Account | None = None) -> Mailing:
        options = {"name": "Path", "phones": self.house.seeded.phone, "mes": "Hello", "time": "+600"}
        spec = validate(options, now=timezone.now())
        return outbox.make(spec, account=account or self.account, submit=True)

    def _deliver(self, mailing: Mailing) -> None:
        outbox.deliver_mailing(mailing.pk)

    def _elsewhere(self, name: str, url: str) -> Account:
        fields = {"kind": Account.Kind.SANDBOX, "base_url": url}
        return Account.objects.update_or_create(name=name, defaults=fields)[0]

    @contextmanager
    def _without(self, table: str) -> Iterator[None]:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} RENAME TO {table}_away")
            try:
                yield
            finally:
                with suppress(Exception):
                    connection.rollback()
                cursor.execute(f"ALTER TABLE {table}_away RENAME TO {table}")
