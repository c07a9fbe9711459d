"""`manage.py mailings <verb>`: Mailroom from the command line, for people and scripts.

Prints JSON, one object a line. Exit codes: 0; 1 for wrong input, with `errors` by parameter or `error`; 2 if
the provider could not be asked; 3 if the time of `--wait` was over.
"""

import json
import math
import os
import sys
from argparse import SUPPRESS, ArgumentTypeError, Namespace
from io import TextIOWrapper
from typing import Any, NoReturn

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from mailings import accounts, outbox
from mailings.ids import row_id
from mailings.management.cli.errors import BadInput
from mailings.management.cli.order import STANDARD_INPUT
from mailings.management.cli.prices import NoPrice
from mailings.management.cli.verbs import FAILED, VERBS, WRONG, Object, Stop
from mailings.management.cli.who import NoSuchLogin, behind
from mailings.models import State

MOST_ROWS = 1_000_000


class Parser(CommandParser):
    """Reports a wrong command line like all other errors: as JSON, with exit code 1."""

    def error(self, message: str) -> NoReturn:
        sys.stdout.write(_line({"error": message}) + "\n")
        sys.exit(WRONG)


class Command(BaseCommand):
    help = "Makes and shows mailings, and decides on them; prints JSON, one object a line."
    requires_system_checks: list[str] = []

    def run_from_argv(self, argv: list[str]) -> None:
        _in_utf8()
        try:
            super().run_from_argv(argv)
        finally:
            try:
                sys.stdout.flush()
            except BrokenPipeError:
                _nobody_reads()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.__class__ = Parser  # Django always makes its own class; ours differs in `error` only
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, parser_class=Parser)
        create = verbs.add_parser("create", help="store a mailing given as JSON, and send it off")
        create.add_argument("file", nargs="?", default=STANDARD_INPUT, metavar="FILE")
        create.add_argument("--wait", type=_seconds, metavar="SECONDS")
        listing = verbs.add_parser("list", help="show mailings, the newest first")
        listing.add_argument("--state", choices=State.values)
        listing.add_argument("--limit", type=_count, default=50)
        for name in ("show", "cancel", "delete", "release", "resolve"):
            verbs.add_parser(name, help=_help(name)).add_argument("id", metavar="ID")
        decision = verbs.choices["resolve"].add_mutually_exclusive_group(required=True)
        decision.add_argument("--adopt", metavar="REMOTE_ID")
        decision.add_argument("--send-again", action="store_true")
        decision.add_argument("--give-up", action="store_true")
        verbs.choices["resolve"].add_argument("--attempt", metavar="REFERENCE")
        _reads(verbs)
        _people(verbs)
        verbs.add_parser("probe", help="check the account and how its answers are read")
        parser.set_defaults(login=None)
        for verb in (parser, *verbs.choices.values()):  # in front of the verb, or behind it
            verb.add_argument(
                "--as", dest="login", metavar="NAME", default=SUPPRESS, help="the login that does it"
            )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the verb, and print its objects or its error as JSON."""
        try:
            accounts.at_process_start()
            by = behind(options["login"])
            for found in VERBS[options["verb"]](Namespace(**options, by=by)):
                self._print(found)
        except BadInput as wrong:
            self._end({"errors": wrong.errors}, WRONG)
        except Stop as stop:
            self._end(stop.last, stop.code)
        except NoPrice as error:
            self._end({"error": str(error)}, FAILED)
        except (outbox.Impossible, NoSuchLogin, ImproperlyConfigured) as error:
            self._end({"error": str(error)}, WRONG)
        except DatabaseError as error:
            self._end({"error": f"The database cannot be used ({type(error).__name__})."}, WRONG)

    def _print(self, value: Object, code: int = 0) -> None:
        """Print a line. If nobody reads any more (`list | head`), end at once with exit code `code`."""
        try:
            self.stdout.write(_line(value))
        except BrokenPipeError:
            _nobody_reads()
            sys.exit(code)

    def _end(self, value: Object, code: int) -> NoReturn:
        self._print(value, code)
        sys.exit(code)


def _line(value: Object) -> str:
    """One line of JSON. Characters that UTF-8 cannot hold (from a broken file name) become "?"."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode()


def _reads(verbs: Any) -> None:
    """The arguments of `sync` and `deliveries`."""
    pull = verbs.add_parser("sync", help="read the provider's list now")
    told = verbs.add_parser("deliveries", help=_help("deliveries"))
    told.add_argument("id", nargs="?", metavar="ID")
    told.add_argument("--rows", action="store_true")
    told.add_argument("--pull", action="store_true")
    for verb in (pull, told):
        verb.add_argument("--start", metavar="dd.mm.yyyy")
        verb.add_argument("--end", metavar="dd.mm.yyyy")


def _people(verbs: Any) -> None:
    """The arguments of the verbs on texts, prices, files of recipients and people."""
    counted = verbs.add_parser("text", help=_help("text"))
    counted.add_argument("file", nargs="?", default=STANDARD_INPUT, metavar="FILE")
    counted.add_argument("--translit", type=int, choices=(0, 1, 2), default=0)
    priced = verbs.add_parser("price", help=_help("price"))
    priced.add_argument("what", nargs="?", default=STANDARD_INPUT, metavar="FILE or ID")
    file = verbs.add_parser("recipients", help=_help("recipients"))
    file.add_argument("file", metavar="FILE")
    file.add_argument("--channel", default="sms")
    file.add_argument("--country", metavar="RU")
    file.add_argument("--sheet", metavar="NAME")
    file.add_argument("--column", action="append", default=[], metavar="phones=HEADING")
    file.add_argument("--problems", action="store_true")
    file.add_argument("--valid", action="store_true")
    verbs.add_parser("person", help=_help("person")).add_argument("value", metavar="VALUE")
    deeds = verbs.add_parser("stop", help=_help("stop")).add_subparsers(
        dest="deed", required=True, parser_class=Parser
    )
    for name in ("add", "remove"):
        deeds.add_parser(name).add_argument("values", nargs="+", metavar="VALUE")
    deeds.add_parser("import").add_argument("file", metavar="FILE")
    deeds.add_parser("list")
    for name in ("add", "import"):
        deeds.choices[name].add_argument("--reason", metavar="TEXT")


def _help(verb: str) -> str:
    return (VERBS[verb].__doc__ or "").rstrip(".")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds) or seconds < 0:
        raise ArgumentTypeError("a number of seconds is expected")
    return seconds


def _count(text: str) -> int:
    count = row_id(text) or 0
    if not 1 <= count <= MOST_ROWS:
        raise ArgumentTypeError(f"a number from 1 to {MOST_ROWS} is expected")
    return count


def _in_utf8() -> None:
    """Write UTF-8, as JSON requires, whatever the locale."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8")


def _nobody_reads() -> None:
    """Discard the rest of our output: at exit Python would try to flush it once more, and print an error."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
