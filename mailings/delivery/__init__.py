"""What the provider says of messages: what became of each, which mailing sent it, and the figures."""

from mailings.delivery.pulls import Pulled, calls_left, pull, pull_due

__all__ = ["Pulled", "calls_left", "pull", "pull_due"]
