"""What the provider says of its jobs is written to the rows, and settles unknown mailings and wishes."""

from mailings.sync.pulls import pull, pull_recent, pull_two_months, read_list
from mailings.sync.refresh import each_account, refresh_account
from mailings.sync.tally import Pulled

__all__ = [
    "Pulled",
    "each_account",
    "pull",
    "pull_recent",
    "pull_two_months",
    "read_list",
    "refresh_account",
]
