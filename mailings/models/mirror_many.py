"""The mirror, many jobs of a list at once: `known`, `still_so`, `write_changed`, `write_new`.

Each is one statement or a few for all of them, and raises what the database raises. Rows are written as plain
values: of a hundred thousand jobs none becomes a model on its way.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.db import connection, transaction

from mailings.models.accounts import Account
from mailings.models.mailing import Mailing, search_text
from mailings.models.mirror import LONGEST_NAME, count_of, mirrored
from mailings.models.readings import Reading
from mailings.models.records import Event, Observation
from mailings.models.states import EventKind, Origin, State
from mailings.smsc.api.jobs import Job

_CHANGED = ("remote_status", "remote_word", "remote", "fingerprint", "verified_at", "gone", "gone_at")
# Where an answer is silent, what is known stays.
_KEPT = ("cost", "parts", "recipients_count", "remote_send_at")
# Left alone where the name is the old one: the index for searches would be made anew with them.
_UNNAMED: tuple[str, ...] = ()
_NAMED: tuple[str, ...] = ("name", "search_text")
# What differs from one job made elsewhere to the next; all else of a new row is the same for all.
_OWN = (
    *("remote_id", "remote_status", "remote_word", "remote", "fingerprint", "remote_send_at", "created_at"),
    *("cost", "parts", "recipients_count", "name", "search_text"),
)
_OBSERVED = ("mailing_id", "at", "source", "status_word", "payload")
_FOUND = ("mailing_id", "at", "kind", "data")
# Many values in one parameter.
_AMONG = {"sqlite": "IN (SELECT value FROM json_each(%s))", "postgresql": "= ANY(%s)"}
# A reading of fewer rows is not kept beside a larger one that was shown with it.
FEW = 500
_MEMBERS = "SELECT id FROM mailings_mailing WHERE reading_id = %s"
_NOT_AFTER = "(reading_id IS NULL OR reading_id IN (SELECT id FROM mailings_reading WHERE at <= %s))"
_JSON = {"sqlite": "%s", "postgresql": "%s::jsonb"}


class Known(NamedTuple):
    """What is read of a row to tell whether a job has changed."""

    remote_id: str
    pk: int
    fingerprint: str
    gone: bool
    origin: str
    code: str | None
    name: str
    reading: int | None


def known(account: Account, remote_ids: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """The rows of these jobs by their ids, each the values of a `Known`."""
    columns = "remote_id, id, fingerprint, gone, origin, code, name, reading_id"
    rows = _all(
        f"SELECT {columns} FROM mailings_mailing WHERE account_id = %s AND remote_id {_among()}",
        [account.pk, _many(remote_ids)],
    )
    return {row[0]: row for row in rows}


def with_code(account: Account, codes: Iterable[str]) -> set[str]:
    """Which of these codes are those of rows of the account."""
    statement = f"SELECT code FROM mailings_mailing WHERE account_id = %s AND code {_among()}"
    return {code for (code,) in _all(statement, [account.pk, _many(list(codes))])}


def newest_observation() -> int:
    """The key of the newest one; 0 while there is none."""
    return Observation.objects.order_by("-id").values_list("id", flat=True).first() or 0


def still_so(
    account: Account, rows: Mapping[int, int | None], at: datetime, *, since: int, ours: Collection[int] = ()
) -> None:
    """A list asked for at `at` showed the jobs of these rows as they say. `rows`: ids, each with its reading.

    Of what is read together and was shown one moment is written, once. Rows that are not shown with the
    others of their reading, or without most of them, leave it first. `since`: the newest observation before
    the rows were compared; what somebody else has observed since is left alone, but for `ours`.
    """
    with transaction.atomic():
        told = Observation.objects.filter(id__gt=since).values_list("mailing_id", flat=True)
        shown = set(rows) - (set(told) - set(ours))
        # One at a time for an account: only here does a row come to be read with others.
        readings = dict(
            Reading.objects.select_for_update().filter(account=account).order_by("id").values_list("id", "at")
        )
        kept: dict[int, int] = {}
        for reading in {each for each in rows.values() if each in readings}:
            members = {pk for (pk,) in _all(_MEMBERS, [reading])}
            if readings[reading] >= at:  # a newer list has shown them
                shown -= members
                continue
            here = members & shown
            if 2 * len(here) < len(members):
                continue
            if away := members - here:
                left = Reading.objects.create(account=account, at=readings[reading])
                _join(away, left.pk, left.at)
            kept[reading] = len(here)
            shown -= here
        together = max(kept, key=kept.__getitem__, default=None)
        for reading in [each for each in kept if each != together and kept[each] < FEW]:
            shown |= {pk for (pk,) in _all(_MEMBERS, [reading])}
            del kept[reading]
        if shown:
            _join(shown, together or Reading.objects.create(account=account, at=at).pk, at)
        Reading.objects.filter(pk__in=kept).update(at=at)


def _join(pks: Collection[int], reading: int, at: datetime) -> None:
    """Rows are read with others from now on, but for those that were shown after `at` with yet others."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE mailings_mailing SET reading_id = %s WHERE id {_among()} AND {_NOT_AFTER}",
            [reading, _many(list(pks)), _moment(at)],
        )


