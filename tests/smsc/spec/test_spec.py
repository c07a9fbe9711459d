"""The frozen spec: its stored form, digest, request parameters, moments and counts."""

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailings.smsc.reserved import RESERVED
from mailings.smsc.spec.catalogue import OPTIONS, Channel, Type
from mailings.smsc.spec.problems import N_, Problem
from mailings.smsc.spec.spec import Spec, SpecError, SpecVersionError, read_recipients, validate
from tests.smsc.spec.spec_factory import NOW, PHONE, file, options, problems, spec

ONE_OF_EACH: dict[str, dict[str, Any]] = {
    # option -> the other options that it needs
    "mail": {"phones": "ann@example.com", "sender": "shop@example.com", "subj": "Sale"},
    "hlr": {"mes": None},
    "ping": {"mes": None},
    "tg": {"mes": "1234"},
    "bin": {"mes": "00FF"},
    "push": {"mes": "https://example.com/\nOur shop"},
    "list": {"phones": None, "mes": None},
    "nl": {"phones": None, "mes": None, "list": "79990000001:Hello"},
    "tpl": {"mes": None},
    "rptn": {"rpt": 1},
    "period": {"freq": 5},
    "freq": {"period": 5},
    "mes2": {"fl5": 1},
    "sender2": {"fl5": 1},
    "voice": {"call": 1},
    "param": {"call": 1},
}


def on_the_wire(found: Spec, reference: str = "K7Q2Ma") -> dict[str, Any]:
    pairs = found.wire(reference)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def again(found: Spec) -> Spec:
    """The spec, stored and read back: its recipients and their texts are stored apart."""
    stored = json.loads(json.dumps(found.to_json()))
    assert "list" not in stored["options"]
    return Spec.from_json(stored, found.phones, [found.options["list"]] if "list" in found.options else [])


def every_value() -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, option in OPTIONS.items()
        if option.type is not Type.PHONES
        for value in [choice.value for choice in option.choices]
        + ([option.example] if option.example else [])
    ]


@pytest.mark.parametrize(("name", "value"), every_value())
def test_every_option_with_every_enumerated_value_reaches_the_wire_as_given(name: str, value: str) -> None:
    along = ONE_OF_EACH.get(name, {}) if value != "0" else {}
    found = spec(**(along | {name: value}))
    sent = on_the_wire(again(found))
    if name == "name":
        assert sent[name] == f"K7Q2Ma {value}"
    else:
        assert sent[name] == value
    assert not RESERVED & set(sent)


def test_a_plain_sms_sends_four_parameters() -> None:
    assert spec().wire("K7Q2Ma") == [
        ("name", "K7Q2Ma Spring sale"),
        ("phones", (PHONE,)),
        ("mes", "Hello"),
        ("time", "0"),
    ]


def test_what_is_not_given_is_not_sent_but_time_always_is() -> None:
    assert set(on_the_wire(spec(time=None))) == {"name", "phones", "mes", "time"}
    assert spec(time="").options["time"] == "0"


def test_zone_0_is_sent_and_not_taken_for_blank() -> None:
    assert on_the_wire(spec(tz=0))["tz"] == "0"


@pytest.mark.parametrize(
    ("name", "value", "sent"),
    [("tz", "-2.50", "-2.5"), ("tz", "3.0", "3"), ("period", "0,10", "0.1"), ("valid", "1:05", "01:05")],
)
def test_numbers_are_sent_plainly(name: str, value: str, sent: str) -> None:
    assert on_the_wire(spec(**ONE_OF_EACH.get(name, {}), **{name: value}))[name] == sent


def test_binary_kind_one_is_kept_as_hex_and_sent_as_bytes() -> None:
    found = spec(bin=1, mes="06 05 04 0B 84 23 F0 00\r\n~~~\r\npid: 0, dcs: 245")
    assert found.options["mes"] == "0605040B8423F000\n~~~\npid: 0, dcs: 245"
    assert on_the_wire(found)["mes"] == bytes.fromhex("0605040B8423F000") + b"\n~~~\npid: 0, dcs: 245"


def test_binary_kind_two_is_sent_as_hex() -> None:
    assert on_the_wire(spec(bin=2, mes="00 ab"))["mes"] == "00ab"


def test_a_list_is_sent_without_phones_and_text() -> None:
    sent = on_the_wire(spec(phones=None, mes=None, list="79990000001:Hello\\nAnn\r\n79990000002;Bob\r\n"))
    assert sent["list"] == "79990000001:Hello\\nAnn\n79990000002;Bob"
    assert not {"phones", "mes"} & set(sent)


