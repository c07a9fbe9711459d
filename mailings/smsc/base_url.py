"""The provider's base address: what it may look like, and how it is put together."""

import ipaddress


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address can only mean this very machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
