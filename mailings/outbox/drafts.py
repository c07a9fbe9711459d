"""Making, editing and withdrawing mailings, before anything is handed over."""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.core.files import File
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from mailings.models import (
    Account,
    Attachment,
    EventKind,
    Import,
    Mailing,
    Recipient,
    State,
    WishResult,
    login_of,
    record,
)
from mailings.models.mailing import new_code, search_text
from mailings.models.prepared import Prepared, PreparedInsert, PreparedRow, changing, given
from mailings.models.recipients import addresses_of
from mailings.models.states import HELD_FOR_A_PERSON, NOT_HANDED_OVER
from mailings.outbox import notify, quota
from mailings.outbox.changes import changed_fields
from mailings.outbox.columns import requeued, wish_ended
from mailings.outbox.errors import Impossible, KeyTaken
from mailings.outbox.may import may_duplicate, may_edit, may_reopen, why_not_release
from mailings.outbox.seen import UNBOUND, Seen
from mailings.outbox.versions import must_be_newest, next_version, same_version
from mailings.recipients import imports, stop_list
from mailings.recipients.corrections import Chosen
from mailings.smsc.spec.lines import Lines
from mailings.smsc.spec.spec import FileRef, Spec

LONGEST_NAME = 255
# The options in which a draft keeps its hour as typed.
HOUR = ("time", "tz", "time_at", "clock", "which", "hours_from", "hours_to", "minutes")
Uploads = Sequence[tuple[FileRef, File[bytes]]]
_BY_KEY = PreparedRow(lambda: Mailing.objects.filter(**given(Mailing, "key")))
_ADDED = PreparedInsert(Mailing)
_TAKEN = Prepared(lambda: Mailing.objects.filter(**given(Mailing, "code")).values_list("pk"))
# What a mailing has once it is sent off, beside what `submit_draft` gives.
_QUEUED: dict[str, Any] = {
    "state": State.QUEUED, "held_reason": "", "draft": {}, "waiting_for": "",
    "refusal_code": None, "refusal_text": "",
}  # fmt: skip
_SUBMIT = Prepared(
    lambda: changing(
        Mailing.objects.filter(state__unindexed=State.DRAFT, **given(Mailing, id="pk")),
        **_QUEUED,
        **given(Mailing, "state_at", "submitted_at", "submitted_by_id", "due_at", "not_before"),
    )
)


def make(
    spec: Spec,
    *,
    account: Account,
    by: Any = None,
    key: str | None = None,
    uploads: Uploads = (),
    submit: bool,
    hold_seconds: float = 0.0,
    draft: Mailing | None = None,
    version: str = "",
    more: Chosen | None = None,
    leave_out: bool = False,
    typed: dict[str, Any] | None = None,
) -> Mailing:
    """Store a valid spec as a mailing, in one transaction: queued with `submit`, else a draft.

    `key`: made before the request, so that sending it twice is harmless. The same key with the same options
    returns the row that it made before; with other options it raises KeyTaken.
    `hold_seconds`: how long it can still become a draft again (`outbox.hold`) before it is handed over.
    `draft`: the existing row to store it in; of its attachments, those that the spec names stay.
    `version`: see `outbox.versions`.
    `more`: recipients from a file, in addition to those of the spec, and behind them.
    `leave_out`: leave out recipients that are on the stop list now. The stored spec does not change, so that
    the key still finds it. Raises Impossible when nobody is left.
    `typed`: what was typed for it, to be kept beside the spec.
    """
    try:
        with transaction.atomic():
            if key and (twin := made_with(key)) and twin != draft:
                if not (draft is None and may_edit(twin) and not twin.spec_digest):
                    return _same(twin, digest(spec, more))
                draft = twin  # the same form was autosaved at the same moment
            before = _contents(draft) if draft else None
            mailing = _editable(draft, account, version) if draft else _new(account, by, key)
            _write(mailing, spec, more, typed or {})
            _attach(mailing, uploads, keep=spec.files if draft else None)
            _record_edit(mailing, before, by)
            if leave_out:
                _leave_out(mailing)
            if submit:
                submit_draft(mailing, by, hold_seconds)
    except IntegrityError:
        twin = made_with(key) if key else None
        if twin is None:
            raise
        return _same(twin, digest(spec, more))
    return mailing


