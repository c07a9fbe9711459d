"""Small readers for config/settings.py: secret files, addresses, databases."""

import math
import os
import re
import secrets
import sqlite3
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from phonenumbers import SUPPORTED_REGIONS

from mailings.smsc.base_url import is_loopback

# The first with UPDATE … RETURNING; its full-text search finds what stands in the middle of a word.
OLDEST_SQLITE = (3, 35)


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


def private(folder: Path) -> Path:
    """A folder for this user alone, whatever is in it; made when it is not there.

    What this process makes from now on is private too. A folder that others could read is mended with all
    that it holds, itself last, so that a mending that was interrupted begins anew.
    """
    os.umask(0o077)
    folder.mkdir(parents=True, exist_ok=True)
    mode = folder.stat().st_mode
    if mode & stat.S_ISVTX:
        raise ImproperlyConfigured(
            f"VAR_DIR ({folder}) is a folder for everybody: name one of Mailroom's own."
        )
    if mode & 0o077:
        for path in (*folder.rglob("*"), folder):
            with suppress(OSError):  # gone meanwhile, or somebody else's: mailroom.W001 tells of it
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode & 0o700)
    return folder


def provider_address(url: str) -> str:
    """The provider's base address, ending in one slash; plain http only to a loopback address."""
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in ("http", "https") or parts.username or parts.query:
        raise ImproperlyConfigured("SMSC_URL must be an http(s) address such as https://smscentre.com/sys/.")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ImproperlyConfigured("SMSC_URL must begin with https:// unless it names a loopback address.")
    return url.rstrip("/") + "/"


def country(code: str) -> str:
    """Two letters of a country whose numbers can be read."""
    if code.upper() not in SUPPORTED_REGIONS:
        raise ImproperlyConfigured("DEFAULT_COUNTRY must be two letters of a country, such as RU.")
    return code.upper()


def database(url: str, base: Path, lease_seconds: float) -> dict[str, Any]:
    """django-environ's reading of DATABASE_URL with the options that were measured to matter.

    `lease_seconds`: how long what is being sent may stand in anybody's hands. Options that stand in the
    address come before ours.
    """
    parsed = _parsed(url)
    if parsed["ENGINE"] == "django.db.backends.sqlite3":
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise ImproperlyConfigured(
                f"SQLite {sqlite3.sqlite_version} is too old: 3.35 or newer is needed, or PostgreSQL."
            )
        if parsed["NAME"] != ":memory:":
            path = base / parsed["NAME"]
            path.parent.mkdir(parents=True, exist_ok=True)
            parsed["NAME"] = str(path)
        parsed["ENGINE"] = "config.sqlite"
        parsed["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # FULL, not NORMAL: a committed claim must outlive a power cut, or a mailing could go out twice.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        }
        return parsed
    options = _lost_hosts(lease_seconds) | parsed.get("OPTIONS", {})
    return parsed | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True, "OPTIONS": options}


def _lost_hosts(lease_seconds: float) -> dict[str, Any]:
    """Options of PostgreSQL for a host that is cut off in the middle of a transaction.

    The server would keep its rows locked for hours, so that no lease could be ended and no wish settled; and
    the host itself would wait as long for an answer, long after the network is back.
    """
    return {
        "options": f"-c idle_in_transaction_session_timeout={int(lease_seconds * 1000)}",
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 25_000,
    }


def _parsed(url: str) -> dict[str, Any]:
    """What a database's address says.

    Only the schemes named here reach django-environ: it warns of others, with the password in the warning.
    """
    parsed: dict[str, Any] = {}
    if re.match("(sqlite|postgres|postgresql|psql|pgsql)://", url):
        with suppress(ValueError):  # a port that is none, say; the reason may hold a part of the password
            parsed = environ.Env.db_url_config(url)
    if not parsed.get("NAME"):
        raise ImproperlyConfigured(
            "DATABASE_URL must name a database of SQLite or PostgreSQL, such as"
            " sqlite:////srv/mailroom/mailroom.sqlite3 or postgres://user:password@host/name."
        )
    return parsed


def lease(seconds: float, total: float) -> float:
    """The lease of a row that is being sent, checked against the client's total deadline."""
    if seconds < total + 2:
        raise ImproperlyConfigured(
            f"LEASE_SECONDS ({seconds:g}) must be at least PROVIDER_TOTAL_SECONDS plus 2 ({total + 2:g}):"
            " a row must not be given up while its request can still be under way."
        )
    return seconds


def whole(
    environment: Mapping[str, str], name: str, default: int, *, least: int, most: int | None = None
) -> int:
    """The whole number that a variable spells out; refused outside the bounds."""
    try:
        value = int(environment.get(name, default))
    except ValueError:
        value = least - 1
    if value < least or (most is not None and value > most):
        bounds = f"of {least} or more" if most is None else f"from {least} to {most}"
        raise ImproperlyConfigured(f"{name} must be a whole number {bounds}, such as {name}={default}.")
    return value


def seconds(
    environment: Mapping[str, str], name: str, default: float, *,
    or_none: bool = False, most: float = math.inf,
) -> float:  # fmt: skip
    """The seconds that a variable spells out, as a plain figure; 0 is taken only with `or_none`."""
    try:
        value = float(environment.get(name, default))
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or not 0 <= value <= most or (value == 0 and not or_none):
        bounds = "of 0 or more" if or_none else "above 0"
        bounds += f" and at most {most:g}" if most < math.inf else ""
        raise ImproperlyConfigured(
            f"{name} must be a number of seconds {bounds}, such as {name}={default:g}."
        )
    return value


def whole_login(login: str, password: str, apikey: str) -> None:
    """Refuses half of a login; beside an API key, which is used instead of them, neither half counts."""
    if not apikey and bool(login) != bool(password):
        given, missing = ("SMSC_LOGIN", "SMSC_PASSWORD") if login else ("SMSC_PASSWORD", "SMSC_LOGIN")
        raise ImproperlyConfigured(
            f"{given} is set without {missing}: set both, or SMSC_API_KEY, or none of them."
        )
