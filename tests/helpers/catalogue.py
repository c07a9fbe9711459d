"""Test cases: every option and listed value of the provider's page, as typed, and the bytes to be sent."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

PHONE = "79990000001"
LATER = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(days=400)
BINARY = "0605040B8423F0" + "48656C6C6F"


@dataclass(frozen=True)
class Case:
    """The value `typed` for option `name`, together with `others`, must be sent as `wire` (b"": as typed)."""

    name: str
    typed: str
    wire: bytes = b""
    others: dict[str, str] = field(default_factory=dict)

    @property
    def options(self) -> dict[str, str]:
        given = (
            {"name": "Spring sale", "phones": PHONE, "mes": "Hello"} | self.others | {self.name: self.typed}
        )
        return {name: value for name, value in given.items() if value}

    @property
    def expected(self) -> bytes:
        return self.wire or self.typed.encode()

    def __str__(self) -> str:
        return f"{self.name}={self.typed[:20]!r}"


def _case(name: str, typed: str, wire: bytes | str = b"", **others: str) -> Case:
    expected = wire.encode() if isinstance(wire, str) else wire
    return Case(
        name, typed, expected, {"fl[5]" if key == "fl5" else key: value for key, value in others.items()}
    )


MAIL = {"phones": "ann@example.com", "sender": "shop@example.com", "subj": "Sale"}
TAIL = "\n~~~\npid: 64, dcs: 245"
FLAGS = ("hlr", "ping", "mms", "mail", "soc", "viber", "whatsapp", "tg", "call", "nl", "fl[5]")
VOICES = ("m", "m2", "m3", "m4", "w", "w2", "w3", "w4", "m,en", "w,fr", "w,de")
DATED = f"{LATER:%d.%m.%y %H:%M}"

CASES = [
    _case("phones", "+79990000001", "+79990000001"),
    _case(
        "phones",
        "79990000001; +7 (999) 000-00-02\n79990000003,79990000001",
        "+79990000001,+79990000002,+79990000003",
    ),
    _case("phones", "G12", "G12"),
    Case(
        "phones",
        "ann@example.com\nbob@example.com",
        b"ann@example.com,bob@example.com",
        MAIL | {"mail": "1"},
    ),
    _case("phones", "@nickname, #1234567", "@nickname,#1234567", bot="@shop_bot"),
    _case("mes", "Скидка 50 % & «ё»\nвторая строка  ", "Скидка 50 % & «ё»\nвторая строка  "),
    _case("mes", "two\r\nlines + 1", "two\nlines + 1"),
    _case("mes", "😀" * 1000),
    _case("sender", "My Shop"),
    _case("sender", "123456789012345"),
    _case("sender", "shop@example.com", mail="1", phones="ann@example.com", subj="Sale"),
    _case("sender2", "Shop", viber="1", fl5="1"),
    *(_case("translit", value) for value in "012"),
    *(_case("tinyurl", value) for value in "01"),
    _case("time", "0"),
    _case("time", "+15"),
    _case("time", "10-18"),
    _case("time", DATED),
    _case("time", f"{LATER:%d%m%y%H%M}"),
    _case("time", f"0{int(LATER.timestamp())}"),
    *(_case("rpt", value) for value in "01234567"),
    _case("rptn", "10", rpt="2"),
    *(_case("tz", value, time=DATED) for value in ("0", "-1", "2.5")),
    *(_case("period", value, freq="1") for value in ("0.1", "720")),
    *(_case("freq", value, period="5") for value in ("1", "1440")),
    *(_case("flash", value) for value in "01"),
    _case("bin", "0"),
    _case("bin", "1", mes=BINARY),
    _case("bin", "2", mes=BINARY),
    _case("mes", BINARY, bytes.fromhex(BINARY), bin="1"),
    _case("mes", BINARY + TAIL, bytes.fromhex(BINARY) + TAIL.encode(), bin="1"),
    _case("mes", "00 ff", "00ff", bin="2"),
    _case("push", "0"),
    _case("push", "1", mes="https://example.com/\nTitle"),
    *(_case(flag, "0") for flag in FLAGS),
    *(_case(flag, "1", mes="") for flag in ("hlr", "ping")),
    *(_case(flag, "1") for flag in ("mms", "soc", "viber", "whatsapp", "call")),
    _case("tg", "1", mes="1234"),
    Case("mail", "1", b"", MAIL),
    _case("bot", "@shop_bot"),
    _case("smsreq", "10", bot="@shop_bot"),
    _case("smsreq", "999", tg="1", mes="1234"),
    _case("fileurl", "https://example.com/a%20b.jpg?x=1&y=2", viber="1"),
    _case("mes2", "Привет из SMS", viber="1", fl5="1"),
    _case("fl[5]", "1", whatsapp="1"),
    *(_case("voice", value, call="1") for value in VOICES),
    *(_case("param", value, call="1") for value in ("10,10,1", "35,3600,9")),
    Case("subj", "Тема", b"", MAIL | {"mail": "1"}),
    _case("subj", "Photo", mms="1", mes=""),
    _case(
        "list",
        "79990000001:Hello, Ann\n79990000002,79990000003;Hi\\nBob",
        "+79990000001:Hello, Ann\n+79990000002:Hi\\nBob\n+79990000003:Hi\\nBob",
        phones="",
        mes="",
    ),
    _case("list", "Shop|79990000001:Hello", "Shop|+79990000001:Hello", phones="", mes=""),
    _case("list", "Shop,2|79990000001:Hello", "Shop,2|+79990000001:Hello", phones="", mes="", time=DATED),
    _case("nl", "1", phones="", mes="", list="79990000001:Hello\nsecond line"),
    _case("tpl", "17", mes=""),
    *(_case("valid", value) for value in ("1", "24", "00:01", "24:00")),
]
