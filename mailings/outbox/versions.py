"""Which page saved a draft last: of two windows, or of two savings of one window, neither is lost.

A page posts `<the draft_version that it was opened with>.<its own name>.<number>`. The number grows with
every change in the form, so that a saving that was held up on its way is known by its older one; without
scripts there is none. The row keeps `<name of the page>-<how often it was saved>:<number>`.
"""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from mailings.ids import row_id
from mailings.models import Mailing
from mailings.outbox.errors import Elsewhere, Overtaken

NAME_LENGTH = 10
# What the column has room for beside the name and the count; nobody types so much into one page.
LAST_NUMBER = 999_999


@dataclass(frozen=True)
class Page:
    """What a page says of itself. `seen`: the draft_version that it was opened with."""

    seen: str
    name: str
    number: int

    @classmethod
    def read(cls, version: str) -> "Page":
        seen, _dot, own = version.partition(".")
        name, _dot, number = own.partition(".")
        return cls(seen, name[:NAME_LENGTH], min(row_id(number) or 0, LAST_NUMBER))


def must_be_newest(row: Mailing, version: str) -> None:
    """Raises Elsewhere for a page that does not know what another one has saved since; Overtaken for what the
    page itself said before what is kept now. "" asks for no check.

    What the page saved itself it knows, also when the answer was lost on its way.
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
    """The row's draft_version once this page has saved it."""
    page = Page.read(version)
    count = row_id(_saving(row.draft_version).rpartition("-")[2]) or 0
    return f"{page.name}-{count + 1}:{page.number}"


def same_version(row: Mailing, version: str) -> str:
    """The row's draft_version once this page has said again what is saved: what it said before is older."""
    page, saving = Page.read(version), _saving(row.draft_version)
    return f"{saving}:{max(page.number, _number(row))}" if _is_by(page, saving) else row.draft_version


def _saving(version: str) -> str:
    return version.partition(":")[0]


def _number(row: Mailing) -> int:
    return row_id(row.draft_version.partition(":")[2]) or 0


def _is_by(page: Page, saving: str) -> bool:
    return saving.rpartition("-")[0][:NAME_LENGTH] == page.name
