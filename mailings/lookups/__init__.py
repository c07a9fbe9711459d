"""What is asked of the provider for whoever writes a mailing: its price, sender names, groups and templates.

Nothing here changes anything at the provider, and no mailing waits for any of it.
"""

from mailings.lookups.catalogs import pull_catalogs
from mailings.lookups.prices import answer, clear_away, digest_of, known, price, travels, want, want_for

__all__ = [
    "answer",
    "clear_away",
    "digest_of",
    "known",
    "price",
    "pull_catalogs",
    "travels",
    "want",
    "want_for",
]
