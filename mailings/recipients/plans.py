"""Numbering plans as regular expressions, built from the metadata of `phonenumbers`: they are faster.

They match only what the library finds valid, and give the same number. For anything else the library is
asked, also for numbers from whose front its parser could take digits off (a national prefix inside an
international number, an international prefix).
"""

import re
from functools import cache
from typing import Any, NamedTuple

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

# The library's name for calling codes that belong to no country.
WORLD = "001"
TYPES = (
    "premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail",
    "fixed_line", "mobile",
)  # fmt: skip
NEVER = "(?!)"


class Home(NamedTuple):
    """How numbers are written within a country. `match`: its last group is the national number."""

    code: str
    match: re.Pattern[str]


@cache
def calling_code(first: str) -> str:
    """The calling code with which the digits `first` begin (three, or all of a short number), or ""."""
    for length in (1, 2, 3):
        if first[:length] and int(first[:length]) in COUNTRY_CODE_TO_REGION_CODE and first[0] != "0":
            return first[:length]
    return ""


@cache
def international(code: str) -> re.Pattern[str]:
    """Matches the national numbers that are valid after `+` and this calling code."""
    return re.compile(_valid(code) + r"\Z", re.ASCII)


@cache
def home(country: str) -> Home | None:
    """Numbers as written in `country`: bare, with its calling code, or its national prefix. None: no plan."""
    plan = PhoneMetadata.metadata_for_region(country, None)
    if plan is None:
        return None
    code, general = str(plan.country_code), _general(plan)
    ahead = rf"(?!{_uncaptured(plan.international_prefix)})" if plan.international_prefix else ""
    prefixes = [rf"{code}(?=(?:{general})\Z)"]
    if plan.national_prefix and plan.national_prefix_for_parsing == plan.national_prefix:
        prefixes.append(rf"(?!{code}){plan.national_prefix}")
    front = rf"(?:(?!(?:{general})\Z)(?:{'|'.join(prefixes)}))?"
    own = _untaken(plan)
    return Home(code, re.compile(rf"{ahead}{front}({own}{_valid(code)})\Z", re.ASCII))


def _valid(code: str) -> str:
    """All regions of a code, in the library's order. Only the region of leading digits decides on these."""
    plans = [_plan(code, region) for region in COUNTRY_CODE_TO_REGION_CODE[int(code)]]
    found = NEVER
    for plan in reversed(plans):
        own = _of_plan(plan)
        if len(plans) > 1 and plan.leading_digits:
            first = plan.leading_digits
            found = rf"(?:(?={first}){own}|(?!{first}){found})"
        else:
            found = rf"(?:{own}|{found})"
    return _untaken(plans[0]) + found


def _plan(code: str, region: str) -> Any:
    if region == WORLD:
        return PhoneMetadata.metadata_for_nongeo_region(int(code), None)
    return PhoneMetadata.metadata_for_region(region, None)


def _untaken(plan: Any) -> str:
    """Refuses numbers from which the parser would take a national prefix (one that is not empty)."""
    prefix = plan.national_prefix_for_parsing
    return rf"(?!(?:{_uncaptured(prefix)})(?<=\d))" if prefix else ""


def _general(plan: Any) -> str:
    return str(plan.general_desc.national_number_pattern)


def _of_plan(plan: Any) -> str:
    kinds = filter(None, (_of_kind(getattr(plan, name)) for name in TYPES))
    return rf"(?={_of_kind(plan.general_desc)})(?:{'|'.join(kinds) or NEVER})"


def _of_kind(kind: Any) -> str:
    """Matches whole national numbers of this kind; "" for a kind that the country does not have."""
    if kind is None or not kind.national_number_pattern:
        return ""
    lengths = "|".join(rf"\d{{{length}}}" for length in kind.possible_length if length > 0)
    return (rf"(?=(?:{lengths})\Z)" if lengths else "") + rf"(?:{kind.national_number_pattern})\Z"


def _uncaptured(pattern: str) -> str:
    return re.sub(r"(?<!\\)\((?!\?)", "(?:", pattern)
