"""The controls of the form: one for each option of the catalogue, and a few of the page's own.

The `name` and the `data-option` of each is the provider's parameter name. A control never checks its value
and never drops it. So numbers are typed into text inputs, because a number input gives no value for what it
cannot read. The spec decides what is valid.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _

from mailings.forms import when
from mailings.smsc.spec.catalogue import FILES, OPTIONS
from mailings.smsc.spec.vocabulary import Channel, Option, Type

ROWS = {"phones": 4, "list": 5, "mes": 5, "mes2": 3}
# These have no example as a placeholder: it would look like something typed.
UNMARKED = ("name", "mes", "mes2", "subj", "voice")


class SeveralFiles(forms.FileInput):
    allow_multiple_selected = True


def fields(
    channel: Channel, values: Mapping[str, str], *, all_values: bool = False
) -> dict[str, forms.Field]:
    """All controls by name, in the order of the catalogue, with labels and help for the channel.

    `values`: the controls' values. `all_values`: each value of an option can be chosen, so that flags are
    lists instead of switches, which have no value for "no".
    """
    found = {
        option.name: _field(option, channel, all_values or values.get(option.name, "") not in ("", "1"))
        for option in (*OPTIONS.values(), FILES)
    }
    return found | _own_fields()


def _field(option: Option, channel: Channel, listed: bool) -> forms.Field:
    attrs = attributes(option, channel)
    switch = option.type is Type.FLAG and not listed
    return forms.Field(
        required=False,
        label=_(option.label),
        help_text=_help(option, channel),
        widget=forms.CheckboxInput({"data-option": option.name, "value": "1", "role": "switch"})
        if switch
        else _widget(option, attrs),
    )


def _help(option: Option, channel: Channel) -> str:
    """The catalogue's help for the option, and for numbers their range."""
    text = _(option.help_for(channel))
    if option.type in (Type.INTEGER, Type.NUMBER, Type.ZONE) and option.maximum and option.maximum < 10_000:
        span = _("From {low} to {high}.").format(low=f"{option.minimum:g}", high=f"{option.maximum:g}")
        return f"{text} {span}"
    return text


def attributes(option: Option, channel: Channel) -> dict[str, Any]:
    found: dict[str, Any] = {"data-option": option.name, "autocomplete": "off"}
    if option.example and option.name not in UNMARKED:
        found["placeholder"] = _(option.example_for(channel))
    if option.type is Type.INTEGER:
        found["inputmode"] = "numeric"
    if option.type is Type.NUMBER:
        found["inputmode"] = "decimal"
    if option.type in (Type.PHONES, Type.LIST, Type.BOT, Type.URL):
        found |= {"spellcheck": "false", "autocapitalize": "off"}
    return found


def _widget(option: Option, attrs: dict[str, Any]) -> forms.Widget:
    if option.choices:
        return Choices(option, attrs)
    if option.type in (Type.TEXT, Type.PHONES, Type.LIST):
        return forms.Textarea(attrs | {"rows": ROWS.get(option.name, 4)})
    if option.type is Type.FILES:
        del attrs["autocomplete"]
        return SeveralFiles(attrs)
    return forms.TextInput(attrs)


class Choices(forms.Select):
    """The values of an option with their labels; first the default, which is not sent.

    A value that is none of them (of a post made by hand) is shown as it came instead of being dropped.
    """

    def __init__(self, option: Option, attrs: dict[str, Any]) -> None:
        del attrs["autocomplete"]
        words = {choice.value: _(choice.label) for choice in option.choices}
        usual = option.default or ""
        listed = [("", words.get(usual, _("none")))]
        for value, word in words.items():
            listed.append((value, _("{word}, said outright").format(word=word) if value == usual else word))
        super().__init__(attrs, listed)

    def optgroups(self, name: str, value: list[str], attrs: dict[str, Any] | None = None) -> list[Any]:
        self.choices = with_odd_values(self.choices, value)
        return super().optgroups(name, value, attrs)


