"""The one Django application of this project."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class MailingsConfig(AppConfig):
    """Mailings, their accounts and everything around them."""

    name = "mailings"
    verbose_name = _("Mailings")

    def ready(self) -> None:
        # Not earlier, as both import the models.
        autodiscover_modules("checks", "startup")
