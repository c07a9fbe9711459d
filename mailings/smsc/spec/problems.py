"""What is wrong with a set of create options, in a form that can be translated.

Nothing here translates: a `Problem` holds a template, marked for extraction with `N_`, and the
parameters to fill it with. Pages and the command line hand their own `gettext` to `Problem.message`.
A message may quote what a person typed, so it is shown beside the field and never logged: `repr` and `str` of
everything here leave the parameters out.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_PLAIN_NAME = re.compile(r"[a-z][a-z_]*[0-9]?(?:\[[0-9]\])?")


def mark(template: str) -> str:
    """Returns `template` unchanged. Called as `N_`, the name by which gettext extracts it."""
    return template


N_ = mark


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    `fields`: the options (wire names, or `files`) beside which it is shown: all that the rule names.
    `code`: a slug that stays when the wording changes. `template`: English, %-style, for `params`.
    """

    fields: tuple[str, ...]
    code: str
    template: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def message(self, translate: Callable[[str], str] = str) -> str:
        """The sentence for a person: the translated template, filled with the parameters.

        A parameter may be a problem itself ("Line 3: …"): its message is made first.
        """
        params = {
            name: value.message(translate) if isinstance(value, Problem) else value
            for name, value in self.params.items()
        }
        return translate(self.template) % params

    def __repr__(self) -> str:
        fields = ",".join(name if _PLAIN_NAME.fullmatch(name) else "?" for name in self.fields)
        return f"Problem({self.code}: {fields})"


class Refusal(Exception):
    """A value cannot be read. Its reader does not know the field; `validate` adds it and raises SpecError."""

    def __init__(self, code: str, template: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.template = template
        self.params = params

    def at(self, *fields: str) -> Problem:
        """The refusal as a problem beside `fields`."""
        return Problem(fields, self.code, self.template, self.params)


class SpecError(Exception):
    """The options do not make a mailing. `problems` holds every reason, in the order of the form."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def by_field(self) -> dict[str, list[Problem]]:
        """Field name -> its problems; a rule between options appears under each option that it names."""
        found: dict[str, list[Problem]] = {}
        for problem in self.problems:
            for name in problem.fields:
                found.setdefault(name, []).append(problem)
        return found

    def __str__(self) -> str:
        return "; ".join(map(repr, self.problems))
