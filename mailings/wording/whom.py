"""Whom to ask, for a login that may not do something."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from mailings import rights
from mailings.rights import Right
from mailings.wording import chips

NAMED = 5


def whom_to_ask(right: Right, mailing: Any = None) -> str:
    """That the login may not do this, who can do it instead, and who can grant the permission."""
    return f"{who_can_do_it(right, mailing)} {who_can_grant_it()}"


def who_can_do_it(right: Right, mailing: Any = None) -> str:
    """That the login may not do this, and who can do it instead."""
    said = [str(right.label)]
    if right != Right.VIEW:  # there is no use in asking somebody else to look
        can = [*_makers(right, mailing), *islice(rights.who_can(right), NAMED)]
        if names := _names(can):
            said.append(_("Ask one of these to do it: {names}.").format(names=names))
    return " ".join(said)


def who_can_grant_it() -> str:
    if names := _names(islice(rights.who_gives_rights(), NAMED)):
        return _(
            "An administrator can put you into a group that may (Viewers, Operators, Staff): {names}."
        ).format(names=names)
    return _("An administrator can put you into a group that may (Viewers, Operators, Staff).")


def _makers(right: Right, mailing: Any) -> list[Any]:
    if right != Right.STOP or mailing is None:
        return []
    return [
        user for user in (mailing.created_by, mailing.submitted_by) if user is not None and user.is_active
    ]


def _names(people: Iterable[Any]) -> str:
    return ", ".join(dict.fromkeys(chips.person(user) for user in people))
