"""The log formats: a record is a line, whatever its message or traceback holds."""

import logging


class OneLine(logging.Formatter):
    """Joins the lines of a record (a traceback, say), so that each line of the log begins with its time."""

    def format(self, record: logging.LogRecord) -> str:
        return " | ".join(line for line in super().format(record).splitlines() if line)


class NotOfSecurity(logging.Filter):
    """Passes all but the security log, whose lines are JSON and have a handler of their own."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.name != "mailroom.security"
