"""Lines of long tables, put together by Python: with a template's variables they were most of a page."""

from collections.abc import Collection, Iterable
from functools import cache
from typing import Any

from django import template
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from mailings.models import Origin
from mailings.selectors.history import HistoryRow
from mailings.selectors.today import Spent
from mailings.templatetags.pages import drawn, icon, kept
from mailings.wording import chips, moments, money
from mailings.wording.phrases import markup

register = template.Library()


@register.simple_tag(takes_context=True)
def history_rows(context: dict[str, Any], rows: Iterable[HistoryRow], oob: bool = False) -> SafeString:
    """The lines of these rows. `oob`: they take the places of those that a page has.

    The context has may_cancel, may_pick (ids of those that can be ticked) and marked (those just acted on).
    """
    address = "{id}".join(reverse("mailing", args=[0]).rsplit("0", 1))
    line = kept("mailings/_row.html", may_cancel=bool(context["may_cancel"]), oob=oob, address=address)
    look = Look(context["may_pick"], context["marked"])
    return SafeString("".join(_line(line, row, look) for row in rows))


def _line(line: SafeString, row: HistoryRow, look: "Look") -> SafeString:
    """A line that tells no age is kept: it is the same until something of its row, or the day, changes."""
    if row.pending or row.waits or row.chip.until:
        return markup(line, **cells(row, look))
    own = (row.id in look.may_pick, row.id in look.marked)
    key = (line, own, look.clock.place, row.chip, *row.values.values())
    found = _lines.get(key)
    if found is None:
        if len(_lines) >= KEPT_LINES:
            _lines.clear()
        found = _lines[key] = markup(line, **cells(row, look))
    return found


# Half a dozen pages: two megabytes in each process.
KEPT_LINES = 300
_lines: dict[tuple[Any, ...], SafeString] = {}


@register.simple_tag
def spend_rows(figures: Iterable[Spent], currency: str) -> SafeString:
    """The lines of the table of what was spent: a day's channel each."""
    day = cache(lambda of: date_format(of, pgettext("date format", "j M")))
    return SafeString("".join(_spend_row(one, day(one.day), currency) for one in figures))


def _spend_row(one: Spent, day: str, currency: str) -> SafeString:
    figures = (money.count(one.mailings), money.count(one.recipients), money.amount(one.cost, currency))
    cells = "".join(markup('<td class="text-end">{}</td>', figure) for figure in figures)
    line = '<tr><th scope="row" class="fw-normal">{}</th><td>{}</td>{}</tr>'
    return markup(line, day, one.channel_label, SafeString(cells))


class Look:
    """What lines depend on besides their rows, and what is the same in many of them.

    `may_pick`: the ids of those that can be ticked; `marked`: of those just acted on.
    """

    def __init__(self, may_pick: Collection[int], marked: Collection[int]) -> None:
        self.may_pick, self.marked, self.clock = may_pick, marked, moments.Clock()
        self.channel, self.choose = cache(_channel), _("Choose %(name)s")


def cells(row: HistoryRow, look: Look) -> dict[str, Any]:
    """What stands in a line, by the names that _row.html has."""
    values, chip, pk = row.values, row.chip, row.id
    marked = pk in look.marked
    return {
        "id": pk,
        "marked": MARKED if marked else "",
        "state": row.state,
        "title": values["name"],
        "words": row.words,
        "pick": _pick(row, look.choose) if pk in look.may_pick else "",
        "struck": STRUCK if chip.struck else "",
        "name": row.name,
        "test": kept("mailings/_test_mark.html") if values["self_test"] else "",
        "chosen": markup(CHOSEN, _("chosen just now")) if marked else "",
        "chip": drawn(chip),
        "share": _quiet(row.share) if row.share else "",
        "note": markup('<span class="row-note">{}</span>', row.note) if row.note else "",
        "age": _age(row, look.clock),
        "channel": look.channel(values["channel"], values["origin"]),
        "people": money.count(values["recipients_count"]),
        "when": look.clock.at(row.when) if row.when else _quiet(_("not told")),
        "price": money.amount(row.cost, values["account__currency"]),
        "maker": values["created_by__username"] or _quiet(_maker(row)),
    }


MARKED, STRUCK = SafeString(' class="is-marked"'), SafeString(' class="is-struck"')
CHOSEN = '<span class="badge bg-primary-lt">{}</span>'


def _quiet(text: str) -> SafeString:
    return markup('<span class="text-secondary">{}</span>', text)


def _pick(row: HistoryRow, choose: str) -> SafeString:
    return markup(
        '<label><input class="form-check-input" type="checkbox" name="id" value="{}" form="selection"'
        ' data-select-row aria-label="{}"></label>',
        row.id,
        choose % {"name": row.values["name"]},
    )


def _age(row: HistoryRow, clock: moments.Clock) -> SafeString | str:
    """Since when it has been in its state, if that will change; else how far its hour is ahead."""
    if row.pending:
        return _quiet(clock.ago(row.values["state_at"]))
    return _quiet(clock.ago(row.when)) if row.when and row.waits else ""


def _channel(channel: str, origin: str) -> SafeString | str:
    """With its icon; a dash for a draft that has none yet."""
    if not channel and origin != Origin.PROVIDER:
        return "–"
    return markup("{} {}", icon(chips.channel_icon(channel), 16), chips.channel_label(channel))


def _maker(row: HistoryRow) -> str:
    return _("elsewhere") if row.values["origin"] == Origin.PROVIDER else _("command line")
