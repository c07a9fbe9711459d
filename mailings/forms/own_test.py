"""A test of what is in the form: the same form, sent now to its author's own addresses."""

from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from mailings.forms.compose import ComposeForm, Files
from mailings.forms.typed import WHEN
from mailings.recipients import own_addresses
from mailings.smsc.spec import lists
from mailings.smsc.spec.addresses import kinds_for
from mailings.smsc.spec.spec import Spec

FIELD = "own_addresses"
# Options that a test is sent without: recipients, hour, and what spreads or repeats it.
LEFT_OUT = (
    *("phones", "list", "nl", "skip_wrong", "with_doubtful"),
    *(*WHEN, "time", "tz", "rpt", "rptn", "period", "freq"),
)
LONGEST_NAME = 255


@dataclass(frozen=True)
class Box:
    """What the page shows of the test. `addresses`: one a line. `key`: that of the test's mailing."""

    addresses: str
    key: str
    errors: tuple[str, ...] = ()


def box(form: ComposeForm, person: Any, key: str) -> Box:
    """The addresses as typed in this post, else as kept for the channel. `key`: a new one for every page."""
    errors = tuple(map(str, form.errors.get(FIELD, ())))
    typed = form.typed.own_addresses
    if errors or typed.strip() or not person.is_authenticated:
        return Box(typed, key, errors)
    return box_for(person, form.typed.channel, key)


def box_for(person: Any, channel: str, key: str) -> Box:
    """The addresses that are kept for the channel."""
    return Box("\n".join(own_addresses.of(person, channel)), key)


def spec_of(form: ComposeForm, addresses: str) -> Spec | None:
    """What the test would send; None if something is wrong, which is then added to the form's errors."""
    trial = _trial(form, addresses)
    gathered = trial.gathered
    if gathered.groups:
        form.add_error(FIELD, _("A group is none of your own addresses: a test would go to all of it."))
    elif len(gathered.valid) > own_addresses.AT_MOST:
        form.add_error(FIELD, _("At most {n} addresses of your own.").format(n=own_addresses.AT_MOST))
    elif gathered.stopped:
        form.add_error(FIELD, _("Your own address is on the stop list, so nothing is sent to it."))
    elif not gathered.valid and not gathered.wrong:
        form.add_error(FIELD, _("Give an address of your own for the test."))
    else:
        _tell(form, trial)
    return None if form.errors else trial.spec


def _trial(form: ComposeForm, addresses: str) -> ComposeForm:
    values = {name: value for name, value in form.typed.values.items() if name not in LEFT_OUT}
    values |= {"phones": addresses, **_text_of_one(form)}
    if name := values.get("name", "").strip():
        values["name"] = _("Test: {name}").format(name=name)[:LONGEST_NAME]
    files = Files(attached=form.uploads.attached, held=form.uploads.held)
    typed = replace(form.typed, values=values, kept={})
    return ComposeForm(typed, now=form.now, files=files, accounts=form.accounts, check=True)


def _text_of_one(form: ComposeForm) -> dict[str, str]:
    """Of personal messages the one that the page shows, or the first; its braces are no placeholders."""
    if form.personal.applies and form.personal.rows:
        return {"mes": form.personal.rows.shown.text, "braces": "1"}
    if form.own_list is None:
        return {}
    nl, kinds = form.typed.values.get("nl", "").strip() == "1", kinds_for(form.typed.channel)
    found = lists.entries(form.own_list.text, nl=nl, kinds=kinds)
    texts = (entry.text for entry in found if isinstance(entry, lists.Entry))
    return {"mes": next(texts, ""), "braces": "1"}


def _tell(form: ComposeForm, trial: ComposeForm) -> None:
    """Add the test's errors to the form."""
    for name, errors in trial.errors.items():
        place = FIELD if name == "phones" else name
        for text in map(str, errors):
            form.add_error(place if place in form.fields else None, text)
