"""The lines of the history, put together by Python: with a template's variables they were most of a page."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from mailings.models import Origin
from mailings.selectors.history import HistoryRow
from mailings.templatetags.pages import drawn, icon
from mailings.wording import moments, money
from mailings.wording.phrases import markup

register = template.Library()


@register.simple_tag(takes_context=True)
def history_rows(context: dict[str, Any], rows: Iterable[HistoryRow], oob: bool = False) -> SafeString:
    """The lines of these rows. `oob`: they take the places of those that a page has.

    The context has may_cancel, may_pick (ids of those that can be ticked) and marked (those just acted on).
    """
    address = "{id}".join(reverse("mailing", args=[0]).rsplit("0", 1))
    given = {"may_cancel": context["may_cancel"], "oob": oob, "address": address}
    line = render_to_string("mailings/_row.html", given)
    look = Look(context["may_pick"], context["marked"], timezone.now())
    return SafeString("".join(markup(line, **cells(row, look)) for row in rows))


@dataclass(frozen=True)
class Look:
    """What lines depend on besides their rows: ids that can be ticked, those just acted on, the moment."""

    may_pick: Collection[int]
    marked: Collection[int]
    now: datetime


def cells(row: HistoryRow, look: Look) -> dict[str, Any]:
    """What stands in a line, by the names that _row.html has."""
    values, marked = row.values, row.id in look.marked
    return {
        "id": row.id,
        "marked": MARKED if marked else "",
        "state": row.state,
        "title": values["name"],
        "words": row.chip.text,
        "pick": _pick(row) if row.id in look.may_pick else "",
        "struck": STRUCK if row.chip.struck else "",
        "name": row.name,
        "test": render_to_string("mailings/_test_mark.html") if values["self_test"] else "",
        "chosen": markup(CHOSEN, _("chosen just now")) if marked else "",
        "chip": drawn(row.chip),
        "share": _quiet(row.share) if row.share else "",
        "note": markup('<span class="row-note">{}</span>', row.note) if row.note else "",
        "age": _age(row, look.now),
        "channel": markup("{} {}", icon(row.channel_icon, 16), row.channel) if row.channel else "–",
        "people": money.count(values["recipients_count"]),
        "when": moments.at(row.when, look.now) if row.when else _quiet(_("not told")),
        "price": money.amount(row.cost, values["account__currency"]),
        "maker": values["created_by__username"] or _quiet(_maker(row)),
    }


MARKED, STRUCK = SafeString(' class="is-marked"'), SafeString(' class="is-struck"')
CHOSEN = '<span class="badge bg-primary-lt">{}</span>'


def _quiet(text: str) -> SafeString:
    return markup('<span class="text-secondary">{}</span>', text)


def _pick(row: HistoryRow) -> SafeString:
    return markup(
        '<label><input class="form-check-input" type="checkbox" name="id" value="{}" form="selection"'
        ' data-select-row aria-label="{}"></label>',
        row.id,
        _("Choose %(name)s") % {"name": row.values["name"]},
    )


def _age(row: HistoryRow, now: datetime) -> SafeString | str:
    """Since when it has been in its state, if that will change; else how far its hour is ahead."""
    if row.pending:
        return _quiet(moments.ago(row.values["state_at"], now))
    return _quiet(moments.ago(row.when, now)) if row.when and row.waits else ""


def _maker(row: HistoryRow) -> str:
    return _("elsewhere") if row.values["origin"] == Origin.PROVIDER else _("command line")
