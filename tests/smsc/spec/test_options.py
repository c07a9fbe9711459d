"""Values of single options: how they are kept, and which are refused at their field."""

from typing import Any

import pytest

from mailings.smsc.reserved import RESERVED
from mailings.smsc.spec.catalogue import OPTIONS, Channel, Type
from tests.smsc.spec.spec_factory import options, problems, spec, wrong

FLAGS = [channel.value for channel in Channel if channel not in (Channel.SMS, Channel.BOT)]
MAIL = {"mail": 1, "phones": "ann@example.com", "sender": "shop@example.com", "subj": "Sale"}


def kept(name: str, value: Any, **others: Any) -> Any:
    return spec(**(others | {name: value})).options[name]


# One value at a time


@pytest.mark.parametrize(
    ("name", "value", "expected", "others"),
    [
        ("name", "  Spring sale ", "Spring sale", {}),
        ("name", 2025, "2025", {}),
        ("mes", " Hello\r\nAnn ", " Hello\nAnn ", {}),
        ("mes", "😀" * 1000, "😀" * 1000, {}),
        ("sender", "My Shop-1.!", "My Shop-1.!", {}),
        ("sender", "123456789012345", "123456789012345", {}),
        ("translit", "2", 2, {}),
        ("translit", 0, 0, {}),
        ("tinyurl", True, 1, {}),
        ("flash", False, 0, {}),
        ("tz", "0", 0, {}),
        ("tz", "+5", 5, {}),
        ("tz", -2, -2, {}),
        ("tz", "\u22121,5", -1.5, {}),
        ("tz", -0.0, 0, {}),
        ("period", "0.1", 0.1, {"freq": 1}),
        ("period", 720, 720, {"freq": "1440"}),
        ("freq", 1.0, 1, {"period": "2,5"}),
        ("rptn", "10", 10, {"rpt": 7}),
        ("smsreq", "10", 10, {"bot": "@shop_bot"}),
        ("smsreq", 999, 999, {}),
        ("fileurl", "HTTPS://example.com/a%20b.jpg?x=1", "HTTPS://example.com/a%20b.jpg?x=1", {"viber": 1}),
        ("fileurl", "http://почта.рф:8080/файл", "http://почта.рф:8080/файл", {}),
        ("bot", "@shop_1_bot", "@shop_1_bot", {}),
        ("voice", "m3", "m3", {"call": 1}),
        ("voice", "W, FR", "w,fr", {"call": 1}),
        ("param", "10,10,1", "10,10,1", {"call": 1}),
        ("param", " 35, 3600, 9 ", "35,3600,9", {"call": 1}),
        ("valid", 1, "1", {}),
        ("valid", "24", "24", {}),
        ("valid", "00:01", "00:01", {}),
        ("valid", "1:30", "01:30", {}),
        ("valid", "24:00", "24:00", {}),
        ("tpl", "17", 17, {"mes": None}),
        ("subj", " Sale ", "Sale", {}),
        ("fl[5]", "1", 1, {"viber": 1}),
        ("mes2", "a\r\nb", "a\nb", {"fl5": 1}),
    ],
)
def test_a_good_value_is_kept_in_its_one_form(
    name: str, value: Any, expected: Any, others: dict[str, Any]
) -> None:
    found = kept(name, value, **others)
    assert found == expected
    assert type(found) is type(expected)


