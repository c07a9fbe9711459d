"""Reading recipients: a million rows of CSV, 300,000 of XLSX, and numbers alone, beside floor or peer; the
million stored on either database; and a mailing to a million as a body on its way out.

Every measurement is a process of its own (`python -m bench.recipients NAME FOLDER`) with a memory of its
own; seconds are of CPU, which neighbours on the machine disturb least. Files are made anew, always the same.
"""

import csv
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import openpyxl
import phonenumbers

from mailings.recipients.limits import Limits
from mailings.recipients.numbers import Numbers
from mailings.recipients.reader import Choices, read
from mailings.smsc.api.body import FormBody
from scripts.servers import PostgreSQL

CSV_ROWS = 1_000_000
BOOK_ROWS = 300_000
NUMBERS = 200_000
# Numbers of a mailing, made where a body is measured and not counted with it.
MILLION: list[str] = []
ASKED_OF_THE_LIBRARY = 20_000
CSV, BOOK, LIST = "people.csv", "people.xlsx", "numbers.txt"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def number(rng: random.Random) -> str:
    """A Russian number in one of the spellings of real lists; three of a hundred are no numbers."""
    digits = f"9{rng.randrange(10**9):09d}"
    part = f"{digits[:3]}) {digits[3:6]}-{digits[6:8]}-{digits[8:]}"
    spellings = (f"+7{digits}", f"8{digits}", digits, f"8 ({part}", f"+7 ({part}", digits[:7])
    return rng.choices(spellings, (40, 20, 10, 20, 7, 3))[0]


def make(folder: Path) -> None:
    """The files that are read."""
    rng = random.Random(1)
    with (folder / CSV).open("w", encoding="utf-8") as file:
        file.write("Имя;Телефон;Сумма\n")
        file.writelines(f"Клиент {row};{number(rng)};{row},50\n" for row in range(CSV_ROWS))
    plain = (f"{rng.choice(('+7', '8', '7', ''))}9{rng.randrange(10**9):09d}\n" for _number in range(NUMBERS))
    (folder / LIST).write_text("".join(plain))
    _make_book(folder / BOOK)


def _make_book(path: Path) -> None:
    """A workbook as Excel writes it: shared texts, whole numbers, five columns."""
    heads = ("Имя", "Телефон", "Город", "Сумма", "Код")
    texts = [
        *heads,
        "Пермь",
        *(f"Клиент {row}" for row in range(BOOK_ROWS)),
        *(f"x{row}" for row in range(BOOK_ROWS)),
    ]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in _small_parts().items():
            book.writestr(name, content)
        with book.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(f'<worksheet xmlns="{MAIN}"><sheetData><row r="1">'.encode())
            sheet.write("".join(f'<c r="{"ABCDE"[n]}1" t="s"><v>{n}</v></c>' for n in range(5)).encode())
            sheet.write(b"</row>")
            for row in range(BOOK_ROWS):
                line, text, code = row + 2, row + 6, row + 6 + BOOK_ROWS
                cells = (
                    f'<c r="A{line}" t="s"><v>{text}</v></c><c r="B{line}"><v>{79990000000 + row}</v></c>'
                    f'<c r="C{line}" t="s"><v>5</v></c><c r="D{line}"><v>{row * 1.5}</v></c>'
                    f'<c r="E{line}" t="s"><v>{code}</v></c>'
                )
                sheet.write(f'<row r="{line}" spans="1:5">{cells}</row>'.encode())
            sheet.write(b"</sheetData></worksheet>")
        shared = "".join(f"<si><t>{text}</t></si>" for text in texts)
        book.writestr("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}">{shared}</sst>')


def _small_parts() -> dict[str, str]:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = (
        ("workbook", "sheet.main"),
        ("worksheets/sheet1", "worksheet"),
        ("sharedStrings", "sharedStrings"),
    )
    overrides = "".join(
        f'<Override PartName="/xl/{name}.xml" ContentType="{kind}.{what}+xml"/>' for name, what in parts
    )
    rels = f'xmlns="{PACKAGE}/relationships"'
    return {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>{overrides}</Types>',
        "_rels/.rels": f'<Relationships {rels}><Relationship Id="a" Type="{OFFICE}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        '<sheet name="S" sheetId="1" r:id="a"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships {rels}><Relationship Id="a" Type="{OFFICE}/worksheet" '
        f'Target="worksheets/sheet1.xml"/><Relationship Id="b" Type="{OFFICE}/sharedStrings" '
        'Target="sharedStrings.xml"/></Relationships>',
    }


# --- what is measured: each gives how many rows or numbers it went through ------------------------------


def read_csv(folder: Path) -> int:
    return _read(folder / CSV)


def plain_csv(folder: Path) -> int:
    with (folder / CSV).open(encoding="utf-8", newline="") as file:
        return sum(1 for _row in csv.reader(file, delimiter=";")) - 1


def read_book(folder: Path) -> int:
    return _read(folder / BOOK)


def openpyxl_book(folder: Path) -> int:
    book = openpyxl.load_workbook(folder / BOOK, read_only=True)
    return sum(1 for _row in book.worksheets[0].iter_rows(values_only=True)) - 1


def judge(folder: Path) -> int:
    valid = Numbers("RU").valid
    return len([valid(text) for text in _numbers(folder, NUMBERS)])


def library(folder: Path) -> int:
    return len([_asked(text) for text in _numbers(folder, ASKED_OF_THE_LIBRARY)])


def body(_folder: Path) -> int:
    """A mailing to a million as it goes out: counted, and handed over piece by piece."""
    made = FormBody([("phones", MILLION)])
    return sum(map(len, made)) and len(MILLION)


def joined_body(_folder: Path) -> int:
    """The same made of a dict, as `requests` does it."""
    return len(urlencode({"phones": ",".join(MILLION)}).encode()) and len(MILLION)


def _read(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _entry in read(file, path.name, Choices(), Limits(seconds=600)))


def _numbers(folder: Path, count: int) -> list[str]:
    return (folder / LIST).read_text().split()[:count]


def _asked(text: str) -> bool:
    return phonenumbers.is_valid_number(phonenumbers.parse(text, "RU"))


MEASURED: dict[str, Callable[[Path], int]] = {
    one.__name__: one
    for one in (read_csv, plain_csv, read_book, openpyxl_book, judge, library, body, joined_body)
}


def run() -> dict[str, Any]:
    """Every measurement: what was gone through, seconds of CPU, the most megabytes held."""
    results = {}
    with tempfile.TemporaryDirectory(prefix="mailroom-bench-") as folder:
        make(Path(folder))
        for name in MEASURED:
            words = [sys.executable, "-m", "bench.recipients", name, folder]
            results[name] = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)
        results["stored_sqlite"] = stored(Path(folder), f"sqlite:///{folder}/stored.sqlite3")
        cluster = PostgreSQL()
        try:
            results["stored_postgresql"] = stored(Path(folder), cluster.url("postgres"))
        finally:
            cluster.stop()
    return results