def made_with(key: str) -> Mailing | None:
    """The mailing that was made with this key, if any."""
    return _BY_KEY.one(key=key)


def _leave_out(mailing: Mailing) -> None:
    """Mark the recipients that are on the stop list, and record their number in the timeline."""
    if not (count := stop_list.leave_out(mailing)):
        return
    if not stop_list.reachable(mailing).exists():
        raise Impossible(_("Everybody it is for is on the stop list, so nothing was stored."))
    mailing.recipients_count = (mailing.recipients_count or 0) - count
    mailing.save(update_fields=["recipients_count"])
    record(EventKind.LEFT_OUT, mailing, count=count)


def digest(spec: Spec, more: Chosen | None = None) -> str:
    """64 hex digits, equal only for the same mailing to the same recipients, those of a file included."""
    if more is None:
        return spec.digest()
    return hashlib.sha256(f"{spec.digest()} {more.fingerprint}".encode()).hexdigest()


def prepare(
    spec: Spec, typed: dict[str, Any], prepared: dict[str, Any], *, draft: Mailing | None = None,
    more: Chosen | None = None, imported: Import | None = None, **whose: Any,
) -> Mailing:  # fmt: skip
    """Store a valid spec as a draft ready for its review, and also what was typed, for the form.

    `prepared`: facts for the review page that are expensive to compute. `imported`: the form's file of
    recipients; the draft keeps it also when its rows became personal messages. `whose`: as for `make`. If the
    draft was sent off meanwhile, it is returned unchanged.
    """
    with transaction.atomic():
        mailing = make(spec, submit=False, draft=draft, more=more, typed=typed, **whose)
        if may_edit(mailing):
            imports.keep_for(mailing, imported)
            mailing.draft, mailing.prepared = typed, prepared
            version = whose.get("version", "")
            if draft is None or draft.draft != typed:
                mailing.draft_version, mailing.draft_at = next_version(mailing, version), timezone.now()
            else:
                mailing.draft_version = same_version(mailing, version)
            mailing.save(update_fields=["draft", "prepared", "draft_version", "draft_at"])
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
    imported: Import | None = None,
    version: str = "",
    quiet: bool = False,
) -> Mailing:
    """Save what was typed, valid or not. `options`: the provider's parameter names to values as typed.

    `keep`: the draft's files that stay; None keeps all of them. `imported`: its file of recipients.
    `version`: see `outbox.versions`. `quiet`: an autosave while somebody types; successive ones by the same
    person make one line in the timeline. Raises Impossible, or Elsewhere and Overtaken for an outdated page.
    """
    with transaction.atomic():
        if mailing is None and key and (twin := made_with(key)):
            mailing = twin
        before = _contents(mailing) if mailing else None
        row = _editable(mailing, account, version) if mailing else _new(account, by, key)
        held = (row.draft, mailing.account_id, _file_of(row)) if quiet and mailing else None
        if held == (options, account.pk, imported.pk if imported else None):
            return _kept_as_it_is(row, version)
        row.name = str(options.get("name") or "")[:LONGEST_NAME]
        row.draft, row.spec, row.spec_digest, row.prepared = options, {}, "", {}
        row.draft_version, row.draft_at = next_version(row, version), timezone.now()
        row.search_text = search_text(row.name, row.code, None)
        row.save()
        _attach(row, uploads, keep=keep)
        imports.keep_for(row, imported)
        if not (quiet and before is not None and _is_sitting(row, by)):
            _record_edit(row, before, by)
    return row


def _file_of(row: Mailing) -> int | None:
    return row.imports.values_list("pk", flat=True).first()


