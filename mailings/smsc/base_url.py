"""Which hosts are this machine itself: only those may be called without TLS."""

import ipaddress


def is_loopback(host: str | None) -> bool:
    """Whether a host is `localhost` or a loopback address. Other names are not resolved."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
