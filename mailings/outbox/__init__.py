"""The outbox: the only code that changes anything at the provider, and the only door to a mailing's fate."""

from mailings.outbox.decisions import adopt, dismiss_alarm, give_up, send_again
from mailings.outbox.handover import deliver
from mailings.outbox.problems import Impossible, KeyTaken
from mailings.outbox.rows import (
    duplicate,
    make,
    release,
    reopen,
    save_draft,
    spec_of,
    typed_options,
    withdraw,
)
from mailings.outbox.sweep import sweep
from mailings.outbox.wishes import fulfil, wish

__all__ = [
    "Impossible",
    "KeyTaken",
    "adopt",
    "deliver",
    "dismiss_alarm",
    "duplicate",
    "fulfil",
    "give_up",
    "make",
    "release",
    "reopen",
    "save_draft",
    "send_again",
    "spec_of",
    "sweep",
    "typed_options",
    "wish",
    "withdraw",
]