def _kept_as_it_is(row: Mailing, version: str) -> Mailing:
    """An autosave without changes must keep spec and review: it may arrive late, after `prepare`."""
    row.draft_version, row.draft_at = same_version(row, version), timezone.now()
    row.save(update_fields=["draft_version", "draft_at"])
    return row


def save_apart(
    options: dict[str, Any],
    *,
    account: Account,
    by: Any,
    key: str,
    version: str,
    like: Mailing | None,
    uploads: Uploads,
    imported: Import | None,
) -> Mailing:
    """Save what an outdated window holds as a new draft, with its uploads and copies of `like`'s files."""
    both = [*uploads, *(copies_of_files(like) if like else ())]
    if imported is not None and imported.draft_id is not None:
        imported = imports.copy(imported, login_of(by))
    whose: dict[str, Any] = {"account": account, "by": by, "key": key, "version": version}
    return save_draft(options, **whose, uploads=both, imported=imported)


def _is_sitting(row: Mailing, by: Any) -> bool:
    """Whether the timeline's last line already says that this person created or edited it."""
    last = row.events.order_by("-at", "-id").first()
    return (
        last is not None and last.kind in (EventKind.CREATED, EventKind.EDITED) and last.who == login_of(by)
    )


def duplicate(mailing_id: int, by: Any = None, hour: dict[str, str] | None = None) -> Mailing:
    """A new draft with the same options, recipients and files, and "(copy)" behind its name.

    `hour`: options as typed (see HOUR) that replace the original's hour. Raises Impossible when its text is
    not known here, or its files are more than the person may bring today.
    """
    original = Mailing.objects.select_related("account").get(pk=mailing_id)
    if not may_duplicate(original):
        raise Impossible(
            _("This mailing was made elsewhere and its text is not known here, so it cannot be copied.")
        )
    sent = None if original.draft else imports.kept_of(original)
    options = dict(sent.typed) if sent else typed_options(original)
    if hour:
        options = {name: value for name, value in options.items() if name not in HOUR} | hour
    options["name"] = _name_of_copy(str(options.get("name") or ""))
    held = original.imports.first() if original.draft else sent
    uploads = copies_of_files(original)
    must_fit_the_day(uploads, held, by)
    imported = imports.copy(held, login_of(by)) if held else None
    return save_draft(options, account=original.account, by=by, uploads=uploads, imported=imported)


def must_fit_the_day(uploads: Uploads, held: Import | None, by: Any) -> None:
    """Raises Impossible if a copy of these files is more than the person may bring today (`quota`)."""
    files = [(held.name, held.size)] if held else []
    files += [(ref.name, ref.size) for ref, _content in uploads]
    who = login_of(by)
    if who is not None and files and (said := quota.refusal(files, who.pk)):
        raise Impossible(_("{why} So the mailing was not copied: copy it tomorrow.").format(why=said))


def reopen(mailing_id: int, by: Any = None) -> Mailing:
    """Turn a refused mailing back into a draft; the row keeps the reason until it is sent off again."""
    with transaction.atomic():
        mailing = Mailing.objects.get(pk=mailing_id)
        values = {"draft": imports.taken_back(mailing) or typed_options(mailing)}
        if not (
            may_reopen(mailing) and Mailing.objects.move(mailing_id, State.REFUSED, State.DRAFT, **values)
        ):
            raise Impossible(_("Only a mailing that SMS Centre refused can be changed and sent again."))
        record(EventKind.EDITED, mailing, by=by)
    mailing.refresh_from_db()
    return mailing


def withdraw(mailing_id: int, by: Any = None) -> bool:
    """Take a mailing back before anything was sent; False when it was handed over, or may have been."""
    with transaction.atomic():
        done = Mailing.objects.move(
            mailing_id,
            NOT_HANDED_OVER,
            State.WITHDRAWN,
            **wish_ended(WishResult.CONFIRMED),
        )
        if done:
            record(EventKind.WITHDRAWN, mailing_id, by=by)
    return done


