"""What became of messages, as pages show it."""

import csv
import io
import itertools
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from mailings import outbox
from mailings.delivery import endings, results
from mailings.models import Delivery, DeliveryPull, Ending, Mailing, Recipient, State
from mailings.selectors import deliveries
from mailings.smsc.api.messages import STATUSES
from mailings.wording import deliveries as wording
from tests.views.composing import text_of
from tests.views.rows import row

pytestmark = pytest.mark.django_db


def told(count: int = 10, state: State = State.ACCEPTED, **statuses: int) -> Mailing:
    """A mailing to so many people, with so many of each status: s1=3, s20=2."""
    phones = "\n".join(f"+7999{place:07d}" for place in range(count))
    mailing = row(state, options={"phones": phones})
    positions = iter(range(count))
    for name, number in statuses.items():
        status = int(name[1:])
        for _one in range(number):
            values = {"result": str(STATUSES[status].outcome), "status": status, "result_at": 1795683600}
            Recipient.objects.filter(mailing=mailing, position=next(positions)).update(**values)
    now = timezone.now()
    Delivery.objects.create(mailing=mailing, account=mailing.account, opens=now, as_of=now)
    results.count([mailing.pk], now)
    return mailing


def html(page: Client, path: str) -> str:
    answer = page.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_mailing_shows_its_bar_and_the_same_figures_as_text(page: Client) -> None:
    mailing = told(10, s1=6, s2=1, s22=1, s20=1)

    shown = html(page, f"/mailings/{mailing.pk}/")

    assert 'aria-label="delivered: 6 (60\xa0%), read: 1 (10\xa0%), nothing heard yet: 1 (10\xa0%)' in shown
    assert "wrong number 1" in shown
    assert "could not be delivered 1" in shown
    assert "Send again to the 2 who did not get it" in shown


def test_a_mailing_of_which_nothing_was_told_shows_no_bar(page: Client) -> None:
    assert "result-bar" not in html(page, f"/mailings/{row().pk}/")


def test_the_parts_of_a_bar_are_everybody_and_nobody_twice() -> None:
    mailing = told(997, s1=900, s2=1, s3=90)

    pieces = wording.pieces(Delivery.objects.get(mailing=mailing))

    assert sum(piece.count for piece in pieces) == 997
    assert [piece.share for piece in pieces][1] == "1\xa0%"
    assert all(one.x + one.width == two.x for one, two in itertools.pairwise(pieces))


def test_the_table_is_filtered_paged_and_searched(page: Client) -> None:
    mailing = told(120, s1=60, s20=55)
    address = reverse("results", args=[mailing.pk])

    failed = html(page, f"{address}?result=failed")
    everybody = html(page, address)
    last = html(page, f"{address}?after=99")
    back = html(page, f"{address}?before=100")
    answer = page.post(address, {"number": "8 (999) 0000119"[-7:]})

    assert failed.count("could not be delivered") >= 50
    assert everybody.count("<tr>") == 51
    assert "?after=49" in everybody
    assert last.count("<tr>") == 21
    assert 'rel="next"' not in last
    assert "+79990000099" in back
    assert "+79990000050" in back
    assert answer.content.decode().count("<tr>") == 2


def test_in_a_large_mailing_the_last_digits_are_looked_up_and_the_rest_on_demand(
    page: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endings, "FROM_PEOPLE", 3)
    mailing = told(3, s1=1)
    Recipient.objects.filter(mailing=mailing, position=2).update(address="+79000100077")
    for _again in range(2):
        endings.keep(mailing.account)
    address = reverse("results", args=[mailing.pk])

    shown = page.post(address, {"number": "00-01"}).content.decode()
    anywhere = page.post(address, {"number": "00-01", "anywhere": "1"}).content.decode()
    elsewhere = page.post(address, {"number": "0100077"}).content.decode()
    middle = page.post(address, {"number": "90001"}).content.decode()

    assert Ending.objects.count() == 3
    assert "numbers that end in 0001" in shown
    assert "+79990000001" in shown
    assert "+79000100077" not in shown
    assert "+79000100077" in anywhere
    assert "+79000100077" in elsewhere
    assert "+79000100077" in middle
    assert "numbers that end" not in anywhere + middle


