"""The sentences about a file and its rows: reasons, notes, questions, and why a file cannot be read.

A member's value is its sentence in English, with %-style placeholders, marked for extraction. Its name in
lower case is its code, which is stored. Nothing is translated here: `Said.message` is given a `gettext`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum

from mailings.smsc.spec.problems import N_


class Verdict(StrEnum):
    """The verdict on a row. Valid ones are sent to; doubtful ones only if a person says so."""

    VALID = "valid"
    DUPLICATE = "duplicate"
    STOPPED = "stopped"
    DOUBTFUL = "doubtful"
    WRONG = "wrong"


class Sentence(Enum):
    """Something to tell the operator; the value is the sentence."""

    @property
    def code(self) -> str:
        return self.name.lower()


class Reason(Sentence):
    """Why a row is no valid recipient. Without parameters: line and value are shown beside it."""

    BEFORE = N_("This recipient stands further up already and gets one message.")
    OTHER_TEXT = N_("This recipient stands further up already and gets another text here.")
    STOPPED = N_("This recipient is on the stop list.")
    UNKNOWN_RANGE = N_("No operator is known to have this number. Check it, or include it if you are sure.")
    NO_NUMBER = N_("This is no phone number. Correct it or leave it out.")
    TOO_SHORT = N_("The number has too few digits. Correct it or leave it out.")
    TOO_LONG = N_("The number has too many digits. Correct it or leave it out.")
    NO_COUNTRY = N_("There is no country with this code. Correct it or leave it out.")
    NOT_ASSIGNED = N_("No number of this country looks like this. Correct it or leave it out.")
    EXTENSION = N_("A message cannot reach an extension. Give a number without one.")
    SEVERAL = N_("Several numbers stand here and not all of them are valid. Write one a row.")
    DATE = N_("This is a date, not a recipient.")
    DROPPED = N_("The spreadsheet has dropped digits: format the column as text, export again.")
    FORMULA = N_("A formula without a result: open the file in Excel and save it.")
    CELL_ERROR = N_("The cell holds an error of the spreadsheet. Correct it there.")
    BOOLEAN = N_("The cell holds yes or no, not a recipient.")
    FRACTION = N_("This is a number with a fraction, not a phone number.")
    NO_EMAIL = N_("This is no e-mail address. Correct it or leave it out.")
    EMAIL_NAME = N_("The part before the @ is not valid. Correct it or leave it out.")
    EMAIL_DOMAIN = N_("The part after the @ is not valid. Correct it or leave it out.")
    NO_TELEGRAM = N_("This is no number, Telegram name or # and an ID. Correct it or leave it out.")
    TELEGRAM_NAME = N_(
        "A Telegram name has 5 to 32 letters, digits or _, begins with a letter and does not end in _."
    )
    TELEGRAM_INVITE = N_("This link leads to a group or channel, not to a person.")


class Note(Sentence):
    """What the reader noticed and the operator should know."""

    REPLACED = N_("Line %(line)s holds a character that cannot be read; it was replaced.")
    CUT = N_("The file ends in the middle of a letter, in line %(line)s: it may have been cut short.")
    OPEN_QUOTE = N_("A quotation mark in line %(line)s is never closed; it was taken as it stands.")
    HIDDEN_SHEETS = N_("Hidden sheets were left out: %(names)s.")
    HIDDEN_LEFT_OUT = N_(
        "Rows hidden by a filter or by hand: %(count)s, left out. The first is line %(line)s."
    )
    HIDDEN_INCLUDED = N_(
        "Rows hidden by a filter or by hand: %(count)s, included. The first is line %(line)s."
    )
    FORMULAS = N_("Formulas without a result: %(count)s, the first in line %(line)s. Save the file in Excel.")
    EMPTY_CELLS = N_("Rows without a recipient: %(count)s, the first is line %(line)s.")
    CORRECTED_AGAIN = N_("The file was read anew. Your corrections were made again: %(count)s.")
    CORRECTIONS_WAIT = N_(
        "The file was read anew. Your corrections that fit no row as it is read now: %(count)s. They count "
        "again once it is read as before."
    )
    OTHER_TEXTS = N_("Recipients that get more than one message, with different texts: %(count)s.")


class Ask(Sentence):
    """What a person must answer before anything is sent."""

    SHEET = N_("Several sheets hold rows. Which one holds the recipients?")
    COLUMN = N_("Several columns may hold the recipients. Which one does?")
    HIDDEN_ROWS = N_("Rows are hidden by a filter or by hand. Should they get the message?")


class Trouble(Sentence):
    """Why a file cannot be read at all, and what to do."""

    EMPTY = N_("The file is empty. Nobody can be reached with it; choose another.")
    NO_RECIPIENT = N_("The file holds no recipient. Check that it is the right one.")
    NO_SUCH_COLUMN = N_("The file has no column “%(name)s”. It has: %(names)s.")
    NO_SUCH_SHEET = N_("The workbook has no sheet “%(name)s”. It has: %(names)s.")
    TOO_LARGE = N_("The file is larger than %(megabytes)s MB. Divide it.")
    TOO_MANY_ROWS = N_("The file has more than %(rows)s rows. Divide it.")
    TOO_WIDE = N_("A row of this file has more than %(columns)s columns. That is no list of recipients.")
    LONG_LINE = N_("Line %(line)s is longer than any row of recipients. That is no list of recipients.")
    UNPACKS = N_("This workbook unpacks to far more than it should. Save it as .csv.")
    TOO_SLOW = N_("Reading this file takes too long. Save it as .csv or divide it.")
    GIVEN_UP = N_("Reading this file was cut short three times. Save it as .csv or divide it.")
    GONE = N_("The file itself is not kept any more. Choose it anew.")
    OLD_WORKBOOK = N_("This is a workbook of an old kind (.xls). Save it as .xlsx or .csv.")
    BINARY_WORKBOOK = N_("This is a binary workbook (.xlsb). Save it as .xlsx or .csv.")
    XML_WORKBOOK = N_("This is an XML table of 2003. Open it in Excel and save it as .xlsx or .csv.")
    WEB_PAGE = N_("This is a web page, whatever its name says. Open it in Excel and save it as .xlsx.")
    PASSWORD = N_("This workbook is protected by a password. Save a copy without one.")
    BROKEN_WORKBOOK = N_("This workbook is damaged or cut short. Open it in Excel and save it anew.")
    OTHER_DOCUMENT = N_("This is no table. Recipients come as .txt, .csv, .xlsx or .ods.")
    NO_TEXT = N_("This is no text file. Recipients come as .txt, .csv, .xlsx or .ods.")
    ASKED = N_("%(question)s (%(options)s) Change the file so that there is no doubt, and choose it again.")


@dataclass(frozen=True)
class Said:
    """A sentence and its parameters. It may quote a file, so it must not be logged."""

    what: Sentence
    params: Mapping[str, object] = field(default_factory=dict)

    def message(self, translate: Callable[[str], str] = str) -> str:
        """The sentence; its template goes through `translate`."""
        template: str = translate(self.what.value)
        params = {
            name: value.message(translate) if isinstance(value, Said) else value
            for name, value in self.params.items()
        }
        return template % params if params else template

    def __repr__(self) -> str:
        return f"Said({self.what.code})"


@dataclass(frozen=True)
class Question(Said):
    """`options`: the possible answers, as `Choices` takes them. `role`: that of a column asked for, or ""."""

    options: tuple[str, ...] = ()
    role: str = ""


class UnreadableFile(Exception):
    """No recipients can be found in the file; `said` is the sentence for the operator."""

    def __init__(self, trouble: Trouble, **params: object) -> None:
        super().__init__(trouble.code)
        self.said = Said(trouble, params)
