"""Errors for input that a verb cannot use."""

from collections.abc import Mapping

Errors = dict[str, list[str]]


class Unfit(Exception):
    """The value of one parameter cannot be used; the text says why."""


class BadInput(Exception):
    """The input cannot be used. `errors`: lists of messages by parameter."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__("wrong parameters")
        self.errors = dict(errors)