def test_a_whole_number_is_asked_for_by_an_index_in_any_filter() -> None:
    mailing = told(5, s1=5)

    with CaptureQueriesContext(connection) as asked:
        found = deliveries.search(mailing, "8 999 000-00-03", "delivered")
        assert [one.position for one in found.rows] == [3]

    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            plans = "".join(
                str(cursor.execute(f"EXPLAIN QUERY PLAN {one['sql']}").fetchall()) for one in asked
            )
        assert "(address=? AND mailing_id=?)" in plans
        assert "(mailing_id=? AND position=?)" in plans
    assert not deliveries.search(mailing, "8 999 000-00-03", "failed").rows.exists()


def test_the_last_digits_are_asked_for_by_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endings, "FROM_PEOPLE", 3)
    mailing = told(5)
    endings.keep(mailing.account)

    found = deliveries.search(mailing, "00003")

    assert found.ending == "00003"
    assert [one.position for one in found.rows] == [3]
    if connection.vendor == "sqlite":
        assert "ending_of_recipient (mailing_id=? AND ending=?)" in found.rows.explain()


def test_whoever_was_not_heard_of_is_a_filter_of_its_own() -> None:
    mailing = told(5, s1=3)

    assert deliveries.people(mailing, "unheard").count() == 2
    assert deliveries.people(mailing, "nonsense").count() == 5


def test_results_are_taken_along_as_csv_and_xlsx(page: Client) -> None:
    mailing = told(3, s1=1, s20=1)
    Recipient.objects.filter(mailing=mailing, position=2).update(address="=1+1")

    text = page.get(f"/mailings/{mailing.pk}/results.csv").getvalue().decode("utf-8-sig")
    book = page.get(f"/mailings/{mailing.pk}/results.xlsx?result=failed").getvalue()

    lines = list(csv.reader(io.StringIO(text)))
    sheet = list(openpyxl.load_workbook(io.BytesIO(book)).worksheets[0].values)
    assert [line[:3] for line in lines[1:3]] == [
        ["'+79990000000", "delivered", "1"],
        ["'+79990000001", "failed", "20"],
    ]
    assert lines[3][0].startswith("'=")
    assert sheet[0][0] == "recipient"
    assert sheet[1][:4] == ("+79990000001", "failed", 20, "could not be delivered")
    assert len(sheet) == 2
    assert page.get(f"/mailings/{mailing.pk}/results.exe").status_code == 404


def test_a_draft_is_made_for_exactly_those_who_did_not_get_it(page: Client) -> None:
    mailing = told(6, s1=3, s20=2)
    address = reverse("send_to_failed", args=[mailing.pk])

    asked = html(page, address)
    answer = page.post(address, {})

    draft = Mailing.objects.order_by("-pk").first()
    assert "2 recipients" in asked
    assert answer.status_code == 302
    assert (draft.state, draft.draft["phones"]) == (State.DRAFT, "+79990000003\n+79990000004")
    assert draft.draft["mes"] == "Hello"
    assert draft.name == "Spring sale (again)"


def test_by_another_way_the_channel_is_the_chosen_one(page: Client) -> None:
    mailing = told(2, s25=1)

    page.post(reverse("send_to_failed", args=[mailing.pk]), {"channel": "viber"})
    draft = Mailing.objects.order_by("-pk").first()
    wrong = page.post(reverse("send_to_failed", args=[mailing.pk]), {"channel": "mail"}, follow=True)

    assert draft.draft["viber"] == "1"
    assert "cannot be reached by that way" in wrong.content.decode()


def test_personal_messages_go_again_with_their_own_texts(operator: Any) -> None:
    listed = "+79990000001:Hi Anna\n+79990000002:Hi Oleg"
    mailing = row(options={"phones": "", "mes": "", "list": listed})

    draft = outbox.again_to(mailing, deliveries.people(mailing).filter(position=1), by=operator)

    assert draft.draft["list"] == "+79990000002:Hi Oleg"