def stored(folder: Path, url: str) -> dict[str, Any]:
    """The million read into rows of a database of its own; `floor`: such rows ready-made, only written."""
    begin = "import django; django.setup(); from bench import recipients_stored; recipients_stored.main()"
    words = [sys.executable, "-c", begin]
    settings = {"DATABASE_URL": url, "VAR_DIR": str(folder / "var"), "UPLOAD_MB": "256"}
    for given in ([str(folder)], []):
        ran = subprocess.run([*words, *given], capture_output=True, check=True, env=os.environ | settings)
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def measure(name: str, folder: Path) -> dict[str, Any]:
    """One measurement, in this process."""
    begins_with = 0
    if name.endswith("body"):
        MILLION.extend(f"+79{number:09d}" for number in range(1_000_000))
        Path("/proc/self/clear_refs").write_text("5")
        begins_with = megabytes()
    begin = time.process_time()
    count = MEASURED[name](folder)
    seconds = time.process_time() - begin
    return {"count": count, "seconds": round(seconds, 2), "megabytes": megabytes() - begins_with}


def megabytes() -> int:
    """The most that this process has held."""
    [peak] = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(peak) // 1024


# What a measurement stands beside (a peer doing the same, or a floor), and what it should come to.
BESIDE = {
    "read_csv": ("plain_csv", ""),
    "read_book": ("openpyxl_book", "5 times quicker, 200 MB"),
    "judge": ("library", "300,000 a second"),
    "body": ("joined_body", "0.1 s, 5 MB"),
    "stored_sqlite": ("", "20 s, 200 MB"),
    "stored_postgresql": ("", "20 s, 200 MB"),
}


def table(result: dict[str, Any]) -> str:
    """The figures as a person reads them: each beside its floor or peer, with what it should come to."""
    lines = [
        "recipients",
        f"{'what':<18} {'count':>10} {'CPU s':>8} {'a second':>10} {'MB':>6}  beside; goal",
    ]
    for name, one in result.items():
        row = f"{name:<18} {one['count']:>10,} {one['seconds']:>8} {_rate(one):>10,} {one['megabytes']:>6}"
        peer, goal = BESIDE.get(name, ("", ""))
        said = [_compared(one, result[peer], peer)] if peer in result else []
        if "floor" in one:
            floor = f"rows only written: {one['floor']} s, so {one['seconds'] / max(one['floor'], 0.01):.1f}"
            said.append(f"{floor} times that; {one['wall']} s by the clock")
        lines.append("  ".join([row, "; ".join([*said, *([f"goal: {goal}"] if goal else [])])]).rstrip())
    return "\n".join(lines)


def _rate(one: dict[str, Any]) -> int:
    return int(one["count"] / max(one["seconds"], 0.01))


def _compared(one: dict[str, Any], other: dict[str, Any], peer: str) -> str:
    """How many times quicker or slower than its peer, by what each does in a second."""
    ratio = _rate(one) / max(_rate(other), 1)
    return f"{ratio:.1f} times quicker than {peer}" if ratio >= 1 else f"{1 / ratio:.1f} times {peer}"


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(sys.argv[1], Path(sys.argv[2]))))
