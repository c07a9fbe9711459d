"""Making, changing and withdrawing mailings: all or nothing, and one key makes one mailing."""

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from mailings import outbox
from mailings.models import Mailing, State
from mailings.smsc.spec.spec import FileRef
from tests.helpers.factories import bare, queued, spec

FILE = FileRef(name="a.txt", size=1, content_type="text/plain", sha256="a" * 64)
OTHER = FileRef(name="b.txt", size=1, content_type="text/plain", sha256="b" * 64)


@pytest.fixture(autouse=True)
def _files_apart(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def test_the_same_key_twice_makes_one_mailing(account):
    first = outbox.make(spec(), account=account, key="k", submit=True)
    again = outbox.make(spec(), account=account, key="k", submit=True)
    assert first == again
    assert Mailing.objects.count() == 1


def test_the_same_key_with_other_options_stores_nothing(account):
    outbox.make(spec(), account=account, key="k", submit=True)
    with pytest.raises(outbox.KeyTaken):
        outbox.make(spec(mes="Another"), account=account, key="k", submit=True)
    assert Mailing.objects.count() == 1


def test_an_unsubmitted_mailing_stays_a_draft(account):
    mailing = outbox.make(spec(), account=account, submit=False)
    assert mailing.state == State.DRAFT
    outbox.deliver_mailing(mailing.pk)
    mailing.refresh_from_db()
    assert mailing.state == State.DRAFT


def test_what_was_typed_is_kept_as_it_was_valid_or_not(account):
    typed = {"name": "", "phones": "nonsense", "time": "31.02.27 10:00"}
    draft = outbox.save_draft(typed, account=account)
    draft.refresh_from_db()
    assert outbox.typed_options(draft) == typed


def test_a_draft_becomes_the_mailing_that_it_was_the_draft_of(account):
    draft = outbox.save_draft({"name": "x"}, account=account)
    sent = outbox.make(spec(), account=account, draft=draft, submit=True)
    assert (sent.pk, sent.state, sent.code) == (draft.pk, State.QUEUED, draft.code)
    assert sent.draft == {}


def test_a_sent_mailing_can_not_be_changed_through_its_old_draft(account):
    draft = outbox.save_draft({"name": "x"}, account=account)
    outbox.make(spec(), account=account, draft=draft, submit=True)
    with pytest.raises(outbox.Impossible):
        outbox.save_draft({"name": "y"}, account=account, mailing=draft)
    with pytest.raises(outbox.Impossible):
        outbox.make(spec(mes="Other"), account=account, draft=draft, submit=True)


def test_files_stay_with_the_draft_until_they_are_taken_out(account):
    uploads = [(FILE, ContentFile(b"a")), (OTHER, ContentFile(b"b"))]
    draft = outbox.save_draft({"name": "x"}, account=account, uploads=uploads)
    outbox.save_draft({"name": "y"}, account=account, mailing=draft)
    assert draft.attachments.count() == 2
    outbox.save_draft({"name": "y"}, account=account, mailing=draft, keep=[OTHER])
    assert [kept.name for kept in draft.attachments.all()] == ["b.txt"]


def test_a_copy_has_the_options_the_recipients_and_the_files(account):
    original = outbox.make(spec(), account=account, uploads=[(FILE, ContentFile(b"a"))], submit=True)
    copy = outbox.duplicate(original.pk)
    assert copy.pk != original.pk
    assert copy.state == State.DRAFT
    assert outbox.typed_options(copy)["phones"] == outbox.typed_options(original)["phones"]
    assert copy.attachments.get().file.read() == b"a"


def test_a_job_made_elsewhere_cannot_be_copied_for_its_text_is_unknown(account):
    foreign = bare(account, code=None, origin="provider", state=State.ACCEPTED, remote_id="7")
    with pytest.raises(outbox.Impossible):
        outbox.duplicate(foreign.pk)


def test_a_refused_mailing_becomes_a_draft_with_what_was_typed(account):
    mailing = queued(account)
    Mailing.objects.filter(pk=mailing.pk).update(state=State.REFUSED, refusal_code=1, refusal_text="no")
    draft = outbox.reopen(mailing.pk)
    assert (draft.state, draft.refusal_code, draft.refusal_text) == (State.DRAFT, 1, "no")
    assert outbox.typed_options(draft)["mes"] == "Hello"

    again = outbox.make(spec(), account=account, draft=draft, submit=True)
    assert (again.state, again.refusal_code, again.refusal_text) == (State.QUEUED, None, "")


def test_copies_say_so_in_their_names_and_are_numbered(account):
    names = []
    mailing = outbox.make(spec(name="Spring sale"), account=account, submit=False)
    for _ in range(3):
        mailing = outbox.duplicate(mailing.pk)
        names.append(mailing.name)
    assert names == ["Spring sale (copy)", "Spring sale (copy 2)", "Spring sale (copy 3)"]


def test_the_name_of_a_copy_fits_where_the_name_did(account):
    long = outbox.make(spec(name="я" * 255), account=account, submit=False)
    assert outbox.duplicate(long.pk).name == "я" * 248 + " (copy)"


@pytest.mark.parametrize("state", [State.SENDING, State.UNKNOWN, State.ACCEPTED])
def test_what_has_left_us_cannot_be_taken_back(account, state):
    mailing = bare(account, state=state, remote_id="1")
    assert outbox.withdraw(mailing.pk) is False


def test_only_a_mailing_that_waits_for_a_person_can_be_released(account):
    for fields in ({"state": State.HELD, "held_reason": "login"}, {"state": State.QUEUED}):
        with pytest.raises(outbox.Impossible):
            outbox.release(bare(account, **fields).pk)
    held = bare(account, state=State.HELD, held_reason="restored")
    assert outbox.release(held.pk).state == State.QUEUED


def test_the_hour_asked_for_is_kept_with_the_row(account):
    before = timezone.now()
    assert before <= queued(account).due_at <= timezone.now()
    assert queued(account, time="10-18").due_at is None
