"""Making, changing and taking back mailings, before anything leaves us."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.files import File
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from mailings.models import Account, Attachment, EventKind, Mailing, Recipients, State, WishResult, record
from mailings.models.mailing import new_code, search_text
from mailings.models.states import HELD_FOR_A_PERSON, NOT_HANDED_OVER
from mailings.outbox import notify
from mailings.outbox.errors import Impossible, KeyTaken
from mailings.outbox.may import may_duplicate, may_edit, may_reopen, why_not_release
from mailings.smsc.spec.spec import FileRef, Spec

LONGEST_NAME = 255
Uploads = Sequence[tuple[FileRef, File[bytes]]]


def make(
    spec: Spec,
    *,
    account: Account,
    by: Any = None,
    key: str | None = None,
    uploads: Uploads = (),
    submit: bool,
    draft: Mailing | None = None,
) -> Mailing:
    """Store a valid spec as a mailing: queued when `submit`, else a draft. All of it or nothing.

    `key`: minted before the button; the same key with the same options gives the row that it made before,
    with other options `KeyTaken`. `draft`: the row to turn into it; its attachments that the spec names stay.
    """
    try:
        with transaction.atomic():
            if key and (twin := Mailing.objects.filter(key=key).first()) and twin != draft:
                return _same(twin, spec)
            mailing = _editable(draft, account, by) if draft else _new(account, by, key)
            _write(mailing, spec)
            _attach(mailing, uploads, keep=spec.files)
            record(EventKind.EDITED if draft else EventKind.CREATED, mailing, by=by)
            if submit:
                _submit(mailing, by)
    except IntegrityError:
        twin = Mailing.objects.filter(key=key).first() if key else None
        if twin is None:
            raise
        return _same(twin, spec)
    return mailing


def save_draft(
    options: dict[str, Any],
    *,
    account: Account,
    by: Any = None,
    key: str | None = None,
    uploads: Uploads = (),
    keep: Sequence[FileRef] | None = None,
    mailing: Mailing | None = None,
) -> Mailing:
    """Keep what was typed, valid or not. `options`: provider's parameter names to the values as typed.

    `keep`: which of the draft's files stay; None keeps all of them.
    """
    with transaction.atomic():
        if mailing is None and key and (twin := Mailing.objects.filter(key=key).first()):
            mailing = twin
        row = _editable(mailing, account, by) if mailing else _new(account, by, key)
        row.name = str(options.get("name") or "")[:LONGEST_NAME]
        row.draft, row.spec, row.spec_digest = options, {}, ""
        row.search_text = search_text(row.name, row.code, None)
        row.save()
        _attach(row, uploads, keep=keep)
        record(EventKind.EDITED if mailing else EventKind.CREATED, row, by=by)
    return row


def duplicate(mailing_id: int, by: Any = None) -> Mailing:
    """A new draft with the same options, recipients and files, and a name that says so."""
    original = Mailing.objects.select_related("account").get(pk=mailing_id)
    if not may_duplicate(original):
        raise Impossible(
            _("This mailing was made elsewhere and its text is not known here, so it cannot be copied.")
        )
    uploads = [(_file_ref(kept), kept.file) for kept in original.attachments.all()]
    options = typed_options(original)
    options["name"] = _name_of_copy(str(options.get("name") or ""))
    return save_draft(options, account=original.account, by=by, uploads=uploads)


def reopen(mailing_id: int, by: Any = None) -> Mailing:
    """Turn a refused mailing back into a draft, to be changed and sent again. Why it was refused stays."""
    with transaction.atomic():
        mailing = Mailing.objects.get(pk=mailing_id)
        values = {"draft": typed_options(mailing)}
        if not (
            may_reopen(mailing) and Mailing.objects.move(mailing_id, State.REFUSED, State.DRAFT, **values)
        ):
            raise Impossible(_("Only a mailing that SMS Centre refused can be changed and sent again."))
        record(EventKind.EDITED, mailing, by=by)
    mailing.refresh_from_db()
    return mailing


def withdraw(mailing_id: int, by: Any = None) -> bool:
    """Take a mailing back before anything was sent; False when it has left us, or may have."""
    with transaction.atomic():
        done = Mailing.objects.move(
            mailing_id,
            NOT_HANDED_OVER,
            State.WITHDRAWN,
            wish="",
            wish_next_at=None,
            wish_result=WishResult.CONFIRMED,
            wish_result_at=timezone.now(),
        )
        if done:
            record(EventKind.WITHDRAWN, mailing_id, by=by)
    return done


def release(mailing_id: int, by: Any = None) -> Mailing:
    """A person's word that a mailing held as overdue or restored may go."""
    with transaction.atomic():
        waiting = Mailing.objects.filter(held_reason__in=HELD_FOR_A_PERSON)
        moved = waiting.move(
            mailing_id, State.HELD, State.QUEUED, released_at=timezone.now(), not_before=None, nudged_at=None
        )
        if not moved:
            raise Impossible(why_not_release(Mailing.objects.get(pk=mailing_id)))
        record(EventKind.RELEASED, mailing_id, by=by)
        notify.send("deliver", mailing_id)
    return Mailing.objects.get(pk=mailing_id)


