"""What the provider says of messages: what became of each, which mailing sent it, and the figures."""

from mailings.delivery.pulls import Result, calls_left, pull, pull_due

__all__ = ["Result", "calls_left", "pull", "pull_due"]
