"""The contract's command line, sentence by sentence."""

import io
import json
import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

import pytest
from django.core.management import ManagementUtility, call_command
from django.db import OperationalError, connection
from django.utils import timezone

from mailings import accounts, outbox
from mailings.management.cli.verbs import VERBS
from mailings.models import Account, Attachment, Attempt, Breaker, HeldReason, Mailing, Recipient, State, Wish
from mailings.smsc.api.client import Credentials
from mailings.smsc.spec.times import MOSCOW
from sandbox import Sandbox
from tests.helpers.factories import PHONE, bare, delivered, queued
from tests.management.conftest import Run

OPTIONS = {"name": "Spring sale", "phones": PHONE, "mes": "Hello"}
FIELDS = [
    *("id", "name", "state", "held_reason", "wish", "wish_result", "account", "origin", "remote_id"),
    *("remote_status", "verified_at", "gone", "cost", "parts", "recipients", "reference", "options"),
    *("attempts", "remote"),
]


def refused(ran: tuple[int, list[dict[str, object]]]) -> dict[str, list[str]]:
    """The errors of a run that stored nothing."""
    code, (said,) = ran
    assert code == 1
    assert Mailing.objects.count() == 0
    errors = said["errors"]
    assert isinstance(errors, dict)
    assert all(errors.values())
    return errors


# --- create -------------------------------------------------------------------------------------------------


def test_create_from_standard_input_queues_a_mailing(account: Account, mailings: Run):
    code, said = mailings("create", "-", given={"options": OPTIONS})

    row = Mailing.objects.get()
    assert (code, said) == (0, [{"id": row.pk, "state": "queued"}])
    assert (row.account, row.name) == (account, "Spring sale")
    assert Recipient.objects.addresses(row) == (f"+{PHONE}",)
        account,
        "Spring sale",
        (f"+{PHONE}",),
    )


def test_create_without_a_file_reads_standard_input(account: Account, mailings: Run):
    assert mailings("create", given={"options": OPTIONS})[0] == 0


def test_create_reads_a_file(account: Account, mailings: Run, tmp_path: Path):
    path = tmp_path / "order.json"
    path.write_text(json.dumps({"options": OPTIONS}))

    assert mailings("create", str(path))[1] == [{"id": Mailing.objects.get().pk, "state": "queued"}]


def test_a_byte_order_mark_is_no_harm(account: Account, mailings: Run):
    raw = b"\xef\xbb\xbf" + json.dumps({"options": OPTIONS}).encode()

    assert mailings("create", given=raw)[0] == 0


def test_create_without_submit_keeps_a_draft(account: Account, mailings: Run):
    code, said = mailings("create", given={"options": OPTIONS, "submit": False})

    assert (code, said[0]["state"]) == (0, "draft")
    assert mailings("show", str(said[0]["id"]))[1][0]["options"]["mes"] == "Hello"


def test_recipients_come_from_a_file_one_a_line(account: Account, mailings: Run, tmp_path: Path):
    path = tmp_path / "people.txt"
    path.write_text("79990000001\r\n\n 79990000002 \n", encoding="utf-8-sig")
    options = {"name": "Sale", "mes": "Hello"}

    code, _ = mailings("create", given={"options": options, "recipients_file": str(path)})

    assert code == 0
    assert Recipient.objects.addresses(Mailing.objects.get()) == ("+79990000001", "+79990000002")


def test_files_go_with_the_mailing(account: Account, mailings: Run, tmp_path: Path, settings):
    settings.MEDIA_ROOT = tmp_path / "media"
    path = tmp_path / "terms.pdf"
    path.write_bytes(b"terms")
    options = {
        "name": "Terms",
        "mail": 1,
        "phones": "ann@example.com",
        "sender": "we@example.com",
        "subj": "Terms",
        "mes": "See there.",
    }

    code, _ = mailings("create", given={"options": options, "files": [str(path)]})

    kept = Attachment.objects.get()
    assert (code, kept.name, kept.size, kept.content_type) == (0, "terms.pdf", 5, "application/pdf")
    assert kept.file.read() == b"terms"


@pytest.mark.parametrize("name", ["login", "psw", "apikey", "charset", "cost", "fmt", "add", "nonsense"])
def test_what_the_client_says_itself_and_what_there_is_not_is_an_error(account, mailings: Run, name: str):
    assert list(refused(mailings("create", given={"options": OPTIONS | {name: "1"}}))) == [name]