def hour_fields() -> dict[str, forms.Field]:
    """The page's own controls of the hour: as people write it, and the clock by which it is read."""
    return {
        "time_at": _line(
            "time_at",
            _("Date and hour"),
            _("Empty is now. Or 9:30, tomorrow 9:30, 26.11 09:30, 2026-11-26 09:30."),
            placeholder=_("now"),
            list="times",
        ),
        "clock": forms.Field(
            required=False,
            label=_("By the clock of"),
            widget=Clocks({"data-option": "clock"}),
        ),
        "which": forms.Field(
            required=False,
            label=_("That night this hour comes twice. Which one?"),
            widget=forms.Select({"data-option": "which"}, _which()),
        ),
        "hours_from": _line("hours_from", _("From the hour"), _("Whole hours, by the clock above."), "9"),
        "hours_to": _line(
            "hours_to",
            _("to the hour"),
            _("Outside these hours it waits until the first one comes."),
            "21",
        ),
        "minutes": _line("minutes", _("Minutes from now"), _("Counted from when SMS Centre takes it."), "30"),
    }


def _which() -> list[tuple[str, str]]:
    return [
        ("", _("not said yet")),
        (when.FIRST, _("The first: before the clock is put back")),
        (when.SECOND, _("The second: after the clock is put back")),
    ]


def _line(name: str, label: str, hint: str, example: str = "", **attrs: str) -> forms.Field:
    found = {"data-option": name, "autocomplete": "off"} | attrs
    if example:
        found |= {"inputmode": "numeric", "placeholder": example}
    return forms.Field(required=False, label=label, help_text=hint, widget=forms.TextInput(found))


class Clocks(forms.Select):
    """The reader's own time zone, Moscow's, and others by their city. Another zone is shown as it came."""

    def __init__(self, attrs: dict[str, Any]) -> None:
        own = _("mine ({zone})").format(zone=timezone.get_current_timezone_name())
        super().__init__(attrs, [("", own), *((name, _(city)) for name, city in when.CLOCKS.items())])

    def optgroups(self, name: str, value: list[str], attrs: dict[str, Any] | None = None) -> list[Any]:
        self.choices = with_odd_values(self.choices, value)
        return super().optgroups(name, value, attrs)


def with_odd_values(choices: Iterable[Any], values: Iterable[str]) -> list[Any]:
    """The choices, and posted values that are none of them, which are shown as they came."""
    known = {str(listed) for listed, _word in choices}
    return [*choices, *((odd, odd) for odd in values if odd and odd not in known)]


def _own_fields() -> dict[str, forms.Field]:
    return {
        # Drawn by the template, as one button for each channel.
        "channel": forms.Field(required=False, label=_("Channel")),
        "recipients_file": forms.Field(
            required=False,
            label=_("Or a file of recipients"),
            help_text=_("Text, .csv, .xlsx or .ods. Its recipients are added to those above."),
            widget=forms.FileInput({"data-option": "recipients_file", "accept": ".txt,.csv,.tsv,.xlsx,.ods"}),
        ),
        **hour_fields(),
        "voice_language": forms.Field(
            required=False,
            label=_("Language of the voice"),
            help_text=_("Two letters, such as en, de, fr; empty for the provider's own."),
            widget=forms.TextInput(
                {"data-option": "voice_language", "placeholder": "en", "autocomplete": "off"}
            ),
        ),
        # Drawn by the template, beside the button of the test.
        "own_addresses": forms.Field(required=False, label=_("Your own addresses")),
        "skip_wrong": _switch("skip_wrong", _("Leave out the wrong ones and send to the others")),
        "with_doubtful": _switch("with_doubtful", _("Send to the doubtful ones too")),
        "braces": _switch("braces", _("Send the braces as they stand")),
    }


def _switch(name: str, label: str) -> forms.Field:
    return forms.Field(
        required=False, label=label, widget=forms.CheckboxInput({"data-option": name, "value": "1"})
    )
