"""The controls speak the language of their channel, and nowhere the wire's."""

import re

import pytest
from django.http import QueryDict

from mailings.forms import ComposeForm, from_post
from mailings.smsc.spec.catalogue import FILES, OPTIONS, options_for
from mailings.smsc.spec.vocabulary import Channel, Type
from tests.forms.test_when import NOW

FLAGS = [option.name for option in OPTIONS.values() if option.type is Type.FLAG]


def form(query: str) -> ComposeForm:
    return ComposeForm(from_post(QueryDict(query)), now=NOW)


def drawn(query: str, name: str) -> str:
    return str(form(query)[name])


def test_what_is_yes_or_no_is_a_switch() -> None:
    assert 'type="checkbox"' in drawn("", "flash")
    assert "checked" not in drawn("", "flash")
    assert "checked" in drawn("flash=1", "flash")


@pytest.mark.parametrize("value", ["0", "2", "yes"])
def test_what_a_switch_cannot_say_is_shown_as_it_came(value: str) -> None:
    shown = drawn(f"flash={value}", "flash")

    assert re.search(rf'<option value="{value}" selected', shown)
    assert shown.count("data-option") == 1


@pytest.mark.parametrize("name", FLAGS)
def test_with_all_options_shown_a_plain_no_can_be_said_too(name: str) -> None:
    assert '<option value="0">No, said outright</option>' in drawn("show_all=1", name)


@pytest.mark.parametrize("name", [option.name for option in OPTIONS.values() if option.choices])
def test_choices_are_words_and_never_codes(name: str) -> None:
    words = re.findall(r"<option[^>]*>(.*?)</option>", drawn("show_all=1", name))

    assert len(words) == len(OPTIONS[name].choices) + 1
    assert not [word for word in words if "·" in word or re.match(r"[0-9]", word)]


def test_a_repeat_is_said_in_words() -> None:
    assert '<option value="5">Every week</option>' in drawn("", "rpt")
    assert '<option value="" selected>No repeat</option>' in drawn("rpt=", "rpt")


@pytest.mark.parametrize("channel", [one for one in Channel if one is not Channel.SMS])
def test_no_other_channel_speaks_of_a_binary_sms(channel: Channel) -> None:
    made = form(f"channel={channel}")

    helps = [str(made.fields[option.name].help_text) for option in options_for(channel)]
    assert not [text for text in helps if "hexadecimal" in text or "inary" in text]


@pytest.mark.parametrize("channel", sorted(set(Channel) - {Channel.SMS}))
def test_no_other_channel_speaks_of_an_sms_but_of_the_one_after_a_failure(channel: Channel) -> None:
    about_sms = {"fl[5]", "mes2", "sender2", "ping"}
    fields = form(f"channel={channel}").fields
    helps = [str(fields[one.name].help_text) for one in options_for(channel) if one.name not in about_sms]

    assert not [text for text in helps if re.search(r"SMS(?! Centre)", text)]


def test_an_email_asks_for_addresses_and_a_call_for_a_number() -> None:
    mail, call = form("channel=mail"), form("channel=call")

    assert mail.fields["sender"].help_text == "The address that the e-mail comes from."
    assert mail.fields["phones"].widget.attrs["placeholder"] == "ann@example.com"
    assert "phone rings" in str(call.fields["sender"].help_text)
    assert call.fields["files"].help_text == FILES.helps[Channel.VOICE]


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.MAIL, Channel.VIBER, Channel.VOICE])
def test_the_sender_is_the_first_thing_after_the_channel(channel: Channel) -> None:
    assert form(f"channel={channel}").parts["channel"].first[0].name == "sender"


def test_the_fold_of_options_says_what_it_holds_and_how_much_of_it_is_set() -> None:
    made = form("flash=1&valid=2")

    assert made.more_set == 2
    assert "Give up after · Flash" in made.more_labels
