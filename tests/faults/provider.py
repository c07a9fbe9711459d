"""Runs the sandbox as a process: `python -m tests.faults.provider FILE`.

FILE has the options as JSON. They are not arguments because a process list would show the password.
"""

import json
import signal
import sys
import threading
from pathlib import Path

from sandbox import Sandbox
from sandbox.limits import Credentials


def main() -> None:
    given = json.loads(Path(sys.argv[1]).read_text())
    credentials = Credentials(**given.pop("credentials"))
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with Sandbox(**given, credentials=credentials):
        ended.wait()


if __name__ == "__main__":
    main()
