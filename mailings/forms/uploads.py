"""Keeps uploads between two posts of a form, because a browser sends a file only once.

Each upload is written to the private storage under `pending/`. The form has a signed token for it, which is
valid for its uploader for a day. It belongs to no mailing until one is stored. Its size, the person's quota
of the day and its content are checked before it is written.
"""

import hashlib
import mimetypes
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import IO, Any, cast

from django.conf import settings
from django.core import signing
from django.core.files import File
from django.core.files.storage import storages
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext as _

from mailings import lookups
from mailings.forms import kinds
from mailings.outbox import quota
from mailings.recipients import imports
from mailings.smsc.spec.spec import FileRef

FOLDER = "pending"
SALT = "mailings.uploads"
KEPT_FOR = timedelta(days=1)


@dataclass(frozen=True)
class StoredUpload:
    """An upload whose mailing is not stored yet. `token`: stands for it in the form."""

    token: str
    path: str
    ref: FileRef

    def open(self) -> File[bytes]:
        return storages["default"].open(self.path)


class Refused(Exception):
    """The upload was not taken; the text is a sentence for the operator."""


def store(upload: UploadedFile[bytes], owner: int, *, attached: bool = True) -> StoredUpload:
    """Store an upload of the user `owner` (primary key). Raises Refused.

    `attached`: it is sent to people, so it must be what its name says. A file of recipients need not: its
    reader finds out what it is.
    """
    upload.seek(0)
    content = cast("IO[bytes]", upload.file)
    head, ref = content.read(kinds.HEAD), _ref(upload)
    _check_content(ref, head, owner, attached=attached)
    storage = storages["default"]
    name = f"{quota.waiting_folder(owner)}/{secrets.token_hex(16)}"
    path = storage.save(name, File(content, name=name))
    kept = replace(ref, sha256=_sha256(content), content_type=kinds.content_type(head) or ref.content_type)
    values = {"path": path, "owner": owner, "ref": [kept.name, kept.size, kept.content_type, kept.sha256]}
    return StoredUpload(signing.dumps(values, salt=SALT), path, kept)


def _check_content(ref: FileRef, head: bytes, owner: int, *, attached: bool) -> None:
    """Raises Refused for what is too large, too much, or not what its name says."""
    most = settings.UPLOAD_MB
    if ref.size > most * quota.MEGABYTE:
        text = _("“{name}” is larger than {most} MB, so it was not taken. Divide it, or send a link.")
        raise Refused(text.format(name=ref.name, most=most))
    if attached and not kinds.is_what_its_name_says(head, ref.ending):
        text = _("“{name}” is not what its name says, so it was not taken. Save it anew or rename it.")
        raise Refused(text.format(name=ref.name))
    if too_much := quota.refusal([(ref.name, ref.size)], owner):
        raise Refused(too_much)


def stored(token: str, owner: int) -> StoredUpload | None:
    """The upload of a token; None if it is another user's, too old, or was removed."""
    try:
        values: dict[str, Any] = signing.loads(token, salt=SALT, max_age=KEPT_FOR)
    except signing.BadSignature:
        return None
    if values["owner"] != owner or not storages["default"].exists(values["path"]):
        return None
    return StoredUpload(token, values["path"], FileRef(*values["ref"]))


def discard(uploads: Iterable[StoredUpload]) -> None:
    """Delete uploads whose mailing is stored (with copies of its own), or that were taken out."""
    for upload in uploads:
        storages["default"].delete(upload.path)


def clear_away() -> None:
    """Delete uploads from before yesterday that were never used, and old imports and prices."""
    imports.clear_away()
    lookups.clear_away()
    storage = storages["default"]
    oldest = f"{timezone.now() - KEPT_FOR:%Y-%m-%d}"
    if not storage.exists(FOLDER):
        return
    for day in storage.listdir(FOLDER)[0]:
        if day < oldest:
            _remove(f"{FOLDER}/{day}")


def _remove(folder: str) -> None:
    storage = storages["default"]
    inner, files = storage.listdir(folder)
    for name in inner:
        _remove(f"{folder}/{name}")
    for name in files:
        storage.delete(f"{folder}/{name}")
    storage.delete(folder)


def _ref(upload: UploadedFile[bytes]) -> FileRef:
    """The upload's name, size and a content type by its name: that of the browser is not trusted."""
    name = str(upload.name or "file")[:255]
    guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return FileRef(name=name, size=int(upload.size or 0), content_type=guessed, sha256="")


def _sha256(file: IO[bytes]) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # a stream has all that it calls
