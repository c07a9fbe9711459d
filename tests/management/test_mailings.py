"""The contract's command line, sentence by sentence."""

import io
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

import pytest
from django.core.management import ManagementUtility, call_command
from django.db import OperationalError
from django.utils import timezone

from mailings import accounts, outbox
from mailings.management.cli.verbs import VERBS
from mailings.models import Account, Attempt, Breaker, HeldReason, Mailing, State, Wish
from mailings.smsc.api.client import Credentials
from mailings.smsc.spec.times import MOSCOW
from sandbox import Sandbox
from tests.helpers.factories import bare, delivered, queued
from tests.management.conftest import OPTIONS, Run, refused

FIELDS = [
    *("id", "name", "state", "held_reason", "wish", "wish_result", "account", "origin", "remote_id"),
    *("remote_status", "verified_at", "gone", "cost", "parts", "recipients", "reference", "options"),
    *("attempts", "remote"),
]


# --- show and list ------------------------------------------------------------------------------------------


def test_show_has_the_fields_of_the_contract(account: Account, mailings: Run):
    mailing = delivered(account, phones="79990000001,79990000002")
    outbox.wish(mailing.pk, Wish.CANCEL)

    code, (said,) = mailings("show", str(mailing.pk))

    assert (code, list(said)) == (0, FIELDS)
    assert said["options"] == {
        "name": "Spring sale",
        "mes": "Hello",
        "time": "0",
        "phones": "79990000001,79990000002",
    }
    assert {name: said[name] for name in FIELDS if name not in ("options", "attempts")} == {
        "id": mailing.pk,
        "name": "Spring sale",
        "state": "accepted",
        "held_reason": None,
        "wish": "cancel",
        "wish_result": None,
        "account": account.name,
        "origin": "local",
        "remote_id": "1",
        "remote_status": None,
        "verified_at": None,
        "gone": False,
        "cost": "2.80",
        "parts": said["parts"],
        "recipients": 2,
        "reference": f"{mailing.code}a",
        "remote": None,
    }
    (attempt,) = said["attempts"]
    assert attempt["kind"] == "create"
    assert (attempt["reference"], attempt["outcome"], attempt["code"], attempt["text"]) == (
        f"{mailing.code}a",
        "accepted",
        None,
        None,
    )
    begin, end = (datetime.fromisoformat(attempt[name]) for name in ("begin", "end"))
    assert begin <= end
    assert begin.tzinfo == UTC
    assert attempt["begin"].endswith("Z")


def test_show_tells_what_the_provider_says(account: Account, sandbox: Sandbox, mailings: Run):
    number = sandbox.make_job("Reminder", status="waiting")
    mailings("sync")

    _, (said,) = mailings("show", str(Mailing.objects.get().pk))

    assert (said["origin"], said["remote_id"], said["remote_status"]) == ("provider", str(number), "waiting")
    assert (said["options"], said["reference"], said["attempts"]) == (None, None, [])
    assert said["remote"]["name"] == "Reminder"
    assert datetime.fromisoformat(said["verified_at"]).tzinfo == UTC


def test_a_status_word_that_is_not_known_is_shown_as_it_came(account, sandbox: Sandbox, mailings: Run):
    sandbox.dialect = "strange"
    sandbox.make_job("Reminder", status="waiting")
    mailings("sync")

    assert mailings("list")[1][0]["remote_status"] == "tau"


def test_list_is_newest_first_with_states_and_a_limit(account: Account, mailings: Run):
    first, second, third = (bare(account, name=str(number)) for number in range(3))
    Mailing.objects.filter(pk=second.pk).update(state=State.HELD, held_reason=HeldReason.OVERDUE)

    assert [row["id"] for row in mailings("list")[1]] == [third.pk, second.pk, first.pk]
    assert [row["id"] for row in mailings("list", "--limit", "1")[1]] == [third.pk]
    (held,) = mailings("list", "--state", "held")[1]
    assert (held["id"], held["held_reason"]) == (second.pk, "overdue")
    assert mailings("list", "--state", "unknown") == (0, [])


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("dance",),
        ("show",),
        ("list", "--state", "lost"),
        ("list", "--limit", "0"),
        ("list", "--limit", "x"),
        ("create", "--wait", "-1"),
        ("create", "--wait", "nan"),
        ("resolve", "1"),
        ("resolve", "1", "--send-again", "--give-up"),
        ("show", "1", "2"),
    ],
)
def test_a_command_line_that_cannot_be_read_ends_with_1(account: Account, mailings: Run, words):
    code, (said,) = mailings(*words)

    assert (code, list(said)) == (1, ["error"])


@pytest.mark.parametrize("verb", ["show", "cancel", "delete", "release", "resolve"])
@pytest.mark.parametrize("text", ["999999", "abc", "²", "9" * 30])
def test_an_id_that_there_is_not_ends_with_1(account: Account, mailings: Run, verb: str, text: str):
    more = ["--give-up"] if verb == "resolve" else []

    code, (said,) = mailings(verb, text, *more)

    assert (code, list(said)) == (1, ["error"])


