"""Making mailings on the command line: what is read, what is stored, and what is refused."""

import json
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from mailings import outbox
from mailings.models import Account, Attachment, Mailing, Recipient, State
from tests.helpers.factories import PHONE
from tests.management.conftest import OPTIONS, Run, refused

# --- create -------------------------------------------------------------------------------------------------


def test_create_from_standard_input_queues_a_mailing(account: Account, mailings: Run):
    code, said = mailings("create", "-", given={"options": OPTIONS})

    row = Mailing.objects.get()
    assert (code, said) == (0, [{"id": row.pk, "state": "queued"}])
    assert (row.account, row.name) == (account, "Spring sale")
    assert Recipient.objects.addresses(row) == (f"+{PHONE}",)


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


def refused_key(ran: tuple[int, list[dict[str, Any]]]) -> bool:
    code, (said,) = ran
    return (code, list(said["errors"])) == (1, ["key"])


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

    def nudge(task: str, pk: int, after: float = 0.0) -> None:
        def work() -> None:
            outbox.deliver_mailing(pk)
            connection.close()

        threads.append(threading.Timer(0.5, work))
        threads[-1].start()

    monkeypatch.setattr("mailings.outbox.notify.send", nudge)

    code, said = mailings("create", "--wait", "20", given={"options": OPTIONS})

    threads[0].join()
    assert (code, said[0]["state"]) == (0, "accepted")
