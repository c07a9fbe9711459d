"""Their word on messages: what became of each, whose it was, and what a mailing's messages add up to."""

from mailings.delivery.pulls import Result, calls_left, pull, pull_due

__all__ = ["Result", "calls_left", "pull", "pull_due"]
