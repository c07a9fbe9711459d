"""What became of messages, from the sandbox to the rows."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from django.utils import timezone as clock

from mailings import delivery, outbox
from mailings.delivery import plan
from mailings.models import Account, Breaker, Delivery, DeliveryPull, Mailing, Message, Recipient, State
from mailings.smsc.api.client import Client
from sandbox import Sandbox, messages
from tests.helpers.factories import delivered, queued

FIGURES = ("delivered", "read", "failed", "waiting", "unclear", "unheard")


def today() -> date:
    return datetime.now(timezone(timedelta(hours=3))).date()


def pull(account: Account) -> delivery.Pulled:
    return delivery.pull(account, today() - timedelta(days=1), today() + timedelta(days=1))


def figures(mailing: Mailing) -> dict[str, int]:
    kept = Delivery.objects.get(mailing=mailing)
    return {name: getattr(kept, name) for name in FIGURES if getattr(kept, name)}


def people(count: int, first: int = 0) -> str:
    return ",".join(f"+7999{place:07d}" for place in range(first, first + count))


def outcomes(sandbox: Sandbox, **asked: object) -> None:
    sandbox.settings({"messages": sandbox.settings()["messages"] | asked})


def test_each_figure_is_that_of_the_provider(account: Account, sandbox: Sandbox):
    shares = {"2": 0.1, "3": 0.1, "20": 0.1, "22": 0.1, "4": 0.1}
    outcomes(sandbox, outcomes=shares)
    mailing = delivered(account, phones=people(300))
    sandbox.advance(60)

    pull(account)

    truth = sandbox.messages[mailing.remote_id]
    kept = Delivery.objects.get(mailing=mailing)
    assert kept.delivered == truth["1"]
    assert kept.read == truth["2"] + truth["4"]
    assert kept.failed == truth["3"] + truth["20"] + truth["22"]
    assert kept.reasons == {status: number for status, number in truth.items() if status != "1"}
    assert (kept.recipients, kept.unheard, kept.final) == (300, 0, True)


def test_each_recipient_has_its_own_result(account: Account, sandbox: Sandbox):
    outcomes(sandbox, outcomes={"20": 1.0})
    mailing = delivered(account, phones=people(2))
    sandbox.advance(60)

    pull(account)

    for person in Recipient.objects.filter(mailing=mailing):
        assert (person.result, person.status, person.err, person.parts) == ("failed", 20, 6, 1)
        assert person.cost == Decimal("1.40")
        assert person.result_at > 1_700_000_000


def test_a_repeated_pull_changes_nothing(account: Account, sandbox: Sandbox):
    mailing = delivered(account, phones=people(50))
    sandbox.advance(60)
    pull(account)
    before = figures(mailing), list(Message.objects.order_by("pk").values())

    again = pull(account)

    assert (again.matched, again.changed) == (50, 0)
    assert (figures(mailing), list(Message.objects.order_by("pk").values())) == before


def test_what_waits_is_on_the_way_and_settles_later(account: Account, sandbox: Sandbox):
    outcomes(sandbox, settle_seconds=1000, outcomes={"1": 1.0})
    mailing = delivered(account, phones=people(3))
    sandbox.advance(5)
    pull(account)
    early = figures(mailing)

    sandbox.advance(2000)
    pull(account)

    assert early == {"waiting": 3}
    assert figures(mailing) == {"delivered": 3}


def test_strangers_messages_leave_no_trace(account: Account, sandbox: Sandbox):
    mailing = delivered(account, phones=people(1))
    sandbox.add_messages(
        {"phone": "+79990000000", "mes": "Something else"},
        {"phone": "+79991112233", "mes": "Hello"},
        {"phone": "+79990000000", "mes": "Hello", "age": 3 * 86400},
    )
    sandbox.advance(60)

    result = delivery.pull(account, today() - timedelta(days=4), today())

    assert result.rows == 4
    assert list(Message.objects.values_list("mailing_id", flat=True)) == [mailing.pk]


def test_equal_texts_to_one_person_are_unclear_on_both_mailings(account: Account, sandbox: Sandbox):
    first = delivered(account, phones=people(3), name="First")
    second = delivered(account, phones=people(3, first=2), name="Second")
    sandbox.advance(60)

    pull(account)

    shared = Recipient.objects.filter(address="+79990000002")
    assert [person.result for person in shared] == ["unclear", "unclear"]
    assert figures(first)["unclear"] == figures(second)["unclear"] == 1
    assert sum(figures(first).values()) == sum(figures(second).values()) == 3


def test_ids_that_are_the_mailings_tell_equal_texts_apart(account: Account, sandbox: Sandbox):
    outcomes(sandbox, ids="job", outcomes={"1": 1.0})
    first = delivered(account, phones=people(3), name="First")
    second = delivered(account, phones=people(3, first=2), name="Second")
    sandbox.advance(60)

    pull(account)

    account.refresh_from_db()
    assert account.message_ids == "alike"
    assert figures(first) == figures(second) == {"delivered": 3}


def test_one_contradiction_ends_the_trust_in_ids(account: Account, sandbox: Sandbox):
    outcomes(sandbox, ids="job", outcomes={"1": 1.0})
    first = delivered(account, phones=people(3), name="First")
    second = delivered(account, phones=people(3, first=2), name="Second")
    sandbox.advance(60)
    pull(account)
    outcomes(sandbox, ids="own")
    delivered(account, phones="+79995550000", mes="Another text")
    sandbox.advance(60)

    pull(account)

    account.refresh_from_db()
    assert account.message_ids == "unlike"
    assert figures(first)["unclear"] == figures(second)["unclear"] == 1


def test_each_round_of_a_recurring_mailing_stands_apart(account: Account, sandbox: Sandbox):
    outcomes(sandbox, outcomes={"1": 1.0})
    mailing = delivered(account, phones=people(2), rpt=1, rptn=5)
    sandbox.advance(60)
    pull(account)
    sandbox.advance(3600)

    pull(account)

    kept = Delivery.objects.get(mailing=mailing)
    assert (kept.round, figures(mailing)) == (1, {"delivered": 2})
    assert [(one["round"], one["delivered"]) for one in kept.rounds] == [(0, 2)]


def test_odd_answers_lose_and_invent_nothing(account: Account, sandbox: Sandbox):
    mailing = delivered(account, phones=people(60))
    outcomes(sandbox, as_text=True, mixed=True, doubled=0.4, missing=["cost", "sms_cnt", "last_timestamp"])
    sandbox.advance(60)

    result = pull(account)

    assert result.rows > 60
    assert result.matched == 60
    assert sum(figures(mailing).values()) == 60
    assert "unclear" not in figures(mailing)


def test_a_row_without_its_text_is_unclear_and_one_without_its_hour_left_alone(account, sandbox):
    mailing = delivered(account, phones=people(2))
    sandbox.advance(60)
    outcomes(sandbox, missing=["message"])
    pull(account)
    without_text = figures(mailing)
    outcomes(sandbox, missing=["send_date", "send_timestamp"])

    undated = pull(account)

    assert without_text == figures(mailing) == {"unclear": 2}
    assert undated.left_alone == {"undated": 2}


def test_a_status_that_is_not_in_the_table_is_unclear_and_noted(account, sandbox, monkeypatch):
    mailing = delivered(account, phones=people(1))
    sandbox.advance(60)
    monkeypatch.setattr("sandbox.messages.Messages.status", lambda *_args: 7)
    monkeypatch.setitem(messages.STATUSES, 7, "Something new")

    result = pull(account)

    assert figures(mailing) == {"unclear": 1}
    assert result.left_alone == {"status": 1}
    assert Recipient.objects.get(mailing=mailing).status == 7
    assert Message.objects.get().final is False


@pytest.mark.parametrize("fault", ["half_json", "html", "empty", "server_error", "half_answer"])
def test_what_was_read_before_an_answer_was_cut_counts(account, sandbox, monkeypatch, fault):
    monkeypatch.setattr("mailings.smsc.api.client.MOST_ROWS", 20)
    monkeypatch.setattr("mailings.delivery.pulls.MOST_ROWS", 20)
    mailing = delivered(account, phones=people(50))
    sandbox.advance(60)
    sandbox.fault("slow", ["messages"], seconds=0, count=2)
    sandbox.fault(fault, ["messages"])

    result = delivery.pull(account, today(), today())

    assert result.ended_by
    assert sum(figures(mailing).values()) - figures(mailing).get("unheard", 0) == 40
    assert DeliveryPull.objects.get().ended_by == result.ended_by
    assert pull(account).ended_by == ""
    assert "unheard" not in figures(mailing)


def test_a_refused_login_stops_the_accounts_calls(account, sandbox):
    delivered(account)
    sandbox.fault("wrong_error", ["messages"], error=2)

    result = pull(account)

    account.refresh_from_db()
    assert account.breaker != Breaker.CLOSED
    assert "refused" in result.ended_by


def test_what_is_due_is_asked_for_and_not_again_too_soon(account, sandbox):
    mailing = delivered(account, phones=people(3))
    Delivery.objects.all().delete()
    first = delivery.pull_due(account)
    again = delivery.pull_due(account)

    kept = Delivery.objects.get(mailing=mailing)
    assert (first.calls, again.calls) == (1, 0)
    assert timedelta(minutes=4) < kept.ask_at - clock.now() < timedelta(minutes=6)
    (call,) = [call for call in sandbox.calls if call["kind"] == "messages"]
    assert ["phone", "+79990000000,+79990000001,+79990000002"] in call["parameters"]


@pytest.mark.parametrize(("seconds", "due"), [(299.9, 1), (300.1, 1), (200, 0)])
def test_a_beat_that_comes_a_moment_early_is_not_lost(account, sandbox, seconds: float, due: int):
    # given a mailing that is asked about every five minutes, which is as often as beat comes
    delivered(account, phones=people(3))
    plan.enrol(account)
    now = clock.now()
    plan.reschedule(plan.due(account, now), now)
    # when beat comes a moment early or late, then its turn has come
    assert len(plan.due(account, now + timedelta(seconds=seconds))) == due


def test_a_settled_mailing_is_never_asked_for_again(account, sandbox):
    outcomes(sandbox, outcomes={"1": 1.0})
    mailing = delivered(account, phones=people(3))
    sandbox.advance(60)
    delivery.pull_due(account)

    kept = Delivery.objects.get(mailing=mailing)
    assert (kept.final, kept.ask_at, kept.delivered) == (True, None, 3)


def test_a_mailing_is_final_as_soon_as_its_last_message_is_settled(account, sandbox):
    # given a mailing that was asked about while its messages were on their way
    mailing = delivered(account, phones=people(3))
    sandbox.advance(1.5)
    pull(account)
    before = Delivery.objects.get(mailing=mailing)
    # when the days are read once they are settled, though its own turn has not come
    sandbox.advance(60)
    pull(account)
    # then nothing is left to ask
    after = Delivery.objects.get(mailing=mailing)
    assert (before.final, before.on_the_way) == (False, 3)
    assert (after.final, after.ask_at, after.on_the_way) == (True, None, 0)


@pytest.mark.parametrize(("phones", "alone"), [("G1", True), (f"{people(2)},G1", False)])
def test_a_group_is_no_recipient_of_whom_anything_could_be_heard(account, sandbox, phones, alone):
    # given a mailing to a group at the provider, whose members are not known here
    mailing = delivered(account, phones=phones)
    sandbox.advance(60)
    # when
    pull(account)
    # then the group is said, but not counted, nor waited for
    kept = Delivery.objects.get(mailing=mailing)
    assert (kept.recipients, kept.groups, kept.unheard) == (0 if alone else 2, 1, 0)
    assert kept.final


@pytest.mark.parametrize("text", [{"mes2": "По SMS"}, {}])
def test_whoever_gets_it_by_the_second_way_did_get_it(account, sandbox, text):
    # given a mailing by Viber that half of its people do not get, after which half of these get the SMS
    outcomes(sandbox, outcomes={"25": 0.5})
    mailing = delivered(account, phones=people(40), viber="1", **{"fl[5]": "1"}, **text)
    seen = []
    # when it is asked about while the SMS are on their way, and once more
    for seconds in (6, 6, 60):
        sandbox.advance(seconds)
        Delivery.objects.update(ask_at=clock.now())
        delivery.pull_due(account)
        seen.append(figures(mailing))
    # then whoever got one of the two got it
    (told,) = (count for job, count in sandbox.messages.items() if str(job) == mailing.remote_id)
    assert seen[-1] == {"delivered": told["1"], "failed": 40 - told["1"]}
    assert told["1"] + told["25"] > 50
    assert sum(seen[1].values()) == 40


def test_pulls_give_way_to_a_mailing_that_waits(account, sandbox):
    delivered(account)
    queued(account, name="Waits")

    result = delivery.pull_due(account)

    assert (result.calls, result.ended_by) == (0, "gave_way")


def test_pulls_keep_to_their_budget(account, sandbox, monkeypatch):
    monkeypatch.setattr(plan, "CALLS_AN_HOUR", 2)
    for number in range(3):
        delivered(account, name=f"M{number}", phones=people(60, first=100 * number), mes=f"Text {number}")
    DeliveryPull.objects.create(account=account, begun_at=clock.now(), ended_at=clock.now(), calls=2)

    assert delivery.pull_due(account).ended_by == "budget"


@pytest.mark.parametrize(("mailings", "calls"), [(0, 0), (3, 3), (10, 1)])
def test_few_mailings_are_asked_for_by_number_and_many_by_day(account, sandbox, mailings, calls):
    for number in range(mailings):
        delivered(account, name=f"M{number}", phones=people(2, first=10 * number))

    assert delivery.pull_due(account).calls in {calls, 2 * calls}


def test_after_the_days_for_it_what_never_settled_is_not_known(account, sandbox):
    mailing = delivered(account, phones=people(2))
    plan.enrol(account)
    Delivery.objects.update(closes=clock.now() - timedelta(days=5), ask_at=clock.now())

    delivery.pull_due(account)

    kept = Delivery.objects.get(mailing=mailing)
    assert (kept.final, kept.unknown, kept.on_the_way) == (True, 2, 0)


def test_messages_of_a_mailing_in_doubt_are_evidence_and_change_no_state(account, sandbox):
    mailing = queued(account, phones=people(2))
    sandbox.fault("cut_after_saving", "add")
    outbox.deliver_mailing(mailing.pk)
    sandbox.advance(60)
    pull(account)

    mailing.refresh_from_db()
    assert mailing.state == State.UNKNOWN
    assert Message.objects.filter(mailing=mailing).count() == 2


def test_what_was_never_handed_over_is_nobodys_message(account, sandbox):
    queued(account, phones=people(1), name="Waits")
    sandbox.add_messages({"phone": "+79990000000", "mes": "Hello"})

    pull(account)

    assert not Message.objects.exists()


def test_the_budget_counts_what_a_killed_worker_asked_and_what_a_long_pull_does_now(account, sandbox):
    now, day = clock.now(), timedelta(days=1)
    made = [
        DeliveryPull(account=account, begun_at=now - timedelta(minutes=30), calls=100),  # killed
        DeliveryPull(account=account, begun_at=now - timedelta(minutes=90), ended_at=now, calls=30),
        DeliveryPull(account=account, begun_at=now - day, ended_at=now - day, calls=200),
    ]
    DeliveryPull.objects.bulk_create(made)

    assert delivery.calls_left(account) == plan.CALLS_AN_HOUR - 130


def test_a_call_that_fails_has_been_one(account, sandbox):
    delivered(account)
    sandbox.fault("server_error", ["messages"])

    result = pull(account)

    assert result.ended_by
    assert DeliveryPull.objects.get().calls == result.calls == 1


def test_a_job_that_was_moved_there_is_followed_to_its_new_hour(account, sandbox):
    mailing = delivered(account, phones=people(1), time="+60")
    plan.enrol(account)
    tomorrow = clock.now() + timedelta(days=2)
    Mailing.objects.filter(pk=mailing.pk).update(remote_send_at=tomorrow)

    plan.due(account, clock.now())

    kept = Delivery.objects.get(mailing=mailing)
    assert kept.closes == tomorrow + timedelta(days=1)
    assert kept.opens < clock.now() + timedelta(hours=1)


def test_what_was_called_off_before_it_began_is_never_asked_about(account, sandbox):
    mailing = delivered(account, phones=people(1), time="+60")
    plan.enrol(account)
    Mailing.objects.filter(pk=mailing.pk).update(state=State.CANCELLED, state_at=clock.now())

    assert plan.due(account, clock.now() + timedelta(hours=2)) == []
    assert Delivery.objects.get(mailing=mailing).final is True


def test_rounds_that_were_called_off_are_asked_about_for_some_days_more(account, sandbox):
    mailing = delivered(account, phones=people(1), rpt=1)
    plan.enrol(account)
    now = clock.now()
    Mailing.objects.filter(pk=mailing.pk).update(state=State.CANCELLED, state_at=now + timedelta(hours=5))

    soon, late = (plan.due(account, now + timedelta(days=days)) for days in (1, 5))

    assert ([one.pk for one in soon], late) == ([mailing.pk], [])


def test_a_mailing_whose_hour_has_not_come_shows_no_figures(account, sandbox):
    mailing = delivered(account, phones=people(1), time="+600")

    pull(account)

    assert Delivery.objects.get(mailing=mailing).as_of is None


def test_what_is_handed_over_while_the_provider_answers_may_have_sent_what_it_tells_of(
    account, sandbox, monkeypatch
):
    first = delivered(account, phones=people(1), name="First")
    ask, made = Client.messages, list[Mailing]()

    def meanwhile(client: Client, *args, **asked):
        if not made:
            made.append(delivered(account, phones=people(1), name="Second"))
            sandbox.advance(60)
        return ask(client, *args, **asked)

    monkeypatch.setattr(Client, "messages", meanwhile)
    pull(account)

    assert figures(first) == figures(made[0]) == {"unclear": 1}
