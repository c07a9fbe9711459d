"""Detects saves of a draft that would overwrite newer text: from another window, or late from the same one.

A page posts `<the draft_version that it was opened with>.<its own name>.<number>`. The number grows with
every change in the form, so that a save that was delayed on its way has a lower one. Without JavaScript there
is no number. The row's draft_version is `<name of the page>-<count of saves>:<number>`.
"""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from mailings.ids import row_id
from mailings.models import Mailing
from mailings.outbox.errors import Elsewhere, Overtaken

NAME_LENGTH = 10
# The largest number that fits into the column beside name and count; no page gets there by typing.
LAST_NUMBER = 999_999


@dataclass(frozen=True)
class Page:
    """The parts of a posted version. `seen`: the draft_version that the page was opened with."""

    seen: str
    name: str
    number: int

    @classmethod
    def read(cls, version: str) -> "Page":
        seen, _dot, own = version.partition(".")
        name, _dot, number = own.partition(".")
        return cls(seen, name[:NAME_LENGTH], min(row_id(number) or 0, LAST_NUMBER))


def must_be_newest(row: Mailing, version: str) -> None:
    """Refuse to overwrite newer text. A `version` of "" is not checked.

    Raises Elsewhere when another page has saved the draft since this one was opened, Overtaken when this page
    itself has saved something newer. A page's own saves are known by its name: it may have saved without
    getting the answer.
    """
    page, saving = Page.read(version), _saving(row.draft_version)
    if not version or not saving or saving == _saving(page.seen):
        return
    if not _is_by(page, saving):
        text = _(
            "This draft was changed in another window since this one was opened. Nothing was put over it: "
            "what stood here is kept as a draft of its own."
        )
        raise Elsewhere(text)
    if page.number < _number(row):
        text = _(
            "What was typed later had arrived already. Nothing was put over it: "
            "what came late is kept as a draft of its own."
        )
        raise Overtaken(text)


def next_version(row: Mailing, version: str) -> str:
    """The row's new draft_version when this page saves a change."""
    page = Page.read(version)
    count = row_id(_saving(row.draft_version).rpartition("-")[2]) or 0
    return f"{page.name}-{count + 1}:{page.number}"


def same_version(row: Mailing, version: str) -> str:
    """The row's new draft_version when this page saves what is stored already: only the number can rise."""
    page, saving = Page.read(version), _saving(row.draft_version)
    return f"{saving}:{max(page.number, _number(row))}" if _is_by(page, saving) else row.draft_version


def _saving(version: str) -> str:
    return version.partition(":")[0]


def _number(row: Mailing) -> int:
    return row_id(row.draft_version.partition(":")[2]) or 0


def _is_by(page: Page, saving: str) -> bool:
    return saving.rpartition("-")[0][:NAME_LENGTH] == page.name