def test_whoever_stands_there_twice_gets_again_what_did_not_arrive_alone(page: Client) -> None:
    listed = "+79990000001:Your code\n+79990000001:Your bill\n+79990000002:Your code"
    mailing = row(options={"phones": "", "mes": "", "list": listed})
    mailing.people.filter(position=1).update(result="failed", status=20)

    page.post(reverse("send_to_failed", args=[mailing.pk]), {"channel": "viber"})

    draft = Mailing.objects.order_by("-pk").first()
    assert (draft.draft["list"], draft.draft["viber"]) == ("+79990000001:Your bill", "1")


def test_when_everybody_got_it_there_is_nobody_to_send_to(page: Client) -> None:
    mailing = told(2, s1=2)

    assert "Send again" not in html(page, f"/mailings/{mailing.pk}/")
    assert "nobody to send it to" in html(page, reverse("send_to_failed", args=[mailing.pk]))
    answer = page.post(reverse("send_to_failed", args=[mailing.pk]), follow=True)
    assert "nobody to send it to" in answer.content.decode()


def test_the_history_tells_the_share_in_the_row(page: Client) -> None:
    told(100, s1=97, s20=3)

    assert "97\xa0% delivered" in html(page, "/mailings/")


def test_today_tells_of_the_last_24_hours(page: Client) -> None:
    told(10, s1=6, s2=1, s20=2)

    assert "10 people: 7 delivered · 1 on the way or not clear · 2 not delivered" in html(page, "/")


@pytest.mark.parametrize("state", [State.UNKNOWN, State.ABANDONED])
def test_nobody_is_on_the_way_or_gone_out_of_whom_nothing_was_heard(page: Client, state: State) -> None:
    """What became of such a mailing is not known: SMS Centre may never have had it."""
    mailing = told(48, state)

    shown = html(page, f"/mailings/{mailing.pk}/")

    assert 'aria-label="nothing heard yet: 48 (100\xa0%)"' in shown
    assert "on the way" not in shown
    assert "Gone out in the last 24 hours" not in html(page, "/")


def test_only_sms_centres_word_makes_a_message_one_on_the_way(page: Client) -> None:
    mailing = told(10, s0=3)

    shown = html(page, f"/mailings/{mailing.pk}/")

    assert "on the way: 3 (30\xa0%), nothing heard yet: 7 (70\xa0%)" in shown
    assert "?result=waiting" in shown
    assert "?result=unheard" in shown


def test_people_shows_each_messages_result(page: Client) -> None:
    told(1, s25=1)

    shown = page.post("/people/", {"number": "8 999 000-00-00"}).content.decode()

    assert "the number cannot be reached" in shown


def test_messages_of_a_mailing_in_doubt_are_evidence_that_a_decision_rests_on(chief_page: Client) -> None:
    mailing = told(4, state=State.UNKNOWN)
    before = outbox.stamp(mailing)
    Recipient.objects.filter(mailing=mailing, position__lt=3).update(result="delivered", status=1)
    results.count([mailing.pk], timezone.now())
    mailing.refresh_from_db()

    shown = html(chief_page, reverse("resolve", args=[mailing.pk]))

    assert "to 3 of 4. So it seems to have gone out." in shown
    assert "Two complete looks" not in shown
    assert outbox.stamp(mailing) != before
    data = {"decision": "send_again", "seen": before}
    answer = chief_page.post(reverse("resolve", args=[mailing.pk]), data, follow=True)
    assert "Something newer is known" in answer.content.decode()
    mailing.refresh_from_db()
    assert mailing.state == State.UNKNOWN


def test_what_another_mailing_may_have_sent_is_weak_evidence() -> None:
    mailing = told(4, state=State.UNKNOWN)
    Recipient.objects.filter(mailing=mailing).update(result="unclear")
    results.count([mailing.pk], timezone.now())

    said = wording.evidence(deliveries.delivery_of(Mailing.objects.get(pk=mailing.pk)))

    assert "another mailing may have sent them" in said


