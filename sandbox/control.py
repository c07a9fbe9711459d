"""The control endpoints under /_sandbox/, with which a test or a person controls the sandbox. All in JSON."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qs

from sandbox import dialects, times
from sandbox.faults import FAULTS
from sandbox.jobs import PRICES, Job, Pace
from sandbox.messages import Manner
from sandbox.provider import Provider

PREFIX = "/_sandbox/"
_JOB = re.compile(r"jobs/(\d+)", re.ASCII)


class BadRequestError(ValueError):
    """A control request that cannot be carried out; the text says why."""


@dataclass(frozen=True)
class Found:
    """A JSON answer and its HTTP status."""

    value: Any
    status: int = 200


def handle(provider: Provider, method: str, path: str, query: str, body: bytes) -> Found:
    """Carry out one control request. Errors become a 400 with `{"error": …}`."""
    what = path.removeprefix(PREFIX)
    try:
        asked = json.loads(body) if body else {}
        if match := _JOB.fullmatch(what):
            change_job(provider, int(match[1]), asked)
            return Found({"jobs": [job for job in jobs(provider) if job["id"] == int(match[1])]})
        act = _ACTIONS.get((method, what))
        if act is None:
            return Found({"error": "no such control"}, 404)
        return Found(act(provider, asked if method != "GET" else parse_qs(query)))
    except (ValueError, TypeError, KeyError, InvalidOperation) as error:
        return Found({"error": str(error)}, 400)


def jobs(provider: Provider) -> list[dict[str, Any]]:
    """Every job with all its facts, also deleted ones and those not visible yet."""
    with provider.lock:
        now = provider.now()
        return [_truth(provider, job, now) for job in provider.store.jobs.values()]


def _truth(provider: Provider, job: Job, now: float) -> dict[str, Any]:
    progress = job.progress(now, provider.pace)
    return {
        "id": job.id,
        "name": job.name,
        "origin": job.origin,
        "status": progress.status,
        "visible": job.exists(now),
        "deleted": job.deleted_at is not None and job.deleted_at <= now,
        "channel": job.channel,
        "recipients": job.recipients,
        "parts": job.paid_parts,
        "cost": f"{job.cost:.2f}",
        "time": job.time,
        "zone": job.zone,
        "rpt": job.rpt,
        "rptn": job.rptn,
        "begun": progress.begun,
        "sent": progress.sent,
        "created_at": _iso(job.created_at),
        "due_at": _iso(job.due_at),
        "next_at": _iso(progress.next_at),
        "cancelled_at": _iso(job.cancelled_at),
        "deleted_at": _iso(job.deleted_at),
        "parameters": job.parameters,
        "long": job.long,
        "files": job.files,
    }


def _iso(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat()


def make_jobs(provider: Provider, asked: Iterable[Mapping[str, Any]]) -> list[int]:
    """Make jobs that seem to come from elsewhere than the API, all or none; returns their ids.

    Each needs `name` and may have `recipients parts channel time tz rpt rptn age status phones mes sender`.
    `age`: seconds since its creation. `phones mes sender`: recipients, text and sender of its messages;
    without `phones` the numbers are invented. ValueError or KeyError for what is not valid.
    """
    with provider.lock:
        made = [(_made(provider, row), row) for row in asked]
        provider.store.save(*(job for job, _row in made))
        for job, row in made:
            provider.messages.keep_texts(job.id, row)
    return [job.id for job, _row in made]


def _made(provider: Provider, asked: Mapping[str, Any]) -> Job:
    known = {"name", "recipients", "parts", "channel", "time", "tz", "rpt", "rptn", "age", "status"}
    if unknown := set(asked) - known - {"phones", "mes", "sender"}:
        raise BadRequestError(f"no such option: {', '.join(sorted(unknown))}")
    channel, recipients = asked.get("channel", "sms"), int(asked.get("recipients", 1))
    if channel not in PRICES:
        raise BadRequestError(f"no such channel: {channel}")
    created = provider.now() - float(asked.get("age", 0))
    zone, time = float(asked.get("tz", provider.zone)), str(asked.get("time", "0"))
    return Job(
        id=provider.store.next_id(),
        name=str(asked["name"]),
        channel=channel,
        recipients=recipients,
        paid_parts=int(asked.get("parts", recipients)),
        time=time,
        due_at=times.due(time, created, zone),
        zone=zone,
        created_at=created,
        rpt=int(asked.get("rpt", 0)),
        rptn=asked.get("rptn"),
        origin="elsewhere",
        forced=asked.get("status"),
    )


def change_job(provider: Provider, number: int, changes: Mapping[str, Any]) -> None:
    """Set `status`, `name` or `deleted` of a job. BadRequestError if there is no such job or option."""
    if unknown := set(changes) - {"status", "name", "deleted"}:
        raise BadRequestError(f"no such option: {', '.join(sorted(unknown))}")
    with provider.lock:
        job = provider.store.jobs.get(number)
        if job is None:
            raise BadRequestError("no such job")
        job.forced = changes.get("status", job.forced)
        job.name = str(changes.get("name", job.name))
        if "deleted" in changes:
            job.deleted_at = provider.now() if changes["deleted"] else None
        provider.store.save(job)


def calls(provider: Provider, since: int) -> list[dict[str, Any]]:
    """The calls with a number above `since`."""
    with provider.lock:
        return [call.shown() for call in provider.calls.latest if call.number > since]


def counters(provider: Provider) -> dict[str, Any]:
    """Counters over all calls since the start or the last reset, and the number of jobs."""
    with provider.lock:
        return {
            "calls": dict(provider.calls.kinds),
            "results": dict(provider.calls.results),
            "authentication_errors": provider.limits.authentication_errors,
            "at_once": provider.calls.under_way,
            "most_at_once": provider.calls.most_at_once,
            "most_at_once_per_login": provider.limits.most_in_flight,
            "jobs": len(provider.store.jobs),
        }


def settings(provider: Provider, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Change settings, all or none; returns all settings as they are now."""
    with provider.lock:
        if unknown := set(changes) - set(_SETTINGS):
            raise BadRequestError(f"no such setting: {', '.join(sorted(unknown))}")
        checked = {name: _SETTINGS[name](value) for name, value in changes.items()}
        pace, limits = provider.pace, provider.limits
        provider.dialect = checked.get("dialect", provider.dialect)
        provider.list_by = checked.get("list_by", provider.list_by)
        provider.zone = checked.get("zone", provider.zone)
        provider.deposit = checked.get("balance", provider.deposit)
        limits.same_request_seconds = checked.get("same_request_seconds", limits.same_request_seconds)
        limits.at_once = checked.get("at_once", limits.at_once)
        provider.pace = Pace(
            checked.get("speed", pace.speed), checked.get("going_seconds", pace.going_seconds)
        )
        if "messages" in checked:
            provider.messages.manner = provider.messages.manner.changed(checked["messages"])
        return {
            "messages": asdict(provider.messages.manner),
            "dialect": provider.dialect,
            "list_by": provider.list_by,
            "zone": provider.zone,
            "balance": f"{provider.deposit:.2f}",
            "same_request_seconds": limits.same_request_seconds,
            "at_once": limits.at_once,
            "speed": provider.pace.speed,
            "going_seconds": provider.pace.going_seconds,
        }


