"""How people log in: no self sign-up, second factors encrypted like every stored secret."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest

from mailings.accounts import keys


class ClosedAccountAdapter(DefaultAccountAdapter):
    """Logins are made by an administrator (`/admin/`, `createsuperuser`)."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class EncryptingMfaAdapter(DefaultMFAAdapter):
    """Keeps TOTP keys and recovery codes encrypted with CREDENTIALS_KEYS, the newest key first."""

    def encrypt(self, text: str) -> str:
        return keys.all_keys().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return keys.all_keys().decrypt(encrypted_text.encode()).decode()
