"""The limiter on a real Redis: calls at once, gaps between identical ones, a Redis that loses its memory."""

import os
import signal
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
import redis
from django.utils import timezone

from mailings import accounts
from mailings.accounts import limiter
from mailings.accounts.limiter import CannotCall
from mailings.models import Account
from scripts.servers import Redis, free_port
from tests.helpers.children import children, said


def never() -> bool:
    return False


def lately() -> bool:
    return True


def take(digest: str = "", permits: int = 1, calls_lately: Callable[[], bool] = never) -> limiter.Lease:
    return limiter.acquire("someone", digest, permits=permits, calls_lately=calls_lately)


def wait_of(why: CannotCall) -> float:
    assert why.retry_after is not None
    return why.retry_after


def refusal(digest: str = "", permits: int = 1, calls_lately: Callable[[], bool] = never) -> CannotCall:
    with pytest.raises(CannotCall) as caught:
        take(digest, permits, calls_lately)
    return caught.value


def be_quick(settings, total: float = 0.4, same: float = 0.4) -> None:
    settings.PROVIDER_TOTAL_SECONDS, settings.SAME_REQUEST_SECONDS = total, same


# --- calls at once --------------------------------------------------------------------------------


def test_no_more_calls_at_once_than_there_are_permits(redis_url):
    leases = [take(permits=2), take(permits=2)]

    assert refusal(permits=2).reason == "gate"

    limiter.release(leases[0], used=True)
    assert take(permits=2)


def test_the_next_permit_is_kept_for_an_urgent_call_that_found_none(redis_url):
    def hurry() -> limiter.Lease:
        return limiter.acquire("someone", "del:17", permits=2, calls_lately=never, urgent=True)

    leases = [take(permits=2), take(permits=2)]
    with pytest.raises(CannotCall):
        hurry()

    # when one is given back, only the urgent call gets it
    limiter.release(leases[0], used=True)
    assert refusal(permits=2).reason == "gate"
    assert hurry()
    # and once the urgent call is under way, others get permits again
    limiter.release(leases[1], used=True)
    assert take(permits=2)


def test_a_permit_is_kept_for_an_urgent_call_for_a_second_only(redis_url):
    with pytest.raises(CannotCall):
        limiter.acquire("someone", "del:17", permits=0, calls_lately=never, urgent=True)
    assert refusal(permits=1).reason == "gate"

    time.sleep(1.05)

    assert take(permits=1)


def test_logins_do_not_share_permits(redis_url):
    take()

    assert limiter.acquire("someone else", "", permits=1, calls_lately=never)


def test_a_permit_that_is_never_given_back_is_free_once_its_lease_ends(redis_url, settings, monkeypatch):
    settings.PROVIDER_TOTAL_SECONDS = 0.3
    monkeypatch.setattr(limiter, "LEASE_MARGIN", 0.2)
    lease = take()

    time.sleep(max(0, lease.deadline - time.monotonic()))
    assert refusal().reason == "gate"

    time.sleep(0.25)
    assert take()


def test_giving_a_permit_back_late_does_not_free_another_one(redis_url, settings, monkeypatch):
    settings.PROVIDER_TOTAL_SECONDS = 0.1
    monkeypatch.setattr(limiter, "LEASE_MARGIN", 0.0)
    late = take()
    time.sleep(0.15)
    settings.PROVIDER_TOTAL_SECONDS = 10
    take()

    limiter.release(late, used=True)

    assert refusal().reason == "gate"


# --- identical calls ------------------------------------------------------------------------------


def test_an_identical_call_waits_for_the_gap_counted_from_the_end_of_the_first(redis_url, settings):
    be_quick(settings, total=5)
    lease = take("get:1", permits=4)
    under_way = refusal("get:1", permits=4)
    time.sleep(0.3)
    limiter.release(lease, used=True)

    after = refusal("get:1", permits=4)
    other = take("get:2", permits=4)
    time.sleep(0.45)
    again = take("get:1", permits=4)

    assert under_way.reason == after.reason == "gap"
    assert 0.2 < wait_of(after) <= 0.4
    assert other
    assert again


def test_a_call_that_never_left_us_leaves_no_gap(redis_url):
    limiter.release(take("get:1"), used=False)

    assert take("get:1")


def test_calls_that_are_never_repeated_have_no_gap(redis_url):
    limiter.release(take(""), used=True)

    assert take("")


def test_without_a_gap_an_identical_call_may_follow_at_once(redis_url, settings):
    settings.SAME_REQUEST_SECONDS = 0
    limiter.release(take("get:1"), used=True)
    time.sleep(0.01)

    assert take("get:1")


def test_calls_made_are_counted_for_an_hour(redis_url):
    for used in (True, True, False):
        limiter.release(take(), used=used)

    assert limiter.calls_last_hour("someone") == 2
    assert limiter.calls_last_hour("someone else") == 0