def write_changed(items: Sequence[tuple[Known, Job]], at: datetime) -> int:
    """Write what a list asked for at `at` says of rows whose jobs have changed; how many there were."""
    moment = _moment(at)
    rows: dict[tuple[str, ...], list[Any]] = {_UNNAMED: [], _NAMED: []}
    seen = []
    for row, job in items:
        values, named = _values(job, at), _UNNAMED
        if row.origin == Origin.PROVIDER:
            values["recipients_count"] = count_of(job.recipients)
            if (name := job.name or row.name)[:LONGEST_NAME] != row.name:
                values, named = values | _named(name, row.code, job), _NAMED
        values |= {"verified_at": moment, "gone": False, "gone_at": None}
        told = [values.get(name) for name in (*_CHANGED, *_KEPT, *named)]
        rows[named].append([*told, row.pk, moment, moment])
        if row.fingerprint != job.fingerprint:
            seen.append(_observation(row.pk, values, moment))
    with connection.cursor() as cursor:
        for named, some in rows.items():
            if some:
                cursor.executemany(_update((*_KEPT, *named)), some)
        _insert(cursor, Observation, _OBSERVED, seen)
    return len(items)


def write_new(account: Account, jobs: Sequence[Job], at: datetime, latest: datetime) -> int:
    """Rows for jobs made elsewhere, whatever their status. Two pulls may meet a job at once: one row is made.

    When a job was made is not told. It belongs to the day on which it went out, or to the last day that was
    asked for: a first look at two months is no day's spending. `latest`: the last moment of the days that the
    list was asked for, not after `at`. Call inside a transaction.
    """
    moment, values = _moment(at), {}
    for job in jobs:
        made = min(job.send_at or latest, latest)
        own = {"remote_id": job.remote_id, "created_at": _moment(made)}
        own["recipients_count"] = count_of(job.recipients)
        values[job.remote_id] = _values(job, at) | own | _named(job.name or "", None, job)
    alike = Mailing(
        account=account, origin=Origin.PROVIDER, state=State.ACCEPTED, verified_at=at, state_at=at
    )
    write = _copy_new if connection.vendor == "postgresql" else _insert_new
    with connection.cursor() as cursor:
        made_rows = write(cursor, alike, [[own[name] for name in _OWN] for own in values.values()])
        observed = [_observation(pk, values[remote_id], moment) for pk, remote_id in made_rows]
        _insert(cursor, Observation, _OBSERVED, observed)
        found = [
            (pk, moment, EventKind.FOUND.value, json.dumps({"remote_id": remote_id}))
            for pk, remote_id in made_rows
        ]
        _insert(cursor, Event, _FOUND, found)
    return len(made_rows)


def _values(job: Job, at: datetime) -> dict[str, Any]:
    """What `mirrored` says, as the database takes it."""
    values = mirrored(job, at)
    values["remote"] = _json(job.payload)
    values["cost"] = _money.get_db_prep_save(values.get("cost"), connection)
    values["remote_send_at"] = _moment(job.send_at) if job.send_at else None
    values.setdefault("parts", None)
    return values