def test_every_published_status_has_its_words_and_its_colour() -> None:
    assert {known.word for known in STATUSES.values()} == set(wording.STATUS_WORDS)
    for status, known in STATUSES.items():
        person = Recipient(result=str(known.outcome), status=status, err=6)
        assert str(wording.STATUS_WORDS[known.word]) in wording.of(person)
        assert wording.tone(person) in wording.TONES.values()
    assert "status 7" in wording.status_word(7)
    assert wording.of(Recipient(), final=True) == "not known"


@pytest.mark.parametrize(
    ("count", "total", "said"), [(0, 5, "0"), (1, 1000, "1"), (999, 1000, "99"), (5, 5, "100")]
)
def test_a_share_is_never_rounded_to_all_or_none(count: int, total: int, said: str) -> None:
    assert wording.percent(count, total) == f"{said}\xa0%"


def test_deep_inside_a_long_list_a_page_is_still_one_query(page: Client) -> None:
    mailing = told(300, s1=300)

    found = deliveries.page(deliveries.people(mailing, "delivered"), after=199)

    assert [found.people[0].position, found.before, found.after] == [200, 200, 249]


@pytest.mark.parametrize(
    ("calls", "due", "said"),
    [
        (12, 5, "Messages: 12 of 240 calls this hour, the next at "),
        (12, -1, "Messages: 12 of 240 calls this hour, the next in a moment"),
        (240, -1, "Messages: 240 of 240 calls this hour, the next at "),
        (12, None, "Messages: 12 of 240 calls this hour<"),
    ],
)
def test_today_tells_how_much_of_the_budget_is_used_and_when_is_asked_next(
    page: Client, django_assert_max_num_queries: Any, calls: int, due: int | None, said: str
) -> None:
    mailing, now = told(2, s0=1), timezone.now()
    ask_at = None if due is None else now + timedelta(minutes=due)
    Delivery.objects.filter(mailing=mailing).update(ask_at=ask_at)
    for begun, number in ((now - timedelta(minutes=20), calls), (now - timedelta(minutes=70), 99)):
        DeliveryPull.objects.create(account=mailing.account, begun_at=begun, ended_at=begun, calls=number)

    with django_assert_max_num_queries(12):
        shown = html(page, "/")

    assert said in shown


def test_before_anything_is_to_be_asked_today_says_nothing_of_it(page: Client) -> None:
    row()

    assert "calls this hour" not in html(page, "/")


@pytest.mark.parametrize("followed", [1, 3])
def test_whoever_followed_the_link_is_counted_where_the_status_says_so(page: Client, followed: int) -> None:
    mailing = told(5, s1=1, s4=followed)

    shown = html(page, f"/mailings/{mailing.pk}/")

    assert f"{followed} followed the link." in shown


def test_today_says_what_became_of_the_last_days_messages_and_counts_no_number_that_was_looked_up(
    page: Client,
) -> None:
    told(5, s1=3, s20=1)
    looked_up = told(4, s1=4)
    Mailing.objects.filter(pk=looked_up.pk).update(channel="hlr")

    assert "5 people: 3 delivered · 1 on the way or not clear · 1 not delivered" in html(page, "/")


@pytest.mark.parametrize("seen", [{"s1": 2}, {"s2": 2}, {"s20": 2}, {"s0": 2}])
def test_a_mailing_in_doubt_counts_on_today_once_a_message_of_it_was_seen(
    page: Client, seen: dict[str, int]
) -> None:
    told(7, state=State.UNKNOWN)
    told(5, state=State.UNKNOWN, **seen)

    shown = text_of(page.get("/"))

    assert "Gone out in the last 24 hours 5 people" in shown


