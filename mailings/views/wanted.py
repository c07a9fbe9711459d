"""What a person searches for. It is posted, because no number may be in an address."""

from django.http import HttpRequest

LONGEST = 320


def wanted_in(request: HttpRequest, field: str) -> str:
    """What was typed into a search, without NUL, which PostgreSQL refuses."""
    return request.POST.get(field, "").replace("\0", "").strip()[:LONGEST]
