"""Lists of providers that nobody here had imagined: a mailing that stands in one is never called absent."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mailings.models import Account, Mailing, State
from mailings.models.mailing import CODE_ALPHABET
from mailings.models.references import may_bear_references, reference_of, traces
from mailings.sync import spans
from tests.helpers.factories import bare
from tests.sync.listing import Listing, control
from tests.sync.test_pulls import pull
from tests.sync.test_rows import job

Row = dict[str, Any]


def e(row: Row) -> Row:
    owner = {"id": 7, "name": "Отдел продаж", "status": "disabled"}
    return {"jobId": row["id"], "jobName": row["name"], "owner": owner}


NAMES: dict[str, Callable[[str], Any]] = {
    "as it is": str,
    "upper": str.upper,
    "lower": str.lower,
    "a space in front": lambda name: f"  {name}",
    "a word in front": lambda name: f"SMS: {name}",
    "a number in front": lambda name: f"17 {name}",
    "a dash for the space": lambda name: name.replace(" ", "_"),
    "cut behind the code": lambda name: name[:5],
    "cut within the code": lambda name: name[:3],
    "blank": lambda name: " ",
    "none": lambda name: None,
}
ROWS: dict[str, Callable[[Row], Row]] = {
    "plain": dict,
    "an owner with a name": e,
    "a name in another field": lambda row: {"id": row["id"], "name": "SMS", "comment": row["name"]},
    "a name deep inside": lambda row: {"id": row["id"], "name": "SMS", "x": {"y": [{"z": row["name"]}]}},
}
ENVELOPES: dict[str, Callable[[list[Row]], Any]] = {
    "a list": list,
    "wrapped": lambda rows: {"otvet": {"kod": 0, "spisok": {"rassylka": rows}}},
    "by status": lambda rows: {"waiting": rows[:1], "sent": rows[1:]},
    "by day": lambda rows: [{"day": number, "jobs": [row]} for number, row in enumerate(rows)],
    "pages": lambda rows: [rows[:1], rows[1:]],
    "a PHP array": lambda rows: {"result": "OK", **{str(number): row for number, row in enumerate(rows)}},
    "the first page": lambda rows: {"total": len(rows), "jobs": rows[:1]},
    "more": lambda rows: {"more": True, "jobs": rows[:1]},
    "nothing": lambda rows: [],
    "a user and nothing": lambda rows: {"user": {"id": 7, "name": "Sales"}, "jobs": []},
}


def unknown(account: Account) -> Mailing:
    an_hour_ago = timezone.now() - timedelta(hours=1)
    return bare(account, state=State.UNKNOWN, state_at=an_hour_ago, deadline_at=an_hour_ago)


def speak(listing: Listing, name: str, row: str, envelope: str) -> None:
    """Let the provider spell its rows and its lists so."""
    listing.shape = lambda rows: ENVELOPES[envelope](
        [ROWS[row]({**each, "name": NAMES[name](str(each["name"]))}) for each in rows]
    )


def looked_twice(account: Account, mailing: Mailing) -> Mailing:
    for _ in range(2):
        pull(account)
    mailing.refresh_from_db()
    return mailing


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
@given(
    name=st.sampled_from(list(NAMES)),
    shape=st.tuples(st.sampled_from(list(ROWS)), st.sampled_from(list(ENVELOPES))),
    place=st.sampled_from([0, 1]),
)
def test_what_stands_in_a_list_is_never_called_absent(listed_account, listing, name, shape, place):
    with transaction.atomic():
        listing.rows.clear()
        lost = unknown(listed_account)
        control(listed_account, listing, spans.today())
        listing.rows.insert(place, (spans.today(), {"id": 901, "name": f"{lost.code}a Bare"}))
        speak(listing, name, *shape)

        found = looked_twice(listed_account, lost)

        assert found.looks == 0
        assert found.remote_id in {None, "901"}
        transaction.set_rollback(True)


@pytest.mark.parametrize("row", ["plain", "an owner with a name"])
@pytest.mark.parametrize("envelope", ["a list", "wrapped", "by status", "by day", "pages", "a PHP array"])
@pytest.mark.parametrize("name", ["as it is", "upper", "lower", "a space in front", "a dash for the space"])
def test_a_legible_reference_settles_it_in_any_of_them(listed_account, listing, name, row, envelope):
    lost = unknown(listed_account)
    control(listed_account, listing, spans.today())
    listing.rows.append((spans.today(), {"id": 901, "name": f"{lost.code}a Bare"}))
    speak(listing, name, row, envelope)

    assert looked_twice(listed_account, lost).remote_id == "901"


@pytest.mark.parametrize("name", ["a word in front", "a number in front", "cut behind the code"])
def test_a_reference_elsewhere_in_a_row_is_put_before_a_person(listed_account, listing, name):
    lost = unknown(listed_account)
    control(listed_account, listing, spans.today())
    listing.rows.append((spans.today(), {"id": 901, "name": f"{lost.code}a Bare"}))
    speak(listing, name, "plain", "a list")

    found = looked_twice(listed_account, lost)

    assert (found.state, found.look_matches, found.looks) == (State.UNKNOWN, ["901"], 0)


@pytest.mark.parametrize("row", list(ROWS))
@pytest.mark.parametrize("envelope", ["a list", "wrapped", "by status", "a PHP array"])
def test_absence_is_shown_where_our_own_references_are_seen(listed_account, listing, row, envelope):
    lost = unknown(listed_account)
    control(listed_account, listing, spans.today())
    listing.add(spans.today(), 901, name="Made elsewhere")
    speak(listing, "as it is", row, envelope)

    assert looked_twice(listed_account, lost).looks == 2


@pytest.mark.parametrize(
    ("name", "note"),
    [("cut within the code", "no_reference"), ("blank", "no_reference"), ("none", "no_reference")],
)
def test_absence_cannot_be_shown_where_our_own_references_are_not_seen(listed_account, listing, name, note):
    lost = unknown(listed_account)
    control(listed_account, listing, spans.today())
    speak(listing, name, "plain", "a list")

    found = looked_twice(listed_account, lost)

    assert (found.looks, found.look_note) == (0, note)


def test_an_account_without_a_job_of_ours_shows_no_absence(listed_account, listing):
    lost = unknown(listed_account)
    listing.add(spans.today(), 901)

    found = looked_twice(listed_account, lost)

    assert (found.looks, found.look_note) == (0, "no_control")


def test_a_job_that_a_person_took_for_a_mailings_need_not_bear_its_reference(listed_account, listing):
    lost = unknown(listed_account)
    control(listed_account, listing, spans.today())
    taken = bare(listed_account, state=State.ACCEPTED, remote_id="902")
    taken.events.create(kind="adopted", at=timezone.now())
    listing.add(spans.today(), 902, name="By hand")

    assert looked_twice(listed_account, lost).looks == 2


def test_a_job_that_holds_a_reference_does_not_make_a_second_job_of_the_one_that_bears_it(
    listed_account, listing
):
    lost = unknown(listed_account)
    control(listed_account, listing, spans.today())
    listing.add(spans.today(), 902, name=f"About {lost.code}a")
    pull(listed_account)
    listing.rows.append((spans.today(), {"id": 901, "name": f"{lost.code}a Bare"}))

    found = looked_twice(listed_account, lost)

    assert (found.state, found.remote_id, found.alarm) == (State.ACCEPTED, "901", "")


def test_ten_rows_are_no_cut_once_more_than_ten_were_shown(listed_account, listing):
    lost = unknown(listed_account)
    control(listed_account, listing, spans.today())
    listing.add(spans.today(), *range(1, 12))
    pull(listed_account)
    del listing.rows[-2:]
    Mailing.objects.filter(pk=lost.pk).update(looks=0, look_at=None)
    listing.asked.clear()

    assert looked_twice(listed_account, lost).looks == 2
    assert len(listing.asked) == 2


CODES = st.text(CODE_ALPHABET, min_size=5, max_size=5)


@given(
    CODES,
    st.sampled_from(["a", "b", "zz"]),
    st.text(max_size=20),
    st.sampled_from([str.upper, str.lower, str]),
)
def test_a_reference_is_read_in_any_case_before_whatever_follows(code, letters, rest, spell):
    assert reference_of(f" {spell(code + letters)} {rest}") == code + letters


@given(
    st.lists(
        st.none()
        | st.text(max_size=12)
        | st.builds(
            "{}{}{}{}".format, st.text(max_size=2), CODES, st.sampled_from(["a", "zz"]), st.text(max_size=3)
        )
    )
)
def test_no_name_that_bears_a_reference_is_missed_by_one_search_of_all(names):
    if any(map(reference_of, names)):
        assert may_bear_references(names)


def test_names_without_references_are_told_by_one_search():
    assert not may_bear_references([None, "", "Sale 1", "Sale ABCDE a"])


@given(CODES, st.text(max_size=20), st.text(max_size=20))
def test_a_code_anywhere_in_a_row_leaves_a_trace(code, before, after):
    found = job(1, name=None, payload={"id": 1, "x": [{"y": f"{before}{code.lower()}{after}"}]})

    assert traces(found, {code, "-----"}) == {code}
