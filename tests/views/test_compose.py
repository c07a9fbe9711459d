"""The compose page: one form makes one mailing, drafts keep everything, and nothing typed is ever lost."""

import re
from typing import Any

import pytest
import time_machine
from django.test import Client

from mailings import outbox
from mailings.models import Account, Mailing, Recipient, State
from mailings.smsc.spec.catalogue import FILES, OPTIONS
from mailings.smsc.spec.vocabulary import Channel
from tests.helpers.factories import bare, spec
from tests.views.composing import SMS, URL, VIBER, post, reposted, text_of, values_of

pytestmark = pytest.mark.usefixtures("account")


# --- what the page shows ------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", Channel)
def test_every_channel_shows_its_options_and_every_control_bears_its_parameter(
    channel: str, page: Client
) -> None:
    html = post(page, {"channel": channel, "shown": "sms"}, "refresh").content.decode()

    controls = re.findall(r"<(?:input|select|textarea)[^>]*>", html[html.index('<form id="compose"') :])
    for control in controls:
        assert "csrfmiddlewaretoken" in control or 'data-option="' in control, control
    for name in [*OPTIONS, FILES.name]:
        if name in OPTIONS and channel in OPTIONS[name].channels:
            assert f'data-option="{name}"' in html, name
    assert ('data-option="files"' in html) == (channel in FILES.channels)


def test_all_options_and_all_their_values_are_there_on_request(page: Client) -> None:
    html = post(page, {"channel": "sms"}, "show_all").content.decode()

    for name, option in OPTIONS.items():
        assert html.count(f'data-option="{name}"') == 1, name
        for choice in option.choices if f'<select name="{name}"' in html else ():
            assert f'<option value="{choice.value}"' in html
    assert html.count("<select") >= 9


def test_a_plain_sms_shows_at_most_eight_controls_outside_folds(page: Client) -> None:
    html = page.get(URL).content.decode()
    form = html[html.index('<form id="compose"') :]
    open_part = re.sub(r"<details.*?</details>", "", form, flags=re.DOTALL)

    shown = [tag for tag in re.findall(r"<(?:input|select|textarea)[^>]*>", open_part) if "hidden" not in tag]

    assert set(re.findall(r'name="([^"]*)"', " ".join(shown))) == {
        *("channel", "sender", "name", "phones", "recipients_file", "mes", "time_at", "clock")
    }


def test_return_does_not_send(page: Client) -> None:
    html = page.get(URL).content.decode()
    form = html[html.index('<form id="compose"') :]

    assert 'value="refresh"' in re.findall(r"<button[^>]*>", form)[0]


def test_an_account_is_chosen_only_where_there_are_several(page: Client) -> None:
    assert 'name="account"' not in page.get(URL).content.decode()

    live = Account.objects.create(name="second")
    html = page.get(URL).content.decode()
    assert "second (live)" in html
    assert "default (sandbox)" in html

    post(page, SMS | {"account": "second"})
    assert Mailing.objects.get().account == live


def test_an_unknown_account_is_an_error(page: Client) -> None:
    assert "There is no such account" in text_of(post(page, SMS | {"account": "third"}))
    assert Mailing.objects.count() == 0


def test_without_an_account_the_page_says_so(page: Client, account: Account) -> None:
    account.delete()

    assert "no account" in text_of(post(page, SMS))
    assert "no account" in text_of(post(page, SMS, "draft"))


# --- sending ------------------------------------------------------------------------------------------------


def test_sending_queues_one_mailing_and_leads_to_its_page(page: Client, operator: Any) -> None:
    answer = post(page, SMS)

    mailing = Mailing.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/mailings/{mailing.pk}/")
    assert (mailing.state, mailing.created_by, mailing.key) == (State.QUEUED, operator, "k1")
    assert Recipient.objects.addresses(mailing) == ("+79990000001",)


def test_each_form_has_a_key_of_its_own(page: Client) -> None:
    keys = {values_of(page.get(URL).content.decode())["key"][0] for _time in range(3)}

    assert len(keys) == 3
    assert all(len(key) > 20 for key in keys)


