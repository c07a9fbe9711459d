"""Attachments: what the spec knows about a file, and which files a channel takes.

Source: the provider's lines on `mms` (file types), `mail` and `call` (files in the request's body).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mailings.smsc.spec.catalogue import WITH_FILES, Channel
from mailings.smsc.spec.problems import N_, Problem, Refusal

FIELD = "files"

# File name endings for an MMS, as the page lists them.
MMS_TYPES = frozenset({"txt", "jpg", "gif", "png", "wav", "amr", "mp3", "mid", "mp4", "3gp"})
# Endings that mean sound if the content type does not say so; the provider's page lists none for a call.
SOUND_TYPES = frozenset({"wav", "amr", "mp3", "mid", "ogg", "opus", "m4a", "aac", "flac", "wma"})


@dataclass(frozen=True)
class FileRef:
    """An attachment known to the spec; its bytes live elsewhere. `size` in bytes, `sha256` in hex."""

    name: str
    size: int
    content_type: str
    sha256: str

    def __repr__(self) -> str:
        return f"FileRef({self.content_type}, {self.size} bytes)"

    @property
    def ending(self) -> str:
        """The last part of the name after a dot, in small letters; "" if there is none."""
        return self.name.rpartition(".")[2].lower() if "." in self.name else ""


def check(files: Sequence[FileRef], channel: Channel | None) -> Iterator[Problem]:
    """What is wrong with `files` on `channel`; for None (channel not known) what is wrong on all of them."""
    for file in files:
        if not file.name.strip() or not file.name.isprintable():
            yield Problem((FIELD,), "file_name", N_("A file has a name that cannot be sent. Rename it."))
        if file.size <= 0:
            yield Problem((FIELD,), "file_empty", N_("The file “%(file)s” is empty."), {"file": file.name})
    if not files or channel is None:
        return
    if channel not in WITH_FILES:
        yield Problem(
            (FIELD,),
            "files_not_here",
            N_(
                "Files go with an MMS, an e-mail or a voice call only. Take them out, or choose one of these."
            ),
        )
    for file in files:
        try:
            _check_type(file, channel)
        except Refusal as refusal:
            yield refusal.at(FIELD)


def _check_type(file: FileRef, channel: Channel) -> None:
    if channel is Channel.MMS and file.ending not in MMS_TYPES:
        raise Refusal(
            "file_type_mms",
            N_("“%(file)s” cannot go into an MMS: only txt, jpg, gif, png, wav, amr, mp3, mid, mp4, 3gp."),
            file=file.name,
        )
    sound = file.content_type.startswith("audio/") or file.ending in SOUND_TYPES
    if channel is Channel.VOICE and not sound:
        raise Refusal(
            "file_type_call",
            N_("“%(file)s” is no sound file, so a voice call cannot play it. Attach a wav or mp3 file."),
            file=file.name,
        )
