"""The mirror, for many jobs of a list at once: `known`, `write_verified`, `write_changed`, `write_new`.

Each runs a few statements for all jobs. If one job cannot be written, none is, and the error of Django or of
the driver is raised. Rows are plain values, as it takes long to make a hundred thousand instances of a model.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.db import connection, transaction

from mailings.models.accounts import Account
from mailings.models.among import as_each, as_one, each_of, one_of
from mailings.models.bulk import insert
from mailings.models.mailing import Mailing, search_text
from mailings.models.mirror import LONGEST_NAME, count_of, mirrored
from mailings.models.readings import Reading
from mailings.models.records import Event, Observation
from mailings.models.states import EventKind, Origin, State
from mailings.smsc.api.jobs import Job

_CHANGED = ("remote_status", "remote_word", "remote", "fingerprint", "verified_at", "gone", "gone_at")
# These stay as they are if the answer lacks them.
_KEPT = ("cost", "parts", "recipients_count", "remote_send_at")
# Written only if the name has changed, because the index for searches is written with them.
_NAMED = ("name", "search_text")
# The columns in which new rows differ; all others are the same for all of them.
_OWN = (
    *("remote_id", "remote_status", "remote_word", "remote", "fingerprint", "remote_send_at", "created_at"),
    *("cost", "parts", "recipients_count", "name", "search_text"),
)
_OBSERVED = ("mailing_id", "at", "source", "status_word", "payload")
_FOUND = ("mailing_id", "at", "kind", "data")
# A reading with fewer rows than this is merged into the largest one that the same list has shown.
FEW = 500
_MEMBERS = "SELECT id FROM mailings_mailing WHERE reading_id = %s"
_NOT_AFTER = "(reading_id IS NULL OR reading_id IN (SELECT id FROM mailings_reading WHERE at <= %s))"
_OLDER = f"id = %s AND (verified_at IS NULL OR verified_at <= %s) AND {_NOT_AFTER}"
_JSON = {"sqlite": "%s", "postgresql": "%s::jsonb"}


class Print(NamedTuple):
    """What tells of most rows that their jobs have not changed. `reading`: its primary key.

    `fingerprint`: None if the job was gone. `code`: of rows of ours only, "" if such a row has none.
    """

    remote_id: str
    pk: int
    fingerprint: str | None
    reading: int | None
    code: str | None


class Known(NamedTuple):
    """The columns of a row that are needed where its job may have changed. `reading`: its primary key."""

    remote_id: str
    pk: int
    fingerprint: str
    gone: bool
    origin: str
    code: str | None
    name: str
    reading: int | None


def prints(account: Account, remote_ids: Sequence[str]) -> list[tuple[Any, ...]]:
    """The rows of these jobs; each the values of a `Print` as a plain tuple (faster)."""
    columns = (
        "remote_id, id, CASE WHEN NOT gone THEN fingerprint END, reading_id,"
        f" CASE WHEN origin = '{Origin.LOCAL}' THEN COALESCE(code, '') END"
    )
    return _of_jobs(account, columns, remote_ids)


def known(account: Account, remote_ids: Sequence[str]) -> dict[str, Known]:
    """The rows of these jobs, by remote id."""
    # A plain boolean would come through a function of Django's for each row (SQLite).
    columns = "remote_id, id, fingerprint, CASE WHEN gone THEN 1 ELSE 0 END, origin, code, name, reading_id"
    return {row[0]: Known._make(row) for row in _of_jobs(account, columns, remote_ids)}


def _of_jobs(account: Account, columns: str, remote_ids: Sequence[str]) -> list[tuple[Any, ...]]:
    statement = each_of("mailings_mailing", columns, "remote_id", "varchar", "account_id = %s")
    return _all(statement, [as_each(remote_ids), account.pk])


def with_code(account: Account, codes: Iterable[str]) -> set[str]:
    """Those of the codes that rows of the account have."""
    statement = f"SELECT code FROM mailings_mailing WHERE account_id = %s AND {one_of('code')}"
    return {code for (code,) in _all(statement, [account.pk, as_one(codes)])}


def newest_observation() -> int:
    """The primary key of the newest observation; 0 while there is none."""
    return Observation.objects.order_by("-id").values_list("id", flat=True).first() or 0


def write_verified(
    account: Account, rows: Mapping[int, int | None], at: datetime, *, since: int, ours: Collection[int] = ()
) -> None:
    """Write that a list asked for at `at` showed the jobs of these rows as the rows have them.

    `rows`: primary keys, each with that of its reading (models.readings). A reading gets the new moment once
    for all its rows; those that were not shown leave it first, with the old moment. If less than half of its
    rows were shown, these leave it instead. `since`: the `newest_observation` before the rows were compared;
    a row that another call has observed since then is left as it is. `ours`: rows that this pull has
    observed.
    """
    with transaction.atomic():
        told = Observation.objects.filter(id__gt=since).values_list("mailing_id", flat=True)
        shown = set(rows)
        shown -= set(told) - set(ours)
        # Locked, so that an account's pulls go one at a time: rows are put into readings only here.
        readings = dict(
            Reading.objects.select_for_update().filter(account=account).order_by("id").values_list("id", "at")
        )
        kept: dict[int, int] = {}
        for reading in readings.keys() & set(rows.values()):
            members = {pk for (pk,) in _all(_MEMBERS, [reading])}
            if readings[reading] >= at:  # a newer list has shown them
                shown -= members
                continue
            away = members - shown
            if 2 * len(away) > len(members):
                continue
            if away:
                left = Reading.objects.create(account=account, at=readings[reading])
                _join(away, left.pk, left.at)
            kept[reading] = len(members) - len(away)
            shown -= members
        together = max(kept, key=kept.__getitem__, default=None)
        for reading in [each for each in kept if each != together and kept[each] < FEW]:
            shown |= {pk for (pk,) in _all(_MEMBERS, [reading])}
            del kept[reading]
        if shown:
            _join(shown, together or Reading.objects.create(account=account, at=at).pk, at)
        Reading.objects.filter(pk__in=kept).update(at=at)


def _join(pks: Collection[int], reading: int, at: datetime) -> None:
    """Put rows into a reading, except those that another reading has shown after `at`."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE mailings_mailing SET reading_id = %s WHERE {one_of('id')} AND {_NOT_AFTER}",
            [reading, as_one(pks), _moment(at)],
        )


