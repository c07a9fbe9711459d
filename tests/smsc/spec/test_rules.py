"""The rules between options: each problem at every field that it names."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailings.smsc.spec import times
from mailings.smsc.spec.catalogue import KINDS_OF_SMS, OPTIONS, Channel
from mailings.smsc.spec.spec import SpecError
from tests.smsc.spec.spec_factory import NOW, PHONE, file, options, problems, spec, wrong

FLAGS = [channel.value for channel in Channel if channel not in (Channel.SMS, Channel.BOT)]
MAIL = {"mail": 1, "phones": "ann@example.com", "sender": "shop@example.com", "subj": "Sale"}


# What is required


def test_nothing_at_all_asks_for_name_recipients_and_text() -> None:
    assert wrong(name=None, phones=None, mes=None) == {
        "name": ["name_missing"],
        "phones": ["phones_missing"],
        "list": ["phones_missing"],
        "mes": ["mes_missing"],
    }


@pytest.mark.parametrize("phones", ["", " ,;\n", [], ["", None]])
def test_separators_alone_are_no_recipients(phones: Any) -> None:
    assert "phones_missing" in wrong(phones=phones)["phones"]


def test_a_list_takes_the_place_of_recipients_and_text() -> None:
    assert not wrong(phones=None, mes=None, list="79990000001:Hello")


def test_all_problems_are_reported_at_once() -> None:
    found = wrong(name="", mes="a" * 1001, time="x", freq=0, viber=2, unheard="of", login="me")
    assert set(found) == {"name", "mes", "time", "freq", "period", "viber", "unheard", "login"}


def test_problems_come_in_the_order_of_the_form() -> None:
    found = [problem.fields[0] for problem in problems(options(unheard=1, freq=0, name="", time="x"))]
    assert found == ["name", "time", "period", "freq", "unheard"]


# One channel at a time


@pytest.mark.parametrize("first", FLAGS)
@pytest.mark.parametrize("second", ["viber", "bot", "mail", "hlr"])
def test_two_channels_are_refused_at_both_options(first: str, second: str) -> None:
    if first == second:
        return
    given = {first: 1, second: "@shop_bot" if second == "bot" else 1}
    found = wrong(**given)
    assert {name for name, codes in found.items() if "two_channels" in codes} == {first, second}


@pytest.mark.parametrize("kind", KINDS_OF_SMS)
@pytest.mark.parametrize("channel", FLAGS)
def test_a_kind_of_sms_goes_no_other_way(kind: str, channel: str) -> None:
    found = wrong(**{kind: 1, channel: 1})
    assert {name for name, codes in found.items() if "not_an_sms" in codes} == {kind, channel}


@pytest.mark.parametrize("pair", [("flash", "bin"), ("flash", "push"), ("bin", "push")])
def test_an_sms_is_of_one_kind(pair: tuple[str, str]) -> None:
    found = wrong(**dict.fromkeys(pair, 1), mes="00FF")
    assert {name for name, codes in found.items() if "two_kinds" in codes} == set(pair)


def test_channels_that_are_switched_off_do_not_count() -> None:
    assert not wrong(**(dict.fromkeys(FLAGS, 0) | dict.fromkeys(KINDS_OF_SMS, "0") | {"viber": "1"}))


@pytest.mark.parametrize("channel", [flag for flag in FLAGS if flag not in ("mail", "hlr", "ping")])
def test_each_channel_takes_a_plain_text_with_a_code(channel: str) -> None:
    found = spec(**{channel: 1}, mes="Code 1234")
    assert found.channel == channel


def test_a_bot_is_a_channel() -> None:
    assert spec(bot="@shop_bot", phones="@nickname, #123").channel is Channel.BOT


def test_without_a_chosen_channel_it_is_an_sms() -> None:
    assert spec().channel is Channel.SMS
    assert spec(flash=1).channel is Channel.SMS


def test_while_the_channel_is_not_clear_nothing_is_said_that_depends_on_it() -> None:
    assert wrong(bot="shop", phones="@nickname, ann@example.com") == {"bot": ["bot_name"]}
    assert wrong(mail="x", phones="ann@example.com", sender="a@example.com") == {"mail": ["not_a_choice"]}
    assert wrong(hlr="x", mes=None) == {"hlr": ["not_a_choice"]}
    assert wrong(viber="x", mes=None) == {"viber": ["not_a_choice"], "mes": ["mes_missing"]}
    assert "mes" not in wrong(hlr=1, ping=1, mes=None)


# What a channel needs


@pytest.mark.parametrize(
    ("missing", "code"), [("subj", "mail_subject"), ("sender", "mail_sender"), ("mes", "mes_missing")]
)
def test_an_email_needs_sender_subject_and_text(missing: str, code: str) -> None:
    assert not wrong(**MAIL)
    assert wrong(**(MAIL | {missing: None})) == {missing: [code], "mail": [code]}


def test_the_sender_of_an_email_is_an_address() -> None:
    assert wrong(**(MAIL | {"sender": "Shop"})) == {"sender": ["sender_address"], "mail": ["sender_address"]}
    assert wrong(sender="a@b.ru.example") == {"sender": ["sender_name"]}


def test_an_email_list_may_name_its_sender_on_every_line() -> None:
    given = MAIL | {"phones": None, "mes": None, "sender": None}
    assert not wrong(**given, list="shop@example.com|ann@example.com:Hello")
    assert "mail_sender" in wrong(**given, list="ann@example.com:Hello")["sender"]


def test_an_email_goes_to_addresses_and_an_sms_does_not() -> None:
    assert wrong(**(MAIL | {"phones": PHONE})) == {"phones": ["recipient_wrong"]}
    assert wrong(phones="ann@example.com") == {"phones": ["recipient_wrong"]}


def test_an_mms_needs_a_subject_or_a_text() -> None:
    assert not wrong(mms=1, subj="Look", mes=None)
    assert not wrong(mms=1)
    assert wrong(file(), mms=1, mes=None) == {name: ["mms_needs"] for name in ("mes", "subj", "mms")}


def test_a_call_needs_a_text_or_a_sound() -> None:
    sound = file("hello.mp3", content_type="audio/mpeg")
    assert wrong(call=1, mes=None) == {name: ["call_needs"] for name in ("mes", "call")}
    assert not wrong(sound, call=1, mes=None)
    assert not wrong(call=1, mes=None, fileurl="https://example.com/hello.mp3")


def test_telegram_needs_a_code() -> None:
    assert not wrong(tg=1, mes="1234")
    assert wrong(tg=1, mes="Hello") == {"mes": ["tg_code"], "tg": ["tg_code"]}
    assert wrong(tg=1, mes=None, tpl=5) == {"mes": ["tg_needs"], "tg": ["tg_needs"]}
    assert wrong(tg=1, mes=None, phones=None, list="79990000001:Hello") == {"list": ["tg_code"]}


def test_a_wap_push_needs_a_link_and_a_title() -> None:
    assert not wrong(push=1, mes="https://example.com/\r\nOur shop")
    assert wrong(push=1, mes="Our shop") == {"mes": ["push_shape"], "push": ["push_shape"]}
    assert wrong(push=1, mes=None) == {"mes": ["mes_missing"], "push": ["mes_missing"]}
    assert wrong(push=1, mes="https://example.com/\n" + "a" * 1000) == {"mes": ["text_too_long"]}


def test_a_binary_message_needs_hex_with_a_header_that_fits() -> None:
    assert not wrong(bin=1, mes="00 FF FF")
    assert not wrong(bin=2, mes="0605040B8423F0AA\n~~~\npid: 0, dcs: 4")
    assert wrong(bin=1, mes="Hello") == {"mes": ["bin_hex"], "bin": ["bin_hex"]}
    assert wrong(bin=2, mes="05AABB") == {"mes": ["bin_header"], "bin": ["bin_header"]}
    assert wrong(bin=2, mes="00AA\n~~~\npid: 0,dcs: 4") == {"mes": ["bin_tail"], "bin": ["bin_tail"]}


def test_a_header_that_does_not_fit_is_explained_by_its_numbers() -> None:
    [problem] = problems(options(bin=2, mes="05AABB"))
    assert "5 bytes, but only 2 follow" in problem.message()


def test_a_binary_message_is_measured_as_it_is_sent() -> None:
    assert not wrong(bin=1, mes="00" * 1000)
    assert not wrong(bin=2, mes="00" * 500)
    assert wrong(bin=1, mes="00" * 1001)["mes"] == ["bin_too_long"]
    assert wrong(bin=2, mes="00" * 501)["mes"] == ["bin_too_long"]


@pytest.mark.parametrize("channel", ["hlr", "ping"])
def test_hlr_and_ping_have_no_text_of_any_kind(channel: str) -> None:
    flag = {channel: 1}
    assert not wrong(**flag, mes=None)
    assert wrong(**flag, mes=None, phones=None)["phones"] == ["phones_missing"]
    for text in ({"mes": "Hello"}, {"mes": None, "tpl": 5}):
        [name] = [key for key, value in text.items() if value]
        assert wrong(**flag, **text) == {name: ["no_text_here"], channel: ["no_text_here"]}
    assert "no_text_here" in wrong(**flag, mes=None, phones=None, list="79990000001:a")["list"]


# Rules between options


def test_a_template_excludes_a_text_and_a_list() -> None:
    assert not wrong(tpl=17, mes=None)
    assert wrong(tpl=17) == {"tpl": ["tpl_and_mes"], "mes": ["tpl_and_mes"]}
    assert wrong(tpl=17, mes=None, phones=None, list="79990000001:a") == {
        "tpl": ["tpl_and_list"],
        "list": ["tpl_and_list"],
    }


def test_a_list_excludes_recipients_and_a_text_and_is_told_so_once() -> None:
    assert wrong(list="79990000001:a") == {
        "list": ["list_alone"],
        "phones": ["list_alone"],
        "mes": ["list_alone"],
    }
    assert wrong(list="79990000001:a", mes=None) == {"list": ["list_alone"], "phones": ["list_alone"]}
    assert not wrong(list="79990000001:a", mes=None, phones=None)


def test_several_lines_belong_to_a_list() -> None:
    assert wrong(nl=1) == {"nl": ["nl_alone"], "list": ["nl_alone"]}
    assert not wrong(nl=0)
    assert not wrong(nl=1, phones=None, mes=None, list="79990000001:a\nb")


def test_bytes_do_not_go_into_a_list_but_hex_does() -> None:
    given = {"phones": None, "mes": None, "list": "79990000001:00FF"}
    assert wrong(**given, bin=1) == {"list": ["list_and_bytes"], "bin": ["list_and_bytes"]}
    assert not wrong(**given, bin=2)
    assert not wrong(**(given | {"list": "79990000001:00FF\\n~~~\\npid: 0, dcs: 4"}), bin=2)


@pytest.mark.parametrize("name", ["mes2", "sender2"])
@pytest.mark.parametrize("off", [None, 0])
def test_the_second_text_and_sender_need_the_fallback(name: str, off: int | None) -> None:
    assert wrong(viber=1, fl5=off, **{name: "Shop"}) == {name: [f"{name}_alone"], "fl[5]": [f"{name}_alone"]}
    assert not wrong(viber=1, fl5=1, **{name: "Shop"})


@pytest.mark.parametrize("rpt", [None, 0])
def test_a_number_of_repeats_needs_a_repeat(rpt: int | None) -> None:
    assert wrong(rptn=3, rpt=rpt) == {"rptn": ["rptn_alone"], "rpt": ["rptn_alone"]}


@pytest.mark.parametrize("rpt", range(1, 8))
def test_every_repeat_takes_a_number_of_repeats(rpt: int) -> None:
    assert not wrong(rptn=3, rpt=rpt)


@pytest.mark.parametrize("given", [{"period": 1}, {"freq": 5}])
def test_stretching_needs_both(given: dict[str, int]) -> None:
    assert wrong(**given) == {"period": ["period_and_freq"], "freq": ["period_and_freq"]}


@pytest.mark.parametrize(("name", "value"), [("voice", "m"), ("param", "25,60,3")])
def test_voice_and_ringing_are_for_calls(name: str, value: str) -> None:
    for others in ({}, {"call": 0}, {"viber": 1}):
        assert wrong(**others, **{name: value}) == {name: [f"{name}_alone"], "call": [f"{name}_alone"]}
    assert not wrong(call=1, **{name: value})


@pytest.mark.parametrize("name", ["translit", "tinyurl", "valid", "subj", "smsreq", "fileurl", "sender"])
@pytest.mark.parametrize("channel", ["viber", "mms", "call"])
def test_channels_forbid_no_option_by_themselves(name: str, channel: str) -> None:
    assert not wrong(**{channel: 1, name: OPTIONS[name].example or "1"})


def test_an_unreadable_partner_is_not_reported_as_missing() -> None:
    assert wrong(mes2="Hello", fl5="x") == {"fl[5]": ["not_a_choice"]}
    assert wrong(period="x", freq=5) == {"period": ["out_of_range"]}
    assert wrong(call="x", voice="m") == {"call": ["not_a_choice"]}


# Time


def stamp(**delta: float) -> str:
    return times.at(NOW + timedelta(**delta))


def test_a_time_that_is_past_is_an_error() -> None:
    assert wrong(time=stamp(seconds=-1)) == {"time": ["time_past"]}
    assert not wrong(time=stamp(minutes=1))
    assert wrong(time="2211251559", tz=0) == {"time": ["time_past"], "tz": ["time_past"]}
    assert wrong(time="2211251559") == {"time": ["time_past"]}
    assert not wrong(time="2211251601", tz=0)


def test_a_past_date_without_a_zone_says_whose_time_is_meant() -> None:
    [problem] = problems(options(time="2211251559"))
    assert "Moscow" in problem.message()
    [problem] = problems(options(time="2211251559", tz=0))
    assert "Moscow" not in problem.message()


def test_zones_of_lines_need_a_dated_time_and_senders_do_not() -> None:
    given = {"phones": None, "mes": None}
    lined = given | {"list": "Shop,2|79990000001:a"}
    both = {"list": ["list_zone_needs_date"], "time": ["list_zone_needs_date"]}
    for time in (None, "0", "+5", "10-18", stamp(hours=1)):
        assert wrong(**lined, time=time) == both
    assert not wrong(**lined, time="2411250930")
    assert not wrong(**lined, time="24.11.25 09:30")
    assert not wrong(**given, list="Shop|79990000001:a", time="10-18")


def test_a_line_whose_own_time_is_past_is_an_error() -> None:
    given = {"phones": None, "mes": None, "list": "Shop,5|79990000001:a\nShop,0|79990000002:b"}
    assert wrong(**given, time="2211251800", tz=0) == {"time": ["time_past"], "tz": ["time_past"]}
    assert not wrong(**given, time="2211252200")


# Files


def test_files_go_with_three_channels_only() -> None:
    assert not wrong(file(), mms=1)
    assert not wrong(file("price.xlsx", content_type="x/y"), **MAIL)
    for others in ({}, {"viber": 1}, {"bot": "@shop_bot"}):
        assert wrong(file(), **others) == {"files": ["files_not_here"]}


@pytest.mark.parametrize(
    "ending", ["txt", "jpg", "gif", "png", "wav", "amr", "mp3", "mid", "mp4", "3gp", "JPG"]
)
def test_an_mms_takes_the_types_of_the_page(ending: str) -> None:
    assert not wrong(file(f"a.b.{ending}"), mms=1)


@pytest.mark.parametrize("name", ["a.exe", "a.bmp", "jpg", "a.jpg.zip"])
def test_an_mms_takes_no_other(name: str) -> None:
    assert wrong(file(name), mms=1) == {"files": ["file_type_mms"]}


def test_a_call_takes_sound_only() -> None:
    assert not wrong(file("a.WAV", content_type=""), call=1)
    assert not wrong(file("sound", content_type="audio/ogg"), call=1)
    assert wrong(file("a.jpg"), call=1) == {"files": ["file_type_call"]}


def test_empty_and_badly_named_files_are_refused() -> None:
    assert wrong(file(size=0), mms=1) == {"files": ["file_empty"]}
    assert wrong(file("a\n.jpg"), mms=1) == {"files": ["file_name"]}


# Whatever is given


@given(
    st.dictionaries(
        st.sampled_from([*OPTIONS, "login", "nonsense"]),
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(-5, 2000),
            st.floats(),
            st.text(max_size=20),
            st.sampled_from(
                ["+79990000001", "ann@example.com", "@shop_bot", "Shop,2|79990000001:1", "00FF", "2411250930"]
            ),
            st.lists(st.text(max_size=12), max_size=3),
        ),
        max_size=12,
    )
)
def test_any_options_make_a_spec_or_problems_with_words_and_fields(given: dict[str, Any]) -> None:
    found = problems(given)
    for problem in found:
        assert problem.fields
        assert problem.message()
        assert "%(" not in problem.message()
        assert all(name in OPTIONS or name in given or name == "files" for name in problem.fields)
    if not found:
        assert spec(**(dict.fromkeys(options()) | given)).recipients >= 0


def test_no_problem_shows_a_number_outside_its_message() -> None:
    given = options(phones="7999000000x", list="7999000000y:a", sender="7999000000zzzz") | {"79990000009": 1}
    with pytest.raises(SpecError) as error:
        spec(**given)
    assert "7999" not in f"{error.value} {error.value!r} {error.value.problems!r}"
    assert "7999000000x" in " ".join(problem.message() for problem in error.value.problems)
