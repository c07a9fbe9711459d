"""An account's sender names, groups and templates, read now and then in the background."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from mailings import accounts
from mailings.models import Account, Catalog, Mailing
from mailings.models.states import BEING_HANDED_OVER
from mailings.smsc.api.answers import Lookup
from mailings.smsc.api.client import Client
from mailings.smsc.api.errors import SmscError

log = logging.getLogger(__name__)

# A list that was read is not read again for so long; beat asks every minute.
FRESH = timedelta(minutes=5)
# A look-up that takes longer is given up: it holds one of the account's calls.
ANSWER_SECONDS = 10.0

CALLS: dict[Catalog.Kind, Callable[..., Lookup]] = {
    Catalog.Kind.SENDERS: Client.senders,
    Catalog.Kind.GROUPS: Client.groups,
    Catalog.Kind.TEMPLATES: Client.templates,
}


def pull_catalogs(account: Account) -> int:
    """Read those of the account's three lists that are not fresh; how many. Never raises for the provider.

    They are read one after the other. What could not be read stays as it was, with the reason. Mailings
    that wait to be handed over go first.
    """
    return sum(_pull(account, kind) for kind in CALLS)


def _pull(account: Account, kind: Catalog.Kind) -> bool:
    if Mailing.objects.filter(account=account, state__in=BEING_HANDED_OVER).exists():
        return False
    row, _made = Catalog.objects.get_or_create(account=account, kind=kind)
    if row.fetched_at and not row.trouble and timezone.now() - row.fetched_at < FRESH:
        return False
    try:
        with accounts.slot(account, kind) as client:
            found = CALLS[kind](client, deadline=time.monotonic() + ANSWER_SECONDS)
    except (SmscError, accounts.CannotCall) as error:
        if str(error) == "gap":
            return False  # another worker has just read it
        log.warning("The %s of account %s could not be read: %s", kind, account.pk, error)
        row.trouble = slug(error)
        row.save(update_fields=["trouble"])
        return False
    row.rows = [
        {"id": one.id, "name": one.name, "text": one.text, "people": one.people} for one in found.rows
    ]
    row.fetched_at, row.trouble = timezone.now(), ""
    row.save()
    return True


def slug(error: SmscError | accounts.CannotCall) -> str:
    """Why a look-up brought nothing: a word of the client's errors, or of `Waiting`."""
    return str(error.reason)[:40]
