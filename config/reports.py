"""The error page of DEBUG shows where an error happened, never the data that was being handled."""

import re
from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter

_CREDENTIALS = re.compile(r"(?<=://)[^/\s]*@")


class NothingPrivate(SafeExceptionReporterFilter):
    """Hides logins, cookies, credentials in addresses, form values and variables, beside what Django hides.

    With DEBUG, Django's own filter shows form values and variables. Here these are phone numbers, texts and
    the provider's password, and an error page is easily passed on.
    """

    hidden_settings = re.compile(
        "API|AUTH|TOKEN|KEY|SECRET|PASS|SIGNATURE|COOKIE|CREDENTIALS|LOGIN|USER|DATABASE_URL|REDIS_URL|BROKER_URL",
        re.IGNORECASE,
    )

    def cleanse_setting(self, key: Any, value: Any) -> Any:
        cleansed = super().cleanse_setting(key, value)
        if isinstance(cleansed, str):
            return _CREDENTIALS.sub(f"{self.cleansed_substitute}@", cleansed)
        return cleansed

    def get_safe_cookies(self, request: HttpRequest) -> dict[str, Any]:
        return dict.fromkeys(super().get_safe_cookies(request), self.cleansed_substitute)

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        return dict.fromkeys(super().get_post_parameters(request), self.cleansed_substitute)

    def get_traceback_frame_variables(self, request: Any, tb_frame: FrameType) -> ItemsView[str, Any]:
        return dict.fromkeys(tb_frame.f_locals, self.cleansed_substitute).items()
