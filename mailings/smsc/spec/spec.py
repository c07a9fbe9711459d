"""The spec of a mailing: its create options, validated and frozen, and what follows from them.

`validate` is the only way from what a person gave to a `Spec`. `Spec.from_json` restores one that was
validated before; it does not validate again, since the time of sending may have passed meanwhile.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from mailings.smsc.reserved import RESERVED
from mailings.smsc.spec import addresses, lists, rules, texts, times, values
from mailings.smsc.spec.addresses import Recipients, is_group
from mailings.smsc.spec.catalogue import OPTIONS, Channel, Type
from mailings.smsc.spec.files import FileRef
from mailings.smsc.spec.lines import Lines
from mailings.smsc.spec.lists import Scan
from mailings.smsc.spec.problems import N_, Problem, Refusal, SpecError
from mailings.smsc.spec.times import TimeForm, When

__all__ = [
    "VERSION",
    "FileRef",
    "Problem",
    "Spec",
    "SpecError",
    "SpecVersionError",
    "read_recipients",
    "validate",
]

# The version of the stored JSON; `from_json` reads no other.
VERSION = 1

Wire = list[tuple[str, str | bytes | Sequence[str] | Lines]]


class SpecVersionError(ValueError):
    """A stored spec has a version or a shape that this program does not know."""


class Addressee(NamedTuple):
    """One recipient. `text`: its own text, None if all get the same; `front`: its sender and zone, as in a
    line of the list (`sender,tz|`), "" if it has none."""

    address: str
    text: str | None = None
    front: str = ""


@dataclass(frozen=True, repr=False)
class Spec:
    """A mailing that may be sent.

    `options`: the canonical values by wire name, without `phones`; `time` is always among them.
    `phones`: recipients, cleaned, in order, each once; empty for personal messages. `files`: attachments.
    """

    options: Mapping[str, Any]
    phones: tuple[str, ...] = ()
    files: tuple[FileRef, ...] = ()
    version: int = field(default=VERSION, init=False)

    def __repr__(self) -> str:
        return f"Spec({self.channel}, {len(self.phones)} phones, {len(self.files)} files)"

    __str__ = __repr__

    @property
    def name(self) -> str:
        """The mailing's name, without a reference."""
        return str(self.options["name"])

    @property
    def channel(self) -> Channel:
        """The channel that the options choose."""
        return next(iter(rules.chosen_channels(dict(self.options))), Channel.SMS)

    @property
    def when(self) -> When:
        """The `time` option, read."""
        return times.parse(self.options["time"])

    @property
    def zone(self) -> int | float | None:
        """`tz`: hours from Moscow; None for the account's own zone."""
        return self.options.get("tz")

    def to_json(self) -> dict[str, Any]:
        """The stored form, without the recipients and the texts of personal messages."""
        stored = self._whole()
        if "list" in self.options:
            options = {name: value for name, value in self.options.items() if name != "list"}
            return stored | {"options": options, "personal": True}
        return stored

    def _whole(self) -> dict[str, Any]:
        files = [
            {"name": file.name, "size": file.size, "content_type": file.content_type, "sha256": file.sha256}
            for file in self.files
        ]
        return {"version": self.version, "options": dict(self.options), "files": files}

    @classmethod
    def from_json(
        cls, data: Mapping[str, Any], phones: Iterable[str] = (), lines: Iterable[str] = ()
    ) -> "Spec":
        """The spec of what `to_json` gave, with its recipients or the lines of its personal messages. Raises
        SpecVersionError for anything else."""
        version = data.get("version")
        if version != VERSION or isinstance(version, bool):
            raise SpecVersionError(f"version {VERSION} of a stored mailing is known, not {version!r:.20}")
        options = data.get("options")
        if not isinstance(options, Mapping) or not {"name", "time"} <= options.keys() <= OPTIONS.keys() - {
            "phones"
        }:
            raise SpecVersionError("the stored options are not those of a mailing")
        try:
            files = tuple(FileRef(**file) for file in data.get("files", ()))
        except TypeError:
            raise SpecVersionError("the stored files are not those of a mailing") from None
        text = lines if isinstance(lines, Lines) else "\n".join(lines)
        listed = {"list": text} if data.get("personal") else {}
        return cls(_frozen({**options, **listed}), tuple(phones), files)

    def digest(self) -> str:
        """A fingerprint of the whole spec, recipients included: 64 hex digits, the same for equal specs."""
        found = hashlib.sha256()
        for piece in _json_pieces(self._whole()):
            found.update(piece.encode())
        found.update(b"\n" + "\n".join(self.phones).encode())
        return found.hexdigest()

    @cached_property
    def _scan(self) -> Scan | None:
        return rules.scan_list(dict(self.options), self.channel) if "list" in self.options else None

    @cached_property
    def groups(self) -> int:
        """How many of the recipients are groups, whose size only the provider knows."""
        return self._scan.groups if self._scan else sum(map(is_group, self.phones))

    @property
    def has_groups(self) -> bool:
        """Whether there are groups, so that more people may get it than `recipients` says."""
        return self.groups > 0

    @property
    def recipients(self) -> int:
        """How many numbers or addresses it has; groups are not counted."""
        return self._scan.numbers if self._scan else len(self.phones) - self.groups

    def people(self) -> Iterator[Addressee]:
        """Each recipient (a group is one) in order, with its own text, sender and zone if it has them."""
        if "list" not in self.options:
            yield from map(Addressee, self.phones)
            return
        for entry in self._messages():
            front = lists.front(entry.sender, entry.zone)
            yield from (Addressee(phone, entry.text, front) for phone in entry.phones)

    def at(self, time: str) -> "Spec":
        """The same spec with another `time` (`0<timestamp>`). Raises Refusal if its messages have zones."""
        if self._scan is not None and self._scan.zones != {None}:
            raise Refusal(
                "list_zone_needs_date",
                N_("Its personal messages carry time zones of their own, which need a date and no moment."),
            )
        return replace(self, options=_frozen({**self.options, "time": time}))

    def leaving_out(self, addresses_left: Collection[str]) -> "Spec":
        """The same spec with personal messages that leave out these addresses."""
        if not addresses_left:
            return self
        lines = (
            lists.without(entry, addresses_left, nl=bool(self.options.get("nl")))
            for entry in self._messages()
        )
        text = "\n".join(line for line in lines if line)
        return Spec(_frozen({**self.options, "list": text}), self.phones, self.files)

    def _messages(self) -> Iterator[lists.Entry]:
        """The personal messages: all can be read, since the spec was validated."""
        kinds = addresses.kinds_for(self.channel)
        found = lists.entries(self.options["list"], nl=bool(self.options.get("nl")), kinds=kinds)
        return (entry for entry in found if isinstance(entry, lists.Entry))

    @cached_property
    def parts(self) -> int | None:
        """SMS parts for all recipients outside groups. None if the channel does not count in parts, or if the
        text is a template that only the provider knows. For a transliterated text it is an estimate."""
        if self.channel in (Channel.HLR, Channel.PING):
            return self.recipients
        if self.channel is not Channel.SMS or "tpl" in self.options:
            return None
        if "list" not in self.options:
            return self.recipients * self._parts_of(self.options["mes"])
        return sum(
            self._parts_of(entry.text) * sum(not is_group(phone) for phone in entry.phones)
            for entry in self._messages()
        )

    def _parts_of(self, text: str) -> int:
        if self.options.get("bin"):
            return texts.parse_binary(text).parts
        return texts.message_parts(text, translit=self.options.get("translit", 0)).parts

    def due_at(self, now: datetime) -> datetime | None:
        """The moment asked for, in UTC: `now` for 0, m minutes later for `+m`; None for hours of the day and
        for a date in the account's own zone. With zones in the list: the earliest moment."""
        when = self.when
        if when.form is not TimeForm.DATED or self._scan is None:
            return times.due(when, self.zone, now)
        moments = [times.due(when, self.zone if zone is None else zone, now) for zone in self._scan.zones]
        known = [moment for moment in moments if moment is not None]
        return min(known, default=None) if len(known) == len(moments) else None

    def occurrences(self, now: datetime, limit: int = 10, begun: datetime | None = None) -> list[datetime]:
        """The next sendings from `now` on, in UTC, at most `limit`. For what is assumed, see `times`.

        `begun`: when it was sent off; None for one that is sent off now.
        """
        repeat = self.options.get("rpt", 0), self.options.get("rptn")
        return times.occurrences(self.when, self.zone, repeat, now, limit, begun=begun)

    def notices(self) -> tuple[Problem, ...]:
        """What a person should know, although the spec is valid."""
        found = []
        if (
            self.when.form in (TimeForm.DATED, TimeForm.HOURS)
            and self.zone is None
            and not self._zones_in_list
        ):
            found.append(
                Problem(
                    ("time", "tz"),
                    "zone_unknown",
                    N_(
                        "Without a time zone SMS Centre reads this time in the zone of the account, "
                        "which is not known here."
                    ),
                )
            )
        if self.has_groups:
            found.append(
                Problem(
                    ("list" if self._scan else "phones",),
                    "groups_uncounted",
                    N_("The people in groups are not counted here: only SMS Centre knows them."),
                )
            )
        return tuple(found)

    @property
    def _zones_in_list(self) -> bool:
        return self._scan is not None and None not in self._scan.zones

    def wire(self, reference: str) -> Wire:
        """The request's parameters in order, the name with `reference` in front; without files and what the
        client adds. `phones` is a sequence, to be joined by commas; `mes` with bin=1 is bytes."""
        found: Wire = []
        for name in OPTIONS:
            if name == "phones" and self.phones:
                found.append((name, self.phones))
            elif name in self.options:
                found.append((name, self._wire_value(name, reference)))
        return found

    def _wire_value(self, name: str, reference: str) -> str | bytes | Lines:
        value = self.options[name]
        if isinstance(value, Lines):
            return value
        if name == "name":
            return f"{reference} {value}"
        if name == "mes" and self.options.get("bin") == 1:
            return texts.parse_binary(value).raw
        return str(value)

    @staticmethod
    def upload_field(number: int) -> str:
        """The name of the body part for file `number` (from 0): `file1` and so on. The page names none."""
        return f"file{number + 1}"


