"""An uploaded file is read into rows, once: if it is short, in the request that brings it, else by a worker.

A reading has a token and a lease, as a claim of the outbox has. Each chunk of rows is written in a
transaction of its own, and only while the token is still the file's: after a worker that died or froze the
next one begins anew, so that no row is there twice.
"""

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import IO, Any, cast

from django.conf import settings
from django.core.files.storage import storages
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from mailings import accounts
from mailings.models import Account, Import, ImportedRow, Mailing, State
from mailings.models.bulk import without_collection, without_waiting
from mailings.models.imports import LONGEST_VALUE, Line, plain, stored
from mailings.models.mailing import has_come
from mailings.models.prepared import Prepared, changing, given
from mailings.recipients import corrections, stop_list, stopped_rows
from mailings.recipients.limits import Limits
from mailings.recipients.reader import Choices, Entry, Reading, read
from mailings.recipients.reasons import Note, Said, Trouble, UnreadableFile, Verdict
from mailings.smsc.spec.addresses import is_group
from mailings.smsc.spec.vocabulary import Channel

# A file with more rows or bytes is read by a worker.
AT_ONCE_ROWS = 2_000
AT_ONCE_BYTES = 1024 * 1024
# Seconds of CPU that a request, or a worker, may spend on a file.
AT_ONCE_SECONDS, WORKERS_SECONDS = 3.0, 60.0
# Rows in one transaction. With more transactions the same pages of the indexes would be written more often.
CHUNK = 20_000
# Folders of the private storage: for files that belong to no mailing yet, and for those that do.
WAITING, KEPT = "pending/", "imports"
TRIES = 3
KEPT_FOR = timedelta(days=1)
# How long a mailing's file is kept after it was sent, for copies: some mailings are made once a quarter.
KEPT_WHEN_SENT = timedelta(days=100)
NUDGE_AGAIN_AFTER = timedelta(seconds=60)
# The columns that hold what a reading found, with their values before it.
FOUND: dict[str, Any] = {
    "sheet": "",
    "heading_line": None,
    "columns": {},
    "trouble": None,
    **{name: [] for name in ("sheets", "headings", "questions", "notes")},
    **dict.fromkeys((*map(str, Verdict), "groups", "rows_read", "bytes_read"), 0),
}


class Superseded(Exception):
    """The reading is void: it was stopped, or somebody else reads the file anew."""


class _TooLong(Exception):
    """More rows than are read at once."""


def begin(*, path: str, name: str, size: int, owner: Any, account: Account | None, channel: str) -> Import:
    """Make an import of a file in the private storage. `path`: its path there. `size`: in bytes."""
    return Import.objects.create(
        path=path, name=name[:255], size=size, owner=owner, account=account, channel=channel
    )


def begin_again(imported: Import, **changes: Any) -> None:
    """Delete what was found, so that the file is read anew. `changes`: other choices, channel or account.

    Raises UnreadableFile, and deletes nothing, if the file itself is not kept any more.
    """
    if not storages["default"].exists(imported.path):
        raise UnreadableFile(Trouble.GONE)
    with transaction.atomic():
        fields = FOUND | {"state": Import.State.WAITING, "token": "", "tries": 0, "nudged_at": None}
        Import.objects.filter(pk=imported.pk).update(**fields | changes)
        ImportedRow.objects.filter(imported=imported).delete()
    imported.refresh_from_db()


def read_at_once(imported: Import) -> bool:
    """Read a short file now. False: a worker has to read it."""
    if imported.size > AT_ONCE_BYTES or (token := claim(imported.pk)) is None:
        return False
    try:
        _read(imported, token, AT_ONCE_SECONDS, AT_ONCE_ROWS)
    except _TooLong:
        begin_again(imported)
        return False
    except UnreadableFile as refusal:
        if refusal.said.what is Trouble.TOO_SLOW:
            begin_again(imported)
            return False
        _fail(imported.pk, token, refusal.said)
    except Superseded:
        pass  # another request has begun it anew, and reads it
    imported.refresh_from_db()
    return True


def as_seen(imported: Import) -> bool:
    """Whether the rows are unchanged since `imported` was fetched. Locks it, so call in a transaction."""
    held = Import.objects.select_for_update().filter(pk=imported.pk, revision=imported.revision)
    return held.filter(state=Import.State.READY).first() is not None


def read_import(pk: int) -> None:
    """Read a file that waits for a worker, or whose worker died. Does nothing if another is reading it."""
    if (token := claim(pk)) is None:
        return
    imported = Import.objects.select_related("account").get(pk=pk)
    try:
        with without_collection():
            _read(imported, token, WORKERS_SECONDS, None)
    except UnreadableFile as refusal:
        _fail(pk, token, refusal.said)
    except Superseded:
        return


