"""The Celery application: `celery -A config worker`, `celery -A config beat`."""

import os
import sys
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("mailroom")
app.config_from_object("django.conf:settings", namespace="CELERY")


@app.on_configure.connect
def end_without_settings(**kwargs: Any) -> None:
    """End worker or beat with one sentence, not a traceback, when the settings are wrong."""
    try:
        bool(settings.DEBUG)
    except ImproperlyConfigured as error:
        sys.exit(str(error))


app.autodiscover_tasks()


@setup_logging.connect
def keep_django_logging(**kwargs: Any) -> None:
    """Does nothing: with a receiver on this signal, Celery keeps the logging that Django has set up."""
