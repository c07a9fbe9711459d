"""The web process: `gunicorn config.wsgi`."""

import os
import sys

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.wsgi import WSGIHandler
from django.urls import get_resolver
from django.utils.module_loading import import_string
from django.utils.translation import override

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# The exit code that tells gunicorn not to start another worker in its place (Arbiter.APP_LOAD_ERROR).
_APP_LOAD_ERROR = 4


def _start() -> WSGIHandler:
    # Set before the first connection: a page must give up on a busy SQLite sooner than a worker does.
    if settings.DATABASES["default"]["ENGINE"] == "config.sqlite":
        settings.DATABASES["default"]["OPTIONS"]["timeout"] = settings.WEB_SQLITE_WAIT_SECONDS
    django.setup(set_prefix=False)
    made: WSGIHandler = import_string("config.handler.Handler")()
    _load_pages()
    import_string("mailings.accounts.at_process_start")()  # models cannot be imported before django.setup
    return made


def _load_pages() -> None:
    """Load the pages' code and texts now: gunicorn's workers are forked afterwards, and share its memory."""
    bool(get_resolver().url_patterns)
    for language, _name in settings.LANGUAGES:
        with override(language):
            pass


try:
    application = _start()
except ImproperlyConfigured as problem:
    sys.stderr.write(f"{problem}\n")  # without a traceback, which would bury the sentence
    sys.exit(_APP_LOAD_ERROR)
