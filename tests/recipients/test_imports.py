"""A file of recipients is read into rows once, by a request or a worker; a reading that dies begins anew."""

import threading
import time
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files import File
from django.core.files.storage import storages
from django.db import connection, transaction
from django.utils import timezone

from mailings import outbox, tasks
from mailings.models import Account, Import, ImportedRow, Mailing, Recipient, StopEntry
from mailings.models.imports import Line
from mailings.recipients import imports
from mailings.recipients.corrections import Chosen, correct
from mailings.recipients.reasons import Trouble, UnreadableFile
from mailings.smsc.spec.spec import Addressee
from tests.helpers.factories import bare, spec

pytestmark = pytest.mark.django_db
PEOPLE = (
    "Телефон;Имя\n+7 999 000-00-01;Анна\n12345;Борис\n89990000001;Анна снова\n"
    "+79990000003;Вера\n+79990000004;Глеб\n"
)


@pytest.fixture
def account(db: None) -> Account:
    return Account.objects.create(name="default", kind=Account.Kind.SANDBOX)


@pytest.fixture
def brought(account: Account) -> Any:
    """Makes an import of a file that is held."""

    def make(text: str | bytes = PEOPLE, name: str = "clients.csv", channel: str = "sms") -> Import:
        content = text.encode("cp1251") if isinstance(text, str) else text
        path = storages["default"].save("pending/test", File(BytesIO(content)))
        about: dict[str, Any] = {"path": path, "name": name, "size": len(content), "channel": channel}
        return imports.begin(**about, owner=None, account=account)

    return make


def many(count: int) -> str:
    return "".join(f"+7999{number:07}\n" for number in range(count))


def counts(imported: Import) -> tuple[int, ...]:
    imported.refresh_from_db()
    return tuple(getattr(imported, name) for name in ("valid", "duplicate", "stopped", "doubtful", "wrong"))


# --- reading ------------------------------------------------------------------------------------------------


def test_a_short_file_is_read_at_once_into_rows_with_verdicts(brought: Any, account: Account) -> None:
    StopEntry.objects.create(account=account, address="+79990000004")
    imported = brought()

    assert imports.read_at_once(imported)

    assert (imported.state, counts(imported)) == ("ready", (2, 1, 1, 0, 1))
    assert (imported.headings, imported.columns, imported.heading_line) == (
        ["Телефон", "Имя"], {"phones": 0}, 1,
    )  # fmt: skip
    rows = list(
        imported.rows.order_by("position").values_list("line", "verdict", "value", "address", "reason")
    )
    assert rows == [
        (2, "valid", "", "+79990000001", ""),
        (3, "wrong", "12345", "", "too_short"),
        (4, "duplicate", "89990000001", "+79990000001", "before"),
        (5, "valid", "", "+79990000003", ""),
        (6, "stopped", "+79990000004", "+79990000004", "stopped"),
    ]
    assert imported.rows.get(line=2).cells == ["+7 999 000-00-01", "Анна"]


def test_cells_are_kept_only_where_the_file_has_further_columns(brought: Any) -> None:
    imported = brought("+79990000001\n+79990000002\n")
    imports.read_at_once(imported)

    assert set(imported.rows.values_list("cells", flat=True)) == {None}


def test_more_than_two_thousand_rows_are_a_workers(brought: Any) -> None:
    imported = brought(many(2001), "long.txt")

    assert not imports.read_at_once(imported)
    assert (imported.state, ImportedRow.objects.count()) == ("waiting", 0)

    tasks.read_import(imported.pk)

    assert counts(imported) == (2001, 0, 0, 0, 0)
    assert (imported.state, imported.rows_read, imported.bytes_read) == ("ready", 2001, imported.size)


def test_what_cannot_be_read_says_why(brought: Any) -> None:
    imported = brought(b"PK\x03\x04", "list.xlsx")

    assert imports.read_at_once(imported)

    assert (imported.state, imported.trouble["code"]) == ("failed", "broken_workbook")


def test_a_file_may_hold_so_many_rows_as_the_installation_says(brought: Any, settings: Any) -> None:
    settings.UPLOAD_ROWS = 3000
    imported = brought(many(5000), "long.txt")

    imports.read_import(imported.pk)

    imported.refresh_from_db()
    assert (imported.trouble["code"], imported.rows.count()) == ("too_many_rows", 0)