# --- wishes and decisions -----------------------------------------------------------------------------------


def test_cancel_records_the_wish_and_its_result(account: Account, mailings: Run):
    later = timezone.now() + timedelta(days=1)
    mailing = delivered(account, time=f"0{int(later.timestamp())}")

    code, (said,) = mailings("cancel", str(mailing.pk))
    outbox.fulfil(mailing.pk)

    assert (code, said["wish"], said["wish_result"]) == (0, "cancel", None)
    _, (shown,) = mailings("show", str(mailing.pk))
    assert (shown["state"], shown["wish"], shown["wish_result"]) == ("cancelled", None, "confirmed")


def test_delete_records_the_wish(account: Account, mailings: Run):
    mailing = delivered(account)

    code, (said,) = mailings("delete", str(mailing.pk))

    assert (code, said["wish"]) == (0, "delete")


def test_a_wish_before_anything_was_sent_is_settled_at_once(account: Account, mailings: Run):
    mailing = queued(account)

    assert mailings("cancel", str(mailing.pk)) == (
        0,
        [{"id": mailing.pk, "state": "withdrawn", "wish": None, "wish_result": "confirmed"}],
    )


def test_an_impossible_wish_ends_with_1(account: Account, mailings: Run):
    mailing = bare(account, state=State.ABANDONED)

    code, (said,) = mailings("cancel", str(mailing.pk))

    assert (code, list(said)) == (1, ["error"])


# --- sync and probe -----------------------------------------------------------------------------------------


def test_sync_prints_its_figures(account: Account, sandbox: Sandbox, mailings: Run):
    sandbox.make_job("Reminder")

    assert mailings("sync") == (
        0,
        [{"seen": 1, "new": 1, "changed": 0, "unchanged": 0, "settled": 0, "gone": 0}],
    )


def test_sync_settles_an_unknown_mailing(account: Account, sandbox: Sandbox, mailings: Run):
    mailing = queued(account)
    sandbox.fault("cut_after_saving", calls="add")
    outbox.deliver_mailing(mailing.pk)

    code, (said,) = mailings("sync")

    assert (code, said["settled"], said["new"]) == (0, 1, 0)
    assert mailings("show", str(mailing.pk))[1][0]["state"] == "accepted"


def test_sync_reads_the_days_given(account: Account, sandbox: Sandbox, mailings: Run):
    sandbox.make_job("Old", age=100 * 86400)
    sandbox.make_job("New")
    day = timezone.now() - timedelta(days=100)
    span = [f"{day + timedelta(days=shift):%d.%m.%Y}" for shift in (-1, 1)]

    code, (said,) = mailings("sync", "--start", span[0], "--end", span[1])

    assert (code, said["seen"], Mailing.objects.get().name) == (0, 1, "Old")
    assert mailings("sync", "--start", span[0])[1][0]["seen"] == 2
    assert mailings("sync", "--end", span[1])[1][0]["seen"] == 1


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["--start", "2025-01-01"], ["start"]),
        (["--start", "1.1.2026"], ["start"]),
        (["--start", "01.01.26"], ["start"]),
        (["--start", "٠١.٠١.٢٠٢٦"], ["start"]),
        (["--end", "31.02.2025"], ["end"]),
        (["--end", "31.12.9999"], ["end"]),
        (["--start", "02.01.2025", "--end", "01.01.2025"], ["end", "start"]),
    ],
)
def test_days_that_cannot_be_read_are_told_by_parameter(account: Account, mailings: Run, words, names):
    code, (said,) = mailings("sync", *words)

    assert (code, sorted(said["errors"])) == (1, names)


def test_a_failed_sync_ends_with_2(account: Account, sandbox: Sandbox, mailings: Run):
    sandbox.fault("server_error", calls="get_all", count=None)

    code, (said,) = mailings("sync")

    assert code == 2
    assert said["error"]


def test_a_sync_without_an_account_ends_with_2(db: None, mailings: Run):
    code, (said,) = mailings("sync")

    assert (code, list(said)) == (2, ["error"])


def test_probe_tells_which_fields_were_recognised(account: Account, sandbox: Sandbox, mailings: Run):
    sandbox.dialect = "strange"
    sandbox.make_job("Reminder", status="waiting")

    code, (said,) = mailings("probe")

    assert code == 0
    assert said["balance"]["recognised"] == {"amount": "9999998.60", "currency": "RUR"}
    assert said["get_all"]["recognised"]["remote_id"] == "job_id"
    assert said["get_all"]["unrecognised"]
    assert said["get_all"]["unknown_status_words"] == ["tau"]
    assert {call["kind"] for call in sandbox.calls} == {"balance", "get_all"}
    assert Mailing.objects.count() == 0


def test_probe_closes_a_breaker_that_a_refused_login_opened(
    account: Account, sandbox: Sandbox, mailings: Run
):
    Account.objects.filter(pk=account.pk).update(breaker=Breaker.LOGIN, breaker_at=timezone.now())

    code, _ = mailings("probe")

    account.refresh_from_db()
    assert (code, account.breaker) == (0, Breaker.CLOSED)


