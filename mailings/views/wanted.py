"""What a person searches for: posted, for no number may stand in an address."""

from django.http import HttpRequest

LONGEST = 320


def wanted_in(request: HttpRequest, field: str) -> str:
    """What was typed into a search. Without NUL, which PostgreSQL keeps in no text and looks for in none."""
    return request.POST.get(field, "").replace("\0", "").strip()[:LONGEST]
