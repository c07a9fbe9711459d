"""How long a verb waits until its call to the provider may be made: longer than a page would."""

from django.conf import settings

# For a permit, once the gap between identical calls is over.
FOR_A_PERMIT = 10.0


def patience() -> float:
    """Seconds: the gap between identical calls, and some more."""
    return settings.SAME_REQUEST_SECONDS + FOR_A_PERMIT
