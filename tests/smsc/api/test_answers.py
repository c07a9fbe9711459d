"""Answers in all four formats, those that must not be believed, and rows whose fields are not published."""

import json
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailings.smsc.api import answers, errors
from mailings.smsc.api.answers import Job
from mailings.smsc.api.formats import decode
from mailings.smsc.api.rows import AnswerRow

PARSERS: list[Callable[..., Any]] = [
    answers.parse_created,
    answers.parse_done,
    partial(answers.parse_job, remote_id="17"),
    answers.parse_jobs,
    answers.parse_balance,
    answers.parse_price,
    answers.parse_lookup,
]
ERROR_FORMS = [
    "ERROR = {n} (words)",
    "0,-{n}",
    "<result><error>words</error><error_code>{n}</error_code></result>",
    '{{"error": "words", "error_code": {n}}}',
    '{{"error": "words", "error_code": "{n}"}}',
    '{{"result": {{"error": "words", "error_code": "{n}"}}}}',
    '[{{"error": "words", "error_code": {n}}}]',
    '{{"error": "ERROR = {n} (words)"}}',
    '<?xml version="1.0"?>\n<result><error>words</error><error_code>{n}</error_code></result>',
]
CLASSES = [
    (1, errors.WrongParameters),
    (2, errors.LoginRefused),
    (3, errors.NotSaved),
    (4, errors.Blocked),
    (5, errors.WrongDate),
    (9, errors.TooSoon),
    (6, errors.OtherError),
    (77, errors.OtherError),
]


def created(text: str) -> answers.Created:
    return answers.parse_created(text.encode(), 200)


# --- errors ---


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize(("number", "kind"), CLASSES)
@pytest.mark.parametrize("form", ERROR_FORMS)
def test_an_error_is_an_error_in_every_form_and_for_every_call(
    parse: Callable[..., Any], number: int, kind: type[errors.ProviderError], form: str
) -> None:
    with pytest.raises(kind) as failure:
        parse(form.format(n=number).encode(), 200)

    assert failure.value.code == number
    assert failure.value.bytes_handed is True
    assert "words" not in str(failure.value) + repr(failure.value)
    assert type(failure.value) is kind


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize(
    "text",
    [
        "ERROR = ",
        "ERROR = x (words)",
        "ERROR",
        '{"error": "words"}',
        '{"error": "words", "error_code": "x"}',
        '{"error": "words", "error_code": 0}',
        '{"error": "words", "error_code": -9}',
        '{"error": "words", "error_code": true}',
        '{"error": "words", "error_code": 9.5}',
        '{"error": {"code": 9}}',
        "0,-0",
        "<result><error>words</error></result>",
    ],
)
def test_an_error_without_a_certain_number_is_unreadable(parse: Callable[..., Any], text: str) -> None:
    with pytest.raises(errors.UnreadableAnswer):
        parse(text.encode(), 200)


def test_an_error_wins_over_all_that_stands_beside_it() -> None:
    with pytest.raises(errors.NotSaved):
        answers.parse_done(b'{"result": "OK", "error": "x", "error_code": 3}', 200)
    with pytest.raises(errors.TooSoon):
        answers.parse_jobs(b'{"jobs": [], "error": "x", "error_code": 9}', 200)
    with pytest.raises(errors.TooSoon):
        answers.parse_jobs(b'[{"id": 17, "name": "x", "error": "x", "error_code": 9}]', 200)


@pytest.mark.parametrize(
    "text",
    [
        '{"id": 17, "error": "words", "error_code": 1}',
        "<result><id>17</id><error>words</error><error_code>9</error_code></result>",
    ],
)
def test_an_add_with_an_id_and_an_error_is_unreadable(text: str) -> None:
    with pytest.raises(errors.UnreadableAnswer, match="error_and_id"):
        created(text)


def test_an_empty_error_field_is_no_error() -> None:
    assert created('{"id": 17, "error": null, "error_code": 0}').remote_id == "17"
    assert created('{"id": 17, "error": "", "error_code": "0"}').remote_id == "17"


