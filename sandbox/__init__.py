"""A stand-in for the provider, for tests, development and demonstrations; it never sends anything.

Built from the provider's page alone and importing nothing of Mailroom, so that it cannot share its
mistakes. What it imitates, assumes and offers for control: docs/sandbox.md.
"""

from sandbox.limits import Credentials
from sandbox.server import Sandbox

__all__ = ["Credentials", "Sandbox"]
