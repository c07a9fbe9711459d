"""Running the sandbox as a process: command line options, and a clean stop on Ctrl-C or SIGTERM."""

import argparse
import signal
import threading
from collections.abc import Callable
from typing import Any

from sandbox.dialects import DIALECTS
from sandbox.limits import Credentials
from sandbox.server import Sandbox

CREDENTIALS = ("login", "password", "apikey")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="loopback address to listen on")
    parser.add_argument("--port", type=int, default=0, help="0, the default: a free one")
    parser.add_argument("--state", metavar="FILE", help="SQLite file that keeps the jobs over restarts")
    parser.add_argument("--dialect", choices=sorted(DIALECTS), help="shape of get and get_all")
    parser.add_argument("--speed", type=float, default=1.0, help="how many times as fast mailings go out")
    parser.add_argument("--log", action="store_true", help="print a line per call")


def run(options: dict[str, Any], say: Callable[[str], None]) -> None:
    """Serve until Ctrl-C or SIGTERM, after saying the address. `options`: named as in `add_arguments`."""
    given = {name: options[name] for name in ("host", "port", "state", "dialect", "speed")}
    credentials = Credentials(**{name: options[name] for name in CREDENTIALS if options.get(name)})
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with Sandbox(**given, credentials=credentials, log=say if options.get("log") else None) as sandbox:
        say(f"Sandbox provider on {sandbox.url}")
        ended.wait()
