"""A price in words, and why there is none."""

from django.utils.translation import gettext as _

from mailings.models import Waiting
from mailings.wording import reasons


def why_not(trouble: str, words: str = "") -> str:
    """Why a look-up brought nothing. `trouble`: its slug (`lookups`); `words`: the provider's own."""
    if trouble in Waiting.values:
        return str(Waiting(trouble).label)
    said = reasons.words(trouble)
    if words:
        return _("SMS Centre did not tell: {why} (“{words}”).").format(why=said, words=words)
    return _("SMS Centre did not tell: {why}.").format(why=said)