def test_a_double_click_makes_one_mailing(page: Client) -> None:
    first, second = post(page, SMS), post(page, SMS)

    assert first["Location"] == second["Location"]
    assert Mailing.objects.count() == 1


def test_a_form_sent_before_and_changed_since_makes_another_only_when_pressed_again(page: Client) -> None:
    post(page, SMS)

    answer = post(page, SMS | {"mes": "Hello again"})

    assert "has made a mailing already" in text_of(answer)
    assert Mailing.objects.count() == 1
    assert reposted(answer, "send", page).status_code == 302
    assert Mailing.objects.count() == 2


def test_a_draft_saved_after_sending_is_another_mailing_only_when_pressed_again(page: Client) -> None:
    post(page, SMS)

    answer = post(page, SMS, "draft")

    assert "has made a mailing already" in text_of(answer)
    assert reposted(answer, "draft", page).status_code == 302
    assert {mailing.state for mailing in Mailing.objects.all()} == {State.QUEUED, State.DRAFT}


def test_without_a_button_nothing_is_sent(page: Client) -> None:
    assert page.post(URL, SMS).status_code == 200
    assert post(page, SMS, "refresh").status_code == 200
    assert Mailing.objects.count() == 0


def test_any_option_goes_with_any_channel(page: Client) -> None:
    assert post(page, SMS | {"channel": "viber", "shown": "viber", "valid": "2"}).status_code == 302
    assert Mailing.objects.get().spec["options"]["valid"] == "2"


# --- errors -------------------------------------------------------------------------------------------------


def test_errors_stand_in_a_summary_with_links_and_beside_their_fields(page: Client) -> None:
    html = post(page, SMS | {"name": "", "phones": "12"}).content.decode()

    assert " ".join(re.findall(r"<title>(.*?)</title>", html, re.DOTALL)[0].split()).startswith("Error: New")
    assert '<a href="#id_name">' in html
    assert 'aria-invalid="true" aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_phones_error"' in html
    assert values_of(html)["phones"] == ["12"]


def test_wrong_recipients_are_left_out_only_when_a_person_says_so(page: Client) -> None:
    typed = SMS | {"phones": "79990000001\nabc"}

    answer = post(page, typed)
    assert "Line 2: “abc”. This is no phone number" in text_of(answer)
    assert 'name="skip_wrong"' in answer.content.decode()

    assert post(page, typed | {"skip_wrong": "1"}).status_code == 302
    assert Recipient.objects.addresses(Mailing.objects.get()) == ("+79990000001",)


def test_leaving_out_the_wrong_ones_must_leave_someone(page: Client) -> None:
    assert "Say who gets it" in text_of(post(page, SMS | {"phones": "abc", "skip_wrong": "1"}))
    assert Mailing.objects.count() == 0


# --- channels -----------------------------------------------------------------------------------------------


def test_another_channel_keeps_what_was_typed_and_does_not_send_it(page: Client) -> None:
    viber = SMS | {"channel": "viber", "shown": "viber", "fl[5]": "1", "mes2": "Hello by SMS"}

    switched = post(page, viber | {"channel": "sms"}, "refresh")

    assert "Kept for another channel, and not sent: Send an SMS if it fails, Text of that SMS" in text_of(
        switched
    )
    assert 'data-option="mes2"' not in switched.content.decode()
    back = reposted(switched, "refresh", page, channel="viber")
    assert values_of(back.content.decode())["mes2"] == ["Hello by SMS"]
    assert "Kept for another" not in text_of(back)

    reposted(switched, "send", page)
    assert Mailing.objects.get().spec["options"].keys() == {"name", "mes", "time"}


def test_what_is_kept_can_be_used_with_any_channel(page: Client) -> None:
    kept = SMS | {"channel": "sms", "shown": "sms", "kept:fileurl": "https://example.com/a.jpg"}

    reposted(post(page, kept, "show_all"), "send", page)

    assert Mailing.objects.get().spec["options"]["fileurl"] == "https://example.com/a.jpg"


