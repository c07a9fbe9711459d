"""A list of a million messages is no text: it is walked line by line, and means the same as the text."""

from collections.abc import Iterator

import pytest

from mailings.smsc.api.body import FormBody, MultipartBody
from mailings.smsc.spec.lines import Lines
from mailings.smsc.spec.spec import Spec, validate
from tests.smsc.spec.spec_factory import NOW

PLAIN = ["+79990000001:Hi Анна 👋", "SHOP,2|+79990000002,+79990000003:Two\\nlines", 'G12:"list":null']
BY_LINES = ["+79990000001:One\n\ntwo", "+79990000002:Three"]


def both(lines: list[str], **more: object) -> tuple[Spec, Spec]:
    """The same as one text, and as lines."""
    given = {"name": "Personal", "list": "\n".join(lines), "time": "01.12.26 10:00", "tz": "0", **more}
    whole = validate(given, now=NOW)
    return whole, Spec.from_json(whole.to_json(), lines=Lines(lambda: iter(lines)))


@pytest.mark.parametrize(("lines", "nl"), [(PLAIN, ""), (BY_LINES, "1")])
def test_lines_are_the_text_that_they_make(lines: list[str], nl: str) -> None:
    whole, walked = both(lines, nl=nl)

    assert walked.digest() == whole.digest()
    assert list(walked.people()) == list(whole.people())
    assert (walked.recipients, walked.groups, walked.parts) == (whole.recipients, whole.groups, whole.parts)
    assert walked.due_at(NOW) == whole.due_at(NOW)
    assert walked.to_json() == whole.to_json()


@pytest.mark.parametrize("body", [FormBody, MultipartBody])
@pytest.mark.parametrize(("lines", "nl"), [(PLAIN, ""), (BY_LINES, "1"), (PLAIN[:1] * 5_000, "")])
def test_on_the_wire_they_are_the_same_bytes(
    body: type[FormBody | MultipartBody], lines: list[str], nl: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda _length: "b")
    whole, walked = both(lines, nl=nl)
    bodies = [
        FormBody(one.wire("K7Q2Ma")) if body is FormBody else MultipartBody(one.wire("K7Q2Ma"), ())
        for one in (whole, walked)
    ]

    assert b"".join(bodies[1]) == b"".join(bodies[0])
    assert len(bodies[1]) == len(bodies[0]) == len(b"".join(bodies[1]))


@pytest.mark.parametrize(("count", "to_count", "to_send"), [(1, 1, 0), (40_000, 2, 1)])
def test_they_are_walked_anew_each_time_and_never_held(count: int, to_count: int, to_send: int) -> None:
    """Given a list that fits one chunk, which is kept, and a long one, whose begin is read first."""
    begun = 0

    def walk() -> Iterator[str]:
        nonlocal begun
        begun += 1
        yield from (line for _ in range(count) for line in PLAIN)

    found = FormBody([("list", Lines(walk))])
    assert begun == to_count
    assert len(found) == len(b"".join(found))
    assert begun == to_count + to_send
    assert b"".join(found) == b"".join(found)
    assert begun == to_count + 3 * to_send
