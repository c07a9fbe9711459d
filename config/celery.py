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
    """Settings that cannot be read end a process of Celery's in one sentence."""
    try:
        bool(settings.DEBUG)
    except ImproperlyConfigured as error:
        sys.exit(str(error))


app.autodiscover_tasks()


@setup_logging.connect
def keep_django_logging(**kwargs: Any) -> None:
    """A receiver here is how Celery is told to leave logging alone: Django has set it up already."""
