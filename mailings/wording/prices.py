"""What a price means for the balance, and why there is none."""

from decimal import Decimal

from django.utils.translation import gettext as _

from mailings.models import Account, Quote, Waiting
from mailings.wording import reasons


def balance_after(quote: Quote, account: Account) -> Decimal | None:
    """The balance after paying the price; None if either is not known. May be negative."""
    if account.balance is None or quote.cost is None:
        return None
    return account.balance - quote.cost


def why_not(trouble: str, words: str = "") -> str:
    """Why asking for a price or a list brought nothing. `trouble`: as stored; `words`: the provider's own."""
    if trouble in Waiting.values:
        return str(Waiting(trouble).label)
    said = reasons.words(trouble)
    if words:
        return _("SMS Centre did not tell: {why} (“{words}”).").format(why=said, words=words)
    return _("SMS Centre did not tell: {why}.").format(why=said)
