"""The last part of `make setup`: translations, keys, database and static files, unless up to date."""

import os
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError

from scripts import translations


def static_files_are_old() -> bool:
    """Whether a static file, or what was installed last, is newer than the collected files."""
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if not manifest.exists():
        return True
    sources = [*settings.BASE_DIR.glob("static/**/*"), settings.BASE_DIR / "node_modules/installed"]
    sources.append(settings.BASE_DIR / ".venv/installed")
    made = manifest.stat().st_mtime
    return any(path.exists() and path.stat().st_mtime > made for path in sources)


def main() -> int:
    """Prepare everything. Exit code 1, with a short message, if the configuration is wrong."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    try:
        translations.compile_all()
        django.setup()
        call_command("migrate", verbosity=0, interactive=False)
        if not settings.DEBUG and static_files_are_old():
            call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    except (ImproperlyConfigured, CommandError, SystemCheckError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