def test_a_bot_left_for_another_channel_sends_nothing_by_the_bot(page: Client) -> None:
    post(page, SMS | {"channel": "sms", "shown": "bot", "bot": "@shop_bot"})

    assert Mailing.objects.get().channel == "sms"


def test_htmx_gets_the_form_alone(page: Client) -> None:
    html = post(page, SMS | {"channel": "mail"}, "refresh", HTTP_HX_REQUEST="true").content.decode()

    assert "<html" not in html
    assert 'data-option="subj"' in html
    assert "alert-danger" not in html


def test_a_form_that_htmx_draws_anew_has_its_title_too(page: Client) -> None:
    htmx = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "compose"}

    assert "<title>New mailing · Mailroom</title>" in title_of(post(page, SMS, "refresh", **htmx))
    refused = post(page, SMS | {"mes": ""}, "review", **htmx)
    assert "<title>Error: New mailing · Mailroom</title>" in title_of(refused)
    part = post(page, SMS, "refresh", HTTP_HX_REQUEST="true", HTTP_HX_TARGET="attached-files")
    assert title_of(part) == ""


def title_of(answer: Any) -> str:
    found = re.search("<title>.*?</title>", " ".join(answer.content.decode().split()))
    return found[0] if found else ""


# --- drafts -------------------------------------------------------------------------------------------------


def test_a_draft_keeps_everything_as_typed_and_comes_back(page: Client) -> None:
    typed = {
        "name": "",
        "phones": "abc\n79990000001",
        "mes": " two\nlines ",
        "key": "k3",
        "time": "some day",
        "time_at": "2040-01-01T10:00",
        "kept:subj": "later",
        "channel": "call",
        "shown": "call",
        "voice": "w",
        "voice_language": "fr",
    }

    answer = post(page, typed, "draft")

    draft = Mailing.objects.get()
    assert (draft.state, answer["Location"]) == (State.DRAFT, f"{URL}?draft={draft.pk}")
    shown = values_of(page.get(answer["Location"]).content.decode())
    for name, value in (typed | {"shown": "call"}).items():
        assert shown[name] == [value], name


def test_a_draft_saved_twice_is_one_row(page: Client) -> None:
    location = post(page, SMS, "draft")["Location"]
    opened = page.get(location)

    reposted(opened, "draft", page, mes="Hello again")
    post(page, SMS | {"mes": "by the Back button"}, "draft")

    assert Mailing.objects.get().draft["mes"] == "by the Back button"


def test_a_draft_is_sent_as_the_same_row_and_a_double_click_changes_nothing(page: Client) -> None:
    opened = page.get(post(page, SMS, "draft")["Location"])

    first, second = reposted(opened, "send", page), reposted(opened, "send", page)

    mailing = Mailing.objects.get()
    assert mailing.state == State.QUEUED
    assert first["Location"] == second["Location"] == f"/mailings/{mailing.pk}/"


def test_a_draft_that_a_colleague_sent_meanwhile_is_not_sent_again(page: Client) -> None:
    opened = page.get(post(page, SMS, "draft")["Location"])
    reposted(opened, "send", page)

    answer = reposted(opened, "send", page, mes="something else")

    assert "no longer a draft" in text_of(answer)
    assert "something else" in answer.content.decode()
    assert Mailing.objects.count() == 1


@pytest.mark.parametrize("number", ["999", "x"])
def test_a_draft_that_is_not_there_is_not_found(number: str, page: Client) -> None:
    assert page.get(f"{URL}?draft={number}").status_code == 404


def test_the_address_for_changes_leads_to_a_draft_or_to_the_mailing(page: Client, account: Account) -> None:
    draft = outbox.save_draft({"name": "x"}, account=account)
    sent = bare(account, state=State.QUEUED)

    assert page.get(f"/mailings/{draft.pk}/edit/")["Location"] == f"{URL}?draft={draft.pk}"
    assert page.get(f"/mailings/{sent.pk}/edit/")["Location"] == f"/mailings/{sent.pk}/"


