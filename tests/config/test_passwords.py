"""Which passwords are taken, and how they are kept."""

import time

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from config.passwords import Argon2


@pytest.mark.parametrize(
    "password",
    [
        *(
            "mailroom",
            "Mailroom1",
            "mailroom2026!",
            "MailroomMailroom",
            "smscentre",
            "SMSCentre2026",
            "m@ilr00m123",
        ),
        *(
            "Summer2026",
            "Password123!",
            "Pa$$w0rd2026",
            "Qwerty!2026",
            "2026Winter",
            "Пароль2026",
            "рассылка1",
        ),
        *("smsc-2026", "mailing-mailing", "welcome-01", "admin-admin1", "12345678", "short1"),
    ],
)
def test_a_weak_password_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password)


@pytest.mark.parametrize(
    "password",
    ["correct horse battery staple", "quietly-42-rivers", "Kx7#pq2Lm9z", "mailroom of the quiet north"],
)
def test_a_password_that_is_hard_to_guess_is_taken(password: str) -> None:
    validate_password(password)


def test_passwords_are_kept_with_argon2_and_older_ones_are_still_known(
    settings, django_user_model, db
) -> None:
    settings.PASSWORD_HASHERS = [
        "config.passwords.Argon2",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]
    user = django_user_model.objects.create_user("ann", password="quietly-42-rivers")
    assert user.password.startswith("argon2$argon2id$")
    user.password = PBKDF2PasswordHasher().encode("quietly-42-rivers", "salt", iterations=10)

    assert user.check_password("quietly-42-rivers")
    user.refresh_from_db()
    assert user.password.startswith("argon2$argon2id$")


def test_a_guess_costs_a_visitor_s_share_and_no_more() -> None:
    encoded = Argon2().encode("quietly-42-rivers", Argon2().salt())
    began = time.process_time()
    for _ in range(5):
        assert Argon2().verify("quietly-42-rivers", encoded)

    assert (time.process_time() - began) / 5 < 0.1
    assert Argon2.memory_cost < 10 * 1024
