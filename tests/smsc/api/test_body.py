"""Bodies of requests: a server decodes what was given, and the announced length is exact."""

import time
import tracemalloc
from collections.abc import Sequence
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from urllib.parse import parse_qsl, unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailings.smsc.api.body import Body, FormBody, Param, Upload, body_of

texts = st.text(st.characters(codec="utf-8"), max_size=200)
values = st.one_of(texts, st.binary(max_size=200), st.lists(texts, max_size=20))
params = st.lists(
    st.tuples(st.text(st.characters(codec="utf-8"), min_size=1, max_size=10), values), max_size=8
)


def as_bytes(value: str | bytes | Sequence[str]) -> bytes:
    if isinstance(value, bytes):
        return value
    return (value if isinstance(value, str) else ",".join(value)).encode()


def decoded_form(body: Body) -> list[tuple[bytes, bytes]]:
    """An independent decoder of forms, on bytes."""
    sent = b"".join(body)
    if not sent:
        return []
    pairs = [pair.split(b"=") for pair in sent.split(b"&")]
    return [
        (unquote_to_bytes(n.replace(b"+", b" ")), unquote_to_bytes(v.replace(b"+", b" "))) for n, v in pairs
    ]


@given(params)
def test_a_form_decodes_to_what_was_given_and_has_the_announced_length(given_params: list[Param]) -> None:
    body = FormBody(given_params)

    assert decoded_form(body) == [(name.encode(), as_bytes(value)) for name, value in given_params]
    assert len(body) == len(b"".join(body))
    assert b"".join(body) == b"".join(body), "every iteration starts afresh"


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        ("+5", b"v=%2B5"),
        ("a b", b"v=a+b"),
        ("one\ntwo", b"v=one%0Atwo"),
        ("я", b"v=%D1%8F"),
        ("a&b=c%", b"v=a%26b%3Dc%25"),
        (b"\x00\xff+\x20", b"v=%00%FF%2B+"),
        (["+7900", "7901"], b"v=%2B7900,7901"),
    ],
)
def test_special_characters_are_encoded(value: str | bytes | list[str], encoded: bytes) -> None:
    assert b"".join(FormBody([("v", value)])) == encoded


def test_a_long_text_is_sliced_without_breaking_characters() -> None:
    text = "жa€😀+ " * 50_000

    body = FormBody([("mes", text)])

    assert dict(parse_qsl(b"".join(body).decode())) == {"mes": text}
    assert len(body) == len(b"".join(body))


def test_text_that_utf_8_cannot_hold_is_refused_without_repeating_it() -> None:
    with pytest.raises(ValueError, match="parameter mes") as refused:
        FormBody([("mes", "secret \ud800")])

    assert "secret" not in repr(refused.value)
    assert refused.value.__context__ is None


def test_a_million_numbers_are_streamed_in_little_memory_and_time() -> None:
    numbers = [str(79_000_000_000 + number) for number in range(1_000_000)]
    begin = time.perf_counter()
    body = FormBody([("phones", numbers)])
    sent = sum(len(piece) for piece in body)
    seconds = time.perf_counter() - begin
    tracemalloc.start()
    for _ in FormBody([("phones", numbers)]):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(body) == sent == len("phones=") + 12 * 1_000_000 - 1
    assert seconds < 2
    assert peak < 2_000_000


@pytest.fixture
def upload(tmp_path: Path) -> Upload:
    path = tmp_path / "picture"
    path.write_bytes(bytes(range(256)) * 1000)
    return Upload("file1", 'häll"o\r\n.jpg', "image/jpeg", path, 256_000)


def test_multipart_holds_every_field_and_file_byte_for_byte(upload: Upload) -> None:
    given_params: list[Param] = [
        ("mes", "a\n+ я\r\n"),
        ("phones", ["7900", "7901"]),
        ("bin", b"\x00\xff\r\n--"),
    ]

    body = body_of(given_params, [upload])

    sent = b"".join(body)
    assert len(body) == len(sent)
    boundary = body.content_type.partition("boundary=")[2].encode()
    parts = sent.split(b"--" + boundary)
    assert parts[0] == b""
    assert parts[-1] == b"--\r\n"
    heads, contents = zip(*(part[2:-2].split(b"\r\n\r\n", 1) for part in parts[1:-1]), strict=True)
    assert list(contents) == [
        "a\n+ я\r\n".encode(),
        b"7900,7901",
        b"\x00\xff\r\n--",
        bytes(range(256)) * 1000,
    ]
    assert heads[3].decode().split("\r\n") == [
        'Content-Disposition: form-data; name="file1"; filename="häll%22o%0D%0A.jpg"',
        "Content-Type: image/jpeg",
    ]


def test_multipart_is_understood_by_a_parser_that_is_not_ours(upload: Upload) -> None:
    body = body_of([("mes", "hello"), ("mms", "1")], [upload])

    message = message_from_bytes(
        b"Content-Type: " + body.content_type.encode() + b"\r\n\r\n" + b"".join(body)
    )

    parts = message.get_payload()
    assert isinstance(parts, list)
    names = [
        part.get_param("name", header="Content-Disposition") for part in parts if isinstance(part, Message)
    ]
    assert names == ["mes", "mms", "file1"]


def test_a_file_that_is_missing_or_changed_is_found_before_anything_is_sent(upload: Upload) -> None:
    Path(upload.path).write_bytes(b"short")
    with pytest.raises(OSError, match="changed its size"):
        body_of([], [upload])

    Path(upload.path).unlink()
    with pytest.raises(FileNotFoundError):
        body_of([], [upload])


def test_a_file_that_shrinks_while_it_is_sent_never_passes_as_whole(upload: Upload) -> None:
    body = body_of([], [upload])
    Path(upload.path).write_bytes(b"short")

    with pytest.raises(OSError, match="ended early"):
        b"".join(body)


def test_a_file_that_grows_while_it_is_sent_keeps_the_announced_length(upload: Upload) -> None:
    body = body_of([], [upload])
    with Path(upload.path).open("ab") as file:
        file.write(b"more")

    assert len(b"".join(body)) == len(body)
