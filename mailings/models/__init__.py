"""The tables: accounts, mailings, and what is recorded of them."""

from mailings.models.accounts import Account, Breaker, Pull
from mailings.models.among import Among
from mailings.models.deliveries import Delivery, DeliveryPull, Ending, Message, Result
from mailings.models.hour_changes import HourChange
from mailings.models.imports import Correction, Import, ImportedRow
from mailings.models.lists import ListedPerson, SavedList
from mailings.models.lookups import Catalog, Quote
from mailings.models.mailing import IllegalTransition, Mailing
from mailings.models.own import OwnAddress, OwnTemplate, SelfTest
from mailings.models.readings import Reading
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
    Confirmation,
    EventKind,
    HeldReason,
    LookNote,
    Origin,
    State,
    Waiting,
    Wish,
    WishAnswer,
    WishResult,
)
from mailings.models.unindexed import Unindexed

__all__ = [
    "Account",
    "Alarm",
    "Among",
    "Attachment",
    "Attempt",
    "Breaker",
    "Catalog",
    "Confirmation",
    "Correction",
    "Delivery",
    "DeliveryPull",
    "Ending",
    "Event",
    "EventKind",
    "HeldReason",
    "HourChange",
    "IllegalTransition",
    "Import",
    "ImportedRow",
    "ListedPerson",
    "LookNote",
    "Mailing",
    "Message",
    "Observation",
    "Origin",
    "OwnAddress",
    "OwnTemplate",
    "Pull",
    "Quote",
    "Reading",
    "Recipient",
    "Result",
    "SavedList",
    "SelfTest",
    "State",
    "StopEntry",
    "SystemUser",
    "Unindexed",
    "Waiting",
    "Wish",
    "WishAnswer",
    "WishResult",
    "login_of",
    "record",
]