def _json_pieces(whole: Mapping[str, Any]) -> Iterator[str]:
    """A stored form as JSON, the same whether its list is one text or `Lines`."""
    listed = whole["options"].get("list")
    if not isinstance(listed, Lines):
        yield json.dumps(whole, sort_keys=True, separators=(",", ":"))
        return
    # No text can look like the place of the list: quotation marks are escaped in JSON.
    marked = {**whole, "options": {**whole["options"], "list": None}}
    before, behind = json.dumps(marked, sort_keys=True, separators=(",", ":")).split('"list":null', 1)
    yield f'{before}"list":"'
    mark = ""
    for line in listed:
        yield mark + json.dumps(line)[1:-1]
        mark = "\\n"
    yield f'"{behind}'


def _frozen(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """The options in the order of the catalogue, read-only."""
    return MappingProxyType({name: options[name] for name in OPTIONS if name in options})


def read_recipients(value: str | Iterable[Any], channel: Channel | None) -> Recipients:
    """Recipients as `validate` reads them, for a page that counts while a person types."""
    return addresses.read(value, addresses.kinds_for(channel))


def validate(options: Mapping[str, Any], files: Sequence[FileRef] = (), *, now: datetime) -> Spec:
    """The options as a spec; raises SpecError with every problem at once, in the order of the form.

    Blank values count as not given; what is given is kept and sent, also when it equals the default. `now`
    must be aware: a time before it is past.
    """
    if now.tzinfo is None:
        raise ValueError("now needs a time zone")
    found = list(_unknown(options))
    given = {
        name: options[name] for name in OPTIONS if name in options and not values.is_blank(options[name])
    }
    read, broken = _read(given, found)
    channel = rules.channel_of(read, broken)
    phones = _phones(given, channel, found)
    if phones is None and "phones" in given:
        broken.add("phones")
    scan = rules.scan_list(read, channel) if "list" in read else None
    whole = rules.Given(read, frozenset(broken), channel, files, phones, scan, now.astimezone(UTC))
    found += rules.problems(whole)
    if found:
        raise SpecError(sorted(found, key=_place))
    if scan is not None:
        read["list"] = scan.text
    read.setdefault("time", times.NOW)
    spec = Spec(_frozen(read), phones.valid if phones else (), tuple(files))
    if scan is not None:
        vars(spec)["_scan"] = scan  # what the property would find: a long list is not read twice
    return spec


def _unknown(options: Mapping[str, Any]) -> Iterable[Problem]:
    for name in options:
        if name in RESERVED:
            yield Problem(
                (str(name),),
                "reserved_option",
                N_("Mailroom sets “%(option)s” itself: take it out."),
                {"option": name},
            )
        elif name not in OPTIONS:
            yield Problem(
                (str(name),),
                "unknown_option",
                N_("There is no option “%(option)s”. Check its spelling."),
                {"option": addresses.shorten(str(name))},
            )


def _read(given: Mapping[str, Any], found: list[Problem]) -> tuple[dict[str, Any], set[str]]:
    """Every option but phones, each read by itself, and the names of the unreadable ones.

    Their problems are added to `found`.
    """
    read: dict[str, Any] = {}
    broken: set[str] = set()
    for name, value in given.items():
        if OPTIONS[name].type is Type.PHONES:
            continue
        try:
            read[name] = values.read(OPTIONS[name], value)
        except Refusal as refusal:
            found.append(refusal.at(name))
            broken.add(name)
    if read.get("bin") and "mes" in read:
        read["mes"] = texts.binary_text(read["mes"])
    return read, broken


def _phones(given: Mapping[str, Any], channel: Channel | None, found: list[Problem]) -> Recipients | None:
    value = given.get("phones")
    if value is None:
        return None
    if isinstance(value, (list, tuple)):
        return read_recipients(value, channel)
    try:
        return read_recipients(values.as_text(value), channel)
    except Refusal as refusal:
        found.append(refusal.at("phones"))
        return None


def _place(problem: Problem) -> int:
    order = list(OPTIONS)
    return order.index(problem.fields[0]) if problem.fields[0] in OPTIONS else len(order)
