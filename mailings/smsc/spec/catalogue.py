"""The catalogue: every option of the provider's call that creates a mailing list, in the order of our form.

Source: the provider's page "Actions with mailing lists", the table of parameters for creating a list: one
entry here for each line there (`nl` and `fl[5]` are described in the lines on `list` and `mes2`), without
those that the client itself sets (mailings/smsc/reserved.py).

Labels, helps and choice labels are English, marked for extraction; nothing here translates.
"""

from collections.abc import Iterable

from mailings.smsc.spec.problems import N_
from mailings.smsc.spec.vocabulary import Channel, Choice, Option, Section, Type

__all__ = [
    "FILES",
    "KINDS_OF_SMS",
    "OPTIONS",
    "Channel",
    "Choice",
    "Option",
    "Section",
    "Type",
    "options_for",
]


ALL = frozenset(Channel)
QUIET = frozenset({Channel.HLR, Channel.PING})
WITH_TEXT = ALL - QUIET
WITH_FILES = frozenset({Channel.MMS, Channel.MAIL, Channel.VOICE})
SMS = frozenset({Channel.SMS})

# Options that choose a kind of SMS: at most one may be on, and then no channel but SMS.
KINDS_OF_SMS = ("flash", "bin", "push")

OFF_ON = (Choice("0", N_("No")), Choice("1", N_("Yes")))


def _flag(name: str, label: str, hint: str, section: Section, channels: Iterable[Channel]) -> Option:
    return Option(name, label, hint, Type.FLAG, section, frozenset(channels), OFF_ON, default="0")


def _channel(channel: Channel, hint: str) -> Option:
    return _flag(channel.value, channel.label, hint, Section.CHANNEL, {channel})