def write_changed(items: Sequence[tuple[Known, Job]], at: datetime) -> int:
    """Write what a list asked for at `at` says of rows whose jobs have changed; returns their number."""
    # SQLite writes all indexes of the columns that an UPDATE names: those of _KEPT are named only where they
    # differ, as they seldom do. PostgreSQL sees by itself which indexes need a new entry.
    moment, apart = _moment(at), connection.vendor == "sqlite"
    changed, kept, named, seen = [], [], [], []
    for row, job in items:
        values, where = _values(job, at), (row.pk, moment, moment)
        if row.origin == Origin.PROVIDER:
            values["recipients_count"] = count_of(job.recipients)
            if (name := job.name or row.name)[:LONGEST_NAME] != row.name:
                named.append((*_named(name, row.code, job).values(), *where))
        values |= {"verified_at": moment, "gone": False, "gone_at": None}
        told = [values.get(name) for name in _KEPT]
        changed.append((*(values[name] for name in _CHANGED), *(() if apart else told), *where))
        kept.append((*told, *where, *told))
        if row.fingerprint != job.fingerprint:
            seen.append(_observation(row.pk, values, moment))
    with connection.cursor() as cursor:
        cursor.executemany(_update(_CHANGED, () if apart else _KEPT), changed)
        if apart:
            cursor.executemany(_update_kept(), kept)
        if named:
            cursor.executemany(_update(_NAMED), named)
        insert(Observation._meta.db_table, _OBSERVED, seen)
    return len(items)