def test_a_refused_mailing_opens_with_all_it_had(page: Client, account: Account) -> None:
    made = outbox.make(spec(**VIBER), account=account, submit=True)
    Mailing.objects.filter(pk=made.pk).update(state=State.REFUSED)
    outbox.reopen(made.pk)

    shown = values_of(page.get(f"{URL}?draft={made.pk}").content.decode())

    assert (shown["channel"], shown["mes2"], shown["fl[5]"]) == (["viber"], ["Hi"], ["1"])


# --- the panel ----------------------------------------------------------------------------------------------


def preview(page: Client, **typed: Any) -> str:
    answer = page.post(f"{URL}preview/", SMS | typed)
    assert answer.status_code == 200
    return text_of(answer)


@pytest.mark.parametrize("also", [{}, {"show_all": "1"}], ids=["its own options", "all options"])
@pytest.mark.parametrize("channel", Channel)
def test_whatever_the_panel_brings_along_has_its_place_on_the_page(
    channel: str, also: dict[str, str], page: Client
) -> None:
    typed = {"channel": channel, "shown": channel, "key": "k1", **also}
    form = post(page, typed, "refresh").content.decode()
    places = set(re.findall(r'\bid="([^"]+)"', form))

    panel = page.post(f"{URL}preview/", typed).content.decode()

    brought = re.findall(r'<\w+ id="([^"]+)" hx-swap-oob', panel)
    assert "send-label" in brought
    assert set(brought) <= places


def test_the_panel_counts_people_parts_and_names_what_costs_one(page: Client) -> None:
    shown = preview(page, phones="79990000001,79990000002,79990000002,x", mes="Hello, come — " + "soon " * 15)

    assert "People 2 1 duplicate left out 1 wrong line 1: x" in shown
    assert "in Unicode ( 89/67 ) 2 parts each «—» costs you a part" in shown
    assert "Review: 2 people" in shown


def test_the_panel_shows_the_total_the_hour_on_both_clocks_and_the_request(page: Client) -> None:
    page.cookies["timezone"] = "Asia/Yekaterinburg"

    shown = preview(page, mes="a" * 161, phones="79990000001 \n 79990000002", time="02208938400", rpt="2")

    assert "4 parts" in shown
    assert "31 Dec 2039 15:00 (Moscow 13:00)" in shown
    _before, listed = shown.split("Next times")
    assert listed[: listed.index("Account")].count("(Moscow 13:00)") == 10
    assert "Sat 31 Dec 2039, 15:00 (your clock) = 13:00 (Moscow)" in shown
    assert "phones +79990000001, +79990000002" in shown
    assert "rpt 2" in shown


def test_the_panel_warns_of_a_date_without_a_zone(page: Client) -> None:
    assert "which is not known here" in preview(page, time="31.12.39 10:00")
    assert "which is not known here" not in preview(page, time="31.12.39 10:00", tz="0")


def test_the_panel_shows_many_recipients_cut_short_and_bytes_as_hex(page: Client) -> None:
    many = ",".join(str(79990000000 + number) for number in range(1200))

    assert "79990000004 … and 1,195 more" in preview(page, phones=many)
    assert "mes 00 ff" in preview(page, bin="1", mes="00FF")


def test_the_panel_calls_nobody_and_stores_nothing(page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_args: Any) -> None:
        raise AssertionError("a page must not call out")

    monkeypatch.setattr("socket.socket.connect", no_network)

    assert "missing or wrong" in preview(page, name="")
    assert Mailing.objects.count() == 0


@pytest.mark.parametrize(
    ("phones", "button", "bar"),
    [
        ("G1", "Review: 1 group", "1 group"),
        ("G1,G2,79990000001", "Review: 1 person and 2 groups", "1 person and 2 groups"),
        ("", "Review", "Nobody yet"),
    ],
)
def test_the_button_and_a_telephones_bar_say_how_many_it_goes_to(
    phones: str, button: str, bar: str, page: Client
) -> None:
    assert preview(page, phones=phones).endswith(f" {button} {bar} price not known yet")


