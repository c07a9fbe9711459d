"""Puts a template of our own into the form."""

from dataclasses import replace
from typing import Any

from mailings.forms.compose import ComposeForm
from mailings.forms.typed import Typed, from_draft
from mailings.models import OwnTemplate
from mailings.smsc.spec.values import is_blank


def typed_of(template: OwnTemplate) -> Typed:
    """The form of a new mailing that begins with the template."""
    return from_draft(_options(template) | {"name": template.name})


def with_template(form: ComposeForm, template: OwnTemplate) -> ComposeForm:
    """The form with the template's channel, and its options where none were typed. Its text is appended."""
    given = from_draft(_options(template))
    typed = {name: value for name, value in form.typed.values.items() if not is_blank(value)}
    texts = [text for text in (typed.get("mes", ""), given.values.get("mes", "")) if text]
    values = {"name": template.name} | given.values | typed
    if texts:
        values["mes"] = "\n".join(dict.fromkeys(texts))
    changed = replace(form.typed, values=values, channel=given.channel, odd_channel="")
    return ComposeForm(changed, now=form.now, files=form.uploads, accounts=form.accounts)


def _options(template: OwnTemplate) -> dict[str, Any]:
    return dict(template.options)
