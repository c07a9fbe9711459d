"""The panel beside the compose form at a file of 1,000,000 people: CPU time of the server for one preview.

The goal: at most 50 ms at the median, one text for all or `{Name}` in it. The floor, taken in turn with them,
is the same form with one number pasted.
"""

import os
import statistics
import time
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client

from bench.recipients import megabytes
from mailings.models import Account, Import

PEOPLE = int(os.environ.get("BENCH_PEOPLE", "1000000"))
ROUNDS = 25
GOAL_MS = 50.0
FIRST = 79_000_000_000
# The rows of a file that was read, made by SQLite itself.
ROWS_SQL = """
INSERT INTO mailings_importedrow
    (imported_id, position, line, value, address, key, verdict, reason, cells)
WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)
SELECT %s, n, n + 2, '', '+' || (%s + n), %s + n, 'valid', '',
    json_array('' || (%s + n), 'Client ' || n, '' || (n %% 900))
FROM numbers
"""
TEXTS = {
    "floor: one pasted number": "Hello",
    "one text for all": "Hello",
    "with a {Name} in it": "Hello {Name}, you owe {Debt} until Friday",
}
# What is asked of the whole file by a button, and not at every key.
PRESSED = ("row:longest", "row:gap", "row:500000")


def seed(people: int) -> tuple[Client, Import]:
    """A person who writes, and her file, read."""
    user = get_user_model().objects.create_user("writer")
    user.groups.add(Group.objects.get(name="Operators"))
    client = Client()
    client.force_login(user)
    account = Account.objects.create(name="preview", kind="sandbox", currency="RUR")
    imported = Import.objects.create(
        owner=user, account=account, path="x.csv", name="people.csv", size=1, channel="sms",
        state=Import.State.READY, heading_line=1, headings=["Phone", "Name", "Debt"],
        columns={"phones": 0}, valid=people, rows_read=people,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(ROWS_SQL, [people - 1, imported.pk, FIRST, FIRST, FIRST])
    return client, imported


def run() -> dict[str, Any]:
    """Every text in turn, many rounds."""
    client, imported = seed(PEOPLE)
    spent: dict[str, list[float]] = {name: [] for name in TEXTS}
    for _round in range(ROUNDS):
        for name, text in TEXTS.items():
            spent[name].append(_once(client, imported, name, text))
    personal = list(TEXTS)[-1]
    for pressed in PRESSED:
        took = [_once(client, imported, personal, TEXTS[personal], pressed) for _turn in range(3)]
        spent[f"pressed: {pressed}"] = took
    rows = [
        {"what": name, "median_ms": round(statistics.median(found), 1), "most_ms": round(max(found), 1)}
        for name, found in spent.items()
    ]
    return {"people": PEOPLE, "goal_ms": GOAL_MS, "rows": rows, "review": review(client, imported)}


def review(client: Client, imported: Import) -> dict[str, float]:
    """Seconds of CPU for the review of personal messages to all of them, and the most megabytes held."""
    typed = {"name": "Bench", "mes": TEXTS["with a {Name} in it"], "key": "r", "account": "preview"}
    typed |= {"channel": "sms", "shown": "sms", "action": "review", "held_recipients": str(imported.pk)}
    Path("/proc/self/clear_refs").write_text("5")
    begin = time.process_time()
    answer = client.post("/mailings/new/", typed)
    seconds = time.process_time() - begin
    if answer.status_code != 302:
        raise AssertionError(answer.content.decode()[:2000])
    return {"seconds": round(seconds, 1), "megabytes": megabytes()}


def _once(client: Client, imported: Import, name: str, text: str, action: str = "") -> float:
    """Milliseconds of CPU for one preview, which shows all the people."""
    typed = {"name": "Bench", "mes": text, "key": "k", "account": "preview", "channel": "sms", "shown": "sms"}
    typed["action"] = action
    own = name.startswith("floor")
    typed |= {"phones": str(FIRST)} if own else {"held_recipients": str(imported.pk)}
    begin = time.process_time()
    answer = client.post("/mailings/new/preview/", typed)
    seconds = time.process_time() - begin
    html = answer.content.decode()
    if answer.status_code != 200 or (">1<" if own else f"{PEOPLE:,}") not in html:
        raise AssertionError(html[:2000])
    return seconds * 1000


def table(result: dict[str, Any]) -> str:
    """The figures as a person reads them."""
    lines = [f"preview at {result['people']:,} people, goal {result['goal_ms']:g} ms of CPU at the median"]
    lines += [
        f"{row['what']:<26} median {row['median_ms']:>7} ms   most {row['most_ms']:>7} ms"
        for row in result["rows"]
    ]
    whole = result["review"]
    lines.append(
        f"review of {{Name}} for all     {whole['seconds']} s   {whole['megabytes']} MB (goal 60 s, 250 MB)"
    )
    return "\n".join(lines)