# --- a Redis that lost its memory -----------------------------------------------------------------


def test_a_new_redis_opens_at_once_when_no_call_was_made_lately(redis_url):
    assert take(calls_lately=never)


def test_a_flushed_redis_stays_shut_for_a_total_deadline_and_then_opens(redis_url, settings):
    be_quick(settings, total=0.5, same=0.2)
    take()
    redis.Redis.from_url(redis_url).flushdb()

    first = refusal(calls_lately=lately)
    second = refusal(calls_lately=never)  # not asked again: the loss was noticed before
    time.sleep(0.55)
    reopened = take(calls_lately=never)

    assert first.reason == second.reason == "shut"
    assert 0.3 < wait_of(first) <= 0.5
    assert reopened


def test_a_flushed_redis_stays_shut_until_the_gap_of_an_ended_call_is_over_too(redis_url, settings):
    be_quick(settings, total=0.1, same=0.6)
    limiter.release(take("get:1"), used=True)
    redis.Redis.from_url(redis_url).flushdb()

    assert wait_of(refusal("get:1", calls_lately=lately)) > 0.4


def test_a_call_that_was_under_way_when_redis_was_flushed_still_has_its_gap(redis_url, settings):
    be_quick(settings, total=0.2, same=0.5)
    lease = take("get:1")
    redis.Redis.from_url(redis_url).flushdb()

    limiter.release(lease, used=True)
    take("get:2")

    assert refusal("get:1", permits=2).reason == "gap"


def test_a_clock_set_back_shuts_the_limiter(redis_url, settings):
    be_quick(settings)
    take()
    client = redis.Redis.from_url(redis_url)
    client.hincrby("mailroom:epoch:someone", "seen", 3_600_000)

    assert refusal(permits=2, calls_lately=lately).reason == "shut"
    time.sleep(0.45)
    assert take(permits=2)


def test_a_restarted_redis_is_not_trusted_though_it_kept_its_data(tmp_path, settings):
    port = free_port()
    with Redis(tmp_path / "redis", port=port) as server:
        settings.REDIS_URL = server.url()
        take()
    be_quick(settings)
    with Redis(tmp_path / "redis", port=port):
        kept = redis.Redis.from_url(settings.REDIS_URL).exists("mailroom:epoch:someone")

        shut = refusal(permits=4, calls_lately=lately)

    assert kept
    assert shut.reason == "shut"
    assert wait_of(shut) > 0


def test_a_redis_that_is_away_is_said_at_once(settings):
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"

    assert refusal().reason == "redis"
    assert limiter.calls_last_hour("someone") is None


def test_a_frozen_redis_holds_nobody_up_for_long(own_redis, settings):
    settings.REDIS_URL = own_redis.url()
    lease = take()
    pid = redis.Redis.from_url(own_redis.url()).info("server")["process_id"]
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        frozen = refusal()
        limiter.release(lease, used=True)
        waited = time.monotonic() - began
        began = time.monotonic()
        counted = limiter.calls_last_hour("someone")
        page_waited = time.monotonic() - began
    finally:
        os.kill(pid, signal.SIGCONT)

    assert frozen.reason == "redis"
    assert waited < 10
    assert counted is None
    assert page_waited < 2


# --- many processes -------------------------------------------------------------------------------


def most_at_once(spans: list[tuple[float, float]]) -> int:
    """The largest number of spans that overlap."""
    steps = sorted([(began, 1) for began, _ in spans] + [(ended, -1) for _, ended in spans])
    now = most = 0
    for _, step in steps:
        now += step
        most = max(most, now)
    return most


@pytest.mark.django_db(transaction=True)
def test_flushing_redis_never_lets_more_calls_through_from_many_processes(redis_url):
    account = accounts.ensure_sandbox_account("http://127.0.0.1:9/sys/")
    # In the future, so that the account counts as proven in processes that start later.
    Account.objects.update(proven_at=timezone.now() + timedelta(hours=1))
    wanted = {"PROVIDER_TOTAL_SECONDS": "1", "SAME_REQUEST_SECONDS": "1", "CALLS_AT_ONCE": "3"}
    flushed: list[float] = []

    with children(4, "hold", account.name, "11", **wanted) as running:
        while not Account.objects.filter(last_call_at__isnull=False).exists():
            assert running[0].poll() is None
            time.sleep(0.05)
        for pause in (1.5, 2.5, 0.4):
            time.sleep(pause)
            redis.Redis.from_url(redis_url).flushdb()
            flushed.append(time.monotonic())
        began_ended = [line.split() for child in running for line in said(child)]

    spans = [(float(began), float(ended)) for began, ended in began_ended]
    assert most_at_once(spans) == 3
    assert any(began > flushed[-1] for began, _ in spans)
    for moment in flushed:
        assert not [began for began, _ in spans if moment < began < moment + 0.9]