def _one_of(*allowed: str) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if value not in allowed:
            raise BadRequestError(f"must be one of {', '.join(allowed)}")
        return value

    return check


_SETTINGS: dict[str, Callable[[Any], Any]] = {
    "dialect": _one_of(*dialects.DIALECTS),
    "list_by": _one_of("created", "sending"),
    "zone": float,
    "balance": lambda value: Decimal(str(value)),
    "same_request_seconds": float,
    "at_once": int,
    "speed": float,
    "going_seconds": float,
    "messages": lambda value: Manner().changed(value) and value,
}


def reset(provider: Provider, *, keep_jobs: bool) -> None:
    """Forget calls, faults and blocks; unless kept, also jobs, messages and the setting `messages`."""
    with provider.lock:
        provider.calls.forget()
        provider.faults.clear()
        provider.limits.forget()
        if not keep_jobs:
            provider.store.clear()
            provider.messages.forget()


def _summary(provider: Provider, asked: Any) -> Any:
    now = {"now": _iso(provider.now()), "faults": FAULTS, "dialects": list(dialects.DIALECTS)}
    return now | {"settings": settings(provider, {}), "counters": counters(provider)}


def _get_jobs(provider: Provider, asked: Any) -> Any:
    return {"jobs": jobs(provider)}


def _get_counters(provider: Provider, asked: Any) -> Any:
    return counters(provider)


def _post_jobs(provider: Provider, asked: Any) -> Any:
    return {"ids": make_jobs(provider, asked if isinstance(asked, list) else [asked])}


def messages(provider: Provider) -> dict[str, dict[str, int]]:
    """The number of messages by job and status: {job: {status: count}}. Job "0": messages of no job here."""
    with provider.lock:
        counts = provider.messages.truth(provider.now(), provider.pace)
    return {str(job): count for job, count in counts.items()}


def _get_messages(provider: Provider, asked: Any) -> Any:
    return {"messages": messages(provider)}


def _post_messages(provider: Provider, asked: Any) -> Any:
    with provider.lock:
        rows = asked if isinstance(asked, list) else [asked]
        return {"ids": provider.messages.add_strangers(rows, provider.now())}


def _get_faults(provider: Provider, asked: Any) -> Any:
    with provider.lock:
        return {"faults": [rule.shown() for rule in provider.faults.rules]}


def _post_faults(provider: Provider, asked: Any) -> Any:
    with provider.lock:
        rules = provider.faults.add(asked if isinstance(asked, list) else [asked])
    return {"ids": [rule.id for rule in rules]}


def _delete_faults(provider: Provider, asked: Any) -> Any:
    with provider.lock:
        provider.faults.clear()
    return {}


def _seed(provider: Provider, asked: Any) -> Any:
    with provider.lock:
        provider.faults.seed(int(asked["seed"]))
    return {}


def _get_calls(provider: Provider, asked: Any) -> Any:
    return {"calls": calls(provider, int(asked.get("since", ["0"])[0]))}


def _clock(provider: Provider, asked: Any) -> Any:
    provider.advance(float(asked["advance"]))
    return {"now": _iso(provider.now())}


def _block(provider: Provider, asked: Any) -> Any:
    with provider.lock:
        provider.limits.block(asked.get("address", "127.0.0.1"), provider.now())
    return {}


def _reset(provider: Provider, asked: Any) -> Any:
    reset(provider, keep_jobs=bool(asked.get("keep_jobs", False)))
    return {}


_ACTIONS: dict[tuple[str, str], Callable[[Provider, Any], Any]] = {
    ("GET", ""): _summary,
    ("GET", "jobs"): _get_jobs,
    ("POST", "jobs"): _post_jobs,
    ("GET", "messages"): _get_messages,
    ("POST", "messages"): _post_messages,
    ("GET", "faults"): _get_faults,
    ("POST", "faults"): _post_faults,
    ("DELETE", "faults"): _delete_faults,
    ("POST", "seed"): _seed,
    ("GET", "calls"): _get_calls,
    ("GET", "counters"): _get_counters,
    ("POST", "settings"): settings,
    ("POST", "clock"): _clock,
    ("POST", "block"): _block,
    ("POST", "reset"): _reset,
}
