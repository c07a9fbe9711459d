"""The keys that stored secrets are encrypted with: CREDENTIALS_KEYS, the newest first."""

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def newest() -> Fernet:
    """What new secrets are encrypted with."""
    return Fernet(settings.CREDENTIALS_KEYS[0])


def all_keys() -> MultiFernet:
    """Encrypts with the newest key, opens with any."""
    return MultiFernet([Fernet(key) for key in settings.CREDENTIALS_KEYS])


def missing_for_live() -> str:
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
