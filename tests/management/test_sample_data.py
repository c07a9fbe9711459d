"""`manage.py sample_data`: something to look at on the first start, and nothing more on the next."""

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from mailings import accounts
from mailings.models import Mailing, State


def test_the_first_run_makes_mailings_for_the_first_person_and_a_second_run_makes_none(db):
    person = User.objects.create(username="demo")
    accounts.ensure_sandbox_account("http://127.0.0.1:9/sys/")
    call_command("sample_data")
    made = set(Mailing.objects.values_list("pk", flat=True))
    assert {row.state for row in Mailing.objects.all()} == {State.QUEUED, State.DRAFT}
    assert {row.created_by for row in Mailing.objects.all()} == {person}
    call_command("sample_data")
    assert set(Mailing.objects.values_list("pk", flat=True)) == made


def test_without_a_sandbox_account_it_makes_none(db):
    with pytest.raises(CommandError, match="sandbox account only"):
        call_command("sample_data")
    assert not Mailing.objects.exists()
