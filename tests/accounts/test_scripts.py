"""Lua scripts in Redis, over a connection that a thread keeps."""

import os
import threading
import time

import pytest
import redis

from mailings.accounts import scripts
from scripts.servers import Redis, free_port

ADD = "return redis.call('INCRBY', KEYS[1], ARGV[1])"


def test_a_script_is_run_with_its_keys_and_arguments_and_kept_by_redis(own_redis: Redis) -> None:
    url = own_redis.url()

    assert scripts.run(url, ADD, ["sum"], [2], 5) == 2
    assert scripts.run(url, ADD, ["sum"], [3], 5) == 5

    redis.Redis.from_url(url).script_flush()
    assert scripts.run(url, ADD, ["sum"], [1], 5) == 6


def test_each_thread_has_a_connection_and_uses_it_again(own_redis: Redis) -> None:
    url = own_redis.url()
    counted = redis.Redis.from_url(url)
    before = counted.info("stats")["total_connections_received"]

    def thrice() -> None:
        for _ in range(3):
            scripts.run(url, ADD, ["sum"], [1], 5)

    threads = [threading.Thread(target=thrice) for _ in range(2)]
    for thread in threads:
        thread.start()
        thread.join()

    assert counted.info("stats")["total_connections_received"] == before + 2
    assert counted.get("sum") == b"6"


def test_a_connection_that_broke_is_opened_anew(own_redis: Redis) -> None:
    url = own_redis.url()
    scripts.run(url, ADD, ["sum"], [1], 5)

    redis.Redis.from_url(url).client_kill_filter(_type="normal", skipme=True)

    assert scripts.run(url, ADD, ["sum"], [1], 5) == 2


def test_what_comes_too_late_is_never_taken_for_the_next_answer(own_redis: Redis) -> None:
    url = own_redis.url()
    scripts.run(url, ADD, ["sum"], [40], 0.3)
    redis.Redis.from_url(url).client_pause(900, all=True)

    with pytest.raises(redis.TimeoutError):
        scripts.run(url, ADD, ["sum"], [2], 0.3)

    time.sleep(1)
    assert scripts.run(url, "return {ARGV[1], 7}", [], ["mine"], 0.3) == [b"mine", 7]


def test_an_error_of_a_script_is_raised_and_the_connection_goes_on(own_redis: Redis) -> None:
    url = own_redis.url()

    with pytest.raises(redis.ResponseError):
        scripts.run(url, "return redis.call('NO SUCH THING')", [], [], 5)

    assert scripts.run(url, "return 1", [], [], 5) == 1


def test_redis_that_is_away_is_told() -> None:
    with pytest.raises(redis.ConnectionError):
        scripts.run(f"redis://127.0.0.1:{free_port()}/0", "return 1", [], [], 0.3)


def test_a_process_that_was_forked_talks_over_its_own_connection(own_redis: Redis) -> None:
    url = own_redis.url()
    scripts.run(url, ADD, ["sum"], [1], 5)

    child = os.fork()
    if child == 0:
        os._exit(0 if scripts.run(url, ADD, ["sum"], [1], 5) == 2 else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert scripts.run(url, ADD, ["sum"], [1], 5) == 3
