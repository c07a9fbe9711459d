"""How people log in: no self sign-up, second factors encrypted like every stored secret."""

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, ValidationError
from django.http import HttpRequest

from config import security_log
from mailings.accounts import keys

log = logging.getLogger(__name__)


class ClosedAccountAdapter(DefaultAccountAdapter):
    """Logins are made by an administrator (`/admin/`, `createsuperuser`)."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuses an attempt too many, and says so in the security log."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            security_log.note("throttled", request)
            raise

    def get_client_ip(self, request: HttpRequest) -> str:
        """Whom throttling counts. With fewer proxies than TRUSTED_PROXIES says, everybody together."""
        try:
            return str(super().get_client_ip(request))
        except PermissionDenied:  # a socket of this machine has no address
            return "local"
        except ImproperlyConfigured:
            log.warning(
                "TRUSTED_PROXIES is %d, but fewer addresses came in X-Forwarded-For, so all visitors share"
                " one allowance of wrong passwords. Set it to the number of proxies that append to it.",
                settings.ALLAUTH_TRUSTED_PROXY_COUNT,
            )
            return str(request.META["REMOTE_ADDR"])


class EncryptingMfaAdapter(DefaultMFAAdapter):
    """Keeps TOTP keys and recovery codes encrypted with CREDENTIALS_KEYS, the newest key first."""

    def encrypt(self, text: str) -> str:
        return keys.all_keys().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return keys.all_keys().decrypt(encrypted_text.encode()).decode()
