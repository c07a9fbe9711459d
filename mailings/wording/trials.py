"""The sandbox's trials in words: what each one shows, and the message after ordering it."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from mailings.accounts.sandbox_control import Trial


@dataclass(frozen=True)
class Words:
    """`shows`: what to do after pressing the button, and what it will show. `done`: what was ordered."""

    shows: Any
    done: Any


TRIALS: dict[Trial, Words] = {
    Trial.CUT: Words(
        _(
            "Send a mailing: its outcome is not known, it is looked for by its reference, "
            "and it is never sent twice."
        ),
        _("The connection will break during the next send. Send a mailing and look at its page."),
    ),
    Trial.REFUSE: Words(
        _(
            "Cancel a mailing that waits: it is asked for again, "
            "and “cancelled” is shown only once a second look has seen it."
        ),
        _("The next cancel will be refused. Cancel a mailing that waits and look at its page."),
    ),
    Trial.AWAY: Words(
        _("Pages say since when nothing was heard, what is shown turns to unverified, and no page waits."),
        _("The sandbox answers its next six calls with an error page."),
    ),
    Trial.CALM: Words(
        _("Whatever was ordered and has not happened yet is called off."),
        _("The sandbox behaves again."),
    ),
}
