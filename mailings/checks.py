"""System checks: keys for a live account, and the mode of VAR_DIR."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register

from mailings.accounts import keys


@register
def live_account_needs_keys(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Live credentials must not be encrypted with a key that was generated on this disk (see settings)."""
    live = settings.SMSC_API_KEY or (settings.SMSC_LOGIN and settings.SMSC_PASSWORD)
    problem = keys.missing_for_live() if live else ""
    return [Error(problem, id="mailroom.E001")] if problem else []


@register
def nobody_else_reads_our_files(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """VAR_DIR holds keys, recipients and sessions, so only Mailroom's user may open it."""
    if not Path(settings.VAR_DIR).stat().st_mode & 0o077:
        return []
    problem = f"Others on this machine can open {settings.VAR_DIR}, and its mode could not be changed."
    return [checks.Warning(problem, hint="Give the folder to Mailroom's user.", id="mailroom.W001")]


@register
def credentials_keys_are_keys(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Each of CREDENTIALS_KEYS is a Fernet key."""
    try:
        for key in settings.CREDENTIALS_KEYS:
            Fernet(key)
    except ValueError:
        return [
            Error(
                "CREDENTIALS_KEYS must be Fernet keys (32 bytes in URL-safe base64) by commas.",
                id="mailroom.E002",
            )
        ]
    return []