def claim(pk: int) -> str | None:
    """The right to read a file, as a token. None if it is being read, is read, or cannot be read.

    A file whose readings have died TRIES times cannot be read: it fails here.
    """
    now, token = timezone.now(), uuid.uuid4().hex
    free = Q(state=Import.State.WAITING) | Q(has_come("lease_until", now), state=Import.State.READING)
    fields = {"state": Import.State.READING, "token": token, "lease_until": _lease(now), "began_at": now}
    with transaction.atomic():
        waiting = Import.objects.filter(free, pk=pk)
        if waiting.filter(tries__gte=TRIES).exists():
            _fail(pk, None, Said(Trouble.GIVEN_UP))
            return None
        if not waiting.update(**FOUND | fields, tries=F("tries") + 1):
            return None
        ImportedRow.objects.filter(imported_id=pk).delete()
    return token


def stop(imported: Import) -> None:
    """Stop the reading, and delete the rows that it has written."""
    open_states = (Import.State.WAITING, Import.State.READING)
    with transaction.atomic():
        still = Import.objects.filter(pk=imported.pk, state__in=open_states)
        if still.update(**FOUND, state=Import.State.STOPPED, token=""):
            ImportedRow.objects.filter(imported=imported).delete()
    imported.refresh_from_db()


def overdue(at_most: int) -> list[int]:
    """The primary keys of files that wait for a worker and were not nudged lately; notes the nudge."""
    now = timezone.now()
    due = Import.objects.filter(
        Q(state=Import.State.WAITING) | Q(has_come("lease_until", now), state=Import.State.READING),
        Q(nudged_at=None) | Q(nudged_at__gt=now) | Q(nudged_at__lt=now - NUDGE_AGAIN_AFTER),
    )
    found = list(due.order_by("id").values_list("pk", flat=True)[:at_most])
    Import.objects.filter(pk__in=found).update(nudged_at=now)
    return found


def keep_for(draft: Mailing, imported: Import | None) -> None:
    """Make this the file of a draft (None: it has none). A file of another mailing is copied."""
    if imported is not None and imported.draft_id not in (None, draft.pk):
        imported = copy(imported, imported.owner)
    others = Import.objects.filter(draft=draft)
    (others.exclude(pk=imported.pk) if imported else others).update(draft=None)
    if imported is None or imported.draft_id == draft.pk:
        return
    path, storage = imported.path, storages["default"]
    if path.startswith(WAITING) and storage.exists(path):  # old uploads are deleted there
        with storage.open(path) as file:
            imported.path = storage.save(f"{KEPT}/{path.rpartition('/')[2]}", file)
        transaction.on_commit(lambda: storage.delete(path))
    imported.draft = draft
    imported.save(update_fields=["draft", "path"])


def sent_with(mailing: Mailing, typed: Mapping[str, Any], by: Any) -> None:
    """Keep the file of a mailing that is sent off, for copies. From now on it belongs to the sender.

    `typed`: the options as they were in the form; if there are none, the file is deleted a day after it came.
    """
    _SENT_WITH.change(draft=mailing.pk, typed=typed, owner=by and by.pk)


_SENT_WITH = Prepared(
    lambda: changing(
        Import.objects.filter(**given(Import, draft_id="draft")), **given(Import, "typed", owner_id="owner")
    )
)


def kept_of(mailing: Mailing) -> Import | None:
    """The file with which a mailing was sent off, with what was `typed`; None if it is not kept."""
    return Import.objects.filter(draft=mailing, state=Import.State.READY).exclude(typed={}).first()


def taken_back(mailing: Mailing) -> dict[str, Any]:
    """Prepare the file of a mailing that becomes a draft again; returns what was `typed`, for its form.

    {} if it was sent off without a file. Call in a transaction.
    """
    if sent := kept_of(mailing):
        stopped_rows.judge_again(sent)
    Import.objects.filter(draft=mailing).update(typed={})
    return dict(sent.typed) if sent else {}


def copy(imported: Import, owner: Any) -> Import:
    """Copy an import with its rows, its corrections, and its file if kept. The stop list is applied anew."""
    storage = storages["default"]
    made = Import.objects.get(pk=imported.pk)
    made.pk, made.draft, made.owner, made.made_at, made.typed = None, None, owner, timezone.now(), {}
    if storage.exists(imported.path):
        with storage.open(imported.path) as file:
            made.path = storage.save(imported.path, file)
    with transaction.atomic():
        made.save()
        ImportedRow.objects.copy(imported, made)
        for one in imported.corrections.order_by("pk"):
            one.pk, one.imported = None, made
            one.save()
        stopped_rows.judge_again(made)
    return made


def remove(imported: Import) -> None:
    """Delete an import, its rows and its file."""
    storages["default"].delete(imported.path)
    with transaction.atomic():
        # A worker that is writing rows holds this row's lock; what it writes must not outlive the import.
        Import.objects.select_for_update().filter(pk=imported.pk).first()
        imported.delete()


def clear_away() -> None:
    """Delete files of more than a day ago that belong to no draft and to no mailing of the last months."""
    now = timezone.now()
    old = Import.objects.filter(made_at__lt=now - KEPT_FOR)
    sent = ~Q(draft__state=State.DRAFT) & (Q(typed={}) | Q(draft__state_at__lt=now - KEPT_WHEN_SENT))
    for imported in old.filter(Q(draft=None) | sent):
        remove(imported)


