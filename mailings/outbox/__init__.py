"""The outbox: the only code that changes anything at the provider, and the only door to a mailing's fate."""

from mailings.outbox.adoption import adopt, undo_adoption, verify
from mailings.outbox.again import again_to, other_channels
from mailings.outbox.aside import put_aside
from mailings.outbox.cancel import cancel_job, fulfil, wish
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
from mailings.outbox.may import (
    may_cancel,
    may_delete,
    may_dismiss_alarm,
    may_duplicate,
    may_edit,
    may_give_up,
    may_put_aside,
    may_release,
    may_reopen,
    may_resolve,
    may_send_again,
    may_undo_adoption,
    may_withdraw,
    why_not_cancel,
    why_not_delete,
    why_not_release,
    why_not_undo_adoption,
    why_not_withdraw,
)
from mailings.outbox.resolve import dismiss_alarm, give_up, send_again
from mailings.outbox.seen import Outdated, Seen, stamp, stamps
from mailings.outbox.sweep import sweep

__all__ = [
    "Impossible",
    "KeyTaken",
    "Outdated",
    "Seen",
    "adopt",
    "again_to",
    "cancel_job",
    "deliver_mailing",
    "dismiss_alarm",
    "duplicate",
    "fulfil",
    "give_up",
    "make",
    "may_cancel",
    "may_delete",
    "may_dismiss_alarm",
    "may_duplicate",
    "may_edit",
    "may_give_up",
    "may_put_aside",
    "may_release",
    "may_reopen",
    "may_resolve",
    "may_send_again",
    "may_undo_adoption",
    "may_withdraw",
    "other_channels",
    "put_aside",
    "release",
    "reopen",
    "save_draft",
    "send_again",
    "spec_of",
    "stamp",
    "stamps",
    "sweep",
    "typed_options",
    "undo_adoption",
    "verify",
    "why_not_cancel",
    "why_not_delete",
    "why_not_release",
    "why_not_undo_adoption",
    "why_not_withdraw",
    "wish",
    "withdraw",
]
