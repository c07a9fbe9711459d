"""How many megabytes of files one person may bring in a day: uploads, and copies of files that are kept."""

from collections.abc import Iterable
from datetime import UTC

from django.conf import settings
from django.core.files.storage import storages
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from mailings.models import Attachment, Import
from mailings.recipients.imports import WAITING

MEGABYTE = 1024 * 1024
# A day's quota is so many times UPLOAD_MB, the largest size of one file.
FILES_A_DAY = 16


def refusal(files: Iterable[tuple[str, int]], owner: int) -> str:
    """Why these files (names and bytes) are more than the user may bring today; "" if they are not."""
    a_day, total = settings.UPLOAD_MB * FILES_A_DAY, brought_today(owner)
    for name, size in files:
        total += size
        if total > a_day * MEGABYTE:
            text = _("“{name}” was not taken: you may bring {most} MB a day, and they are used up.")
            return text.format(name=name, most=a_day)
    return ""


def waiting_folder(owner: int) -> str:
    """The folder of uploads that the user has made today and that belong to no mailing yet."""
    return f"{WAITING}{timezone.now().astimezone(UTC):%Y-%m-%d}/{owner}"


def brought_today(owner: int) -> int:
    """How many bytes the user has brought since midnight (UTC).

    These are uploads that belong to no mailing yet, attachments, and files of recipients that a mailing
    keeps.
    """
    storage, folder = storages["default"], waiting_folder(owner)
    waiting = storage.listdir(folder)[1] if storage.exists(folder) else []
    midnight = timezone.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    attached = Attachment.objects.filter(mailing__created_by=owner, mailing__created_at__gte=midnight)
    kept = Import.objects.filter(owner=owner, made_at__gte=midnight).exclude(path__startswith=WAITING)
    total = sum(found.aggregate(total=Sum("size"))["total"] or 0 for found in (attached, kept))
    return int(total) + sum(storage.size(f"{folder}/{name}") for name in waiting)