def test_what_has_to_be_asked_is_kept_and_the_answer_reads_it_anew(brought: Any) -> None:
    imported = brought("Телефон1;Телефон2\n+79990000001;+79990000002\n+79990000003;+79990000004\n")
    imports.read_at_once(imported)
    assert imported.questions == [{"code": "column", "options": ["Телефон1", "Телефон2"], "role": "phones"}]
    assert imported.rows.count() == 0

    imports.begin_again(imported, choices={"columns": {"phones": "Телефон2"}})
    imports.read_at_once(imported)

    assert (imported.questions, counts(imported)) == ([], (2, 0, 0, 0, 0))
    assert list(imported.rows.values_list("address", flat=True)) == ["+79990000002", "+79990000004"]


def test_a_column_can_be_said_to_be_none(brought: Any) -> None:
    text = "Телефон;Подпись\n+79990000001;SHOP\n"
    imported = brought(text)
    imports.read_at_once(imported)
    assert imported.columns == {"phones": 0, "sender": 1}

    imports.begin_again(imported, choices={"columns": {"sender": ""}})
    imports.read_at_once(imported)

    assert imported.columns == {"phones": 0}


def test_a_file_that_is_not_kept_any_more_is_not_forgotten(brought: Any) -> None:
    imported = brought()
    imports.read_at_once(imported)
    storages["default"].delete(imported.path)

    with pytest.raises(UnreadableFile) as refused:
        imports.begin_again(imported, channel="mail")

    assert refused.value.said.what is Trouble.GONE
    assert counts(imported)[0] == 3


# --- a worker that dies -------------------------------------------------------------------------------------


def half_read(imported: Import, monkeypatch: pytest.MonkeyPatch) -> str:
    """A worker that was killed after its first chunk; the token that it held."""

    def killed(*_args: Any) -> None:
        raise SystemExit

    monkeypatch.setattr(imports, "CHUNK", 100)
    monkeypatch.setattr(imports, "_finish", killed)
    with pytest.raises(SystemExit):
        imports.read_import(imported.pk)
    monkeypatch.undo()
    imported.refresh_from_db()
    assert imported.rows.count() == imported.rows_read > 0
    return str(imported.token)


