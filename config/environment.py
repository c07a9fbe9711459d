"""Readers and checks of environment values for config/settings.py. All raise ImproperlyConfigured."""

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

# 3.35 brought UPDATE … RETURNING; the trigram tokenizer that search needs has been there since 3.34.
OLDEST_SQLITE = (3, 35)
# From how many runs in one connection PostgreSQL keeps the plan of a statement (of `models.prepared` only).
PREPARED_FROM = 5
# Connections are kept from request to request for so many seconds, and looked at before each.
KEPT = {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}


def kept_secret(path: Path, make: Callable[[], str]) -> str:
    """The secret kept in the file `path`; on the first call it is generated, readable by its owner alone.

    Several processes may start at once, so the file is written under another name and then linked: no
    process can read it half written, and all get the same secret.
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
    """Make a folder, and everything in it, accessible to this user alone. Creates it when it is missing.

    Sets the process's umask too, so that later files are private. The folder's own mode is changed last: if
    the process dies halfway, the next start finds the folder still open and does all of it again.
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
            with suppress(OSError):  # deleted meanwhile, or another user's: check mailroom.W001 reports it
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode & 0o700)
    return folder


def provider_address(url: str) -> str:
    """SMSC_URL, checked and ending in exactly one slash. Plain http is allowed to a loopback address only."""
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in ("http", "https") or parts.username or parts.query:
        raise ImproperlyConfigured("SMSC_URL must be an http(s) address such as https://smscentre.com/sys/.")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ImproperlyConfigured("SMSC_URL must begin with https:// unless it names a loopback address.")
    return url.rstrip("/") + "/"


def country(code: str) -> str:
    """DEFAULT_COUNTRY in capitals: a two-letter code that the phone number library knows."""
    if code.upper() not in SUPPORTED_REGIONS:
        raise ImproperlyConfigured("DEFAULT_COUNTRY must be two letters of a country, such as RU.")
    return code.upper()


def database(url: str, base: Path, lease_seconds: float) -> dict[str, Any]:
    """Django's settings for the database that DATABASE_URL names, with the options that Mailroom needs.

    `lease_seconds`: LEASE_SECONDS, after which PostgreSQL ends a transaction that its client left idle. For
    PostgreSQL, options in the address override ours; for SQLite they are ignored.
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
        return parsed | KEPT
    options = {"prepare_threshold": PREPARED_FROM} | _lost_hosts(lease_seconds) | parsed.get("OPTIONS", {})
    return parsed | KEPT | {"OPTIONS": options}


def _lost_hosts(lease_seconds: float) -> dict[str, Any]:
    """PostgreSQL options that limit the damage of a host cut off in the middle of a transaction.

    By default the server would keep that transaction's rows locked for hours, and no other host could end
    its lease or settle a wish. The host itself would wait as long on its dead connection, even after the
    network is back.
    """
    return {
        "options": f"-c idle_in_transaction_session_timeout={int(lease_seconds * 1000)}",
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 25_000,
    }


def _parsed(url: str) -> dict[str, Any]:
    """DATABASE_URL as Django's settings.

    Only the schemes named here are passed to django-environ: for any other it logs a warning that contains
    the whole address, password included.
    """
    parsed: dict[str, Any] = {}
    if re.match("(sqlite|postgres|postgresql|psql|pgsql)://", url):
        with suppress(ValueError):  # such as a bad port; its message may contain a part of the password
            parsed = environ.Env.db_url_config(url)
    if not parsed.get("NAME"):
        raise ImproperlyConfigured(
            "DATABASE_URL must name a database of SQLite or PostgreSQL, such as"
            " sqlite:////srv/mailroom/mailroom.sqlite3 or postgres://user:password@host/name."
        )
    return parsed


def lease(seconds: float, total: float) -> float:
    """LEASE_SECONDS, refused unless it outlasts the client's total deadline by two seconds."""
    if seconds < total + 2:
        raise ImproperlyConfigured(
            f"LEASE_SECONDS ({seconds:g}) must be at least PROVIDER_TOTAL_SECONDS plus 2 ({total + 2:g}):"
            " a row must not be given up while its request can still be under way."
        )
    return seconds


def whole(
    environment: Mapping[str, str], name: str, default: int, *, least: int, most: int | None = None
) -> int:
    """The variable `name` as a whole number from `least` to `most`, both included."""
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
    """The variable `name` as a number of seconds up to `most`; 0 is accepted only with `or_none`."""
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
    """Refuse a login without a password, or the reverse. With an API key neither is used, so all is well."""
    if not apikey and bool(login) != bool(password):
        given, missing = ("SMSC_LOGIN", "SMSC_PASSWORD") if login else ("SMSC_PASSWORD", "SMSC_LOGIN")
        raise ImproperlyConfigured(
            f"{given} is set without {missing}: set both, or SMSC_API_KEY, or none of them."
        )