_CATALOGUE = (
    Option(
        "name",
        N_("Name of the mailing"),
        N_("What you will find it by later. Recipients do not see it."),
        Type.LINE,
        Section.CHANNEL,
        ALL,
        minimum=1,
        maximum=255,
        example="Spring sale",
    ),
    _channel(Channel.VIBER, N_("Goes to people in Viber.")),
    _channel(Channel.WHATSAPP, N_("Goes to people in WhatsApp.")),
    _channel(Channel.TELEGRAM, N_("Sends a confirmation code in Telegram; the text is the code.")),
    Option(
        "bot",
        N_("Telegram bot"),
        N_("The name of your bot, which sends the message: @botname_bot."),
        Type.BOT,
        Section.CHANNEL,
        frozenset({Channel.BOT}),
        example="@shop_bot",
    ),
    _channel(Channel.MAIL, N_("An e-mail; it needs a sender's address, a subject and a text.")),
    _channel(Channel.MMS, N_("A message with pictures, sound or video; it needs a subject or a text.")),
    _channel(Channel.VOICE, N_("A phone call that reads the text aloud, or plays the attached file.")),
    _channel(Channel.SOC, N_("Goes to people in Odnoklassniki, VKontakte or the Mail.Ru Agent.")),
    _channel(Channel.HLR, N_("Asks the operator about each number; nothing is sent to the person.")),
    _channel(Channel.PING, N_("Checks whether each phone is on, by an SMS that is not shown.")),
    Option(
        "phones",
        N_("Recipients"),
        N_("Numbers, one a line or by commas; with + they are sent exactly so. A group is G and its number."),
        Type.PHONES,
        Section.TO,
        ALL,
        example="+79990000001",
        helps={
            Channel.MAIL: N_("E-mail addresses, one a line or by commas. A group is G and its number."),
            **dict.fromkeys(
                (Channel.TELEGRAM, Channel.BOT),
                N_("Numbers, nicknames, or # and an ID; one a line or by commas."),
            ),
        },
        examples={
            Channel.MAIL: "ann@example.com",
            **dict.fromkeys((Channel.TELEGRAM, Channel.BOT), "+79990000001, @nickname, #1234567"),
        },
    ),
    Option(
        "list",
        N_("Personal messages"),
        N_("In place of recipients and text: lines of “numbers:text”, “sender,zone|” in front if needed."),
        Type.LIST,
        Section.TO,
        WITH_TEXT,
        example=N_("79990000001:Hello, Ann"),
    ),
    _flag(
        "nl",
        N_("Texts with several lines"),
        N_("In personal messages a line that does not begin with numbers goes on with the text above it."),
        Section.TO,
        WITH_TEXT,
    ),
    Option(
        "mes",
        N_("Text"),
        N_("Up to 1000 characters."),
        Type.TEXT,
        Section.MESSAGE,
        WITH_TEXT,
        example="Hello",
        helps={
            Channel.SMS: N_("Up to 1000 characters; a long text goes in parts, and each part is paid for."),
            Channel.TELEGRAM: N_("The confirmation code: digits alone."),
            Channel.MAIL: N_("The letter itself, up to 1000 characters."),
            Channel.MMS: N_("Up to 1000 characters, under the pictures or the sound."),
            Channel.VOICE: N_("What is read aloud, up to 1000 characters. Not needed with a sound file."),
        },
    ),
    Option(
        "subj",
        N_("Subject"),
        N_("An e-mail needs one. An MMS without one shows the sender's name in its place."),
        Type.LINE,
        Section.MESSAGE,
        frozenset({Channel.MAIL, Channel.MMS}),
        example="Spring sale",
        helps={
            Channel.MAIL: N_("What the letter is about; people see it before they open it."),
            Channel.MMS: N_("Without one the sender's name is shown in its place."),
        },
    ),
    Option(
        "time",
        N_("Time of sending"),
        N_("0 is now; a date and hour, hours of the day such as 10-18, or + and minutes from now."),
        Type.TIME,
        Section.WHEN,
        ALL,
        default="0",
        example="+30",
    ),
    Option(
        "tz",
        N_("Time zone"),
        N_("Hours from Moscow time; 0 is Moscow. Left out, SMS Centre uses the zone of the account."),
        Type.ZONE,
        Section.WHEN,
        ALL,
        minimum=-15,
        maximum=11,
        example="0",
    ),
    Option(
        "rpt",
        N_("Repeat"),
        N_("How often the mailing goes out again."),
        Type.CHOICE,
        Section.WHEN,
        ALL,
        (
            Choice("0", N_("No repeat")),
            Choice("1", N_("Every hour")),
            Choice("2", N_("Every day")),
            Choice("3", N_("Every working day")),
            Choice("4", N_("Every weekend")),
            Choice("5", N_("Every week")),
            Choice("6", N_("Every month")),
            Choice("7", N_("Every year")),
        ),
        default="0",
    ),
    Option(
        "rptn",
        N_("At most so many repeats"),
        N_("After so many repeats it stops by itself. Only for a mailing that repeats."),
        Type.INTEGER,
        Section.WHEN,
        ALL,
        minimum=1,
        maximum=999_999,
        example="10",
    ),
    Option(
        "period",
        N_("Stretch over"),
        N_("Spreads the sending over so many hours. Goes with “A group every”."),
        Type.NUMBER,
        Section.WHEN,
        ALL,
        minimum=0.1,
        maximum=720,
        example="2.5",
    ),
    Option(
        "freq",
        N_("A group every"),
        N_("So many minutes pass between one group of numbers and the next. Goes with “Stretch over”."),
        Type.INTEGER,
        Section.WHEN,
        ALL,
        minimum=1,
        maximum=1440,
        example="15",
    ),
    Option(
        "sender",
        N_("Sender"),
        N_("The name people see: up to 11 Latin characters or 15 digits; for an e-mail, an address."),
        Type.SENDER,
        Section.MORE,
        ALL - {Channel.HLR, Channel.TELEGRAM, Channel.BOT},
        example="Shop",
        helps={
            **dict.fromkeys(
                (Channel.SMS, Channel.MMS, Channel.VIBER, Channel.WHATSAPP, Channel.SOC, Channel.PING),
                N_("The name people see: up to 11 Latin letters, digits and signs, or up to 15 digits."),
            ),
            Channel.MAIL: N_("The address that the e-mail comes from."),
            Channel.VOICE: N_("The number that people see when the phone rings: up to 15 digits."),
        },
        examples={Channel.MAIL: "shop@example.com", Channel.VOICE: "79990000000"},
    ),
    Option(
        "tpl",
        N_("Template"),
        N_("The number of a template at SMS Centre whose text is used; leave the text empty then."),
        Type.INTEGER,
        Section.MORE,
        WITH_TEXT - {Channel.TELEGRAM},
        minimum=1,
        maximum=999_999_999,
        example="17",
    ),
    Option(
        "translit",
        N_("Transliterate"),
        N_("Writes Russian text in Latin letters."),
        Type.CHOICE,
        Section.MORE,
        frozenset({Channel.SMS, Channel.MMS, Channel.VIBER, Channel.WHATSAPP, Channel.SOC}),
        (
            Choice("0", N_("No")),
            Choice("1", N_("Yes: translit")),
            Choice("2", N_("Yes: mpaHc/Ium")),
        ),
        default="0",
        helps={
            Channel.SMS: N_("Writes Russian text in Latin letters, so that more of it fits into one SMS."),
        },
    ),
    _flag(
        "tinyurl",
        N_("Shorten links"),
        N_("Makes links in the text short and counts the clicks on them."),
        Section.MORE,
        WITH_TEXT - {Channel.TELEGRAM, Channel.VOICE},
    ),
    Option(
        "valid",
        N_("Give up after"),
        N_("How long the operator tries to deliver it: hours from 1 to 24, or hh:mm from 00:01 to 24:00."),
        Type.VALID,
        Section.MORE,
        frozenset({Channel.SMS, Channel.PING, Channel.MMS}),
        example="01:30",
    ),
    _flag("flash", N_("Flash"), N_("The SMS opens on the screen at once."), Section.MORE, SMS),
    Option(
        "bin",
        N_("Binary SMS"),
        N_("The text holds hexadecimal digits: the header's length first, 00 for no header."),
        Type.CHOICE,
        Section.MORE,
        SMS,
        (
            Choice("0", N_("No")),
            Choice("1", N_("Yes, sent as bytes")),
            Choice("2", N_("Yes, sent as hexadecimal digits")),
        ),
        default="0",
    ),
    _flag(
        "push",
        N_("Wap-push"),
        N_("Sends a link: the text holds the link on its first line and a title on its second."),
        Section.MORE,
        SMS,
    ),
    _flag(
        "fl[5]",
        N_("Send an SMS if it fails"),
        N_("If this way does not reach a person, SMS Centre tries again by SMS."),
        Section.MORE,
        WITH_TEXT - {Channel.SMS},
    ),
    Option(
        "mes2",
        N_("Text of that SMS"),
        N_("Another text for the SMS that is tried after a failure."),
        Type.TEXT,
        Section.MORE,
        WITH_TEXT - {Channel.SMS},
        example="Hello by SMS",
    ),
    Option(
        "sender2",
        N_("Sender of that SMS"),
        N_("Another sender for the SMS that is tried after a failure."),
        Type.SENDER,
        Section.MORE,
        WITH_TEXT - {Channel.SMS},
        example="Shop",
    ),
    Option(
        "smsreq",
        N_("Confirmed within"),
        N_("Hides the text from a person whose number was last confirmed more than so many days ago."),
        Type.INTEGER,
        Section.MORE,
        frozenset({Channel.TELEGRAM, Channel.BOT}),
        minimum=10,
        maximum=999,
        example="30",
    ),
    Option(
        "fileurl",
        N_("Link to a file"),
        N_("SMS Centre fetches the file there (at least 101 bytes) and sends it along: a full http address."),
        Type.URL,
        Section.MORE,
        frozenset({Channel.VIBER, Channel.WHATSAPP, Channel.BOT, Channel.SOC}) | WITH_FILES,
        example="https://example.com/picture.jpg",
    ),
    Option(
        "voice",
        N_("Voice"),
        N_("Who reads the text aloud."),
        Type.VOICE,
        Section.MORE,
        frozenset({Channel.VOICE}),
        (
            Choice("m", N_("Man")),
            Choice("m2", N_("Man 2")),
            Choice("m3", N_("Man 3")),
            Choice("m4", N_("Man 4")),
            Choice("w", N_("Woman")),
            Choice("w2", N_("Woman 2")),
            Choice("w3", N_("Woman 3")),
            Choice("w4", N_("Woman 4")),
        ),
        default="m3",
    ),
    Option(
        "param",
        N_("Ringing"),
        N_("Seconds to ring (10–35), seconds until the next try (10–3600) and tries (1–9), as 25,60,3."),
        Type.PARAM,
        Section.MORE,
        frozenset({Channel.VOICE}),
        example="25,60,3",
    ),
)

