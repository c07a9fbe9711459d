"""What templates need beyond Django's own: icons, moments, money, a mailing in words, form controls."""

from collections.abc import Hashable
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from django import forms, template
from django.forms import BoundField
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from heroicons.templatetags.heroicons import heroicon_mini

from mailings.models import Account, Mailing, Quote, Recipient
from mailings.models.deliveries import moment
from mailings.wording import chips, deliveries, moments, money, prices, reasons, sentences
from mailings.wording.phrases import markup

register = template.Library()

BAD_NEWS = ' <span class="bad-news tone-{}">{}{}</span>'
CHOICES = (forms.RadioSelect, forms.CheckboxSelectMultiple)


@register.simple_tag
@cache
def icon(name: str, size: int = 18) -> SafeString:
    """A decorative heroicon: what it means always stands beside it in words."""
    return SafeString(heroicon_mini(name, size=size, **{"aria-hidden": "true", "class": "icon"}))


@register.simple_tag
def kept(part: str, **values: Hashable) -> SafeString:
    """A part of a page that shows nothing but these values, in the reader's language: made once for each."""
    return _kept(part, get_language(), tuple(values.items()))


@lru_cache(maxsize=200)
def _kept(part: str, language: str | None, values: tuple[tuple[str, Hashable], ...]) -> SafeString:
    return render_to_string(part, dict(values))


@register.filter
def ago(when: datetime) -> SafeString:
    return moments.ago(when)


@register.filter
def at(when: datetime) -> SafeString:
    return moments.at(when)


@register.filter
def both_clocks(when: datetime) -> SafeString:
    return moments.both_clocks(when)


@register.filter
def in_full(when: datetime, clock: str = "") -> SafeString:
    return moments.in_full(when, clock)


@register.filter
def hour(when: datetime) -> SafeString:
    return moments.hour(when)


@register.simple_tag
def message_result(row: Recipient, channel: str, final: bool = False) -> str:
    return deliveries.of(row, channel, final=final)


@register.filter
def result_tone(row: Recipient, final: bool = False) -> str:
    return deliveries.tone(row, final)


@register.filter
def seconds(value: int | None) -> datetime | None:
    """A moment of the provider's: seconds since 1970."""
    return moment(value)


@register.filter
def chip(mailing: Mailing) -> chips.Chip:
    return chips.chip(mailing)


@register.filter
def drawn(chip: chips.Chip) -> SafeString:
    """A chip with its marks."""
    classes = ("chip", f"tone-{chip.tone}", chip.classes, "is-spinning" if chip.wishing else "")
    return markup(
        '<span class="chips"><span class="{}">{}<span class="chip-word">{}{}</span>{}</span>{}</span>',
        " ".join(filter(None, classes)),
        icon(chip.icon),
        chip.word,
        markup(" · {}", moments.ago(chip.until)) if chip.until else "",
        icon("arrow-path") if chip.wishing else "",
        SafeString("".join(markup(BAD_NEWS, mark.tone, icon(mark.icon), mark.word) for mark in chip.marks)),
    )


@register.filter
def count(value: int | None) -> str:
    return money.count(value)


@register.filter
def people(value: int | None) -> str:
    return sentences.people(value)


@register.filter
def reason(slug: str) -> str:
    return reasons.words(slug)


@register.filter(name="money")
def money_filter(value: Decimal | None, currency: str = "") -> str:
    return money.amount(value, currency)


@register.filter
def balance_after(quote: Quote, account: Account) -> Decimal | None:
    return prices.balance_after(quote, account)


@register.filter
def why_no_price(quote: Quote) -> str:
    return prices.why_not(quote.trouble, quote.words)


@register.filter
def is_check(field: BoundField) -> bool:
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.filter
def control(field: BoundField) -> SafeString:
    """A form field's control with Tabler's classes; errors are told to assistive technology by Django."""
    widget = field.field.widget
    if isinstance(widget, CHOICES):
        return field.as_widget()
    if isinstance(widget, forms.CheckboxInput):
        name = "form-check-input"
    elif isinstance(widget, forms.Select):
        name = "form-select"
    else:
        name = "form-control"
    wrong = "is-invalid" if field.errors else ""
    given = str(widget.attrs.get("class", ""))
    return field.as_widget(attrs={"class": " ".join(part for part in (name, given, wrong) if part)})


@register.simple_tag
def query(params: QueryDict, **changes: Any) -> SafeString:
    """The address's query with some keys replaced, or left out where the value is None."""
    changed = params.copy()
    for key, value in changes.items():
        if value is None:
            changed.pop(key, None)
        else:
            changed[key] = str(value)
    return escape("?" + changed.urlencode())
