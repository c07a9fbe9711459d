"""A form's file of recipients: its upload, its reading, and what a person chooses and corrects on the page.

The file is read into an `Import` when it is uploaded, and later posts only use that row. It is read anew only
when another sheet, column, channel or account is chosen.
"""

from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mailings.forms.row_fixes import correct_rows
from mailings.forms.uploads import StoredUpload
from mailings.ids import row_id
from mailings.models import Account, Import, SavedList, State
from mailings.outbox import notify
from mailings.recipients import imports, saved_lists
from mailings.recipients.columns import RECIPIENTS, ROLES
from mailings.recipients.corrections import Chosen
from mailings.recipients.reasons import Ask, Trouble
from mailings.smsc.spec.addresses import kinds_for
from mailings.smsc.spec.problems import Problem
from mailings.smsc.spec.vocabulary import Channel

FIELD = "recipients_file"
# Buttons with which ticked saved lists are taken into the form.
GOING_ON = ("use_lists", "check", "draft", "review", "send")
LONGEST_TITLE = 200
SHEET, HEADING, HIDDEN = "file_sheet", "file_heading", "file_hidden"
# The control of each column, by role.
COLUMN = {role: f"file_{role}" for role in ROLES}
BUSY = (Import.State.WAITING, Import.State.READING)


def find(number: str, user: Any) -> Import | None:
    """The import that a form names, if it is the user's own or belongs to a draft (all may edit drafts)."""
    if (pk := row_id(number)) is None:
        return None
    mine = Q(owner_id=user.pk) | Q(draft__state=State.DRAFT)
    return Import.objects.select_related("account").filter(mine, pk=pk).first()


def listed(data: QueryDict) -> list[SimpleUploadedFile]:
    """The saved lists that are ticked in a post, as one file of their people; [] if none is.

    They count with each of the buttons GOING_ON.
    """
    if data.get("action") not in GOING_ON:
        return []
    numbers = [pk for one in data.getlist("lists") if (pk := row_id(one)) is not None]
    lists = list(SavedList.objects.filter(pk__in=numbers))
    name = " + ".join(one.name for one in lists)[:LONGEST_TITLE]
    return [SimpleUploadedFile(f"{name}.txt", saved_lists.as_file(lists).getvalue())] if lists else []


def bring(upload: StoredUpload, user: Any, account: Account | None, channel: Channel) -> Import:
    """Make an import of an uploaded file. A short one is read now, a long one by a worker."""
    about: dict[str, Any] = {"path": upload.path, "name": upload.ref.name, "size": upload.ref.size}
    return _read(imports.begin(**about, owner=user, account=account, channel=channel.value))


def take_out(imported: Import | None) -> None:
    """Remove a file from its form. One that belongs to a draft stays until the draft is saved without it."""
    if imported is not None and imported.draft_id is None:
        imports.remove(imported)


def follow(imported: Import, data: Mapping[str, Any], account: Account | None, channel: Channel) -> str:
    """Correct the rows that the post names, then read the file anew if the post has other choices.

    Returns a sentence about corrections that fit no row now, or "". Raises UnreadableFile if the file itself
    is not kept any more; its rows then stay.
    """
    said = correct_rows(imported, data)
    if imported.state in BUSY:
        return said
    changes = _judged_by(imported, account, channel)
    if (choices := _choices(imported, data)) != imported.choices:
        changes["choices"] = choices
    if changes:
        anew(imported, **changes)
    return said


def anew(imported: Import, **changes: Any) -> None:
    """Read the file once more. Raises UnreadableFile if it is not kept any more."""
    imports.begin_again(imported, **changes)
    _read(imported)


def _read(imported: Import) -> Import:
    if not imports.read_at_once(imported):
        with transaction.atomic():
            notify.send("read_import", imported.pk)
    return imported


