"""Small readers for config/settings.py: secret files, addresses, databases."""

import ipaddress
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured


def kept_secret(path: Path, make: Callable[[], str]) -> str:
    """The secret kept in `path`; made there on the first call, readable by its owner alone.

    Several processes may start at once: the file appears under its name in one step, already written.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(make())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first; its secret is the one that counts
        finally:
            draft.unlink()
    return path.read_text().strip()


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address can only mean this very machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def provider_address(url: str) -> str:
    """The provider's base address, ending in one slash; plain http only to a loopback address."""
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in ("http", "https") or parts.username or parts.query:
        raise ImproperlyConfigured("SMSC_URL must be an http(s) address such as https://smscentre.com/sys/.")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ImproperlyConfigured("SMSC_URL must begin with https:// unless it names a loopback address.")
    return url.rstrip("/") + "/"


def database(parsed: dict[str, Any], base: Path) -> dict[str, Any]:
    """django-environ's reading of DATABASE_URL with the options that were measured to matter."""
    if parsed["ENGINE"] == "django.db.backends.sqlite3":
        if parsed["NAME"] != ":memory:":
            path = base / parsed["NAME"]
            path.parent.mkdir(parents=True, exist_ok=True)
            parsed["NAME"] = str(path)
        parsed["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # FULL, not NORMAL: a committed claim must outlive a power cut, or a mailing could go out twice.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        }
        return parsed
    if parsed["ENGINE"] != "django.db.backends.postgresql":
        raise ImproperlyConfigured(
            "DATABASE_URL must name SQLite (sqlite:///…) or PostgreSQL (postgres://…)."
        )
    return parsed | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}


def lease(seconds: float, total: float) -> float:
    """The lease of a row that is being sent, checked against the client's total deadline."""
    if seconds < total + 2:
        raise ImproperlyConfigured(
            f"LEASE_SECONDS ({seconds:g}) must be at least PROVIDER_TOTAL_SECONDS plus 2 ({total + 2:g}):"
            " a row must not be given up while its request can still be under way."
        )
    return seconds


def positive(name: str, value: float) -> float:
    """`value`, refused when it is not above zero."""
    if not value > 0:
        raise ImproperlyConfigured(f"{name} must be above 0, not {value:g}.")
    return value
