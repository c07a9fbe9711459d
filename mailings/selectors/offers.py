"""Suggestions for the compose form: the account's sender names, groups and templates, with their age.

If a list is missing, the field says why, and its value can be typed.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from mailings.forms import ComposeForm
from mailings.models import Account, Catalog
from mailings.smsc.spec.vocabulary import Channel
from mailings.wording import money, prices
from mailings.wording.moments import ago

# Channels whose sender is none of the registered names: an e-mail has an address there.
UNLISTED = frozenset({Channel.MAIL})


@dataclass(frozen=True)
class Offer:
    """One suggestion: the value to post, and its label."""

    value: str
    label: str


class Offers:
    """The lists of one account, for a mailing of `channel`. Empty without an account.

    `sender`, `fallback`: the sender of the mailing, and of the SMS after a failure; "" if none is named.
    """

    def __init__(self, account: Account | None, channel: Channel, sender: str, fallback: str = "") -> None:
        own = "" if channel in UNLISTED else sender.strip()
        self._account, self._named = account, [name for name in (own, fallback.strip()) if name]

    @cached_property
    def _catalogs(self) -> dict[str, Catalog]:
        rows = Catalog.objects.filter(account=self._account) if self._account else ()
        return {one.kind: one for one in rows}

    def _rows(self, kind: Catalog.Kind) -> list[dict[str, Any]]:
        found = self._catalogs.get(kind)
        return found.rows if found else []

    @property
    def senders(self) -> list[str]:
        return [str(row["name"]) for row in self._rows(Catalog.Kind.SENDERS)]

    @property
    def groups(self) -> list[Offer]:
        """Groups by name, with how many numbers each has. The value is G and the group's id."""
        return [
            Offer(f"G{row['id']}", self._group(row))
            for row in self._rows(Catalog.Kind.GROUPS)
            if str(row["id"]).isascii() and str(row["id"]).isdigit()
        ]

    def _group(self, row: dict[str, Any]) -> str:
        if row["people"] is None:
            return str(row["name"])
        return _("{name} ({count})").format(name=row["name"], count=money.count(row["people"]))

    @property
    def templates(self) -> list[Offer]:
        return [Offer(str(row["id"]), str(row["name"])) for row in self._rows(Catalog.Kind.TEMPLATES)]

    def text_of(self, template: str) -> str:
        """A template's text; "" if there is no such template, or its text is not known."""
        rows = self._rows(Catalog.Kind.TEMPLATES)
        return next((str(row["text"] or "") for row in rows if str(row["id"]) == template), "")

    @property
    def about_senders(self) -> SafeString:
        return self._about(Catalog.Kind.SENDERS)

    @property
    def about_groups(self) -> SafeString:
        return self._about(Catalog.Kind.GROUPS)

    @property
    def about_templates(self) -> SafeString:
        return self._about(Catalog.Kind.TEMPLATES)

    def _about(self, kind: Catalog.Kind) -> SafeString:
        """How many entries a list has and how old it is, or why it is missing."""
        found = self._catalogs.get(kind)
        what, why = capfirst(kind.label), self._why_not(kind)
        if found is None or found.fetched_at is None:
            text = _("{what} at SMS Centre: the list is not here yet, so they are typed. {why}")
            return format_html(text, what=what, why=why)
        text = _("{what} at SMS Centre: {count}, read {age}. {why}")
        return format_html(
            text, count=money.count(len(found.rows)), what=what, age=ago(found.fetched_at), why=why
        )

    def _why_not(self, kind: Catalog.Kind) -> str:
        """Why the last reading of a list failed, in a sentence; "" if it did not."""
        found = self._catalogs.get(kind)
        return prices.why_not(found.trouble) if found and found.trouble else ""

    @property
    def doubts(self) -> list[SafeString]:
        """A warning for each sender that is not registered, or could not be checked, and why."""
        text = _("“{name}” is not registered at SMS Centre (checked {age}): it may refuse the mailing.")
        if not self._senders_read:
            text = _(
                "It could not be checked whether “{name}” is registered: "
                "the list of sender names at SMS Centre is not here yet. {why}"
            )
        return self._of_senders(text, registered=False)

    @property
    def registered(self) -> list[SafeString]:
        """A sentence for each sender that is registered, with the list's age."""
        return self._of_senders(_("“{name}” is registered at SMS Centre (checked {age})."), registered=True)

    def _of_senders(self, text: str, *, registered: bool) -> list[SafeString]:
        known = {one.casefold() for one in self.senders}
        said = {"age": self._senders_read, "why": self._why_not(Catalog.Kind.SENDERS)}
        return [
            format_html(text, name=name, **said)
            for name in dict.fromkeys(self._named)
            if (name.casefold() in known) is registered
        ]

    @property
    def _senders_read(self) -> str:
        """How long ago the sender names were read; "" if they never were."""
        found = self._catalogs.get(Catalog.Kind.SENDERS)
        return ago(found.fetched_at) if found and found.fetched_at else ""


def of(form: ComposeForm) -> Offers:
    """The offers for a form; none for a form that is not judged, such as a visitor's."""
    account, typed = form.account if form.judge else None, form.typed.values
    fallback = typed.get("sender2", "") if typed.get("fl[5]", "").strip() == "1" else ""
    return Offers(account, form.typed.channel, typed.get("sender", ""), fallback)


def dress(form: ComposeForm) -> Offers:
    """Connect the form's fields with their suggestions, and say in their help how old these are."""
    offers = of(form)
    for name in _listed(form):
        field = form.fields[name]
        field.widget.attrs["list"] = "offered-senders"
        field.help_text = format_html("{} {}", field.help_text, offers.about_senders)
        # It holds the help as it was, where an error was looked for before.
        form[name].help_text = field.help_text
    form.fields["tpl"].widget.attrs["list"] = "offered-templates"
    return offers


def _listed(form: ComposeForm) -> tuple[str, ...]:
    """The fields that the registered names are offered for."""
    if not form.judge:
        return ()
    return ("sender2",) if form.typed.channel in UNLISTED else ("sender", "sender2")
