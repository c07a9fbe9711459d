"""The one Django application of this project."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from config import checks  # noqa: F401 (registers the system checks)


class MailingsConfig(AppConfig):
    """Mailings, their accounts and everything around them."""

    name = "mailings"
    verbose_name = _("Mailings")
