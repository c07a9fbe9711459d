"""The rules between create options: each is a function that yields problems, shown at every option it names.

Source: the provider's page, at the lines named below. "Any of the additional parameters is applied to each
message": so no option is refused for the channel alone, but only what the page forbids or what cannot work.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailings.smsc.spec import addresses, files, lists, texts, times, values
from mailings.smsc.spec.addresses import Recipients
from mailings.smsc.spec.catalogue import KINDS_OF_SMS, QUIET, Channel
from mailings.smsc.spec.files import FileRef
from mailings.smsc.spec.lists import Scan
from mailings.smsc.spec.problems import N_, Problem, Refusal


@dataclass(frozen=True)
class Given:
    """The options that were given, each read by itself. `broken`: unreadable ones, already reported.

    `channel` is None if it is not clear, see `channel_of`. `phones` and `scan` (the `list`, read) are None if
    they were not given.
    """

    values: dict[str, Any]
    broken: frozenset[str]
    channel: Channel | None
    files: Sequence[FileRef]
    phones: Recipients | None
    scan: Scan | None
    now: datetime

    def has(self, name: str) -> bool:
        """Whether the option was given at all."""
        if name == "phones" and self.phones is not None:
            return bool(self.phones.valid or self.phones.wrong)
        return name in self.values or name in self.broken

    def on(self, name: str) -> bool:
        """Whether a flag or choice is given and not 0."""
        return bool(self.values.get(name))

    def is_off(self, name: str) -> bool:
        """Whether a flag or choice is certainly 0: not given, or given as 0, but not unreadable."""
        return name not in self.broken and not self.on(name)

    @property
    def texted(self) -> bool:
        """Whether there is something to say: a text, a template, or personal messages."""
        return self.has("mes") or self.has("tpl") or self.has("list")


def chosen_channels(read: dict[str, Any]) -> list[Channel]:
    """The channels whose options are given and not 0, in the order of `Channel`; an empty list means SMS."""
    return [channel for channel in Channel if channel.option and read.get(channel.option)]


def channel_of(read: dict[str, Any], broken: Collection[str]) -> Channel | None:
    """The channel; None when more than one was chosen, or one of their options cannot be read."""
    chosen = chosen_channels(read)
    if len(chosen) > 1 or any(channel.option in broken for channel in Channel):
        return None
    return next(iter(chosen), Channel.SMS)


def text_check(read: dict[str, Any], channel: Channel | None) -> Callable[[str], object]:
    """The check of a text (`mes`, or one of a list) for this kind and channel; it raises Refusal."""
    if read.get("bin"):
        return lambda text: _check_binary(text, read["bin"])
    if read.get("push"):
        return _check_push
    if channel is Channel.TELEGRAM:
        return texts.check_code
    return texts.check_plain


def _check_binary(text: str, how: int) -> None:
    binary = texts.parse_binary(text)
    size = len(binary.raw) if how == 1 else len(text)
    if size > texts.MAX_CHARACTERS:
        raise Refusal(
            "bin_too_long",
            N_("The binary message takes %(length)s places; at most %(maximum)s can be sent."),
            length=size,
            maximum=texts.MAX_CHARACTERS,
        )


def _check_push(text: str) -> None:
    texts.check_push(text)
    texts.check_length(text)


def _one_channel(given: Given) -> Iterator[Problem]:
    """flash, bin and push are kinds of SMS; every other flag is a channel of its own."""
    channels = [channel.value for channel in chosen_channels(given.values)]
    kinds = [name for name in KINDS_OF_SMS if given.on(name)]
    chosen = channels + kinds
    if len(channels) > 1:
        yield Problem(
            tuple(chosen),
            "two_channels",
            N_("A mailing goes one way only, but several were chosen: %(chosen)s. Keep one."),
            {"chosen": ", ".join(chosen)},
        )
    elif channels and kinds:
        yield Problem(
            tuple(chosen),
            "not_an_sms",
            N_(
                "Flash, binary and wap-push are kinds of SMS and cannot go another way: %(chosen)s. Keep one."
            ),
            {"chosen": ", ".join(chosen)},
        )
    elif len(kinds) > 1:
        yield Problem(
            tuple(kinds),
            "two_kinds",
            N_("An SMS is of one kind only, but several were chosen: %(chosen)s. Keep one."),
            {"chosen": ", ".join(kinds)},
        )


def _required(given: Given) -> Iterator[Problem]:
    """“The required parameters are … name, phones and mes or … name and list.”"""
    if not given.has("name"):
        yield Problem(("name",), "name_missing", N_("Give the mailing a name."))
    if not given.has("phones") and not given.has("list"):
        yield Problem(
            ("phones", "list"),
            "phones_missing",
            N_("Say who gets it: recipients, or a list of personal messages."),
        )


def _text_needed(given: Given) -> Iterator[Problem]:
    """hlr and ping use no text; an MMS may have a subject instead, a call a file."""
    if given.channel is Channel.TELEGRAM:
        if not given.has("mes") and not given.has("list"):
            yield Problem(("mes", "tg"), "tg_needs", N_("Telegram sends a code: put it into the text."))
    elif given.texted or given.channel in QUIET or _may_be_textless(given):
        return
    elif given.channel is Channel.MMS:
        if not given.has("subj"):
            yield Problem(("mes", "subj", "mms"), "mms_needs", N_("An MMS needs a subject or a text."))
    elif given.channel is Channel.VOICE:
        if not given.files and not given.has("fileurl"):
            yield Problem(
                ("mes", "call"), "call_needs", N_("A voice call needs a text to read, or a sound file.")
            )
    else:
        yield _beside_channel(given, Problem(("mes",), "mes_missing", N_("Write the text of the message.")))


def _may_be_textless(given: Given) -> bool:
    """Whether the channel is not clear, but may turn out to be one that needs no `mes`."""
    return given.channel is None and any(not given.is_off(name) for name in ("hlr", "ping", "mms", "call"))


def _beside_channel(given: Given, problem: Problem) -> Problem:
    """The problem, shown also beside `mail`, `bin` or `push` if it is on: that option makes the rule."""
    naming = [name for name in ("mail", "bin", "push") if given.on(name)]
    return Problem(problem.fields + tuple(naming), problem.code, problem.template, problem.params)


def _no_text(given: Given) -> Iterator[Problem]:
    """hlr, ping: “The mes parameter is not used.”"""
    if given.channel not in QUIET:
        return
    for name in ("mes", "tpl", "list"):
        if given.has(name):
            yield Problem(
                (name, given.channel.value),
                "no_text_here",
                N_("HLR requests and ping SMS have no text: give only the numbers, under recipients."),
            )


def _mail_needs(given: Given) -> Iterator[Problem]:
    """subj: “When sending an e-mail, you must specify the subject, text, and address of the sender.”"""
    if given.channel is not Channel.MAIL:
        return
    if not given.has("subj"):
        yield Problem(("subj", "mail"), "mail_subject", N_("An e-mail needs a subject."))
    if not given.has("sender") and not (given.scan and given.scan.senders):
        yield Problem(("sender", "mail"), "mail_sender", N_("An e-mail needs the address of its sender."))


def _senders(given: Given) -> Iterator[Problem]:
    """sender: 11 characters or 15 digits, for an e-mail an address; sender2 always belongs to an SMS."""
    for name, mail in (("sender", given.channel is Channel.MAIL), ("sender2", False)):
        if name in given.values and (name == "sender2" or given.channel is not None):
            try:
                values.check_sender(given.values[name], mail=mail)
            except Refusal as refusal:
                yield refusal.at(name, "mail") if mail else refusal.at(name)


def _texts(given: Given) -> Iterator[Problem]:
    """mes: at most 1000 characters, some of them visible; with bin, push and tg the forms that these need.

    mes2 is always the text of a plain SMS.
    """
    if "mes" in given.values and given.channel not in QUIET:
        try:
            text_check(given.values, given.channel)(given.values["mes"])
        except Refusal as refusal:
            marks = [name for name in ("bin", "push", "tg") if refusal.code.startswith(name)]
            yield refusal.at("mes", *marks)
    if "mes2" in given.values:
        try:
            texts.check_plain(given.values["mes2"])
        except Refusal as refusal:
            yield refusal.at("mes2")


def _template(given: Given) -> Iterator[Problem]:
    """tpl: "To use the template, the mes parameter must be empty." A list has texts of its own."""
    if given.has("tpl") and given.has("mes"):
        yield Problem(
            ("tpl", "mes"),
            "tpl_and_mes",
            N_("A template brings its own text: empty the text, or take out the template."),
        )
    if given.has("tpl") and given.has("list"):
        yield Problem(
            ("tpl", "list"),
            "tpl_and_list",
            N_("Personal messages have their own texts: take out the template, or the list."),
        )


def _list_alone(given: Given) -> Iterator[Problem]:
    """list holds numbers and texts, so neither phones nor mes beside it, and no bytes; nl needs a list."""
    if given.has("list"):
        beside = [name for name in ("phones", "mes") if given.has(name)]
        if beside:
            yield Problem(
                ("list", *beside),
                "list_alone",
                N_("Personal messages hold recipients and texts already: use one or the other."),
            )
        if given.values.get("bin") == 1:
            yield Problem(
                ("list", "bin"),
                "list_and_bytes",
                N_("A list cannot hold bytes: choose the binary SMS sent as hexadecimal digits."),
            )
    elif given.on("nl"):
        yield Problem(
            ("nl", "list"), "nl_alone", N_("Texts with several lines belong to a list of personal messages.")
        )


def _fallback(given: Given) -> Iterator[Problem]:
    """mes2: “To enable automatic replay, you must additionally pass the fl[5] flag equal to 1.”"""
    if given.is_off("fl[5]"):
        for name in ("mes2", "sender2"):
            if given.has(name):
                yield Problem(
                    (name, "fl[5]"),
                    f"{name}_alone",
                    N_("This needs “Send an SMS if it fails” (fl[5]): switch that on, or leave this empty."),
                )


def _repeats(given: Given) -> Iterator[Problem]:
    """rptn: “the maximum number of repetitions for a deferred periodic distribution”."""
    if given.has("rptn") and given.is_off("rpt"):
        yield Problem(
            ("rptn", "rpt"),
            "rptn_alone",
            N_("A number of repeats needs a repeat: choose how often, or leave it empty."),
        )


def _stretch(given: Given) -> Iterator[Problem]:
    """period is "used in conjunction with the freq parameter"; freq alone is ignored: so both are needed."""
    if given.has("period") != given.has("freq"):
        yield Problem(
            ("period", "freq"),
            "period_and_freq",
            N_("To stretch the sending, give both: over how many hours, and a group every how many minutes."),
        )


def _voice_only(given: Given) -> Iterator[Problem]:
    """voice: "only for voice messages"; param: "parameters for a voice message"."""
    if given.is_off("call"):
        for name in ("voice", "param"):
            if given.has(name):
                yield Problem(
                    (name, "call"),
                    f"{name}_alone",
                    N_("This is for voice calls only: choose the voice call, or leave it empty."),
                )


def _time(given: Given) -> Iterator[Problem]:
    """time: “If … the time already elapsed is specified, the message will be sent immediately.”

    list: time zones of lines work “only for requests in which the time parameter is” a date and hour.
    """
    if "time" in given.broken or "tz" in given.broken:
        return
    when = times.parse(given.values.get("time", times.NOW))
    zone = given.values.get("tz")
    lines = (given.scan and given.scan.zones) or frozenset({None})
    if when.form is not times.TimeForm.DATED and lines != {None}:
        yield Problem(
            ("list", "time"),
            "list_zone_needs_date",
            N_("Time zones in the list need a date and hour as the time of sending, such as 24.11.25 09:30."),
        )
    zones = {zone if line is None else line for line in lines}
    past = [one for one in zones if times.is_past(when, one, given.now)]
    if past:
        yield _past(when, known=None not in past)


def _past(when: times.When, *, known: bool) -> Problem:
    if when.form is not times.TimeForm.DATED or known:
        return Problem(
            ("time", "tz") if when.form is times.TimeForm.DATED else ("time",),
            "time_past",
            N_("This time is past, and SMS Centre would send at once. Choose a later time, or send now."),
        )
    return Problem(
        ("time",),
        "time_past",
        N_(
            "By Moscow time this is past, and SMS Centre would send at once. "
            "Choose a later time, name its time zone, or send now."
        ),
    )


def _recipients(given: Given) -> Iterator[Problem]:
    if given.phones is not None:
        yield from addresses.problems(given.phones.wrong, given.channel)
    if given.scan is not None:
        yield from given.scan.problems


def _files(given: Given) -> Iterator[Problem]:
    yield from files.check(given.files, given.channel)


RULES: tuple[Callable[[Given], Iterator[Problem]], ...] = (
    _one_channel,
    _required,
    _recipients,
    _list_alone,
    _text_needed,
    _no_text,
    _texts,
    _template,
    _mail_needs,
    _senders,
    _files,
    _time,
    _repeats,
    _stretch,
    _fallback,
    _voice_only,
)


def problems(given: Given) -> Iterator[Problem]:
    """The problems of all rules, in the order of RULES."""
    for rule in RULES:
        yield from rule(given)


def scan_list(read: dict[str, Any], channel: Channel | None) -> Scan:
    """The `list` option, read with the checks of its kind and channel."""
    return lists.scan(
        read["list"],
        nl=bool(read.get("nl")),
        kinds=addresses.kinds_for(channel),
        mail=channel is Channel.MAIL,
        check_text=text_check(read, channel),
    )
