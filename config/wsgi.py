"""The web process: `gunicorn config.wsgi`."""

import os
import sys

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.wsgi import WSGIHandler
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# By this exit code gunicorn knows that no other worker would fare better (Arbiter.APP_LOAD_ERROR).
_APP_LOAD_ERROR = 4


def _start() -> WSGIHandler:
    # Before the first connection: a page gives up on a busy SQLite sooner than a worker does.
    if settings.DATABASES["default"]["ENGINE"] == "config.sqlite":
        settings.DATABASES["default"]["OPTIONS"]["timeout"] = settings.WEB_SQLITE_WAIT_SECONDS
    django.setup(set_prefix=False)
    made: WSGIHandler = import_string("config.handler.Handler")()
    import_string("mailings.accounts.at_process_start")()  # its models load after the applications do
    return made


try:
    application = _start()
except ImproperlyConfigured as problem:
    sys.stderr.write(f"{problem}\n")  # without a traceback, which would hide it
    sys.exit(_APP_LOAD_ERROR)
