"""The form of another hour for a mailing that waits, with the controls of the compose form."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from mailings.forms import when
from mailings.forms.fields import hour_fields
from mailings.smsc.spec.problems import Refusal

SHOWN = ("time_at", "clock", "which")


class HourForm(forms.Form):
    """`moment`: the hour that was typed, in UTC; set when the form is valid."""

    use_required_attribute = False
    moment: datetime

    def __init__(self, *, data: Any = None, now: datetime) -> None:
        super().__init__(data=data)
        self.now = now
        fields = hour_fields()
        self.fields.update({name: fields[name] for name in SHOWN})
        self.fields["time_at"].help_text = _("9:30, tomorrow 9:30, 26.11 09:30, 2026-11-26 09:30.")
        self.fields["time_at"].widget.attrs["placeholder"] = _("tomorrow 9:30")
        if not self._is_twice():
            del self.fields["which"]

    def clean(self) -> dict[str, Any]:
        try:
            self.moment = when.moment(self._typed(), self.now)
        except Refusal as refusal:
            self.add_error("time_at", refusal.at("time_at").message(_))
        return self.cleaned_data

    def _typed(self) -> dict[str, str]:
        return {name: str(self.data.get(name, "")) for name in SHOWN}

    def _is_twice(self) -> bool:
        typed = self._typed()
        zone = when.zone_of(typed["clock"])
        return zone is not None and when.is_twice(typed["time_at"], zone, self.now)
