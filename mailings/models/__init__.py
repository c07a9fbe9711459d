"""The rows: accounts, mailings, and what is recorded of them."""

from mailings.models.accounts import Account, Breaker, Pull
from mailings.models.hour_changes import HourChange
from mailings.models.imports import Import, ImportedRow
from mailings.models.mailing import IllegalTransition, Mailing
from mailings.models.recipients import Recipient, StopEntry
from mailings.models.records import (
    Attachment,
    Attempt,
    Event,
    Observation,
    SystemUser,
    login_of,
    record,
)
from mailings.models.states import (
    Alarm,
    EventKind,
    HeldReason,
    LookNote,
    Origin,
    State,
    Waiting,
    Wish,
    WishResult,
)

__all__ = [
    "Account",
    "Alarm",
    "Attachment",
    "Attempt",
    "Breaker",
    "Event",
    "EventKind",
    "HeldReason",
    "HourChange",
    "IllegalTransition",
    "Import",
    "ImportedRow",
    "LookNote",
    "Mailing",
    "Observation",
    "Origin",
    "Pull",
    "Recipient",
    "State",
    "StopEntry",
    "SystemUser",
    "Waiting",
    "Wish",
    "WishResult",
    "login_of",
    "record",
]
