"""Second factors are kept encrypted with CREDENTIALS_KEYS."""

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.conf import LazySettings

from config.accounts import EncryptingMfaAdapter


def test_a_totp_key_is_not_stored_in_the_clear() -> None:
    stored = EncryptingMfaAdapter().encrypt("JBSWY3DP")

    assert "JBSWY3DP" not in stored
    assert EncryptingMfaAdapter().decrypt(stored) == "JBSWY3DP"


def test_keys_can_be_turned_over(settings: LazySettings) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    settings.CREDENTIALS_KEYS = [old]
    stored = EncryptingMfaAdapter().encrypt("JBSWY3DP")

    settings.CREDENTIALS_KEYS = [new, old]
    assert EncryptingMfaAdapter().decrypt(stored) == "JBSWY3DP"

    settings.CREDENTIALS_KEYS = [new]
    with pytest.raises(InvalidToken):
        EncryptingMfaAdapter().decrypt(stored)
