"""System checks about the settings themselves."""

from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register


def keys_missing_for_live() -> str:
    """One sentence saying what to set before a live account may be stored; empty when nothing is missing."""
    names = [
        name
        for name, generated in (
            ("SECRET_KEY", settings.SECRET_KEY_GENERATED),
            ("CREDENTIALS_KEYS", settings.CREDENTIALS_KEYS_GENERATED),
        )
        if generated
    ]
    if not names:
        return ""
    return (
        f"A live account needs {' and '.join(names)} in the environment: copy what stands in secret_key and"
        f" credentials_key under {settings.VAR_DIR}, and keep both safe, apart from the database's backups."
    )


@register
def live_account_needs_keys(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Live credentials in the environment must not be stored under keys that exist on this disk only."""
    live = settings.SMSC_API_KEY or (settings.SMSC_LOGIN and settings.SMSC_PASSWORD)
    problem = keys_missing_for_live() if live else ""
    return [Error(problem, id="mailroom.E001")] if problem else []


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
