"""The catalogue has every option of the provider's page, and the documentation has every option of it."""

import re
from pathlib import Path

import pytest

from mailings.smsc.reserved import RESERVED
from mailings.smsc.spec import values
from mailings.smsc.spec.catalogue import (
    FILES,
    KINDS_OF_SMS,
    OPTIONS,
    Channel,
    Option,
    Section,
    Type,
    options_for,
)

# The page's table of parameters for creating a list; nl and fl[5] stand inside other lines there.
OF_THE_PAGE = {
    "login", "psw", "apikey", "name", "phones", "mes", "sender", "sender2", "translit", "tinyurl",
    "time", "rpt", "rptn", "tz", "period", "freq", "flash", "bin", "push", "hlr", "ping", "mms",
    "mail", "soc", "viber", "whatsapp", "tg", "bot", "smsreq", "fileurl", "mes2", "fl[5]", "call",
    "voice", "param", "subj", "charset", "cost", "fmt", "list", "nl", "tpl", "valid",
}  # fmt: skip
THE_CLIENTS = {"login", "psw", "apikey", "charset", "cost", "fmt"}

every_option = pytest.mark.parametrize("option", OPTIONS.values(), ids=OPTIONS)


def page() -> str:
    return (Path(__file__).parents[3] / "docs" / "options.md").read_text()


def test_the_catalogue_is_the_page_less_what_the_client_sets() -> None:
    assert set(OPTIONS) == OF_THE_PAGE - THE_CLIENTS
    assert all(name == option.name for name, option in OPTIONS.items())


def test_the_parameters_that_the_client_sets_are_reserved() -> None:
    assert THE_CLIENTS | {"add", "del", "cancel", "get", "get_all", "id", "start", "end"} == RESERVED
    assert not RESERVED & set(OPTIONS)


@every_option
def test_every_option_has_a_label_and_one_line_of_help(option: Option) -> None:
    assert option.label
    assert option.help.endswith(".")
    assert "\n" not in option.help
    assert len(option.help) <= 110
    for channel, text in option.helps.items():
        assert channel in option.channels
        assert text.endswith(".")
        assert len(text) <= 110


@every_option
def test_every_option_belongs_to_a_channel(option: Option) -> None:
    assert option.channels


@every_option
def test_every_type_but_recipients_has_a_reader(option: Option) -> None:
    assert (option.type in values.READERS) is (option.type is not Type.PHONES)


@every_option
def test_every_enumerated_value_and_the_example_can_be_read(option: Option) -> None:
    for choice in option.choices:
        assert str(values.read(option, choice.value)) == choice.value
    if option.example and option.type is not Type.PHONES:
        assert str(values.read(option, option.example)) == option.example


@every_option
def test_a_default_is_one_of_the_choices_or_now(option: Option) -> None:
    allowed = {choice.value for choice in option.choices} | ({"0"} if option.name == "time" else set())
    assert option.default is None or option.default in allowed


def test_defaults_are_those_of_the_page() -> None:
    assert {name for name, option in OPTIONS.items() if option.default == "0"} == {
        "translit", "tinyurl", "time", "rpt", "flash", "bin", "push", "hlr", "ping", "mms", "mail",
        "soc", "viber", "whatsapp", "tg", "call", "nl", "fl[5]",
    }  # fmt: skip
    assert OPTIONS["voice"].default == "m3"


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("period", 0.1, 720),
        ("freq", 1, 1440),
        ("smsreq", 10, 999),
        ("tz", -15, 11),
    ],
)
def test_ranges_are_those_of_the_page(name: str, low: float, high: float) -> None:
    assert (OPTIONS[name].minimum, OPTIONS[name].maximum) == (low, high)


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("translit", "0 1 2"),
        ("bin", "0 1 2"),
        ("rpt", "0 1 2 3 4 5 6 7"),
        ("voice", "m m2 m3 m4 w w2 w3 w4"),
        ("flash", "0 1"),
    ],
)
def test_choices_are_those_of_the_page(name: str, choices: str) -> None:
    assert [choice.value for choice in OPTIONS[name].choices] == choices.split()


@pytest.mark.parametrize("channel", Channel)
def test_every_channel_but_sms_is_selected_by_an_option_of_its_own(channel: Channel) -> None:
    if channel is Channel.SMS:
        assert channel.option is None
    else:
        option = OPTIONS[channel.option or ""]
        assert option.channels == {channel}
        assert option.section is Section.CHANNEL
    assert channel.label


def test_kinds_of_sms_are_shown_for_sms_alone() -> None:
    assert all(OPTIONS[name].channels == {Channel.SMS} for name in KINDS_OF_SMS)


def test_a_form_shows_what_belongs_to_its_channel_in_order() -> None:
    mail = [option.name for option in options_for(Channel.MAIL)]
    assert {"mail", "subj", "files", "sender", "fl[5]"} <= set(mail)
    assert not {"flash", "voice", "valid", "bot", "viber"} & set(mail)
    assert [name for name in mail if name != "files"] == [name for name in OPTIONS if name in mail]


def test_a_form_section_holds_only_its_own_and_the_sections_hold_all() -> None:
    for channel in Channel:
        by_section = [option for section in Section for option in options_for(channel, section)]
        assert sorted(option.name for option in by_section) == sorted(
            option.name for option in options_for(channel)
        )
        assert all(option.section is Section.WHEN for option in options_for(channel, Section.WHEN))


def test_hlr_and_ping_show_no_text_and_files_go_with_three_channels() -> None:
    for channel in (Channel.HLR, Channel.PING):
        assert not {"mes", "list", "tpl"} & {option.name for option in options_for(channel)}
    with_files = {channel for channel in Channel if FILES in options_for(channel)}
    assert with_files == {Channel.MMS, Channel.MAIL, Channel.VOICE}


@every_option
def test_the_documentation_has_one_line_for_each_option(option: Option) -> None:
    rows = [line for line in page().splitlines() if line.startswith(f"| `{option.name}` |")]
    assert len(rows) == 1
    _, _, what, taken, default, shown, _ = (cell.strip() for cell in re.split(r"(?<!\\)\|", rows[0]))
    assert what.replace("\\|", "|") == option.help
    assert default.strip("`") == (option.default or "")
    for choice in option.choices:
        assert f"`{choice.value}`" in taken
    if option.minimum is not None:
        assert f"{option.minimum:g} to {option.maximum:.0f}" in taken
    assert documented_channels(shown) == option.channels


def documented_channels(cell: str) -> set[Channel]:
    if cell.startswith("all"):
        without = cell.removeprefix("all").removeprefix(" but ")
        return set(Channel) - {Channel(name) for name in without.split(", ") if name}
    return {Channel(name) for name in cell.split(", ")}


def test_the_documentation_lists_no_other_option_and_every_reserved_name() -> None:
    tables = page().split("## Recipients")[0]
    assert set(re.findall(r"^\| `(\S+)` \|", tables, re.MULTILINE)) == set(OPTIONS)
    reserved = next(line for line in page().splitlines() if "`login psw" in line)
    assert set(reserved.split("`")[1].split()) == RESERVED
