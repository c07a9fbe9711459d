"""What was typed into the form: read from a post or a draft, and turned into create options.

Every option has the provider's parameter name. The page has a few controls of its own (`PAGE`): the channel,
the hour as people write it, the language of a voice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from mailings.forms import when
from mailings.outbox.own_templates import ASIDE
from mailings.recipients import messages
from mailings.smsc.spec.catalogue import FILES, OPTIONS, options_for
from mailings.smsc.spec.problems import N_, Problem
from mailings.smsc.spec.values import is_blank
from mailings.smsc.spec.vocabulary import Channel

# Prefixes of a button's value: a heading to put into the text, and a row to show.
INSERT, ROW = "insert:", "row:"

# The page's own controls of the hour (`when` reads them).
WHEN = ("time_at", "clock", "which", "hours_from", "hours_to", "minutes")
VALUES = (*OPTIONS, *WHEN, "voice_language", "skip_wrong", "with_doubtful", "braces")
PAGE = frozenset(
    (
        *(
            "channel",
            "shown",
            "show_all",
            *WHEN,
            "voice_language",
            *("skip_wrong", "with_doubtful", "braces", "row", "lists"),
            "account",
            "key",
            "draft",
            "version",
            "template",
            "group",
            "own_addresses",
            "test_key",
            "own_template",
        ),
        *("file_sheet", "file_heading", "file_hidden", "file_phones", "file_sender", "file_tz"),
        *("problems", "fix_rows"),
        *("recipients_file", "held_recipients", "files", "held", "drop", "action", "csrfmiddlewaretoken"),
    )
)
# Prefix of the name of a box in which a row is corrected: `fix:<reading>:<position>`.
FIX = "fix:"
# Prefix of the name of a box in which a placeholder of the text is filled in for everybody.
FILL = "fill:"
FLAGS = tuple(channel.value for channel in Channel if channel not in (Channel.SMS, Channel.BOT))


@dataclass
class Typed:
    """`values`: as typed, by name. `kept`: typed for another channel. `unknown`: posted under other names.

    `version`: which save of the draft the page knows (outbox.versions). `odd_channel`: what was posted as the
    channel, if there is no such channel.
    """

    values: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    channel: Channel = Channel.SMS
    odd_channel: str = ""
    show_all: bool = False
    account: str = ""
    key: str = ""
    draft: str = ""
    version: str = ""
    # Addresses to which its author wants a test to go, and the key of that test. A draft keeps neither.
    own_addresses: str = ""
    test_key: str = ""
    # Which row's message is shown: its number, `shortest`, `longest` or `gap`.
    row: str = ""

    @property
    def says_something(self) -> bool:
        """Whether a person has typed anything, for this channel or another."""
        return any(not is_blank(value) for value in (*self.values.values(), *self.kept.values()))

    def has(self, name: str) -> bool:
        return not is_blank(self.values.get(name))

    @property
    def shown(self) -> list[str]:
        """The names of the options to show, in order: the channel's and those with a value, or all."""
        fitting = {option.name for option in options_for(self.channel)}
        names = [name for name in (*OPTIONS, FILES.name) if name not in FLAGS]
        return [name for name in names if self.show_all or name in fitting or self.has(name)]

    def options(self, now: datetime | None = None) -> tuple[dict[str, str], list[Problem]]:
        """The create options without recipients, and what is wrong with the page's own controls.

        `now`: the time from which “tomorrow” is counted.
        """
        options = {name: self.values[name] for name in OPTIONS if name != "phones" and self.has(name)}
        options |= self.unknown
        found: list[Problem] = []
        if self.odd_channel:
            found.append(
                Problem(("channel",), "no_such_channel", N_("There is no such channel. Choose one."))
            )
        if self.channel is Channel.BOT and "bot" not in options:
            found.append(
                Problem(("bot",), "bot_missing", N_("Give the name of the bot that sends the message."))
            )
        elif self.channel in FLAGS:
            options.setdefault(self.channel.value, "1")
        if self.has("voice_language"):
            options["voice"] = f"{options.get('voice', 'm3')},{self.values['voice_language'].strip()}"
        hour, wrong = when.options(self.values, now or timezone.now())
        if wrong:
            options.pop("time", None)
        return options | hour, [*found, *wrong]

    def to_draft(self) -> dict[str, str]:
        """Everything as typed, to be stored in a draft. `from_draft` reads it."""
        draft = {name: value for name, value in self.values.items() if value}
        draft |= {f"{ASIDE}{name}": value for name, value in self.kept.items()}
        if self.channel in FLAGS:
            draft.setdefault(self.channel.value, "1")
        elif self.channel is Channel.BOT:
            draft["channel"] = self.channel.value
        return draft