# --- add ---


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("OK, ID - 17", None),
        ("OK, ID - 17, COST - 1.40", "1.40"),
        ("ok, id - 17, cost - 1.40\n", "1.40"),
        ("OK - 1 SMS, ID - 17", None),
        ("OK - 1 SMS, ID - 17, COST - 1.40, BALANCE - 100.50", "1.40"),
        ("17", None),
        (" 17\r\n", None),
        ("17,1.40", "1.40"),
        ("17,1", None),
        ("17,1,1.40", "1.40"),
        ("17,1,1.40,100.50", "1.40"),
        ("<result><id>17</id><cost>1.40</cost></result>", "1.40"),
        ('<?xml version="1.0" encoding="windows-1251"?><result><id>17</id></result>', None),
        ('{"id": 17, "cost": "1.40"}', "1.40"),
        ('{"id": 17}', None),
        ('{"id": "17", "cost": 1.4}', "1.4"),
        ('{"id": 17, "cost": "1,40"}', "1.40"),
        ('{"id": 17, "cost": "free"}', None),
        ('{"result": {"ID": 17, "COST": "1.40"}}', "1.40"),
        ('[{"id": 17}]', None),
        ('\ufeff{"id": 17}', None),
    ],
)
def test_id_and_cost_of_a_created_mailing_are_read(text: str, cost: str | None) -> None:
    answer = created(text)

    assert answer.remote_id == "17"
    assert answer.cost == (Decimal(cost) if cost else None)
    assert answer.raw.strip() == text.strip().removeprefix("\ufeff")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \r\n",
        "OK",
        "OK, ID - ",
        "OK, ID - 0",
        "OK, ID - -17",
        "OK, ID - 17abc",
        "OK, ID - 17, COST",
        "OK, ID - 17, COST - 1.40 but not really",
        "1.40,1",
        "1.40",
        "0",
        "0,1.40",
        "-17",
        "-17,1.40",
        "17,1,1.40,100.50,3",
        "17 18",
        "017",
        "null",
        "true",
        "[]",
        "{}",
        "[17]",
        '{"id": 0}',
        '{"id": -17}',
        '{"id": 17.5}',
        '{"id": 1e2}',
        '{"id": true}',
        '{"id": null}',
        '{"id": "17a"}',
        '{"id": [17]}',
        '{"id": 99999999999999999999999}',
        '{"cost": "1.40"}',
        '{"id": 17',
        '{"id": 17, "cost": "1.4',
        '[{"id": 17}, {"id": 18}]',
        '{"result": "OK"}',
        "<result><id>17</id>",
        "<result><id></id></result>",
        "<result>OK</result>",
        "<html><body>17</body></html>",
        "<body><id>17</id></body>",
        "<!DOCTYPE html><html><id>17</id></html>",
        '<!DOCTYPE r [<!ENTITY e "17">]><result><id>&e;</id></result>',
        "Service is away",
        "502 Bad Gateway",
    ],
)
def test_an_answer_without_a_certain_id_is_unreadable(text: str) -> None:
    with pytest.raises(errors.UnreadableAnswer) as failure:
        created(text)

    assert failure.value.raw == text


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize("status", [100, 201, 204, 206, 301, 302, 400, 401, 403, 404, 429, 500, 502, 503])
def test_only_a_200_is_an_answer(parse: Callable[..., Any], status: int) -> None:
    with pytest.raises(errors.UnreadableAnswer, match=str(status)):
        parse(b'{"id": 17, "cost": "1.40", "result": "OK", "balance": "1"}', status)


def test_what_may_have_been_cut_is_not_believed() -> None:
    for text in (b"17", b"17,1.40", b"OK, ID - 17", b"0,-1", b"ERROR = 1 (x)"):
        with pytest.raises(errors.UnreadableAnswer, match="unframed"):
            answers.parse_created(text, 200, framed=False)
    with pytest.raises(errors.UnreadableAnswer, match="unframed"):
        answers.parse_jobs(b"17 Spring", 200, framed=False)
    assert answers.parse_created(b'{"id": 17}', 200, framed=False).remote_id == "17"
    assert answers.parse_created(b"<result><id>17</id></result>", 200, framed=False).remote_id == "17"
    assert answers.parse_done(b"OK", 200, framed=False).raw == "OK"


# --- cancel and delete ---