BAD_VALUES: list[tuple[str, Any, str | None]] = [
    ("name", "two\nlines", "not_one_line"),
    ("name", "bell\x07", "not_one_line"),
    ("name", "half\ud83d", "not_one_line"),
    ("name", "a" * 256, "line_too_long"),
    ("name", ["a"], "not_text"),
    ("name", True, "not_text"),
    ("name", 1.5, "not_text"),
    ("mes", "a" * 1001, "text_too_long"),
    ("mes", "null\x00", "text_nul"),
    ("mes", "half\ud83d", "text_surrogate"),
    ("mes2", "a" * 1001, "text_too_long"),
    ("sender", "a" * 12, "sender_name"),
    ("sender", "1" * 16, "sender_name"),
    ("sender", "Магазин", "sender_name"),
    ("sender2", "shop@example.com", "sender_name"),
    ("translit", "3", "not_a_choice"),
    ("translit", "yes", "not_a_choice"),
    ("tinyurl", 2, "not_a_choice"),
    ("bin", -1, "not_a_choice"),
    ("rpt", 8, "not_a_choice"),
    ("rpt", [1], "not_a_choice"),
    ("tz", "-15.25", "out_of_range"),
    ("tz", 12, "out_of_range"),
    ("tz", "Moscow", "out_of_range"),
    ("tz", 1.1, "zone_step"),
    ("period", 0, "out_of_range"),
    ("period", "0.09", "out_of_range"),
    ("period", 720.1, "out_of_range"),
    ("period", float("nan"), "out_of_range"),
    ("period", float("inf"), "out_of_range"),
    ("period", "1e1", "out_of_range"),
    ("period", "٢", "out_of_range"),
    ("freq", 0, "out_of_range"),
    ("freq", 1441, "out_of_range"),
    ("freq", "1.5", "out_of_range"),
    ("freq", 1.5, "out_of_range"),
    ("freq", "", None),
    ("rptn", 0, "out_of_range"),
    ("rptn", -1, "out_of_range"),
    ("smsreq", 9, "out_of_range"),
    ("smsreq", 1000, "out_of_range"),
    ("tpl", "abc", "out_of_range"),
    ("fileurl", "example.com/a.jpg", "url"),
    ("fileurl", "ftp://example.com/a.jpg", "url"),
    ("fileurl", "http://", "url"),
    ("fileurl", "http://example.com:0/a.jpg", "url"),
    ("fileurl", "http://[::1", "url"),
    ("fileurl", "http://example.com/a b.jpg", "url"),
    ("bot", "shop_bot", "bot_name"),
    ("bot", "@shop", "bot_name"),
    ("bot", "1", "bot_name"),
    ("voice", "m5", "voice"),
    ("voice", "w1", "voice"),
    ("voice", "m,", "voice"),
    ("voice", "m,english", "voice"),
    ("param", "9,60,3", "param"),
    ("param", "36,60,3", "param"),
    ("param", "25,9,3", "param"),
    ("param", "25,3601,3", "param"),
    ("param", "25,60,0", "param"),
    ("param", "25,60,10", "param"),
    ("param", "25,60", "param"),
    ("param", "a,b,c", "param"),
    ("valid", 0, "valid"),
    ("valid", 25, "valid"),
    ("valid", "00:00", "valid"),
    ("valid", "24:01", "valid"),
    ("valid", "12:60", "valid"),
    ("valid", "1.5", "valid"),
    ("time", "tomorrow", "time_form"),
    ("time", "3102260900", "time_no_such_date"),
    ("phones", {"a": 1}, "not_text"),
    ("phones", "12", "recipient_wrong"),
    ("list", "79990000001", "list_line"),
]


@pytest.mark.parametrize(("name", "value", "code"), BAD_VALUES)
def test_a_bad_value_is_refused_at_its_field(name: str, value: Any, code: str | None) -> None:
    found = [problem.code for problem in problems(options() | {name: value}) if name in problem.fields]
    assert (code in found) if code else found == []


def test_each_type_of_option_has_a_bad_value_above() -> None:
    assert {OPTIONS[name].type for name, _, _ in BAD_VALUES} == set(Type) - {Type.FILES}


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_a_parameter_that_the_client_sets_is_an_error(name: str) -> None:
    assert wrong(**{name: "1"}) == {name: ["reserved_option"]}


@pytest.mark.parametrize("name", ["fl", "Phones", "phone", "fl[4]", "files", ""])
def test_an_unknown_option_is_an_error_under_its_own_name(name: str) -> None:
    assert wrong(**{name: "1"}) == {name: ["unknown_option"]}


@pytest.mark.parametrize("blank", [None, "", "  \n "])
def test_blank_values_count_as_not_given(blank: str | None) -> None:
    given = options() | {name: blank for name in OPTIONS if name not in options()}
    assert not problems(given)
    assert {name for name, option in wrong(name=blank).items()} == {"name"}
