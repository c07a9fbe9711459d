"""Every bad value that the provider's page makes possible: an error at its field, what was typed, no row."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.html import escape

from mailings.models import Attachment, Mailing, Recipients
from mailings.smsc.spec.catalogue import OPTIONS
from tests.helpers.people import person

GOOD = {"name": "Spring sale", "phones": "79990000001", "mes": "Hello"}
PAST = f"{datetime.now(UTC) - timedelta(days=2):%d.%m.%y %H:%M}"
LATER = f"{datetime.now(UTC) + timedelta(days=400):%d.%m.%y %H:%M}"
MAIL = {"mail": "1", "phones": "ann@example.com", "sender": "shop@example.com", "subj": "Sale"}
LIST = {"phones": "", "mes": ""}

# The fields at which the error stands, and what is posted.
BAD: list[tuple[str, dict[str, str]]] = [
    ("name", {"name": ""}),
    ("name", {"name": "two\nlines"}),
    ("name", {"name": "a" * 256}),
    ("phones list", {"phones": ""}),
    ("phones", {"phones": "abc"}),
    ("phones", {"phones": "79990000001,123"}),
    ("phones", {"phones": "+0999"}),
    ("phones", {"phones": "ann@example.com"}),
    ("phones", {"phones": "Gabc"}),
    ("phones", MAIL | {"phones": "79990000001"}),
    ("phones", {"phones": "#12ab", "bot": "@shop_bot"}),
    ("mes", {"mes": ""}),
    ("mes", {"mes": "a" * 1001}),
    ("mes", {"mes": "a\x00b"}),
    ("sender", {"sender": "TwelveLetter"}),
    ("sender", {"sender": "Магазин"}),
    ("sender", {"sender": "1234567890123456"}),
    ("sender", MAIL | {"sender": "Shop"}),
    ("sender mail", MAIL | {"sender": ""}),
    ("subj mail", MAIL | {"subj": ""}),
    ("mes", MAIL | {"mes": ""}),
    ("sender2", {"sender2": "TwelveLetter", "fl[5]": "1", "viber": "1"}),
    ("sender2 fl[5]", {"sender2": "Shop", "viber": "1"}),
    ("mes2 fl[5]", {"mes2": "Hello", "viber": "1"}),
    ("mes2 fl[5]", {"mes2": "Hello", "viber": "1", "fl[5]": "0"}),
    ("mes2", {"mes2": "a" * 1001, "fl[5]": "1", "viber": "1"}),
    *((name, {name: value}) for name in ("translit", "bin") for value in ("3", "-1", "yes")),
    *((name, {name: "2"}) for name in ("tinyurl", "flash", "push", "nl", "fl[5]")),
    *(
        (name, {name: "2"})
        for name in ("hlr", "ping", "mms", "mail", "soc", "viber", "whatsapp", "tg", "call")
    ),
    ("time", {"time": "tomorrow"}),
    ("time", {"time": PAST, "tz": "0"}),
    ("time", {"time": PAST}),
    ("time", {"time": "01700000000"}),
    ("time", {"time": "3102260900"}),
    ("time", {"time": "31.13.26 10:00"}),
    ("time", {"time": "18-10"}),
    ("time", {"time": "10-25"}),
    ("time", {"time": "+"}),
    ("time", {"time": "-5"}),
    ("time time_at", {"time": "+5", "time_at": "2040-01-01T10:00"}),
    ("time_at", {"time_at": "2040-02-31T10:00"}),
    ("time_at", {"time_at": "tomorrow"}),
    ("rpt", {"rpt": "8"}),
    ("rptn rpt", {"rptn": "3"}),
    ("rptn rpt", {"rptn": "3", "rpt": "0"}),
    ("rptn", {"rptn": "0", "rpt": "1"}),
    ("tz", {"tz": "99"}),
    ("tz", {"tz": "Moscow"}),
    ("period", {"period": "0", "freq": "5"}),
    ("period", {"period": "720.5", "freq": "5"}),
    ("freq", {"period": "5", "freq": "0"}),
    ("freq", {"period": "5", "freq": "1441"}),
    ("period freq", {"period": "5"}),
    ("period freq", {"freq": "5"}),
    ("flash bin", {"flash": "1", "bin": "2", "mes": "00FF"}),
    ("flash push", {"flash": "1", "push": "1", "mes": "https://example.com/\nTitle"}),
    ("flash viber", {"flash": "1", "viber": "1"}),
    ("viber whatsapp", {"viber": "1", "whatsapp": "1"}),
    ("mail bot", MAIL | {"bot": "@shop_bot"}),
    ("mes bin", {"bin": "1", "mes": "not hex"}),
    ("mes bin", {"bin": "2", "mes": "0"}),
    ("mes bin", {"bin": "1", "mes": "05FF"}),
    ("mes bin", {"bin": "1", "mes": "00FF\n~~~\npid:1,dcs:2"}),
    ("mes push", {"push": "1"}),
    ("mes hlr", {"hlr": "1"}),
    ("mes ping", {"ping": "1"}),
    ("mes subj mms", {"mms": "1", "mes": ""}),
    ("mes tg", {"tg": "1", "mes": "no code"}),
    ("mes call", {"call": "1", "mes": ""}),
    ("bot", {"bot": "shop"}),
    ("bot", {"channel": "bot", "bot": ""}),
    *(("smsreq", {"bot": "@shop_bot", "smsreq": value}) for value in ("9", "1000", "x")),
    ("fileurl", {"fileurl": "example.com/a.jpg"}),
    ("fileurl", {"fileurl": "ftp://example.com/a.jpg"}),
    *(("voice", {"call": "1", "voice": value}) for value in ("m5", "x", "m,", "m,english")),
    ("voice call", {"voice": "m"}),
    ("param call", {"param": "25,60,3"}),
    *(
        ("param", {"call": "1", "param": value})
        for value in ("9,60,3", "36,60,3", "25,9,3", "25,3601,3", "25,60,0", "25,60,10", "25,60", "a,b,c")
    ),
    *(("valid", {"valid": value}) for value in ("0", "25", "00:00", "24:01", "1:60", "soon")),
    ("tpl", {"tpl": "abc", "mes": ""}),
    ("tpl mes", {"tpl": "17"}),
    ("tpl list", LIST | {"tpl": "17", "list": "79990000001:Hi"}),
    ("list phones", {"list": "79990000001:Hi", "mes": ""}),
    ("list mes", {"list": "79990000001:Hi", "phones": ""}),
    ("list", LIST | {"list": "79990000001 Hi"}),
    ("list", LIST | {"list": "abc:Hi"}),
    ("list", LIST | {"list": "TwelveLetter|79990000001:Hi"}),
    ("list time", LIST | {"list": "Shop,2|79990000001:Hi"}),
    ("list time", LIST | {"list": "Shop,2|79990000001:Hi", "time": "+5"}),
    ("list", LIST | {"list": "Shop,99|79990000001:Hi", "time": LATER}),
    ("list bin", LIST | {"list": "79990000001:00FF", "bin": "1"}),
    ("nl list", {"nl": "1"}),
]


@pytest.fixture
def page(client: Client, db: None) -> Client:
    client.force_login(person("ann"))
    return client


def control(html: str, name: str) -> str:
    """The tag of a control, found as others find it: by its parameter."""
    tags = re.findall(rf'<[^>]* data-option="{re.escape(name)}"[^>]*>', html)
    assert len(tags) == 1, f"{name}: {len(tags)} controls"
    return str(tags[0])


def error_at(html: str, name: str) -> str:
    """The text of the error that a control points at."""
    tag = control(html, name)
    if 'type="radio"' not in tag:
        assert 'aria-invalid="true"' in tag, tag
        described = re.search(r'aria-describedby="([^"]*)"', tag)
    else:
        described = re.search(r'<div id="channel"[^>]*aria-invalid="true" aria-describedby="([^"]*)"', html)
    assert described, name
    target = described[1].split()[-1]
    found = re.search(rf'<div[^>]*id="{re.escape(target)}"[^>]*>(.*?)</div>\s*</div>', html, re.DOTALL)
    assert found, target
    return re.sub(r"<[^>]*>", "", found[1]).strip()


@pytest.mark.parametrize(
    ("fields", "posted"), BAD, ids=[f"{one}-{number}" for number, (one, _) in enumerate(BAD)]
)
def test_a_bad_value_gets_an_error_at_its_field_and_stores_nothing(
    fields: str, posted: dict[str, str], page: Client
) -> None:
    answer = page.post("/mailings/new/", GOOD | posted | {"action": "send", "key": "k1"})

    html = answer.content.decode()
    assert answer.status_code == 200
    for name in fields.split():
        assert len(error_at(html, name)) > 10
    for name, typed in (GOOD | posted).items():
        if name in OPTIONS and OPTIONS[name].type != "flag" and len(typed) > 1:
            assert escape(typed.partition(",")[0] if name == "voice" else typed) in html
    assert (Mailing.objects.count(), Recipients.objects.count()) == (0, 0)


def test_each_option_has_a_bad_value() -> None:
    assert OPTIONS.keys() <= {name for fields, posted in BAD for name in (*fields.split(), *posted)}


@pytest.mark.parametrize(
    "name", ["login", "psw", "apikey", "charset", "cost", "fmt", "add", "phone", "fl[4]"]
)
def test_a_parameter_that_is_no_option_is_an_error_too(name: str, page: Client) -> None:
    answer = page.post("/mailings/new/", GOOD | {name: "1", "action": "send"})

    assert name in answer.context["form"].non_field_errors().as_text()
    assert Mailing.objects.count() == 0


@pytest.mark.parametrize(
    ("channel", "name", "content"),
    [("mms", "a.exe", b"MZ"), ("call", "a.txt", b"text"), ("viber", "a.jpg", b"jpg"), ("mms", "a.jpg", b"")],
)
def test_a_file_that_cannot_go_gets_an_error_and_stores_nothing(
    channel: str, name: str, content: bytes, page: Client
) -> None:
    posted = GOOD | {channel: "1", "action": "send", "files": SimpleUploadedFile(name, content)}

    answer = page.post("/mailings/new/", posted)

    assert len(error_at(answer.content.decode(), "files")) > 10
    assert (Mailing.objects.count(), Attachment.objects.count()) == (0, 0)
