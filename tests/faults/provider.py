"""The sandbox as a process of its own: `python -m tests.faults.provider FILE`.

Its options are in a file, as JSON: a process list shows arguments, and a password is among them.
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
