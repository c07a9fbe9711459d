"""A stand-in for the provider, for tests, development and demonstrations. It never sends anything.

It is built from the provider's pages alone and imports nothing of Mailroom, so that it cannot share
Mailroom's mistakes. docs/sandbox.md says what it imitates, what it assumes, and how to control it.
"""

from sandbox.limits import Credentials
from sandbox.server import Sandbox

__all__ = ["Credentials", "Sandbox"]
