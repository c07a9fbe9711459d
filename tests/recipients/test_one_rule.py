"""Wherever a recipient comes in, the room of recipients says whether it is one, and in which form it is sent.

What an entry takes that the room does not, or in another form, would be another person's number or none.
"""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import phonenumbers
import pytest
from django.utils import timezone

from mailings.forms import ComposeForm, Typed
from mailings.management.cli import addressed
from mailings.management.cli.errors import BadInput
from mailings.models import Account, Import, ImportedRow
from mailings.recipients import people, reader, saved_lists, stop_list
from mailings.recipients.corrections import correct
from mailings.recipients.judge import Judge
from mailings.smsc.spec import addresses
from mailings.smsc.spec.vocabulary import Channel

pytestmark = pytest.mark.django_db
NONE = ""
NUMBERS = {
    "+7 (999) 000-00-01": "+79990000001",
    "89990000001": "+79990000001",
    "79990000001": "+79990000001",
    "9990000001": "+79990000001",
    "79990000001.0": "+79990000001",
    "+44 7400 123456": "+447400123456",
    "G12": "G12",
    "+71230000001": NONE,  # doubtful: a person has to say so
    "12345": NONE,
    "12345678": NONE,
    "+7999": NONE,
    "0000000000": NONE,
    "79990000001 доб. 12": NONE,
    "20.11.2026": NONE,
    "нет": NONE,
}
MAILS = {
    "Ann@Example.COM": "Ann@example.com",
    "Ann <ann@example.com>": "ann@example.com",
    "mailto:ann@example.com": "ann@example.com",
    "ann@пример.рф": "ann@xn--e1afmkfd.xn--p1ai",
    "ann@example": NONE,
    "ann..b@example.com": NONE,
    "ann@-example.com": NONE,
    "ann.example.com": NONE,
}
NAMES = {
    "@anna_k": "@anna_k",
    "https://t.me/anna_k": "@anna_k",
    "#123456": "#123456",
    "89990000001": "+79990000001",
    "@ann": NONE,
    "@anna_": NONE,
    "https://t.me/joinchat/abc": NONE,
}
ROWS = [
    (channel, typed, sent)
    for channel, table in ((Channel.SMS, NUMBERS), (Channel.MAIL, MAILS), (Channel.BOT, NAMES))
    for typed, sent in table.items()
]
WORDS = {Channel.SMS: {}, Channel.MAIL: {"mail": "1"}, Channel.BOT: {"bot": "shop"}}


def paste(typed: str, channel: Channel) -> str:
    values = {"phones": typed, "mes": "Hi"}
    form = ComposeForm(Typed(channel=channel, values=values), now=timezone.now())
    return "".join(form.gathered.valid)


def typed_list(typed: str, channel: Channel) -> str:
    """In front of a text of its own, on the page as on the command line; a colon would end it."""
    if ":" in typed:
        return room(typed, channel)
    try:
        found = addressed.by_phones({"list": f"{typed}:Hi", **WORDS[channel]}, "RU")
    except BadInput:
        return NONE
    return str(found["list"]).removesuffix(":Hi")


def file(typed: str, channel: Channel) -> str:
    head = "E-mail" if channel is Channel.MAIL else "Телефон"
    content = BytesIO(f"{head}\tИмя\n{typed}\tАнна\n".encode())
    choices = reader.Choices(channel=channel, country="RU", columns={"phones": head})
    found = list(reader.read(content, "a.tsv", choices))
    return "".join(one.recipient for one in found if one.verdict == "valid")


def order(typed: str, channel: Channel) -> str:
    return _ordered(typed, channel)


def order_of_many(typed: str, channel: Channel) -> str:
    return _ordered([typed], channel)


def order_of_a_number(typed: str, channel: Channel) -> str:
    """JSON has numbers without quotation marks, too."""
    return _ordered(int(typed), channel) if typed.isdecimal() and typed[0] != "0" else room(typed, channel)


def _ordered(phones: Any, channel: Channel) -> str:
    options = {"phones": phones, **WORDS[channel]}
    try:
        found = addressed.by_phones(options, "RU")["phones"]
    except BadInput:
        return NONE
    return "".join(found) if isinstance(found, list) else str(found)


def correction(typed: str, channel: Channel) -> str:
    account = Account.objects.create(name="default", kind=Account.Kind.SANDBOX)
    about: dict[str, Any] = {"path": "", "name": "a.csv", "size": 0, "state": Import.State.READY, "wrong": 1}
    imported = Import.objects.create(account=account, channel=channel.value, **about)
    ImportedRow.objects.create(imported=imported, position=0, line=1, value="?", verdict="wrong")
    row = correct(imported, 0, typed)
    return row.address if row and row.verdict == "valid" else NONE


def room(typed: str, channel: Channel) -> str:
    found = Judge(channel, "RU").entries(typed)
    return "".join(one.recipient for one in found if one.verdict == "valid")


@pytest.mark.parametrize(("channel", "typed", "sent"), ROWS)
@pytest.mark.parametrize(
    "entry",
    [room, paste, typed_list, file, order, order_of_many, order_of_a_number, correction],
)
def test_every_entry_of_a_mailing_takes_the_same_in_the_same_form(
    entry: Callable[[str, Channel], str], channel: Channel, typed: str, sent: str
) -> None:
    assert entry(typed, channel) == sent


@pytest.mark.parametrize(("channel", "typed", "sent"), [row for row in ROWS if row[2] != "G12"])
def test_the_stop_list_and_the_look_up_mean_the_same_person(channel: Channel, typed: str, sent: str) -> None:
    if not sent:
        return
    assert stop_list.key(typed, "RU") == people.find(typed, "RU").address == sent.casefold()
    listed = saved_lists.read(typed, None, "", "RU")
    assert listed.valid == (sent,)


@pytest.mark.parametrize("typed", [one for one in NUMBERS if one != "+71230000001" and not NUMBERS[one]])
def test_what_is_no_number_is_nobody_there_either(typed: str) -> None:
    with pytest.raises(stop_list.NotAnAddress):
        stop_list.key(typed, "RU")
    assert saved_lists.read(typed, None, "", "RU").valid == ()


@pytest.mark.parametrize(("channel", "typed", "sent"), ROWS)
def test_what_the_room_gives_is_sent_as_it_is(channel: Channel, typed: str, sent: str) -> None:
    if not sent:
        return
    assert addresses.clean(sent, addresses.kinds_for(channel)) == sent


def test_a_number_of_every_country_is_sent_as_it_is() -> None:
    """The shortest numbers of the world have seven digits."""
    for region in phonenumbers.SUPPORTED_REGIONS:
        example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
        if example is None:
            continue
        typed = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        sent = room(typed, Channel.SMS)
        assert sent == typed, region
        assert addresses.clean(sent, addresses.TO_PHONES) == sent
