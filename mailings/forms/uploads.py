"""Files between two posts of a form: a browser does not send a file again that it sent with a refused form.

Each upload is written to the private storage under `pending/` and travels on in the form as a signed token,
good for its uploader and for a day. It belongs to no mailing until one is stored.
"""

import hashlib
import mimetypes
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import IO, Any, cast

from django.core import signing
from django.core.files import File
from django.core.files.storage import storages
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from mailings.smsc.spec.spec import FileRef

FOLDER = "pending"
SALT = "mailings.uploads"
KEPT_FOR = timedelta(days=1)


@dataclass(frozen=True)
class Held:
    """An upload that waits for its form to be right. `token` stands for it in the page."""

    token: str
    path: str
    ref: FileRef

    def open(self) -> File[bytes]:
        return storages["default"].open(self.path)


def hold(upload: UploadedFile[bytes], owner: int) -> Held:
    """Write an upload down for the user `owner`; old ones are cleared away on the way."""
    clear_away()
    storage = storages["default"]
    name = f"{FOLDER}/{timezone.now():%Y-%m-%d}/{secrets.token_hex(16)}"
    upload.seek(0)
    content = cast("IO[bytes]", upload.file)
    path = storage.save(name, File(content, name=name))
    kept = FileRef(
        name=str(upload.name or "file")[:255],
        size=int(upload.size or 0),
        content_type=_content_type(upload),
        sha256=_sha256(content),
    )
    values = {"path": path, "owner": owner, "ref": [kept.name, kept.size, kept.content_type, kept.sha256]}
    return Held(signing.dumps(values, salt=SALT), path, kept)


def held(token: str, owner: int) -> Held | None:
    """The upload that a token stands for; None when it is another's, too old, or was cleared away."""
    try:
        values: dict[str, Any] = signing.loads(token, salt=SALT, max_age=KEPT_FOR)
    except signing.BadSignature:
        return None
    if values["owner"] != owner or not storages["default"].exists(values["path"]):
        return None
    return Held(token, values["path"], FileRef(*values["ref"]))


def let_go(uploads: Iterable[Held]) -> None:
    """Their mailing is stored, with copies of its own."""
    for upload in uploads:
        storages["default"].delete(upload.path)


def clear_away() -> None:
    """Remove what was uploaded the day before yesterday or earlier and never used."""
    storage = storages["default"]
    oldest = f"{timezone.now() - KEPT_FOR:%Y-%m-%d}"
    if not storage.exists(FOLDER):
        return
    for day in storage.listdir(FOLDER)[0]:
        if day < oldest:
            for name in storage.listdir(f"{FOLDER}/{day}")[1]:
                storage.delete(f"{FOLDER}/{day}/{name}")
            storage.delete(f"{FOLDER}/{day}")


def _content_type(upload: UploadedFile[bytes]) -> str:
    guessed = mimetypes.guess_type(str(upload.name or ""))[0]
    return str(upload.content_type or guessed or "application/octet-stream")[:100]


def _sha256(file: IO[bytes]) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
