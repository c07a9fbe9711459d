"""The number of a row, as an address, a form or a command line writes it."""

# Every number of so many digits fits into the database's own, which ends at 9 223 372 036 854 775 807.
MOST_DIGITS = 18


def row_id(text: str) -> int | None:
    """The number in `text`; None for what cannot be the number of a row."""
    if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS:
        return int(text)
    return None
