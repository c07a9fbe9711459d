"""Sending a draft to its author first: an ordinary mailing, marked as a test of that draft."""

import hashlib
from typing import Any

from django.db import transaction

from mailings.models import Account, Mailing, SelfTest
from mailings.outbox.drafts import copies_of_files, make
from mailings.smsc.spec.spec import Spec


def send_test(spec: Spec, *, account: Account, of: Mailing, key: str, by: Any = None) -> Mailing:
    """Queue a test of the draft `of`, with its files. `spec`: the draft's, addressed to the author.

    `key`: comes with the page, so that pressing the button twice makes one test; another text makes another.
    """
    own = hashlib.blake2b(f"{key} {of.pk} {spec.digest()}".encode(), digest_size=16).hexdigest()
    with transaction.atomic():
        mailing = make(
            spec, account=account, by=by, key=f"test-{own}", uploads=copies_of_files(of), submit=True
        )
        SelfTest.objects.get_or_create(mailing=mailing, defaults={"of": of})
    return mailing
