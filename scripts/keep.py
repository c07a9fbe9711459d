"""Runs a command for as long as its owner lives: `keep.py [options] LOCK -- COMMAND…` (stdlib only).

The owner is the process that holds a POSIX lock on the file LOCK. The kernel drops that lock when the owner
ends, even by SIGKILL, and children do not inherit it. Then the keeper stops the command. Once that has ended,
the folder of the option `--remove` is removed.
"""

import argparse
import ctypes
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

PR_SET_PDEATHSIG = 1  # <sys/prctl.h>
GRACE_SECONDS = 5.0
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def hold(path: Path) -> int:
    """Take the lock that keeps commands alive; returns its file descriptor.

    Raises BlockingIOError if another process has it. Closing any descriptor of the file would drop the lock,
    so nothing else in this process may open the file.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def start(lock: Path, command: list[str], *options: str, **popen: Any) -> "subprocess.Popen[bytes]":
    """Start `command` under a keeper, in a new session. The caller must hold `lock`."""
    keeper = [sys.executable, str(Path(__file__).resolve()), *options, str(lock), "--", *command]
    process: subprocess.Popen[bytes] = subprocess.Popen(
        keeper, stdin=subprocess.DEVNULL, start_new_session=True, **popen
    )
    return process


def stop(process: "subprocess.Popen[bytes]", number: int) -> None:
    """Ask a process to end by signal `number`; kill it if it has not after GRACE_SECONDS."""
    if process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def end_with_parent() -> None:
    """Run in the child: on Linux, the kernel ends it if the keeper itself is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def main() -> NoReturn:
    """Run the command, and exit with its exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--user", help="run the command as this user")
    parser.add_argument("--remove", type=Path, help="a folder to remove when the command has ended")
    parser.add_argument("--signal", default="SIGTERM", help="what asks the command to end")
    parser.add_argument("lock", type=Path)
    parser.add_argument("command", nargs="+")
    args = parser.parse_args()

    identity = {"user": args.user, "group": args.user, "extra_groups": []} if args.user else {}
    descriptor = os.open(args.lock, os.O_RDONLY)
    process = subprocess.Popen(args.command, preexec_fn=end_with_parent, **identity)  # noqa: PLW1509 (no threads yet)
    ask = signal.Signals[args.signal]

    def stop_when_unlocked() -> None:
        fcntl.lockf(descriptor, fcntl.LOCK_SH)
        stop(process, ask)

    def stop_when_signalled(*_: object) -> None:
        # A signal to the process group has reached the command, too. Another one at once may mean something
        # else to it (a forced stop), so it gets a second to end by itself.
        threading.Timer(1.0, stop, (process, ask)).start()

    threading.Thread(target=stop_when_unlocked, daemon=True).start()
    for number in SIGNALS:
        signal.signal(number, stop_when_signalled)
    code = process.wait()
    if args.remove:
        shutil.rmtree(args.remove, ignore_errors=True)
    sys.stdout.flush()
    os._exit(code if code >= 0 else 128 - code)  # does not wait for the thread that waits for the lock


if __name__ == "__main__":
    main()