def release(mailing_id: int, by: Any = None, seen: Seen = UNBOUND) -> Mailing:
    """A person lets a mailing go that was held as overdue or in doubt. Raises Impossible, Outdated."""
    with transaction.atomic():
        seen.must_be_so(Mailing.objects.select_for_update().get(pk=mailing_id))
        waiting = Mailing.objects.filter(held_reason__in=HELD_FOR_A_PERSON)
        moved = waiting.move(mailing_id, State.HELD, State.QUEUED, released_at=timezone.now(), **requeued())
        if not moved:
            raise Impossible(why_not_release(Mailing.objects.get(pk=mailing_id)))
        record(EventKind.RELEASED, mailing_id, by=by)
        notify.send("deliver", mailing_id)
    return Mailing.objects.get(pk=mailing_id)


def typed_options(mailing: Mailing) -> dict[str, Any]:
    """A mailing's options as the compose form shows them: names to values; recipients one a line."""
    if mailing.draft:
        return dict(mailing.draft)
    options = dict(mailing.spec.get("options", {}))
    if mailing.is_personal:
        options["list"] = "\n".join(Recipient.objects.lines(mailing))
    elif "list" not in options:
        options["phones"] = "\n".join(Recipient.objects.addresses(mailing))
    return {name: value for name, value in options.items() if value != ""}


def spec_of(mailing: Mailing) -> Spec:
    """The stored spec of a mailing, with its recipients read from their rows, without those on the stop list.

    For a mailing that has a spec: one that was sent off, or a draft ready for review. What was typed
    (`Mailing.draft`) is not used.
    """
    if mailing.spec.get("personal"):
        return Spec.from_json(mailing.spec, lines=Lines(partial(Recipient.objects.lines, mailing)))
    if "list" not in mailing.spec.get("options", {}):
        return Spec.from_json(mailing.spec, addresses_of(mailing))
    # An old mailing, made before personal texts were stored per recipient.
    stopped = Recipient.objects.filter(mailing=mailing, stopped=True)
    return Spec.from_json(mailing.spec).leaving_out(frozenset(stopped.values_list("address", flat=True)))


def _contents(mailing: Mailing) -> dict[str, Any]:
    """What an edit can change, as stored now: options, account, files."""
    row = Mailing.objects.select_related("account").get(pk=mailing.pk)
    files = sorted(row.attachments.values_list("name", "sha256"))
    return typed_options(row) | {"account": row.account.name, "files": [" ".join(file) for file in files]}


def _record_edit(mailing: Mailing, before: dict[str, Any] | None, by: Any) -> None:
    """Add a line to the timeline, unless nothing changed. `before`: its `_contents`; None for a new one."""
    if before is None:
        record(EventKind.CREATED, mailing, by=by)
    elif fields := changed_fields(before, _contents(mailing)):
        record(EventKind.EDITED, mailing, by=by, fields=fields)


def _same(twin: Mailing, wanted: str) -> Mailing:
    if twin.spec_digest != wanted:
        raise KeyTaken(
            _("This key was used for a mailing with other options; nothing was stored. Use a new key.")
        )
    return twin


def _new(account: Account, by: Any, key: str | None) -> Mailing:
    now = timezone.now()
    return Mailing(
        account=account,
        code=_free_code(),
        key=key or None,
        created_at=now,
        created_by=login_of(by),
        state_at=now,
    )


def _free_code() -> str:
    while True:
        code = new_code()
        if not _TAKEN.rows(code=code):
            return code


def _editable(mailing: Mailing, account: Account, version: str) -> Mailing:
    row = Mailing.objects.select_for_update().get(pk=mailing.pk)
    if not may_edit(row):
        raise Impossible(_("This mailing is no longer a draft, so it cannot be changed. Make a copy of it."))
    must_be_newest(row, version)
    row.account = account
    return row