# Every create option by its wire name, in the order of the form (and of the request).
OPTIONS: dict[str, Option] = {option.name: option for option in _CATALOGUE}

# The attachments. They are parts of the request's body, not a parameter, so they are not in OPTIONS.
FILES = Option(
    "files",
    N_("Files"),
    N_("For an MMS (txt, jpg, gif, png, wav, amr, mp3, mid, mp4, 3gp), an e-mail (any) or a call (sound)."),
    Type.FILES,
    Section.MESSAGE,
    WITH_FILES,
    helps={
        Channel.MMS: N_(
            "Pictures (jpg, gif, png), sound or video (wav, amr, mp3, mid, mp4, 3gp), or text (txt)."
        ),
        Channel.MAIL: N_("Any files; they arrive as attachments of the letter."),
        Channel.VOICE: N_("A sound file that is played in place of the text."),
    },
)


def options_for(channel: Channel, section: Section | None = None) -> tuple[Option, ...]:
    """What the form shows for `channel` (in one `section`, or all), in order; `FILES` comes after `subj`."""
    shown = []
    for option in _CATALOGUE:
        shown.append(option)
        if option.name == "subj":
            shown.append(FILES)
    return tuple(
        option
        for option in shown
        if channel in option.channels and (section is None or option.section is section)
    )