def test_a_rule_between_options_stands_under_each_that_it_names(account: Account, mailings: Run):
    errors = refused(mailings("create", given={"options": OPTIONS | {"viber": 1, "mms": 1}}))

    assert {"viber", "mms"} <= errors.keys()


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (b"", ["file"]),
        (b"{", ["file"]),
        (b"[" * 100_000, ["file"]),
        (b"\xff\xfe", ["file"]),
        ([], ["file"]),
        ({}, ["options"]),
        ({"options": []}, ["options"]),
        ({"options": OPTIONS, "when": 1}, ["when"]),
        ({"options": OPTIONS, "submit": "yes"}, ["submit"]),
        ({"options": OPTIONS, "account": "nobody"}, ["account"]),
        ({"options": OPTIONS, "account": 1}, ["account"]),
        ({"options": OPTIONS, "key": ""}, ["key"]),
        ({"options": OPTIONS, "key": "\x00"}, ["key"]),
        ({"options": OPTIONS, "key": "k" * 65}, ["key"]),
        ({"options": OPTIONS, "key": 7}, ["key"]),
        ({"options": OPTIONS, "files": "terms.pdf"}, ["files"]),
        ({"options": OPTIONS, "files": ["/nowhere/terms.pdf"]}, ["files"]),
        ({"options": OPTIONS, "files": ["a\x00b"]}, ["files"]),
        ({"options": OPTIONS, "files": ["/"]}, ["files"]),
        ({"options": {"name": "x", "mes": "y"}, "recipients_file": "/nowhere"}, ["recipients_file"]),
        ({"options": {"name": "x", "mes": "y"}, "recipients_file": "/"}, ["recipients_file"]),
        ({"options": {"name": "x", "mes": "y"}, "recipients_file": 1}, ["recipients_file"]),
        ({"options": {"name": "x", "mes": "y"}, "recipients_file": "/dev/null"}, ["recipients_file"]),
        ({"options": OPTIONS, "recipients_file": __file__}, ["phones", "recipients_file"]),
        ({"options": OPTIONS | {"phones": {"a": 1}}}, ["phones"]),
        ({"options": OPTIONS | {"phones": [["x"]]}}, ["phones"]),
        ({"options": OPTIONS | {"mes": ["a"]}}, ["mes"]),
        ({"options": OPTIONS | {"mes": "a\x00"}}, ["mes"]),
        ({"options": OPTIONS | {"name": "\ud800"}}, ["name"]),
        ({"options": OPTIONS | {"rpt": 1e400}}, ["rpt"]),
    ],
)
def test_what_cannot_be_used_is_told_by_parameter_and_nothing_is_stored(account, mailings: Run, given, names):
    assert sorted(refused(mailings("create", given=given))) == names


def test_a_recipients_file_that_is_not_utf8_is_an_error(account: Account, mailings: Run, tmp_path: Path):
    path = tmp_path / "people.txt"
    path.write_bytes("Привет".encode("cp1251"))
    given = {"options": {"name": "x", "mes": "y"}, "recipients_file": str(path)}

    assert list(refused(mailings("create", given=given))) == ["recipients_file"]


def test_a_missing_file_is_an_error(account: Account, mailings: Run):
    assert list(refused(mailings("create", "/nowhere/order.json"))) == ["file"]


def test_the_same_key_twice_makes_one_mailing(account: Account, mailings: Run):
    first = mailings("create", given={"options": OPTIONS, "key": "monday"})
    Mailing.objects.update(state=State.HELD)

    second = mailings("create", given={"options": OPTIONS, "key": "monday"})

    pk = Mailing.objects.get().pk
    assert (first, second) == ((0, [{"id": pk, "state": "queued"}]), (0, [{"id": pk, "state": "held"}]))


def test_the_same_key_still_finds_its_mailing_when_the_hour_has_passed(account: Account, mailings: Run):
    soon = timezone.now() + timedelta(minutes=5)
    given = {"options": OPTIONS | {"time": f"0{int(soon.timestamp())}"}, "key": "monday"}
    first = mailings("create", given=given)
    earlier = timezone.now() - timedelta(hours=1)
    Mailing.objects.update(created_at=earlier)
    past = {"options": OPTIONS | {"time": f"0{int((earlier + timedelta(minutes=5)).timestamp())}"}}

    assert refused_key(mailings("create", given=past | {"key": "monday"}))
    assert mailings("create", given=given) == first


def refused_key(ran: tuple[int, list[dict[str, object]]]) -> bool:
    code, (said,) = ran
    return (code, list(said["errors"])) == (1, ["key"])  # type: ignore[call-overload]


def test_the_same_key_with_other_options_is_an_error(account: Account, mailings: Run):
    mailings("create", given={"options": OPTIONS, "key": "monday"})

    assert refused_key(mailings("create", given={"options": OPTIONS | {"mes": "Bye"}, "key": "monday"}))
    assert Mailing.objects.count() == 1


def test_the_account_is_default_when_none_is_named(account: Account, mailings: Run):
    default = Account.objects.create(name="default")

    mailings("create", given={"options": OPTIONS})
    mailings("create", given={"options": OPTIONS, "account": account.name})

    assert list(Mailing.objects.order_by("id").values_list("account", flat=True)) == [default.pk, account.pk]


def test_wait_that_runs_out_ends_with_3(account: Account, mailings: Run):
    code, said = mailings("create", "--wait", "0", given={"options": OPTIONS})

    assert (code, said) == (3, [{"id": Mailing.objects.get().pk, "state": "queued"}])


def test_wait_ends_at_once_for_what_is_not_under_way(account: Account, mailings: Run):
    given = {"options": OPTIONS, "submit": False}

    assert mailings("create", "--wait", "60", given=given)[0] == 0


@pytest.mark.django_db(transaction=True)
def test_wait_returns_once_the_mailing_is_handed_over(account: Account, mailings: Run, monkeypatch):
    threads: list[threading.Thread] = []

    def nudge(task: str, pk: int) -> None:
        def work() -> None:
            outbox.deliver_mailing(pk)
            connection.close()

        threads.append(threading.Timer(0.5, work))
        threads[-1].start()

    monkeypatch.setattr("mailings.outbox.notify.send", nudge)

    code, said = mailings("create", "--wait", "20", given={"options": OPTIONS})

    threads[0].join()
    assert (code, said[0]["state"]) == (0, "accepted")


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
