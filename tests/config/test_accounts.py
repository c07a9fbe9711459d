"""Second factors are kept encrypted with CREDENTIALS_KEYS; whom throttling counts."""

from typing import Any

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.conf import LazySettings
from django.test import Client

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


@pytest.mark.django_db
def test_with_fewer_proxies_than_named_people_log_in_and_the_log_says_what_is_wrong(
    client: Client, django_user_model: Any, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    django_user_model.objects.create_user("ann", password="river-boat-7")
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
    typed = {"login": "ann", "password": "river-boat-7"}

    answer = client.post("/accounts/login/", typed, HTTP_X_FORWARDED_FOR="192.0.2.7")

    assert answer.status_code == 302
    assert "TRUSTED_PROXIES is 2, but fewer addresses came in X-Forwarded-For" in caplog.text
    assert "192.0.2.7" not in caplog.text
