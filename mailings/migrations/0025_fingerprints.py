"""Fingerprints as they are taken now, of what is stored: else every job would seem to have changed once."""

import hashlib
import json
from typing import Any

import orjson
from django.db import migrations

AT_ONCE = 1000


def digest(payload: Any) -> str:
    try:
        text = orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        text = json.dumps(payload, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def renew(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        last = 0
        while True:
            cursor.execute(
                "SELECT id, remote FROM mailings_mailing WHERE id > %s AND fingerprint > '' ORDER BY id LIMIT %s",
                [last, AT_ONCE],
            )
            rows = cursor.fetchall()
            if not rows:
                return
            last = rows[-1][0]
            new = [
                (digest(json.loads(remote) if isinstance(remote, str) else remote), pk) for pk, remote in rows
            ]
            cursor.executemany("UPDATE mailings_mailing SET fingerprint = %s WHERE id = %s", new)


class Migration(migrations.Migration):
    dependencies = [("mailings", "0024_own_tests_and_templates")]

    # Backwards there is nothing to do: older code takes each job for changed once.
    operations = [migrations.RunPython(renew, migrations.RunPython.noop)]