# --- the reading --------------------------------------------------------------------------------------------


def _read(imported: Import, token: str, seconds: float, at_most: int | None) -> None:
    """Read the whole file into rows; raises UnreadableFile, Superseded, or _TooLong beyond `at_most` rows."""
    stopped = stop_list.keys(imported.account) if imported.account else frozenset[int]()
    limits = Limits(megabytes=settings.UPLOAD_MB, rows=settings.UPLOAD_ROWS, seconds=seconds)
    with storages["default"].open(imported.path) as held:
        file = cast("IO[bytes]", held.file)
        reading = read(file, imported.name, _choices(imported), limits, stopped=stopped)
        groups = rows = 0
        # While it is not known which sheet or column is meant, rows would have to be read again.
        for lines in () if reading.questions else _chunks(reading):
            rows += len(lines)
            if at_most is not None and rows > at_most:
                raise _TooLong
            groups += sum(line.verdict == "valid" and is_group(line.address) for line in lines)
            _keep(imported, token, lines, rows, file.tell())
    _finish(imported, token, reading, groups)


def _choices(imported: Import) -> Choices:
    country = accounts.home_country(imported.account)
    channel = Channel(imported.channel) if imported.channel else None
    return Choices(channel=channel, country=country, **imported.choices)


def _chunks(reading: Reading) -> Iterator[list[Line]]:
    """The entries as rows, CHUNK at a time. Cells are kept only if there are more columns than one."""
    entries, whole = enumerate(reading), len(reading.names) > 1
    while lines := [_line(position, entry, whole=whole) for position, entry in islice(entries, CHUNK)]:
        # In the order of the index by person, whose leaves are then written once a chunk and not once a row.
        lines.sort(key=lambda line: line.key or 0)
        yield lines


def _line(position: int, entry: Entry, *, whole: bool) -> Line:
    line, verdict, value, recipient, reason, cells, key = entry
    kept = stored(cells) if whole else None
    if verdict is Verdict.VALID:
        return Line(position, line, "", recipient, key, "valid", "", kept)
    code = reason.code if reason else ""
    return Line(position, line, plain(value)[:LONGEST_VALUE], recipient, key, verdict.value, code, kept)


def _keep(imported: Import, token: str, lines: list[Line], rows: int, place: int) -> None:
    """Write a chunk and lengthen the lease, in one transaction; raises Superseded."""
    now = timezone.now()
    with transaction.atomic():
        ours = Import.objects.filter(pk=imported.pk, state=Import.State.READING, token=token)
        if not ours.update(lease_until=_lease(now), rows_read=rows, bytes_read=min(place, imported.size)):
            raise Superseded
        without_waiting()  # the chunk is read anew after a crash; the end of the reading waits
        ImportedRow.objects.write(imported, lines)


def _finish(imported: Import, token: str, reading: Reading, groups: int) -> None:
    layout, counts = reading.layout, Counter({one.value: reading.counts[one] for one in Verdict})
    fields: dict[str, Any] = {
        "sheet": reading.sheet or "",
        "sheets": [[sheet.name, sheet.hidden] for sheet in reading.sheets],
        "heading_line": layout.heading_line,
        "headings": list(map(plain, reading.names)),
        "columns": dict(layout.roles),
        "questions": [
            {"code": one.what.code, "options": list(one.options), "role": one.role}
            for one in reading.questions
        ],
        "notes": [as_json(one) for one in reading.notes],
        "groups": groups,
        **counts,
    }
    ready = {"state": Import.State.READY, "token": "", "bytes_read": imported.size}
    with transaction.atomic():
        ours = Import.objects.filter(pk=imported.pk, state=Import.State.READING, token=token)
        if not ours.update(**fields | ready, revision=F("revision") + 1):
            raise Superseded
        _correct_again(imported)


def _correct_again(imported: Import) -> None:
    """Make a person's corrections again in the new rows, and note what became of them."""
    imported.refresh_from_db()
    made, waiting = corrections.make_again(imported)
    said = [Said(Note.CORRECTED_AGAIN, {"count": made})] if made else []
    said += [Said(Note.CORRECTIONS_WAIT, {"count": waiting})] if waiting else []
    if said:
        notes = [*imported.notes, *map(as_json, said)]
        Import.objects.filter(pk=imported.pk).update(notes=notes)


def _fail(pk: int, token: str | None, said: Said) -> None:
    """Note why the file cannot be read. `token`: that of the reading; None: whichever there is."""
    with transaction.atomic():
        ours = Import.objects.filter(pk=pk) if token is None else Import.objects.filter(pk=pk, token=token)
        if ours.update(**FOUND | {"trouble": as_json(said)}, state=Import.State.FAILED, token=""):
            ImportedRow.objects.filter(imported_id=pk).delete()


def as_json(said: Said) -> dict[str, Any]:
    """A sentence as its code and parameters."""
    params = {
        name: value if isinstance(value, int) else plain(str(value)) for name, value in said.params.items()
    }
    return {"code": said.what.code, "params": params}


def _lease(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.LEASE_SECONDS)