@pytest.mark.parametrize(
    "text",
    [
        "OK",
        "ok\n",
        "<result>OK</result>",
        "<status>OK</status>",
        '"OK"',
        '{"result": "OK"}',
        '{"status": "ok"}',
        '{"RESULT": {"STATUS": "OK"}}',
        '{"ok": true}',
        '{"ok": 1, "id": 17}',
        '{"success": "true"}',
        '["OK"]',
    ],
)
def test_a_plain_ok_is_read_in_every_form(text: str) -> None:
    assert answers.parse_done(text.encode(), 200).raw == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "OKAY",
        "NOT OK",
        "17",
        "{}",
        "[]",
        "null",
        '{"result": "FAIL"}',
        '{"ok": false}',
        '{"result": "OK", "ok": false}',
        '{"ok": null}',
        '{"id": 17}',
        '{"result": "OK"',
        "<result>NO</result>",
        "<html>OK</html>",
    ],
)
def test_anything_but_a_plain_ok_is_unreadable(text: str) -> None:
    with pytest.raises(errors.UnreadableAnswer):
        answers.parse_done(text.encode(), 200)


# --- look-ups ---


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ('{"balance": "250.80"}', "250.80", None),
        ('{"balance": "250.80", "currency": "RUR"}', "250.80", "RUR"),
        ('{"balance": -3.5}', "-3.5", None),
        ("250.80", "250.80", None),
        ("250.80 RUR", "250.80", "RUR"),
        ("250.80,RUR", "250.80", "RUR"),
        ("<balance>250.80</balance>", "250.80", None),
        ("<result><balance>250.80</balance><currency>RUR</currency></result>", "250.80", "RUR"),
    ],
)
def test_a_balance_is_read(text: str, amount: str, currency: str | None) -> None:
    found = answers.parse_balance(text.encode(), 200)

    assert (found.amount, found.currency) == (Decimal(amount), currency)


@pytest.mark.parametrize(
    "text", ["", "OK", "{}", '{"balance": "much"}', '{"balance": true}', "NaN", "[]", "1e9"]
)
def test_no_balance_is_unreadable(text: str) -> None:
    with pytest.raises(errors.UnreadableAnswer):
        answers.parse_balance(text.encode(), 200)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('{"cost": "1.40", "cnt": 2}', 2),
        ('{"cost": "1.40"}', None),
        ("1.40,2", 2),
        ("1.40", None),
        ("1.40 (2 SMS)", 2),
        ("OK - 2 SMS, COST - 1.40", 2),
        ("<result><cost>1.40</cost><cnt>2</cnt></result>", 2),
    ],
)
def test_a_price_is_read(text: str, count: int | None) -> None:
    found = answers.parse_price(text.encode(), 200)

    assert (found.cost, found.count) == (Decimal("1.40"), count)


@pytest.mark.parametrize("text", ["", "OK", "{}", '{"cnt": 2}', "-1.40,2", "[]", '{"id": 17, "cnt": 1}'])
def test_no_price_is_unreadable(text: str) -> None:
    with pytest.raises(errors.UnreadableAnswer):
        answers.parse_price(text.encode(), 200)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('[{"sender": "Shop"}, {"sender": "Bank"}]', [("Shop", "Shop"), ("Bank", "Bank")]),
        ('{"groups": [{"id": 1, "name": "Customers", "num": 3}]}', [("1", "Customers")]),
        ('{"5": {"name": "Reminder"}}', [("5", "Reminder")]),
        ('["Shop", "Bank"]', [("Shop", "Shop"), ("Bank", "Bank")]),
        ("Shop\nBank\n", [("Shop", "Shop"), ("Bank", "Bank")]),
        ("<result><sender>Shop</sender><sender>Bank</sender></result>", [("Shop", "Shop"), ("Bank", "Bank")]),
        (
            "id = 1, name = Customers, num = 3\nid = 2, name = Rest, num = 4",
            [("1", "Customers"), ("2", "Rest")],
        ),
        ("[]", []),
        ("[1, null, {}]", []),
    ],
)
def test_a_look_up_is_read(text: str, rows: list[tuple[str, str]]) -> None:
    assert [(row.id, row.name) for row in answers.parse_lookup(text.encode(), 200).rows] == rows


@pytest.mark.parametrize(
    ("text", "said", "people"),
    [
        ('[{"id": 2, "name": "Hi", "message": "Good day, and more"}]', "Good day, and more", None),
        ("id = 2, name = Hi, message = Good day, and more", "Good day, and more", None),
        ('[{"group_id": "7", "group_name": "All", "num": "12"}]', None, 12),
        ('[{"id": 7, "name": "All", "num": "many"}]', None, None),
    ],
)
def test_a_look_up_tells_a_templates_text_and_a_groups_size(
    text: str, said: str | None, people: int | None
) -> None:
    (row,) = answers.parse_lookup(text.encode(), 200).rows

    assert (row.text, row.people) == (said, people)


