"""Log formatting: one record is one line, even with a traceback."""

import logging


class OneLine(logging.Formatter):
    """Joins a record's lines with " | ", so that every line of the log begins with a time."""

    def format(self, record: logging.LogRecord) -> str:
        return " | ".join(line for line in super().format(record).splitlines() if line)


class NotOfSecurity(logging.Filter):
    """Drops records of the security log: they have their own handler, which writes them as plain JSON."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.name != "mailroom.security"
