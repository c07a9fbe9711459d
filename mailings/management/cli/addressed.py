"""The recipients of an order: from a file with columns, or from the options `phones` or `list`.

With a file, a text that contains `{Heading}` of a column becomes personal messages (`list`), in place of
`phones` and `mes`. Every error is reported under the parameter of the order that has to be corrected.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _

from mailings.management.cli.errors import BadInput, Errors, Unfit
from mailings.recipients import listed, messages, reader
from mailings.recipients.columns import RECIPIENTS, ROLES
from mailings.recipients.gather import gather, problems
from mailings.recipients.limits import Limits
from mailings.recipients.personal import FILE, Addressed, Rule, Wanted, address
from mailings.recipients.reasons import UnreadableFile
from mailings.smsc.spec.lines import Lines
from mailings.smsc.spec.vocabulary import Channel

Options = dict[str, Any]
# Options that personal messages replace or set.
TAKEN = ("phones", "list", "mes", "nl")
SAME_FOR_ALL = ("mes2", "subj")


@dataclass(frozen=True)
class FileChoices:
    """How to read a file. `columns`: role to heading, with "" for a role that no column has."""

    sheet: str | None = None
    columns: Mapping[str, str] | None = None
    wrong: Rule = Rule.REFUSE
    doubtful: Rule = Rule.REFUSE


def limits() -> Limits:
    """The limits for a file of recipients on the command line."""
    return Limits(megabytes=settings.UPLOAD_MB, rows=settings.UPLOAD_ROWS, seconds=60)


def by_file(options: Options, file: IO[bytes], name: str, how: FileChoices, country: str) -> Options:
    """The options with the file's recipients or personal messages added. Raises BadInput."""
    _alone(options)
    with closing(file):
        found = _addressed(options, file, name, how, country)
    errors: Errors = {}
    for problem in found.problems:
        for field in problem.fields:
            errors.setdefault(field, []).append(problem.message(_))
    if found.lines and not errors:
        errors = _placeless(options)
    if errors:
        raise BadInput(errors)
    if found.lines:
        rest = {name: value for name, value in options.items() if name not in TAKEN}
        return rest | {"list": Lines(found.lines.__iter__)} | ({"nl": 1} if found.nl else {})
    return options | ({} if found.text is None else {"mes": found.text}) | {"phones": found.phones}


def _alone(options: Options) -> None:
    for name in ("phones", "list"):
        if options.get(name):
            both = _("Give %(name)s or a recipients_file, not both.") % {"name": name}
            raise BadInput({name: [both], FILE: [both]})


def _addressed(options: Options, file: IO[bytes], name: str, how: FileChoices, country: str) -> Addressed:
    columns = how.columns or {}
    choices = reader.Choices(
        channel=channel_of(options),
        country=country,
        sheet=how.sheet,
        columns={role: heading for role, heading in columns.items() if heading},
    )
    text = options.get("mes")
    wanted = Wanted(
        text=text if isinstance(text, str) and text else None,
        channel=choices.channel,
        time=str(options.get("time", "")),
        nl=_nl(options),
        wrong=how.wrong,
        doubtful=how.doubtful,
        without=frozenset(role for role, heading in columns.items() if not heading),
    )
    try:
        return address(reader.read(file, name, choices, limits()), wanted)
    except UnreadableFile as refusal:
        raise BadInput({_place(refusal): [refusal.said.message(_)]}) from None
    except OSError:
        raise BadInput({FILE: [_("The file “%(name)s” cannot be read.") % {"name": name}]}) from None


def _place(refusal: UnreadableFile) -> str:
    """The parameter to report the refusal of a file under."""
    return {"no_such_column": "columns", "no_such_sheet": "sheet"}.get(refusal.said.what.code, FILE)


def _placeless(options: Options) -> Errors:
    """Errors for `{Heading}` in texts that are the same for everybody, so cannot be filled from a row."""
    said = _("This is the same for everybody, so {%(name)s} cannot be filled here. Take it out.")
    found = {name: messages.names_in(str(options.get(name) or "")) for name in SAME_FOR_ALL}
    return {name: [said % {"name": places[0]}] for name, places in found.items() if places}


def by_phones(options: Options, country: str) -> Options:
    """The options with their recipients cleaned up. Values of wrong types are left for the spec to refuse."""
    options = _with_list(_with_braces(options), country)
    given = options.get("phones")
    if given is None:
        return options
    entries = given if isinstance(given, list) else [given]
    if not all(isinstance(one, str | int) and not isinstance(one, bool) for one in entries):
        return options
    found = gather("\n".join(map(str, entries)), channel_of(options), country=country)
    if found.wrong:
        raise BadInput({"phones": [one.message(_) for one in problems(found.wrong)]})
    return options | {"phones": list(found.valid)}


def _with_list(options: Options, country: str) -> Options:
    """The same for `list`: the recipients of personal messages are checked like all others."""
    text = options.get("list")
    if not isinstance(text, str):
        return options
    found = listed.read(text, channel_of(options), country, nl=_nl(options))
    if found.problems:
        raise BadInput({"list": [one.message(_) for one in found.problems]})
    return options | {"list": found.text}


def _nl(options: Options) -> bool:
    return str(options.get("nl", "")).strip() in ("1", "True")


def _with_braces(options: Options) -> Options:
    """Refuse `{name}`, as no column can fill it; turn `{{name}}` into `{name}`."""
    text = options.get("mes")
    if not isinstance(text, str):
        return options
    unfilled = messages.template(text, ()).problems
    if unfilled:
        raise BadInput({"mes": [one.message(_) for one in unfilled]})
    return options | {"mes": messages.braced(text)}


def channel_of(options: Options) -> Channel | None:
    """The channel that the options choose; None if they choose several, which the spec refuses later."""
    off = ("", "0", "None", "False")
    given = {one: str(options.get(one.option or "", "")).strip() for one in Channel}
    chosen = [one for one, value in given.items() if value not in off]
    if len(chosen) > 1 or any("\0" in given[one] for one in chosen):
        return None
    return chosen[0] if chosen else Channel.SMS


# --- what an order says of its file -----------------------------------------------------------------


def columns(value: Any) -> Mapping[str, str] | None:
    """`{"phones": "Телефон"}`; raises Unfit."""
    known = ", ".join(ROLES)
    if value is None:
        return None
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise Unfit(
            _("An object is expected here: %(known)s with the headings of columns.") % {"known": known}
        )
    if odd := [name for name in value if name not in ROLES]:
        said = _("There is no role “%(name)s” for a column. There are: %(known)s.")
        raise Unfit(said % {"name": odd[0][:40], "known": known})
    if value.get(RECIPIENTS) == "":
        raise Unfit(_("Some column has to hold the recipients."))
    return value


def sheet(value: Any) -> str | None:
    """The name of a sheet; raises Unfit."""
    if value is not None and not isinstance(value, str):
        raise Unfit(_("The name of a sheet is expected here."))
    return value


def rule(among: tuple[Rule, ...], value: Any) -> Rule:
    """What to do with rows that are not valid: one of `among`. Raises Unfit."""
    if value is None:
        return Rule.REFUSE
    if value not in [one.value for one in among]:
        raise Unfit(_("One of these is expected here: %(known)s.") % {"known": ", ".join(among)})
    return Rule(value)