def _judged_by(imported: Import, account: Account | None, channel: Channel) -> dict[str, Any]:
    """The account and channel, if the rows were judged for others; as fields of the import."""
    changes: dict[str, Any] = {}
    if account is not None and imported.account_id != account.pk:
        changes["account"] = account
    if kinds_for(Channel(imported.channel)) != kinds_for(channel):
        changes["channel"] = channel.value
    return changes


def _choices(imported: Import, data: Mapping[str, Any]) -> dict[str, Any]:
    """The choices made for the file before, with those of this post. Another sheet makes them void."""
    sheet, asked = data.get(SHEET), {one["code"] for one in imported.questions}
    if sheet in [name for name, _hidden in imported.sheets] and (
        sheet != imported.sheet or Ask.SHEET.code in asked
    ):
        return {"sheet": sheet}
    said = dict(imported.choices)
    if columns := _columns(imported, data):
        said["columns"] = said.get("columns", {}) | columns
    if (hidden := data.get(HIDDEN)) in ("include", "leave_out"):
        said["hidden_rows"] = hidden == "include"
    heading = str(data.get(HEADING, "")).strip()
    if heading.isdecimal() and len(heading) < 5 and int(heading) != (imported.heading_line or 0):
        said["heading_line"] = int(heading)
    return said


def _columns(imported: Import, data: Mapping[str, Any]) -> dict[str, str]:
    """The columns that are chosen and differ from those found, by role; "": no column."""
    found = {role: imported.headings[index] for role, index in imported.columns.items()}
    said = {role: str(data[name]) for role, name in COLUMN.items() if name in data}
    return {
        role: name
        for role, name in said.items()
        if name != found.get(role, "") and (name in imported.headings or (not name and role != RECIPIENTS))
    }


def act(imported: Import, action: str) -> None:
    """Do what the button `action` asks of the file: stop its reading, or read it without any choices."""
    if action == "stop_reading":
        imports.stop(imported)
    elif action == "file_anew":
        anew(imported, choices={})


# --- what stands in the way of sending -----------------------------------------------------------------


def problems(imported: Import, *, doubtful: bool, leave_out: bool) -> list[Problem]:
    """Why nothing can be sent to this file's recipients yet; [] if it can."""
    found = trouble(imported)
    left = left_out(imported, doubtful=doubtful)
    if not found and left and not leave_out:
        text = ngettext(
            "{n} row of the file gets no message. Correct it below, or say that it is left out.",
            "{n} rows of the file get no message. Correct them below, or say that they are left out.",
            left,
        )
        found = text.format(n=left)
    # The text may contain a % out of the file, so it must not be the template itself.
    return [Problem((FIELD,), "recipients_file", "%(said)s", {"said": found})] if found else []


def trouble(imported: Import) -> str:
    """Why the file gives no recipients yet, as a sentence; "" if it does."""
    if imported.state in BUSY:
        return _("The file is still being read. Wait until it is done, or stop it.")
    if imported.state == Import.State.STOPPED:
        return _(
            "Reading the file was stopped, so nobody in it would get the message. Read it, or take it out."
        )
    if imported.trouble:
        return said(Trouble, imported.trouble)
    if imported.questions:
        return " ".join(said(Ask, one) for one in imported.questions)
    return ""


def said(kind: Any, stored: Mapping[str, Any]) -> str:
    """A sentence that is stored as a code, in the reader's language. `kind`: the enum of the code."""
    template = _(kind[stored["code"].upper()].value)
    params = stored.get("params")
    return str(template % params if params else template)


def left_out(imported: Import, *, doubtful: bool) -> int:
    """How many rows get no message and can be corrected. `doubtful`: whether doubtful ones get it."""
    return int(imported.wrong + (0 if doubtful else imported.doubtful))


def chosen(imported: Import | None, *, doubtful: bool) -> Chosen | None:
    """The recipients that the file adds; None while it is not read or has open questions."""
    if imported is None or imported.state != Import.State.READY or imported.questions:
        return None
    return Chosen(imported, doubtful)
