"""Hooks of the login library (allauth): no self sign-up, throttling by address, encrypted second factors."""

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
        """Write a refusal by the rate limit to the security log, then let it through."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            security_log.note("throttled", request)
            raise

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that throttling counts attempts by.

        With fewer proxies in front than TRUSTED_PROXIES says, the visitor's own address is not known. The
        peer's is used then, so that all visitors share one count.
        """
        try:
            return str(super().get_client_ip(request))
        except PermissionDenied:  # it came over a Unix socket, which has no peer address
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