def test_a_killed_reading_begins_anew_once_its_lease_has_ended_and_nothing_stands_twice(
    brought: Any, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    imported = brought(many(2500), "long.txt")
    half_read(imported, monkeypatch)
    told: list[Any] = []
    monkeypatch.setattr("celery.current_app.send_task", lambda name, args, **_: told.append((name, *args)))

    def sweep() -> list[Any]:
        told.clear()
        with django_capture_on_commit_callbacks(execute=True):
            outbox.sweep()
        return told

    assert sweep() == []
    imports.read_import(imported.pk)  # a message that came twice
    assert imported.rows.count() == 2500

    Import.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert sweep() == [("mailings.tasks.read_import", imported.pk)]
    assert sweep() == []
    imports.read_import(imported.pk)

    assert counts(imported)[0] == imported.rows.count() == 2500
    assert imported.state == "ready"


def test_a_frozen_reading_that_thaws_writes_nothing_more(brought: Any, monkeypatch: Any) -> None:
    imported = brought(many(2500), "long.txt")
    old = half_read(imported, monkeypatch)
    Import.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert imports.claim(imported.pk)

    with pytest.raises(imports.Superseded):
        imports._keep(imported, old, [], 1, 1)


def test_a_file_that_kills_its_worker_is_given_up_after_three_times(brought: Any) -> None:
    imported = brought()
    for _try in range(imports.TRIES):
        assert imports.claim(imported.pk)
        Import.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    imports.read_import(imported.pk)

    imported.refresh_from_db()
    assert (imported.state, imported.trouble["code"]) == ("failed", "given_up")


def test_a_stopped_reading_ends_and_leaves_no_rows(brought: Any, monkeypatch: Any) -> None:
    imported = brought(many(2500), "long.txt")
    token = half_read(imported, monkeypatch)

    imports.stop(imported)

    assert (imported.state, imported.rows.count()) == ("stopped", 0)
    with pytest.raises(imports.Superseded):
        imports._keep(imported, token, [], 1, 1)
    imports.read_import(imported.pk)
    assert imported.rows.count() == 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_rows_that_are_written_while_their_import_is_removed_do_not_outlive_it(
    brought: Any, monkeypatch: Any
) -> None:
    """The database does not hold them to their import, so whoever removes it waits for who is writing."""
    imported = brought(many(2500), "long.txt")
    token = half_read(imported, monkeypatch)
    line = Line(5_000, 5_001, "", "+79990005000", 79_990_005_000, "valid", "", None)
    written = threading.Event()

    def write() -> None:
        with transaction.atomic():
            imports._keep(imported, token, [line], 1, 1)
            written.set()
            time.sleep(0.5)
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    assert written.wait(10)
    imports.remove(imported)
    writer.join()

    assert (Import.objects.count(), ImportedRow.objects.count()) == (0, 0)


def test_old_imports_go_with_their_files_unless_a_draft_keeps_them(brought: Any, account: Account) -> None:
    old, kept, new = brought(), brought(), brought()
    yesterday = timezone.now() - timedelta(days=1, minutes=1)
    Import.objects.exclude(pk=new.pk).update(made_at=yesterday)
    Import.objects.filter(pk=kept.pk).update(draft=bare(account))

    imports.clear_away()

    assert set(Import.objects.values_list("pk", flat=True)) == {kept.pk, new.pk}
    assert not storages["default"].exists(old.path)


# --- correcting ---------------------------------------------------------------------------------------------


@pytest.fixture
def read(brought: Any) -> Import:
    imported: Import = brought()
    assert imports.read_at_once(imported)
    storages["default"].delete(imported.path)  # whoever reads the file once more fails
    return imported


@pytest.mark.parametrize(
    ("typed", "verdict", "after"),
    [
        ("8 (999) 000-00-05", "valid", (4, 1, 0, 0, 0)),
        ("79990000003", "duplicate", (3, 2, 0, 0, 0)),
        ("+79990000009", "stopped", (3, 1, 1, 0, 0)),
        ("hello", "wrong", (3, 1, 0, 0, 1)),
        ("", "wrong", (3, 1, 0, 0, 1)),
        ("89990000005, 89990000006", "wrong", (3, 1, 0, 0, 1)),
    ],
)
def test_a_corrected_row_alone_is_judged_anew(
    typed: str, verdict: str, after: tuple[int, ...], read: Import, account: Account
) -> None:
    StopEntry.objects.create(address="+79990000009")
    revision = read.revision

    row = correct(read, 1, typed)

    assert row is not None
    assert (row.verdict, counts(read)) == (verdict, after)
    assert read.revision > revision
    assert ImportedRow.objects.get(imported=read, position=1).verdict == verdict


def test_a_row_that_is_no_problem_is_not_changed(read: Import) -> None:
    assert correct(read, 0, "+79990000007") is None
    assert correct(read, 99, "+79990000007") is None
    assert counts(read) == (3, 1, 0, 0, 1)


def test_a_doubtful_one_that_is_corrected_away_counts_where_it_stood_again(brought: Any) -> None:
    imported = brought("+79990000001\n+71230000001\n+71230000001\n")
    imports.read_at_once(imported)
    assert counts(imported) == (1, 1, 0, 1, 0)

    correct(imported, 1, "+79990000002")

    assert counts(imported) == (2, 0, 0, 1, 0)


# --- sending ------------------------------------------------------------------------------------------------


def test_the_valid_rows_become_recipients_behind_those_that_stand_there_and_nobody_twice(
    read: Import, account: Account
) -> None:
    mailing, pasted = bare(account), ["+79990000003", "+79990000008"]
    people = [Addressee(one) for one in pasted]
    Recipient.objects.replace(mailing, people)

    added = Chosen(read).add_to(mailing, pasted)

    assert added == 2
    assert Recipient.objects.addresses(mailing) == (*pasted, "+79990000001", "+79990000004")


def test_doubtful_ones_go_where_a_person_says_so(brought: Any, account: Account) -> None:
    imported = brought("+79990000001\n+71230000001\nabc\n")
    imports.read_at_once(imported)

    assert (Chosen(imported).count, Chosen(imported, doubtful=True).count) == (1, 2)
    assert Chosen(imported).fingerprint != Chosen(imported, doubtful=True).fingerprint

    mailing = bare(account)
    Chosen(imported, doubtful=True).add_to(mailing, [])
    assert Recipient.objects.addresses(mailing) == ("+79990000001", "+71230000001")


@pytest.mark.parametrize("change", [{"revision": 99}, {"state": "reading"}])
def test_a_file_that_was_changed_since_it_was_looked_at_is_not_sent_to(
    read: Import, account: Account, change: dict[str, Any]
) -> None:
    Import.objects.filter(pk=read.pk).update(**change)

    with pytest.raises(outbox.Impossible, match="changed meanwhile"):
        outbox.make(spec(), account=account, submit=True, more=Chosen(read))

    assert not Mailing.objects.exists()