def _write(mailing: Mailing, spec: Spec, more: Chosen | None, typed: dict[str, Any]) -> None:
    mailing.name, mailing.channel = spec.name[:LONGEST_NAME], spec.channel
    mailing.spec, mailing.spec_digest, mailing.draft = spec.to_json(), digest(spec, more), typed
    mailing.prepared = {}
    mailing.recipients_count, mailing.repeats = spec.recipients, int(spec.options.get("rpt", 0))
    mailing.search_text = search_text(mailing.name, mailing.code, None)
    store = _ADDED.add if mailing.pk is None else Mailing.save
    put = Recipient.objects.add if mailing.pk is None else Recipient.objects.replace
    store(mailing)
    put(mailing, spec.people())
    if more is not None:
        mailing.recipients_count = spec.recipients + _add_filed(mailing, spec, more)
        mailing.save(update_fields=["recipients_count"])


def _add_filed(mailing: Mailing, spec: Spec, more: Chosen) -> int:
    """Add the recipients of a file; how many people they are.

    Raises Impossible when the file's rows are not those any more that the person saw.
    """
    beyond, held = more.beyond(spec.phones), imports.as_seen(more.imported)
    if not held or more.add_to(mailing, spec.phones) != beyond.all:
        raise Impossible(
            _("The file of recipients was changed meanwhile, so nothing was stored. Look at it, then go on.")
        )
    return beyond.people


def submit_draft(mailing: Mailing, by: Any, hold_seconds: float = 0.0) -> None:
    """Queue a draft that has a spec. Call in a transaction. Raises Impossible if it was sent off already."""
    now, who, typed = timezone.now(), login_of(by), mailing.draft
    values = {
        "state_at": now,
        "submitted_at": now,
        "submitted_by_id": who and who.pk,
        "due_at": _due_at(mailing, now),
        "not_before": now + timedelta(seconds=hold_seconds) if hold_seconds else None,
    }
    if not _SUBMIT.change(pk=mailing.pk, **values):
        raise Impossible(_("This mailing was sent off already."))
    for name, value in (_QUEUED | values | {"draft": {}}).items():
        setattr(mailing, name, value)
    imports.sent_with(mailing, typed, who)
    record(EventKind.SUBMITTED, mailing, by=by)
    notify.send("deliver", mailing.pk, after=hold_seconds)


def _name_of_copy(name: str) -> str:
    """`Spring sale` -> `Spring sale (copy)` -> `Spring sale (copy 2)`; a long name is cut to make room."""
    if not name.strip():
        return name
    word = pgettext("behind a name", "copy")
    again = re.fullmatch(rf"(.*) \({re.escape(word)}(?: ([0-9]{{1,4}}))?\)", name.strip(), re.DOTALL)
    front, number = (again[1], int(again[2] or 1) + 1) if again else (name.strip(), 1)
    mark = f" ({word})" if number == 1 else f" ({word} {number})"
    return front[: LONGEST_NAME - len(mark)].rstrip() + mark


def _due_at(mailing: Mailing, now: datetime) -> datetime | None:
    # Of the recipients only lines of a list have hours of their own: no others are read for it.
    listed = mailing.spec.get("personal") or "list" in mailing.spec.get("options", {})
    return (spec_of(mailing) if listed else Spec.from_json(mailing.spec)).due_at(now)


def _attach(mailing: Mailing, uploads: Uploads, *, keep: Sequence[FileRef] | None) -> None:
    if keep is not None:
        mailing.attachments.exclude(sha256__in=[ref.sha256 for ref in keep]).delete()
    there = set(mailing.attachments.values_list("sha256", "name")) if uploads else set()
    for ref, content in uploads:
        if (ref.sha256, ref.name) not in there:
            _attach_one(mailing, ref, content)


def _attach_one(mailing: Mailing, ref: FileRef, content: File[bytes]) -> None:
    kept = Attachment(
        mailing=mailing, name=ref.name, content_type=ref.content_type, size=ref.size, sha256=ref.sha256
    )
    content.seek(0)
    kept.file.save(ref.sha256[:16], content, save=True)


def copies_of_files(mailing: Mailing) -> list[tuple[FileRef, File[bytes]]]:
    """A mailing's files in the form of `uploads`, to be stored with another mailing."""
    return [(kept.ref, kept.file) for kept in mailing.attachments.all()]