# --- bytes ---


def test_texts_in_other_charsets_are_read() -> None:
    assert decode("Привет".encode()) == "Привет"
    assert decode("Привет".encode("cp1251")) == "Привет"
    assert decode("Привет".encode("koi8-r"), "text/html; charset=KOI8-R") == "Привет"
    assert decode(b"\x98\xff") == "\ufffdя"
    with pytest.raises(errors.WrongParameters) as failure:
        answers.parse_done("ERROR = 1 (ошибка в параметрах)".encode("cp1251"), 200)
    assert failure.value.text == "ошибка в параметрах"


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["id", "name", "status", "error", "error_code", "jobs", "result", "ok", "17", "cost", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
bodies = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=100).map(str.encode),
    st.text('<>/ab0123456789,-.OKERID= \n"{}[]:&;', max_size=60).map(str.encode),
    json_values.map(lambda value: json.dumps(value).encode()),
)


@given(bodies, st.sampled_from([200, 200, 200, 302, 404, 500]), st.booleans())
@example(b"<a>" * 3000 + b"</a>" * 3000, 200, True)
@example(b"[" * 100_000, 200, True)
@example(b'{"a":' * 900 + b"1" + b"}" * 900, 200, True)
@example(b"<", 200, True)
@example(b'"', 200, True)
def test_no_answer_raises_anything_but_our_errors(body: bytes, status: int, framed: bool) -> None:
    for parse in PARSERS:
        try:
            reply = parse(body, status, "text/html", framed)
        except (errors.ProviderError, errors.UnreadableAnswer):
            continue
        assert status == 200
        if isinstance(reply, (answers.Created, Job)):
            assert int(reply.remote_id) > 0
        if isinstance(reply, answers.Jobs):
            assert reply.rows == len(reply.jobs) + len(reply.odd)


@given(st.integers(1, 10**18), st.decimals(0, 10**6, places=2), st.sampled_from(range(5)))
def test_an_id_and_a_cost_come_back_as_they_were_given(remote_id: int, cost: Decimal, form: int) -> None:
    text = [
        f"OK, ID - {remote_id}, COST - {cost}",
        f"{remote_id},{cost}",
        f"<result><id>{remote_id}</id><cost>{cost}</cost></result>",
        f'{{"id": {remote_id}, "cost": "{cost}"}}',
        f'{{"id": "{remote_id}", "cost": {cost}}}',
    ][form]

    assert (created(text).remote_id, created(text).cost) == (str(remote_id), cost)


@given(st.integers(1, 10**6), st.integers(0, 60))
def test_half_of_an_answer_is_never_another_id(remote_id: int, length: int) -> None:
    for text in (
        f'{{"id": {remote_id}, "cost": "1.40"}}',
        f"<result><id>{remote_id}</id></result>",
        f"{remote_id}",
    ):
        try:
            reply = answers.parse_created(text[:length].encode(), 200, framed=False)
        except errors.UnreadableAnswer:
            continue
        assert reply.remote_id == str(remote_id)


@pytest.mark.parametrize(
    "row",
    [
        {"id": 17, "name": "Sale", "status": "1", "cost": "3.50", "sms_cnt": 2},
        {"ID": "x", "job_id": 18, "Title": None, "caption": "Second", "state": 0},
        {"job": 19, "id": "0019", "title": "No id"},
        {"id": 20, "owner": {"name": "Somebody"}, "status": {"name": "going"}},
        {"name": ["a list"], "id": 21, "label": 5},
    ],
)
def test_a_listed_job_has_the_same_fields_as_one_read_in_full(row):
    body = json.dumps([row, {"id": 99, "name": "Other", "status": "1"}]).encode()
    listed = next((job for job in answers.parse_jobs(body, 200).jobs if job.remote_id != "99"), None)
    read = answers._job(AnswerRow(row))

    assert (listed is None) == (read is None)
    if read is not None:
        assert [getattr(listed, name) for name in vars(read)] == [getattr(read, name) for name in vars(read)]
