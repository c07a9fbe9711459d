"""The web process: `gunicorn config.wsgi`."""

import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Before the first connection: a page gives up on a busy SQLite sooner than a worker does.
if settings.DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    settings.DATABASES["default"]["OPTIONS"]["timeout"] = settings.WEB_SQLITE_WAIT_SECONDS

application = get_wsgi_application()
import_module("mailings.account").at_process_start()
