"""The Celery application: `celery -A config worker`, `celery -A config beat`."""

import os
import sys
from importlib import import_module
from typing import Any

from celery import Celery
from celery.signals import beat_init, setup_logging, worker_init, worker_ready
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


@worker_init.connect
@beat_init.connect
def start(**kwargs: Any) -> None:
    """What every process of ours does before its work; ends it when an account cannot be kept safely."""
    try:
        import_module("mailings.account").at_process_start()
    except ImproperlyConfigured as error:
        sys.exit(str(error))  # an ordinary exception would only be logged by Celery, and the worker go on


@worker_ready.connect
def look_at_once(**kwargs: Any) -> None:
    """A first look at the provider: nobody should wait a round of beat for it. Identical ones are joined."""
    for task in ("pull_recent", "refresh_account"):
        app.send_task(f"mailings.tasks.{task}")
