"""What a person searches for. It is posted, because no number may be in an address."""

import re

from django.http import HttpRequest

LONGEST = 320
# As in static/mailroom.js. A job's number has fewer digits.
NUMBER = re.compile(r"\+?(?:[\s().-]*[0-9]){10,}[\s().-]*")


def wanted_in(request: HttpRequest, field: str) -> str:
    """What was typed into a search, without NUL, which PostgreSQL refuses."""
    return request.POST.get(field, "").replace("\0", "").strip()[:LONGEST]


def number_in(typed: str) -> str:
    """What was typed into the search of mailings, if it is a phone number; else ""."""
    return typed if NUMBER.fullmatch(typed.strip()) else ""