def test_today_names_the_mailings_that_did_not_reach_all_and_leads_to_who_did_not_get_them(
    page: Client,
) -> None:
    few, many, none = told(5, s1=3, s20=1), told(5, s1=1, s20=3), told(5, s1=5)
    old = told(5, s20=5)
    Delivery.objects.filter(mailing=old).update(opens=timezone.now() - timedelta(days=2))

    shown = html(page, "/")

    places = [shown.find(f"/mailings/{one.pk}/results/?result=failed") for one in (many, few)]
    assert 0 < places[0] < places[1]
    assert f'<li data-mailing="{many.pk}" data-state="accepted">{many.name}: 3 not delivered' in shown
    assert not [one for one in (none, old) if f"/mailings/{one.pk}/results/" in shown]


def test_a_status_that_is_not_published_is_named_and_nobodys_fault(page: Client) -> None:
    # given a message of which it is certain whose it was, with a status that is not in the table
    mailing = told(3, s1=1)
    Recipient.objects.filter(mailing=mailing, position=1).update(result="unclear", status=77)
    Recipient.objects.filter(mailing=mailing, position=2).update(result="unclear")
    results.count([mailing.pk], timezone.now())
    # when
    shown = html(page, f"/mailings/{mailing.pk}/results/")
    # then
    assert "status 77, not published" in shown
    assert "whose message" not in shown
    assert "or its status is none of those that SMS Centre has published" in shown


def test_what_never_settled_is_not_known_in_the_bar_and_in_the_table(page: Client) -> None:
    # given a mailing that is not asked about any more, with one message on its way and one never heard of
    mailing = told(3, s1=1, s0=1)
    Delivery.objects.filter(mailing=mailing).update(final=True)
    # when
    everybody = html(page, f"/mailings/{mailing.pk}/results/")
    seen = html(page, f"/mailings/{mailing.pk}/results/?result=waiting")
    # then each part of the bar leads to just those whom it counts
    assert "not known, last seen on the way: 1 " in everybody
    assert "not known, nothing heard: 1 " in everybody
    assert "not known (last: with the operator)" in seen
    assert "+79990000002" not in seen
    assert "nothing heard yet" not in everybody
    assert ">on the way</a>" not in everybody


def test_a_person_is_told_too_that_it_never_became_known(page: Client) -> None:
    mailing = told(2, s0=1)
    Delivery.objects.filter(mailing=mailing).update(final=True)

    seen, unseen = (
        page.post(reverse("people"), {"number": f"+7999000000{place}"}).content.decode() for place in (0, 1)
    )

    assert "not known (last: with the operator)" in seen
    assert "not known" in unseen


def test_where_those_who_did_not_get_it_are_listed_it_can_be_sent_to_them_again(page: Client) -> None:
    mailing = told(5, s1=3, s20=2)

    shown = html(page, f"/mailings/{mailing.pk}/results/?result=failed")

    assert f'href="/mailings/{mailing.pk}/send-to-failed/"' in shown
    assert "Send again to the 2 who did not get it" in shown


def test_of_a_group_the_page_says_that_nothing_can_be_known(page: Client) -> None:
    mailing = told(1)
    Recipient.objects.filter(mailing=mailing).update(address="G7")
    Mailing.objects.filter(pk=mailing.pk).update(recipients_count=0)
    results.count([mailing.pk], timezone.now())

    shown = html(page, f"/mailings/{mailing.pk}/results/")

    assert "It went to 1 group at SMS Centre." in shown
    assert "a group at SMS Centre: its people are not known here" in shown
    assert "result-bar" not in shown


def test_of_an_earlier_round_everything_is_told_that_came_of_it(page: Client) -> None:
    # given a mailing that repeats, of whose first round one message was read and one is not heard of
    mailing = told(5, s1=5)
    Mailing.objects.filter(pk=mailing.pk).update(repeats=1)
    earlier = {
        "round": 0,
        "sent": 1795683600,
        "delivered": 2,
        "read": 1,
        "failed": 1,
        "waiting": 0,
        "unclear": 0,
    }
    Delivery.objects.filter(mailing=mailing).update(round=1, rounds=[earlier])
    # when
    shown = html(page, f"/mailings/{mailing.pk}/")
    # then
    assert "2 delivered · 1 read · 1 not delivered · 1 nothing heard" in shown