def from_post(data: QueryDict, *, switching: bool = False) -> Typed:
    """Read a post. A channel's own parameter (viber=1) overrules the choice of a channel on the page.

    `switching`: the form is only drawn anew; if another channel was chosen, options that it does not have are
    kept for later. In any other post all values count, as all of them were visible.
    """
    values = {name: _plain(data[name]) for name in VALUES if name in data}
    if len(lines := [*data.getlist("phones"), *filter(str.strip, data.getlist("group"))]) > 1:
        values["phones"] = _plain("\n".join(lines))
    kept = {
        name.removeprefix(ASIDE): _plain(data[name])
        for name in data
        if name.startswith(ASIDE) and name.removeprefix(ASIDE) in OPTIONS and not is_blank(data[name])
    }
    # A value with NUL is shown, with an error: no draft can store it, and nobody sees what is kept.
    for name in [name for name, value in kept.items() if "\0" in value]:
        values[name] = kept.pop(name)
    unknown = {
        name: str(data[name])
        for name in data
        if name not in OPTIONS and name not in PAGE and not name.startswith((ASIDE, FIX, FILL)) and data[name]
    }
    show_all = bool(data.get("show_all")) or data.get("action") == "show_all"
    typed = Typed(values, kept, unknown, show_all=show_all, account=data.get("account", ""))
    _insert_heading(typed, data.get("action", ""))
    _fill_in(typed, data)
    typed.row = data.get("action", "").partition(ROW)[2] or data.get("row", "")
    typed.key, typed.draft = data.get("key", "").replace("\0", "")[:64], data.get("draft", "")
    typed.version = data.get("version", "").replace("\0", "")[:64]
    typed.own_addresses, typed.test_key = data.get("own_addresses", ""), data.get("test_key", "")
    _choose_channel(typed, data.get("channel", ""), data.get("shown", ""))
    if switching and data.get("channel") != data.get("shown"):
        _set_aside(typed)
    _bring_back(typed)
    _split_voice(typed)
    return typed


def _plain(value: object) -> str:
    """The value with line ends as LF: a button sends CR LF, an autosave LF, and both say the same."""
    return str(value).replace("\r\n", "\n")


def _insert_heading(typed: Typed, action: str) -> None:
    """Append the heading whose button was pressed to the text (a script puts it at the cursor instead)."""
    heading = action.partition(INSERT)[2]
    if action.startswith(INSERT) and heading:
        typed.values["mes"] = f"{typed.values.get('mes', '')}{{{heading}}}"


def _fill_in(typed: Typed, data: QueryDict) -> None:
    """Fill what was typed for placeholders into the text, whichever button was pressed."""
    given = {name.removeprefix(FILL): str(data[name]) for name in data if name.startswith(FILL)}
    given = {name: value for name, value in given.items() if not is_blank(value)}
    if given and "mes" in typed.values:
        typed.values["mes"] = messages.fill_in(typed.values["mes"], given)


def from_draft(draft: Mapping[str, Any]) -> Typed:
    """Read the options of a draft or mailing."""
    values = {name: str(draft[name]) for name in VALUES if name in draft and draft[name] is not None}
    when.shown(values, timezone.get_current_timezone_name())
    kept = {name.removeprefix(ASIDE): str(value) for name, value in draft.items() if name.startswith(ASIDE)}
    typed = Typed(values, kept)
    _choose_channel(typed, str(draft.get("channel", "")), "")
    _split_voice(typed)
    return typed


def _choose_channel(typed: Typed, chosen: str, shown: str) -> None:
    """Set the channel. Its own flag is then not among the values; those of other channels are."""
    flags = [name for name in FLAGS if typed.has(name) and typed.values[name].strip() != "0"]
    known = chosen in set(Channel)
    radio = Channel(chosen) if known else Channel.SMS
    typed.odd_channel = "" if known else chosen
    if typed.values.get(radio, "").strip() == "0":
        radio = Channel.SMS
    if flags:
        typed.channel = radio if radio.value in flags else Channel(flags[0])
        if typed.values[typed.channel.value].strip() == "1":
            del typed.values[typed.channel.value]
        if radio in FLAGS:  # two channels at once: the spec finds that wrong
            typed.values.update({radio.value: "1"} if radio is not typed.channel else {})
    elif typed.has("bot") and radio is Channel.SMS and not (shown == Channel.BOT and chosen == Channel.SMS):
        typed.channel = Channel.BOT
    else:
        typed.channel = radio
    if typed.has("bot") and typed.channel is not Channel.BOT and shown == Channel.BOT:
        typed.kept["bot"] = typed.values.pop("bot")


def _set_aside(typed: Typed) -> None:
    if typed.show_all:
        return
    fitting = {option.name for option in options_for(typed.channel)}
    for name in OPTIONS:
        if name not in fitting and typed.has(name):
            typed.kept[name] = typed.values.pop(name)


def _bring_back(typed: Typed) -> None:
    for name in [name for name in typed.shown if name in typed.kept]:
        value = typed.kept.pop(name)
        if not typed.has(name):
            typed.values[name] = value


def _split_voice(typed: Typed) -> None:
    """Split the voice `w,fr` into the voice w and the language fr."""
    voice, _comma, language = typed.values.get("voice", "").partition(",")
    if language.strip() and not typed.has("voice_language"):
        typed.values |= {"voice": voice.strip(), "voice_language": language.strip()}