def test_an_upload_has_a_name_for_its_part() -> None:
    assert [Spec.upload_field(number) for number in range(2)] == ["file1", "file2"]


def test_recipients_are_clean_in_order_and_once() -> None:
    found = spec(phones="8 (999) 000-00-02\n+79990000001; 79990000001, G7")
    assert found.phones == ("89990000002", "+79990000001", "G7")
    assert (found.recipients, found.has_groups) == (2, True)
    assert spec(phones=["+79990000001", 79990000001]).phones == (PHONE,)


def test_recipients_of_a_list_are_counted() -> None:
    found = spec(phones=None, mes=None, list="79990000001,79990000002:a\nG7:b\n79990000001:c")
    assert (found.recipients, found.has_groups, found.phones) == (3, True, ())


def test_a_page_counts_recipients_while_a_person_types() -> None:
    found = read_recipients("79990000001, oops, 79990000001", Channel.SMS)
    assert (len(found.valid), found.duplicates, len(found.wrong)) == (1, 1, 1)


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ({}, 1),
        ({"mes": "ё" * 71, "phones": "79990000001,79990000002"}, 4),
        ({"mes": "a" * 161, "phones": "79990000001,G7"}, 2),
        (
            {
                "phones": None,
                "mes": None,
                "list": f"79990000001,79990000002:{'a' * 161}\nG7:a\n79990000003:b",
            },
            5,
        ),
        ({"phones": None, "mes": None, "nl": 1, "list": f"79990000001:{'a' * 100}\n{'b' * 100}"}, 2),
        ({"bin": 2, "mes": "00" * 141}, 2),
        ({"hlr": 1, "mes": None}, 1),
        ({"ping": 1, "mes": None}, 1),
        ({"viber": 1}, None),
        ({"tpl": 5, "mes": None}, None),
    ],
)
def test_parts_over_all_recipients(given: dict[str, Any], parts: int | None) -> None:
    assert spec(**given).parts == parts


def everything() -> Spec:
    return spec(
        file(), mms=1, subj="Look", time="2411250930", tz=2.5, rpt=6, rptn=3, period=0.5, freq=5, translit=0
    )


def test_the_stored_form_is_plain_json_and_comes_back_the_same() -> None:
    found = everything()
    stored = json.loads(json.dumps(found.to_json()))
    assert stored["version"] == 1
    assert "phones" not in stored["options"]
    back = Spec.from_json(stored, list(found.phones))
    assert (back.name, back.channel) == ("Spring sale", Channel.MMS)
    assert back == found
    assert back.digest() == found.digest()
    assert back.wire("A") == found.wire("A")


def test_a_stored_spec_is_not_validated_again() -> None:
    found = spec(time="2411250930", tz=0)
    later = NOW + timedelta(days=365)
    back = Spec.from_json(found.to_json(), found.phones)
    assert back.due_at(later) == datetime(2025, 11, 24, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"version": None},
        {"version": "1"},
        {"version": True},
        {"options": None},
        {"options": {"name": "a"}},
        {"options": {"name": "a", "time": "0", "phones": "1"}},
        {"options": {"name": "a", "time": "0", "unheard": 1}},
        {"files": [{"name": "a"}]},
    ],
)
def test_an_unknown_stored_form_is_refused_clearly(change: dict[str, Any]) -> None:
    with pytest.raises(SpecVersionError, match=r"version 1|stored"):
        Spec.from_json(spec().to_json() | change, [PHONE])


def test_the_digest_tells_specs_apart_by_everything() -> None:
    plain = spec()
    others = [
        spec(name="Other"),
        spec(mes="Hello "),
        spec(phones="+79990000002"),
        spec(phones=f"{PHONE},+79990000002"),
        spec(flash=0),
        spec(time="+1"),
        spec(file(), mms=1),
        spec(file(size=2), mms=1),
    ]
    digests = {found.digest() for found in [plain, *others]}
    assert len(digests) == len(others) + 1
    assert spec().digest() == plain.digest()
    assert validate(dict(reversed(options().items())), now=NOW).digest() == plain.digest()


def test_a_spec_cannot_be_changed() -> None:
    found = spec()
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.phones = ()  # type: ignore[misc]  # the very thing that is tried
    with pytest.raises(TypeError):
        found.options["name"] = "Other"  # type: ignore[index]  # likewise


