"""What was given to a verb and cannot be used."""

from collections.abc import Mapping

Errors = dict[str, list[str]]


class Unfit(Exception):
    """One parameter's value cannot be used; the text says why."""


class BadInput(Exception):
    """What was given cannot be used: messages by parameter."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__("wrong parameters")
        self.errors = dict(errors)
