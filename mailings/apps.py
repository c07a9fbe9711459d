"""The one Django application of this project."""

from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from config import checks  # noqa: F401 (registers the system checks)


class MailingsConfig(AppConfig):
    """Mailings, their accounts and everything around them."""

    name = "mailings"
    verbose_name = _("Mailings")

    def ready(self) -> None:
        post_migrate.connect(make_default_account, sender=self)
        # Workers leave their sign of life through a receiver in it; they load no page that would import it.
        import_module("mailings.pulse")


def make_default_account(**kwargs: Any) -> None:
    """Stores the account that the environment names, as soon as there is a table for it."""
    # Not imported above: models cannot be until every application is known.
    import_module("mailings.account").ensure_default_account()
