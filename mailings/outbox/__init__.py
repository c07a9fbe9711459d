"""The outbox: the only code that changes anything at the provider, and the only door to a mailing's fate."""

from mailings.outbox.adoption import adopt, may_undo_adoption, undo_adoption, verify
from mailings.outbox.cancel import fulfil, wish
from mailings.outbox.deliver import deliver_mailing
from mailings.outbox.drafts import (
    duplicate,
    make,
    release,
    reopen,
    save_draft,
    spec_of,
    typed_options,
    withdraw,
)
from mailings.outbox.errors import Impossible, KeyTaken
from mailings.outbox.resolve import dismiss_alarm, give_up, send_again
from mailings.outbox.seen import Outdated, Seen, stamp
from mailings.outbox.sweep import sweep

__all__ = [
    "Impossible",
    "KeyTaken",
    "Outdated",
    "Seen",
    "adopt",
    "deliver_mailing",
    "dismiss_alarm",
    "duplicate",
    "fulfil",
    "give_up",
    "make",
    "may_undo_adoption",
    "release",
    "reopen",
    "save_draft",
    "send_again",
    "spec_of",
    "stamp",
    "sweep",
    "typed_options",
    "undo_adoption",
    "verify",
    "wish",
    "withdraw",
]