def typed_options(mailing: Mailing) -> dict[str, Any]:
    """A mailing's options as a form shows them: parameter names to values, one recipient a line."""
    if mailing.draft:
        return dict(mailing.draft)
    options = dict(mailing.spec.get("options", {}))
    if kept := Recipients.objects.filter(mailing=mailing).first():
        options["phones"] = kept.text
    return {name: value for name, value in options.items() if value != ""}


def spec_of(mailing: Mailing) -> Spec:
    """The frozen spec of a mailing that has one."""
    kept = Recipients.objects.filter(mailing=mailing).first()
    return Spec.from_json(mailing.spec, kept.entries() if kept else ())


def _same(twin: Mailing, spec: Spec) -> Mailing:
    if twin.spec_digest != spec.digest():
        raise KeyTaken(
            _("This key was used for a mailing with other options; nothing was stored. Use a new key.")
        )
    return twin


def _new(account: Account, by: Any, key: str | None) -> Mailing:
    now = timezone.now()
    return Mailing(
        account=account, code=_free_code(), key=key or None, created_at=now, created_by=by, state_at=now
    )


def _free_code() -> str:
    while True:
        code = new_code()
        if not Mailing.objects.filter(code=code).exists():
            return code


def _editable(mailing: Mailing, account: Account, by: Any) -> Mailing:
    row = Mailing.objects.select_for_update().get(pk=mailing.pk)
    if not may_edit(row):
        raise Impossible(_("This mailing is no longer a draft, so it cannot be changed. Make a copy of it."))
    row.account = account
    return row


def _write(mailing: Mailing, spec: Spec) -> None:
    mailing.name, mailing.channel = spec.name[:LONGEST_NAME], spec.channel
    mailing.spec, mailing.spec_digest, mailing.draft = spec.to_json(), spec.digest(), {}
    mailing.recipients_count, mailing.repeats = spec.recipients, int(spec.options.get("rpt", 0))
    mailing.search_text = search_text(mailing.name, mailing.code, None)
    mailing.save()
    Recipients.objects.update_or_create(mailing=mailing, defaults={"text": "\n".join(spec.phones)})


def _submit(mailing: Mailing, by: Any) -> None:
    now = timezone.now()
    moved = Mailing.objects.move(
        mailing.pk,
        State.DRAFT,
        State.QUEUED,
        state_at=now,
        submitted_at=now,
        submitted_by=by,
        due_at=_due_at(mailing, now),
        refusal_code=None,
        refusal_text="",
    )
    if not moved:
        raise Impossible(_("This mailing was sent off already."))
    record(EventKind.SUBMITTED, mailing, by=by)
    mailing.refresh_from_db()
    notify.send("deliver", mailing.pk)


def _name_of_copy(name: str) -> str:
    """`Spring sale` -> `Spring sale (copy)` -> `Spring sale (copy 2)`; the front is cut to make room."""
    if not name.strip():
        return name
    word = pgettext("behind a name", "copy")
    again = re.fullmatch(rf"(.*) \({re.escape(word)}(?: ([0-9]{{1,4}}))?\)", name.strip(), re.DOTALL)
    front, number = (again[1], int(again[2] or 1) + 1) if again else (name.strip(), 1)
    mark = f" ({word})" if number == 1 else f" ({word} {number})"
    return front[: LONGEST_NAME - len(mark)].rstrip() + mark


def _due_at(mailing: Mailing, now: datetime) -> datetime | None:
    return spec_of(mailing).due_at(now)


def _attach(mailing: Mailing, uploads: Uploads, *, keep: Sequence[FileRef] | None) -> None:
    if keep is not None:
        mailing.attachments.exclude(sha256__in=[ref.sha256 for ref in keep]).delete()
    there = set(mailing.attachments.values_list("sha256", "name"))
    for ref, content in uploads:
        if (ref.sha256, ref.name) not in there:
            _attach_one(mailing, ref, content)


def _attach_one(mailing: Mailing, ref: FileRef, content: File[bytes]) -> None:
    kept = Attachment(
        mailing=mailing, name=ref.name, content_type=ref.content_type, size=ref.size, sha256=ref.sha256
    )
    content.seek(0)
    kept.file.save(ref.sha256[:16], content, save=True)


def _file_ref(kept: Attachment) -> FileRef:
    return FileRef(name=kept.name, size=kept.size, content_type=kept.content_type, sha256=kept.sha256)
