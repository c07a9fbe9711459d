"""Personal messages: `{Heading}` in a text stands for the recipient's cell in that column.

`{{` and `}}` are single braces. Each recipient's text is sent as a line of the provider's `list`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from mailings.smsc.spec import lists
from mailings.smsc.spec.problems import N_, Problem, Refusal

_FIELD = re.compile(r"\{\{|\}\}|\{([^{}\n]{1,100})\}")
_IN_BRACES = re.compile(r"\{([^{}\n]{1,100})\}")
_BRACED = re.compile(r"\{\{([^{}\n]{1,100})\}\}")
_LINE_END = re.compile(r"\r\n?|\n")
# Characters that end a sender or a recipient in a line of the list.
_IN_FRONT = re.compile(r"[|:;,\n\r]")


@dataclass(frozen=True)
class Template:
    """A text with placeholders. `parts`: texts, and indexes of columns. `names`: the columns' names by index.

    `problems`: placeholders that no column fills.
    """

    parts: tuple[str | int, ...]
    names: Mapping[int, str]
    problems: tuple[Problem, ...] = ()

    @property
    def is_personal(self) -> bool:
        return bool(self.names)

    def fill(self, cells: Sequence[str]) -> str:
        """The text for the recipient of this row. Missing cells are empty."""
        return "".join(part if isinstance(part, str) else cell(cells, part) for part in self.parts)

    def gaps(self, cells: Sequence[str]) -> tuple[str, ...]:
        """The names in the text whose cells are empty in this row."""
        return tuple(name for index, name in self.names.items() if not cell(cells, index))


def names_in(text: str) -> list[str]:
    """The names of the placeholders in a text, each once."""
    return list(dict.fromkeys(match[1].strip() for match in _FIELD.finditer(text) if match[1]))


def braced(text: str) -> str:
    """The text as it is sent to all, without columns: `{{name}}` becomes `{name}`."""
    return _BRACED.sub(r"{\1}", text)


def fill_in(text: str, given: Mapping[str, str]) -> str:
    """A text with placeholders filled in for everybody. Braces in given values are no placeholders."""
    plain = {_plain(name): _IN_BRACES.sub(r"{{\1}}", value) for name, value in given.items()}
    return _FIELD.sub(lambda match: plain.get(_plain(match[1] or ""), match[0]), text)


def doubled(text: str) -> str:
    """The text for `template` with all its braces doubled, so that none is a placeholder."""
    return text.replace("{", "{{").replace("}", "}}")


def template(text: str, headings: Sequence[str]) -> Template:
    """The template of a text. Placeholders and headings are compared without regard to case."""
    known = {_plain(heading): index for index, heading in reversed(list(enumerate(headings)))}
    parts, names, problems = list[str | int](), dict[int, str](), list[Problem]()
    end = 0
    for match in _FIELD.finditer(text):
        parts.append(text[end : match.start()])
        end = match.end()
        if match[1] is None:
            parts.append(match[0][0])
        elif (index := known.get(_plain(match[1]))) is not None:
            parts.append(index)
            names[index] = headings[index]
        else:
            problems.append(_unknown(match[1].strip(), headings))
            parts.append(match[0])
    parts.append(text[end:])
    return Template(tuple(part for part in parts if part != ""), names, tuple(dict.fromkeys(problems)))


def _unknown(name: str, headings: Sequence[str]) -> Problem:
    if not headings:
        none = N_(
            "The recipients have no columns, so {%(name)s} cannot be filled. {{%(name)s}} sends braces."
        )
        return _Unknown(("mes",), "field_without_columns", none, {"name": name})
    by_plain = {_plain(heading): heading for heading in headings}
    near = get_close_matches(_plain(name), by_plain, n=1, cutoff=0.5)
    if near:
        meant = by_plain[near[0]]
        said = N_("There is no column “%(name)s”. Did you mean {%(meant)s}?")
        return _Unknown(("mes",), "field_unknown", said, {"name": name, "meant": meant})
    said = N_("There is no column “%(name)s”. The columns are: %(names)s.")
    return _Unknown(("mes",), "field_unknown", said, {"name": name, "names": ", ".join(headings)})


class _Unknown(Problem):
    """Equal to another about the same name."""

    def __hash__(self) -> int:
        return hash(self.params["name"])


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold().replace("ё", "е")


def cell(cells: Sequence[str], index: int | None) -> str:
    """A cell of a row, without blanks around it; "" for a missing cell or column."""
    return cells[index].strip() if index is not None and index < len(cells) else ""


# --- on the wire ----------------------------------------------------------------------------------


def needs_nl(texts: Iterable[str]) -> bool:
    """Whether the list must be sent with `nl`: a text has the characters `\\n`, else a line end."""
    return any("\\n" in text for text in texts)


def line(recipient: str, text: str, *, sender: str = "", zone: str = "", nl: bool = False) -> str:
    """One message as a line of `list`. `nl`: its text keeps its line ends. Raises Refusal."""
    if not text.strip():
        raise Refusal("list_text", N_("The text after the number is missing."))
    if _IN_FRONT.search(recipient) or _IN_FRONT.search(sender) or _IN_FRONT.search(zone):
        raise Refusal(
            "list_sign", N_("A sender or recipient of a personal message cannot hold | : ; or a comma.")
        )
    plain = _LINE_END.sub("\n", text)
    if not nl and "\\n" in plain:
        raise Refusal("list_nl", N_("This text holds \\n as it stands: it can only be sent with nl."))
    if nl and any(lists.begins(one) for one in plain.split("\n")[1:]):
        raise Refusal(
            "list_begins",
            N_("A line of this text looks like a recipient with a text, and \\n stands in the text, too."),
        )
    return lists.line(lists.front(sender, zone or None), recipient, plain, nl=nl)