@pytest.mark.parametrize("typed", [{"mes": "a\x00b"}, {"time": "soon"}, {"translit": "x"}, {"bin": "9"}])
def test_the_panel_stands_whatever_is_typed(typed: dict[str, str], page: Client) -> None:
    assert "missing or wrong" in preview(page, **typed)


@time_machine.travel("2026-11-27 12:00Z")
def test_the_panel_asks_which_of_two_hours_is_meant_as_soon_as_it_is_typed(page: Client) -> None:
    typed = SMS | {"time_at": "31.10.2027 02:30", "clock": "Europe/Berlin"}
    asked = page.post(f"{URL}preview/", typed).content.decode()
    assert "shows this hour twice" in asked
    assert 'name="which"' in asked

    answered = page.post(f"{URL}preview/", typed | {"which": "second"}).content.decode()
    assert "02:30" in answered
    assert "shows this hour twice" not in answered


@time_machine.travel("2026-11-27 12:00Z")
@pytest.mark.parametrize(
    ("hour", "passed"), [("26.11.2026 09:30", True), ("28.11.2026 09:30", False), ("now", False), ("", False)]
)
def test_an_hour_that_has_passed_is_said_beside_it(page: Client, hour: str, passed: bool) -> None:
    shown = preview(page, time_at=hour)
    assert ("This hour has passed" in shown) is passed


def test_an_hour_that_has_passed_arrives_at_no_hour(page: Client) -> None:
    with time_machine.travel("2026-11-27T12:00:00Z"):
        past = page.post(f"{URL}preview/", SMS | {"time_at": "26.11.2026 23:30"}).content.decode()
        due = page.post(f"{URL}preview/", SMS | {"time_at": "28.11.2026 23:30"}).content.decode()

    assert ('data-fact="past"' in past, 'data-fact="arrival"' in past) == (True, False)
    assert ('data-fact="past"' in due, 'data-fact="arrival"' in due) == (False, True)


def test_the_panel_stays_as_it_is_when_the_session_has_ended(client: Client, account: Account) -> None:
    assert client.post(f"{URL}preview/", SMS).status_code == 204


@pytest.mark.parametrize("channel", ["zzz", "SMS", " ", "²", "\x00"])
@pytest.mark.parametrize("action", ["send", "draft"])
def test_a_channel_that_there_is_not_is_said_beside_the_channels_and_nothing_is_stored(
    channel: str, action: str, page: Client
) -> None:
    answer = post(page, SMS | {"channel": channel}, action)

    html = answer.content.decode()
    beside = html[html.index('id="channel_error"') :]
    assert "There is no such channel. Choose one." in beside[: beside.index("</noscript>")]
    assert text_of(answer).count("There is no such channel. Choose one.") == 2  # there, and in the summary
    assert not Mailing.objects.exists()


ODD_NUMBERS = ["²", "٣", "-1", "1e3", "9" * 19, "9" * 23, "9" * 40, "9" * 5000, "\x00"]


@pytest.mark.parametrize("number", ODD_NUMBERS)
def test_what_is_no_number_of_a_draft_is_not_found(number: str, page: Client) -> None:
    assert page.get(URL, {"draft": number}).status_code == 404


@pytest.mark.parametrize("number", ODD_NUMBERS)
def test_a_form_that_names_no_possible_draft_makes_a_new_mailing(number: str, page: Client) -> None:
    answer = post(page, SMS | {"draft": number})

    assert answer["Location"] == f"/mailings/{Mailing.objects.get().pk}/"


def test_a_key_that_no_database_can_keep_is_no_harm(page: Client) -> None:
    assert post(page, SMS | {"key": "k\x001"}, "draft").status_code == 302
    assert Mailing.objects.get().key == "k1"
