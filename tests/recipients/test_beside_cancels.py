"""A long file of recipients is read by a worker of its own: whoever wants to cancel does not wait for it."""

from pathlib import Path

from bench import cancels

# Read for some seconds.
ROWS = 300_000


def test_whoever_cancels_while_a_long_file_is_read_does_not_wait_for_its_end(tmp_path: Path):
    with cancels.workers(tmp_path) as environment:
        said = cancels.asked(environment, tmp_path, ROWS)

    assert said["reading"], said
