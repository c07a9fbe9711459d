"""The keys of all stored secrets: CREDENTIALS_KEYS, the newest first."""

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def newest() -> Fernet:
    """The key that new secrets are encrypted with."""
    return Fernet(settings.CREDENTIALS_KEYS[0])


def all_keys() -> MultiFernet:
    """Encrypts with the newest key, decrypts with any."""
    return MultiFernet([Fernet(key) for key in settings.CREDENTIALS_KEYS])


def missing_for_live() -> str:
    """One sentence on what must be set before a live account can be stored; "" when nothing is missing."""
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