def test_neither_spec_nor_file_shows_numbers_or_names() -> None:
    found = spec(file("79990000001.jpg"), mms=1, mes="Secret 79990000001")
    shown = f"{found} {found!r} {found.files!r}"
    assert "7999" not in shown
    assert "Secret" not in shown


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ({}, NOW),
        ({"time": "+45"}, NOW + timedelta(minutes=45)),
        ({"time": "01764000000"}, datetime(2025, 11, 24, 16, 0, tzinfo=UTC)),
        ({"time": "24.11.25 09:30", "tz": 0}, datetime(2025, 11, 24, 6, 30, tzinfo=UTC)),
        ({"time": "24.11.25 09:30"}, None),
        ({"time": "10-18", "tz": 0}, None),
    ],
)
def test_the_moment_asked_for(given: dict[str, Any], moment: datetime | None) -> None:
    assert spec(**given).due_at(NOW) == moment


def test_a_list_with_zones_is_due_at_the_earliest_of_them() -> None:
    given = {"phones": None, "mes": None, "time": "2411250930"}
    found = spec(**given, list="Shop,0|79990000001:a\nShop,3|79990000002:b")
    assert found.due_at(NOW) == datetime(2025, 11, 24, 3, 30, tzinfo=UTC)
    assert not found.notices()
    mixed = "Shop,0|79990000001:a\nShop|79990000002:b"
    assert spec(**given, list=mixed).due_at(NOW) is None
    assert spec(**given, list=mixed, tz=-1).due_at(NOW) == datetime(2025, 11, 24, 6, 30, tzinfo=UTC)


def test_the_next_sendings_follow_the_repeat() -> None:
    found = spec(time="2411250930", tz=0, rpt=2, rptn=2).occurrences(NOW)
    assert [moment.day for moment in found] == [24, 25, 26]
    assert len(spec(rpt=1).occurrences(NOW)) == 10
    assert spec().occurrences(NOW) == [NOW]


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ({}, []),
        ({"time": "2411250930"}, ["zone_unknown"]),
        ({"time": "10-18"}, ["zone_unknown"]),
        ({"time": "2411250930", "tz": 0}, []),
        ({"time": "01764000000"}, []),
        ({"phones": "G7"}, ["groups_uncounted"]),
    ],
)
def test_what_cannot_be_known_is_said(given: dict[str, Any], codes: list[str]) -> None:
    assert [notice.code for notice in spec(**given).notices()] == codes


def test_validate_refuses_a_now_without_a_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        validate(options(), now=NOW.replace(tzinfo=None))


def test_a_rule_between_options_stands_under_each_that_it_names() -> None:
    with pytest.raises(SpecError) as error:
        spec(rptn=3, viber=2)
    found = error.value.by_field()
    assert list(found) == ["viber", "rptn", "rpt"]
    assert found["rptn"] == found["rpt"]
    assert str(error.value) == "Problem(not_a_choice: viber); Problem(rptn_alone: rptn,rpt)"


def test_a_message_is_translated_before_it_is_filled_and_so_is_one_inside_it() -> None:
    inner = Problem(("list",), "inner", N_("at %(place)s"), {"place": "home"})
    outer = Problem(("list",), "outer", N_("Line %(line)s: %(why)s"), {"line": 3, "why": inner})
    russian = {"at %(place)s": "у %(place)s", "Line %(line)s: %(why)s": "Строка %(line)s: %(why)s"}
    assert outer.message() == "Line 3: at home"
    assert outer.message(russian.__getitem__) == "Строка 3: у home"


def test_what_a_person_typed_is_never_taken_for_a_template() -> None:
    [problem] = problems(options(phones="100%(count)s%"))
    assert "100%(count)s%" in problem.message()


printable = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60).filter(str.strip)


one_line = printable.filter(lambda text: not set("\u2028\u2029") & set(text))
wanted = st.fixed_dictionaries(
    {
        "name": one_line,
        "mes": printable,
        "phones": st.lists(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True), min_size=1, unique=True),
        "tz": st.none() | st.integers(-60, 44).map(lambda quarters: quarters / 4),
        "period": st.decimals(min_value="0.1", max_value=720, places=2).map(str),
        "freq": st.integers(1, 1440),
    }
)


@given(wanted, st.sampled_from(["flash", "viber", "whatsapp", "soc", "tinyurl"]))
def test_what_is_given_goes_through_store_and_wire_unchanged(given: dict[str, Any], flag: str) -> None:
    found = validate(given | {flag: 1}, now=NOW)
    back = again(found)
    sent: dict[str, Any] = dict(back.wire("AAAAAa"))
    assert back == found
    assert sent["name"] == f"AAAAAa {given['name'].strip()}"
    assert sent["mes"] == given["mes"]
    assert sent["phones"] == tuple(given["phones"])
    assert sent[flag] == "1"
    assert ("tz" in sent) is (given["tz"] is not None)
    assert float(sent.get("tz", 0)) == (given["tz"] or 0)
    assert float(sent["period"]) == float(given["period"])
    assert sent["freq"] == str(given["freq"])
