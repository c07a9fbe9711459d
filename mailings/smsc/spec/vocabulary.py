"""What describes a create option: channels, sections of the form, types, and the option itself.

Labels are English, marked for extraction; nothing here translates.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mailings.smsc.spec.problems import N_


class Channel(StrEnum):
    """How a message travels. Flash, binary and wap-push are kinds of SMS, not channels."""

    SMS = "sms"
    VIBER = "viber"
    WHATSAPP = "whatsapp"
    TELEGRAM = "tg"
    BOT = "bot"
    MAIL = "mail"
    MMS = "mms"
    VOICE = "call"
    SOC = "soc"
    HLR = "hlr"
    PING = "ping"

    @property
    def option(self) -> str | None:
        """The option that selects this channel; None for SMS, which the provider uses by default."""
        return None if self is Channel.SMS else self.value

    @property
    def label(self) -> str:
        """The channel's name for a person (English, marked)."""
        return CHANNEL_LABELS[self]


CHANNEL_LABELS: dict[Channel, str] = {
    Channel.SMS: N_("SMS"),
    Channel.VIBER: N_("Viber"),
    Channel.WHATSAPP: N_("WhatsApp"),
    Channel.TELEGRAM: N_("Telegram code"),
    Channel.BOT: N_("Telegram bot"),
    Channel.MAIL: N_("E-mail"),
    Channel.MMS: N_("MMS"),
    Channel.VOICE: N_("Voice call"),
    Channel.SOC: N_("Social networks"),
    Channel.HLR: N_("HLR request"),
    Channel.PING: N_("Ping SMS"),
}


class Section(StrEnum):
    """The five parts of the form."""

    CHANNEL = "channel"
    TO = "to"
    MESSAGE = "message"
    WHEN = "when"
    MORE = "more"


class Type(StrEnum):
    """The type of an option's value, read by `values.READERS`. In brackets: how a spec keeps it."""

    FLAG = "flag"  # 0 or 1 (int)
    CHOICE = "choice"  # one of the choices (int)
    INTEGER = "integer"  # (int)
    NUMBER = "number"  # hours, with a fraction (int or float)
    ZONE = "zone"  # hours from Moscow, in quarters (int or float)
    LINE = "line"  # one line of text (str, trimmed)
    TEXT = "text"  # several lines (str, as typed, line ends as LF)
    PHONES = "phones"  # recipients (kept apart: Spec.phones)
    LIST = "list"  # recipients with their own texts (str)
    TIME = "time"  # (str, see times.py)
    SENDER = "sender"  # 11 characters or 15 digits, an address for mail (str)
    BOT = "bot"  # @botname_bot (str)
    URL = "url"  # http or https (str)
    VOICE = "voice"  # one of the choices, and perhaps a language: "w,fr" (str)
    PARAM = "param"  # "w,i,n" (str)
    VALID = "valid"  # hours, or hh:mm (str)
    FILES = "files"  # attachments (kept apart: Spec.files)


@dataclass(frozen=True)
class Choice:
    """`value` is the wire value; `label` is English, marked."""

    value: str
    label: str


@dataclass(frozen=True)
class Option:
    """One create option.

    `default`: what the provider assumes if the option is not sent (wire value); None if it assumes nothing.
    `minimum`, `maximum`: inclusive; the maximum of a line counts characters (code points). `helps`,
    `examples`: those of single channels, where they differ from `help` and `example`. `channels`: where the
    form shows it. On other channels it is not refused for that alone: the provider's page says that any of
    the additional parameters is applied to each message.
    """

    name: str
    label: str
    help: str
    type: Type
    section: Section
    channels: frozenset[Channel]
    choices: tuple[Choice, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    default: str | None = None
    example: str = ""
    helps: Mapping[Channel, str] = field(default_factory=dict)
    examples: Mapping[Channel, str] = field(default_factory=dict)

    def help_for(self, channel: Channel) -> str:
        """The line of help for a channel (English, marked)."""
        return self.helps.get(channel, self.help)

    def example_for(self, channel: Channel) -> str:
        return self.examples.get(channel, self.example)
