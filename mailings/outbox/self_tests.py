"""A test of what is written, to its writer's own addresses: a mailing like any other, marked as a test."""

import hashlib
from typing import Any

from django.db import transaction

from mailings.models import Account, Mailing, SelfTest
from mailings.outbox.drafts import copies_of_files, make
from mailings.smsc.spec.spec import Spec


def send_test(spec: Spec, *, account: Account, of: Mailing, key: str, by: Any = None) -> Mailing:
    """Queue a test of the draft `of`, with its files.

    `key`: minted with the page: pressed twice, it makes one test of one text of a draft.
    """
    own = hashlib.blake2b(f"{key} {of.pk} {spec.digest()}".encode(), digest_size=16).hexdigest()
    with transaction.atomic():
        mailing = make(
            spec, account=account, by=by, key=f"test-{own}", uploads=copies_of_files(of), submit=True
        )
        SelfTest.objects.get_or_create(mailing=mailing, defaults={"of": of})
    return mailing