def test_probe_with_a_wrong_password_ends_with_2_and_tries_once(account, sandbox: Sandbox, mailings: Run):
    accounts.set_credentials(account, Credentials(login="sandbox", password="wrong"))

    code, (said,) = mailings("probe")

    assert (code, list(said)) == (2, ["error"])
    assert [call["result"] for call in sandbox.calls] == ["error 2"]
    assert "wrong" not in said["error"].lower().replace("wrong login", "")


def test_a_wish_made_on_the_command_line_is_in_the_attempts(account: Account, mailings: Run):
    mailing = delivered(account)
    mailings("delete", str(mailing.pk))
    outbox.fulfil(mailing.pk)

    _, (said,) = mailings("show", str(mailing.pk))

    assert [attempt["kind"] for attempt in said["attempts"]] == ["create", "delete"]
    assert (said["state"], said["attempts"][1]["outcome"]) == ("deleted", Attempt.Outcome.CONFIRMED)


def test_a_database_that_cannot_be_used_is_said_in_json(account: Account, mailings: Run, monkeypatch):
    def broken(asked: object) -> list[dict[str, object]]:
        raise OperationalError("disk I/O error")

    monkeypatch.setitem(VERBS, "list", broken)

    code, (said,) = mailings("list")

    assert (code, said) == (1, {"error": "The database cannot be used (OperationalError)."})


# --- for people and pipes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", [("list", "--limit", "x"), ("list", "--limit", "²"), ("create", "--wait", "x")]
)
def test_a_wrong_number_is_said_for_a_person(account: Account, mailings: Run, words):
    said = str(mailings(*words)[1][0]["error"])

    assert "a number" in said
    assert "_count" not in said
    assert "_seconds" not in said


@pytest.mark.parametrize("name", ["rpt", "rptn", "translit", "period", "tz"])
@pytest.mark.parametrize("value", [True, False])
def test_yes_and_no_are_no_number(account: Account, mailings: Run, name: str, value: bool):
    assert name in refused(mailings("create", given={"options": OPTIONS | {name: value}}))


def test_yes_and_no_are_fine_for_a_flag(account: Account, mailings: Run):
    assert mailings("create", given={"options": OPTIONS | {"flash": True}})[0] == 0


def test_wrong_recipients_of_a_file_are_told_under_it_with_their_lines(
    account, mailings: Run, tmp_path: Path
):
    path = tmp_path / "people.txt"
    path.write_text("79990000001\n\nabc\n")

    errors = refused(
        mailings("create", given={"options": {"name": "x", "mes": "y"}, "recipients_file": str(path)})
    )

    assert list(errors) == ["recipients_file"]
    assert "Line 3: “abc”" in errors["recipients_file"][0]


def test_wrong_recipients_among_the_options_are_told_under_phones(account: Account, mailings: Run):
    assert list(refused(mailings("create", given={"options": OPTIONS | {"phones": "abc"}}))) == ["phones"]


def as_from_a_shell(monkeypatch: pytest.MonkeyPatch, out: TextIO, *words: str) -> int:
    """Run the command as `manage.py` does, with `out` as standard output; gives the exit code."""
    monkeypatch.setattr("sys.stdout", out)
    try:
        ManagementUtility(["manage.py", "mailings", *words]).execute()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_the_output_is_utf8_whatever_the_locale(account: Account, monkeypatch: pytest.MonkeyPatch):
    bare(account, name="Весна")
    raw = io.BytesIO()

    code = as_from_a_shell(monkeypatch, io.TextIOWrapper(raw, encoding="ascii"), "list")

    assert (code, json.loads(raw.getvalue().decode())["name"]) == (0, "Весна")


@pytest.mark.parametrize("rows", [1, 200])
@pytest.mark.parametrize(("words", "expected"), [(("list", "--limit", "200"), 0), (("show", "0"), 1)])
def test_a_reader_that_has_gone_is_no_error(account: Account, monkeypatch, rows: int, words, expected: int):
    for _number in range(rows):
        bare(account)
    reading, writing = os.pipe()
    os.close(reading)

    with os.fdopen(writing, "w", encoding="utf-8") as out:
        assert as_from_a_shell(monkeypatch, out, *words) == expected


def test_a_list_that_may_have_been_cut_is_said_beside_the_figures(
    account, sandbox: Sandbox, mailings, capsys
):
    for number in range(10):
        sandbox.make_job(f"Reminder {number}")
    day = f"{timezone.now().astimezone(MOSCOW):%d.%m.%Y}"

    call_command("mailings", "sync", "--start", day, "--end", day)

    said = capsys.readouterr()
    assert json.loads(said.out)["seen"] == 10
    assert said.err == "The provider's list may have been cut at ten rows: there may be more.\n"


def test_a_list_that_is_whole_is_said_without_a_warning(account, sandbox: Sandbox, mailings, capsys):
    sandbox.make_job("Reminder")

    call_command("mailings", "sync")

    assert not capsys.readouterr().err
