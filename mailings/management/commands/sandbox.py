"""`manage.py sandbox`: a stand-in for the provider on a loopback address (docs/sandbox.md)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from sandbox import command


class Command(BaseCommand):
    """Serves until Ctrl-C or SIGTERM; needs neither the database nor Redis."""

    help = "Runs a stand-in for the provider, for development and tests. It never sends anything."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        command.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        command.run(options, self._say)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
