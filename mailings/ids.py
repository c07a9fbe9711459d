"""Primary keys as text, from URLs, forms and the command line."""

# Any number with so many digits fits into the database's 64-bit integers.
MOST_DIGITS = 18


def row_id(text: str) -> int | None:
    """The number in `text`; None if it cannot be a primary key."""
    if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS:
        return int(text)
    return None