def _named(name: str, code: str | None, job: Job) -> dict[str, Any]:
    """What only the provider can tell of a mailing made elsewhere; of ours we know it ourselves."""
    name = name[:LONGEST_NAME]
    return {"name": name, "search_text": search_text(name, code, job.remote_id)}


def _insert_new(cursor: Any, alike: Mailing, rows: list[list[Any]]) -> list[tuple[int, str]]:
    """Rows of these values, all else as in `alike`; the ids and jobs of those that were made."""
    same = _same(alike)
    names = ", ".join((*_OWN, *same))
    marks = ", ".join(["%s"] * (len(_OWN) + len(same)))
    # No one else writes meanwhile: whatever lies beyond is ours.
    ((last,),) = _all("SELECT COALESCE(MAX(id), 0) FROM mailings_mailing", [])
    cursor.executemany(
        f"INSERT INTO mailings_mailing ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING",
        [(*row, *same.values()) for row in rows],
    )
    return _all("SELECT id, remote_id FROM mailings_mailing WHERE id > %s", [last])


def _copy_new(cursor: Any, alike: Mailing, rows: list[list[Any]]) -> list[tuple[int, str]]:
    """`_insert_new` by way of a table of this transaction: COPY asks nothing of conflicts."""
    same, own = _same(alike), ", ".join(_OWN)
    cursor.execute(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS mirror_new ON COMMIT DROP AS"
        f" SELECT {own} FROM mailings_mailing WITH NO DATA"
    )
    cursor.execute("TRUNCATE mirror_new")
    _copy(cursor, "mirror_new", _OWN, rows)
    marks = ", ".join(["%s"] * len(same))
    cursor.execute(
        f"INSERT INTO mailings_mailing ({own}, {', '.join(same)}) SELECT {own}, {marks} FROM mirror_new"
        " ON CONFLICT DO NOTHING RETURNING id, remote_id",
        list(same.values()),
    )
    return list(cursor.fetchall())


def _same(alike: Mailing) -> dict[str, Any]:
    """The columns that are no job's own, with what the database takes for them."""
    fields = [each for each in Mailing._meta.concrete_fields if not each.primary_key]
    return {
        str(each.column): each.get_db_prep_save(getattr(alike, each.attname), connection)
        for each in fields
        if each.column not in _OWN
    }


def _observation(pk: int, values: dict[str, Any], moment: Any) -> tuple[Any, ...]:
    return pk, moment, "get_all", values["remote_word"], values["remote"]


def _insert(cursor: Any, model: type[Observation | Event], names: Sequence[str], rows: list[Any]) -> None:
    if not rows:
        return
    table = model._meta.db_table
    if connection.vendor == "postgresql":
        _copy(cursor, table, names, rows)
        return
    marks = ", ".join(["%s"] * len(names))
    cursor.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows)


def _copy(cursor: Any, table: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with (
        connection.wrap_database_errors,
        cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)


def _update(kept: Sequence[str]) -> str:
    """Only forwards in time, as `mirror.observe` does it for one row."""
    json_mark = _JSON[connection.vendor]
    changed = [f"{name} = {json_mark if name == 'remote' else '%s'}" for name in _CHANGED]
    known = [f"{name} = COALESCE(%s, {name})" for name in kept]
    where = f"id = %s AND (verified_at IS NULL OR verified_at <= %s) AND {_NOT_AFTER}"
    return f"UPDATE mailings_mailing SET {', '.join([*changed, *known])} WHERE {where}"


def _all(statement: str, values: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _among() -> str:
    return _AMONG[connection.vendor]


def _many(values: Sequence[Any]) -> Any:
    return list(values) if connection.vendor == "postgresql" else orjson.dumps(values).decode()


def _json(payload: Any) -> str:
    try:
        return orjson.dumps(payload).decode()
    except TypeError:  # what it has no form for: the database may have one, or say that it has none
        return json.dumps(payload)


def _moment(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)


_money = Mailing._meta.get_field("cost")
