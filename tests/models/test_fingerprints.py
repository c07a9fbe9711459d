"""Rows that were stored under another kind of fingerprint do not seem to have changed."""

from importlib import import_module
from types import SimpleNamespace

from django.db import connection

from mailings.models import Account, Mailing, State
from mailings.smsc.api.jobs import fingerprint
from tests.helpers.factories import bare

PAYLOAD = {"name": "Распродажа", "id": 7, "cost": 1.5, "more": [{"b": 1, "a": None}]}


def test_a_migration_takes_every_fingerprint_anew_from_what_is_stored(db):
    account = Account.objects.create(name="a", kind="sandbox")
    listed = bare(account, state=State.ACCEPTED, remote_id="7", remote=PAYLOAD, fingerprint="0" * 32)
    unseen = bare(account, state=State.ACCEPTED, remote_id="8")

    import_module("mailings.migrations.0025_fingerprints").renew(None, SimpleNamespace(connection=connection))

    found = dict(Mailing.objects.values_list("pk", "fingerprint"))
    assert found == {listed.pk: fingerprint(PAYLOAD), unseen.pk: ""}
