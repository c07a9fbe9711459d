"""Templates kept by Mailroom: a mailing's text and options under a name, without recipients and hour."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from mailings.models import Mailing, OwnTemplate, login_of
from mailings.outbox.again import LEFT_BEHIND
from mailings.outbox.drafts import HOUR, typed_options
from mailings.outbox.errors import Impossible
from mailings.outbox.may import may_duplicate

WITHOUT = frozenset(
    (*HOUR, *LEFT_BEHIND, "phones", "list", "nl", "name", "skip_wrong", "with_doubtful", "braces")
)
# Prefix of options that a draft keeps for a channel not chosen now. They may hold recipients, so a template
# must not take them over.
ASIDE = "kept:"
LONGEST_NAME = 120


def save_template(mailing: Mailing, name: str, by: Any = None) -> OwnTemplate:
    """Make a template of a mailing. Raises Impossible: text not known here, or name empty or taken."""
    if not may_duplicate(mailing):
        raise Impossible(_("Its text is not known here, so no template can be made of it."))
    options = typed_options(mailing)
    if "list" in options:
        options["mes"] = _text_of(mailing)
    kept = {name: value for name, value in options.items() if _is_kept(name) and value not in ("", None)}
    made = OwnTemplate(channel=mailing.channel, options=kept, made_by=login_of(by))
    return _named(made, name)


def rename_template(template: OwnTemplate, name: str) -> OwnTemplate:
    """Raises Impossible when the name is empty or taken."""
    return _named(template, name)


def _named(template: OwnTemplate, name: str) -> OwnTemplate:
    template.name = " ".join(name.replace("\0", "").split())[:LONGEST_NAME]
    if not template.name:
        raise Impossible(_("Give the template a name."))
    try:
        with transaction.atomic():
            template.save()
    except IntegrityError:
        raise Impossible(_("There is a template of this name already. Choose another name.")) from None
    return template


def _is_kept(name: str) -> bool:
    return name not in WITHOUT and not name.startswith(ASIDE)


def _text_of(mailing: Mailing) -> str:
    """For personal messages: the text with its placeholders if that is known, else the first message."""
    first = mailing.people.exclude(text=None).order_by("position").values_list("text", flat=True).first()
    return str(mailing.prepared.get("text") or first or "")