def write_new(account: Account, jobs: Sequence[Job], at: datetime, latest: datetime) -> int:
    """Add rows for jobs made elsewhere, whatever their status; returns how many were added.

    If two pulls meet a job at once, one row is made. The list does not say when a job was made: `created_at`
    becomes the hour at which it goes out, but not after `latest`, the last moment of the days that the list
    was asked for (not after `at`). So a first read of two months does not count all their jobs as made today.
    Call inside a transaction.
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
        insert(Observation._meta.db_table, _OBSERVED, observed)
        found = [
            (pk, moment, EventKind.FOUND.value, json.dumps({"remote_id": remote_id}))
            for pk, remote_id in made_rows
        ]
        insert(Event._meta.db_table, _FOUND, found)
    return len(made_rows)


def _values(job: Job, at: datetime) -> dict[str, Any]:
    """The columns of `mirrored` as the database takes them; figures that the answer lacks are None."""
    values = mirrored(job, at)
    values["remote"] = _json(job.payload)
    values["cost"] = _money.get_db_prep_save(values.get("cost"), connection)
    values["remote_send_at"] = _moment(job.send_at) if job.send_at else None
    values.setdefault("parts", None)
    return values


def _named(name: str, code: str | None, job: Job) -> dict[str, Any]:
    """The columns for the name. Only rows made elsewhere take it from the provider."""
    name = name[:LONGEST_NAME]
    return {"name": name, "search_text": search_text(name, code, job.remote_id)}


def _insert_new(cursor: Any, alike: Mailing, rows: list[list[Any]]) -> list[tuple[int, str]]:
    """Insert rows of these values, all else as in `alike`; primary key and remote id of each that is new."""
    same = _same(alike)
    names = ", ".join((*_OWN, *same))
    marks = ", ".join(["%s"] * (len(_OWN) + len(same)))
    # SQLite has one writer at a time, so all rows with higher keys are ours.
    ((last,),) = _all("SELECT COALESCE(MAX(id), 0) FROM mailings_mailing", [])
    cursor.executemany(
        f"INSERT INTO mailings_mailing ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING",
        [(*row, *same.values()) for row in rows],
    )
    return _all("SELECT id, remote_id FROM mailings_mailing WHERE id > %s", [last])


def _copy_new(cursor: Any, alike: Mailing, rows: list[list[Any]]) -> list[tuple[int, str]]:
    """`_insert_new` for PostgreSQL, with a temporary table, as COPY itself cannot skip rows that exist."""
    same, own = _same(alike), ", ".join(_OWN)
    cursor.execute(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS mirror_new ON COMMIT DROP AS"
        f" SELECT {own} FROM mailings_mailing WITH NO DATA"
    )
    cursor.execute("TRUNCATE mirror_new")
    insert("mirror_new", _OWN, rows)
    marks = ", ".join(["%s"] * len(same))
    cursor.execute(
        f"INSERT INTO mailings_mailing ({own}, {', '.join(same)}) SELECT {own}, {marks} FROM mirror_new"
        " ON CONFLICT DO NOTHING RETURNING id, remote_id",
        list(same.values()),
    )
    return list(cursor.fetchall())


def _same(alike: Mailing) -> dict[str, Any]:
    """The columns that are the same for all new rows, with their values as the database takes them."""
    fields = [each for each in Mailing._meta.concrete_fields if not each.primary_key]
    return {
        str(each.column): each.get_db_prep_save(getattr(alike, each.attname), connection)
        for each in fields
        if each.column not in _OWN
    }


def _observation(pk: int, values: dict[str, Any], moment: Any) -> tuple[Any, ...]:
    return pk, moment, "get_all", values["remote_word"], values["remote"]


def _update(columns: Sequence[str], kept: Sequence[str] = ()) -> str:
    """The UPDATE of one row. Like `mirror.observe`, it changes nothing that is newer."""
    json_mark = _JSON[connection.vendor]
    changed = [f"{name} = {json_mark if name == 'remote' else '%s'}" for name in columns]
    changed += [f"{name} = COALESCE(%s, {name})" for name in kept]
    return f"UPDATE mailings_mailing SET {', '.join(changed)} WHERE {_OLDER}"


def _update_kept() -> str:
    """The UPDATE of what an answer may lack, where it differs (SQLite)."""
    values = ", ".join(f"COALESCE(%s, {name})" for name in _KEPT)
    return f"{_update((), _KEPT)} AND ({', '.join(_KEPT)}) IS NOT ({values})"


def _all(statement: str, values: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _json(payload: Any) -> str:
    try:
        return orjson.dumps(payload).decode()
    except TypeError:  # orjson takes no lone surrogates and no integers beyond 64 bits; a database may
        return json.dumps(payload)


def _moment(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)


_money = Mailing._meta.get_field("cost")
