"""The administrator's pages: credentials go in and never come out; mailings and events are only looked at."""

import pytest
from django.urls import reverse
from django.utils import timezone

from mailings.accounts.credentials import credentials_of
from mailings.models import Account, Breaker, Event, EventKind, Mailing
from mailings.smsc.api.client import Credentials

pytestmark = pytest.mark.django_db

ADD = "admin:mailings_account_add"
LIST = "admin:mailings_account_changelist"
TYPED = {"name": "shop", "kind": "live", "login": "countess", "password": "päss "}


def change(account: Account) -> str:
    return reverse("admin:mailings_account_change", args=[account.pk])


def made(admin_client) -> Account:
    answer = admin_client.post(reverse(ADD), TYPED)
    assert answer.status_code == 302
    return Account.objects.get()


def errors(answer) -> dict[str, list[str]]:
    return dict(answer.context["adminform"].form.errors)


def test_an_account_is_made_with_its_password_as_typed(admin_client, admin_user):
    account = made(admin_client)

    assert credentials_of(account) == Credentials("countess", "päss ")
    assert account.events.get(kind=EventKind.CREDENTIALS_CHANGED).who == admin_user


def test_what_was_typed_is_never_shown_again(admin_client):
    account = made(admin_client)

    page = admin_client.get(change(account)).content.decode()

    assert "päss" not in page
    assert "countess" not in page


def test_credentials_left_blank_stay_as_they_are(admin_client):
    account = made(admin_client)

    admin_client.post(change(account), TYPED | {"name": "store", "login": "", "password": ""})

    account.refresh_from_db()
    assert account.name == "store"
    assert credentials_of(account).login == "countess"


@pytest.mark.parametrize(
    ("moved", "field"),
    [
        ({"kind": "sandbox", "base_url": "http://127.0.0.1:9/sys"}, "base_url"),
        ({"kind": "sandbox", "base_url": "https://example.org/sys/"}, "kind"),
        ({"base_url": "https://example.org/sys/"}, "base_url"),
    ],
)
def test_credentials_do_not_go_to_another_provider_unless_typed_anew(admin_client, moved, field):
    account = made(admin_client)

    answer = admin_client.post(change(account), TYPED | {"login": "", "password": ""} | moved)

    assert field in errors(answer)
    account.refresh_from_db()
    assert (account.kind, account.base_url) == ("live", "")
    assert not account.events.filter(kind=EventKind.ADDRESS_CHANGED).exists()


def test_another_address_of_a_sandbox_needs_them_too(admin_client):
    there = {"kind": "sandbox", "base_url": "https://example.org/sys/"}
    admin_client.post(reverse(ADD), TYPED | there)
    account = Account.objects.get()

    blank = {"login": "", "password": "", "base_url": "https://example.net/sys/"}
    answer = admin_client.post(change(account), TYPED | there | blank)

    assert list(errors(answer)) == ["base_url"]


def test_another_provider_has_to_be_proven_anew_and_the_timeline_says_who_changed_it(
    admin_client, admin_user
):
    account = made(admin_client)
    Account.objects.update(proven_at=timezone.now(), balance=5)

    elsewhere = {"kind": "sandbox", "base_url": "http://127.0.0.1:9/sys"}
    admin_client.post(change(account), TYPED | elsewhere)

    account.refresh_from_db()
    assert account.base_url == "http://127.0.0.1:9/sys/"
    assert account.proven_at is None
    event = account.events.get(kind=EventKind.ADDRESS_CHANGED)
    assert event.who == admin_user
    assert event.data == {"kind": ["live", "sandbox"], "base_url": ["", "http://127.0.0.1:9/sys/"]}


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"password": ""}, "password"),
        ({"login": ""}, "password"),
        ({"apikey": "key"}, "apikey"),
        ({"kind": "sandbox", "base_url": ""}, "base_url"),
        ({"kind": "sandbox", "base_url": "http://example.org/sys/"}, "base_url"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(admin_client, typed, field):
    answer = admin_client.post(reverse(ADD), TYPED | typed)

    assert list(errors(answer)) == [field]
    assert not Account.objects.exists()


def test_a_live_account_is_refused_while_the_keys_were_made_here(admin_client, settings):
    settings.CREDENTIALS_KEYS_GENERATED = True

    answer = admin_client.post(reverse(ADD), TYPED)

    assert "CREDENTIALS_KEYS" in errors(answer)["kind"][0]
    assert not Account.objects.exists()


def test_a_probe_is_asked_for_where_a_login_was_refused(admin_client, admin_user):
    refused = Account.objects.create(name="refused", breaker=Breaker.LOGIN)
    fine = Account.objects.create(name="fine")

    chosen = {"action": "ask_probe", "_selected_action": [refused.pk, fine.pk]}
    answer = admin_client.post(reverse(LIST), chosen, follow=True)

    refused.refresh_from_db()
    assert refused.probe_asked_at is not None
    assert refused.events.get().who == admin_user
    assert not fine.events.exists()
    assert len(answer.context["messages"]) == 2


@pytest.mark.parametrize("model", ["mailing", "event"])
def test_mailings_and_events_are_only_looked_at(admin_client, model):
    account = Account.objects.create(name="one")
    now = timezone.now()
    mailing = Mailing.objects.create(account=account, code="K7Q2M", created_at=now, state_at=now)
    event = Event.objects.create(mailing=mailing, at=now, kind=EventKind.CREATED)
    pk = mailing.pk if model == "mailing" else event.pk

    listing = admin_client.get(reverse(f"admin:mailings_{model}_changelist"))
    page = admin_client.get(reverse(f"admin:mailings_{model}_change", args=[pk]))

    assert listing.status_code == page.status_code == 200
    assert b"K7Q2M" in listing.content
    for act in (f"admin:mailings_{model}_change", f"admin:mailings_{model}_delete"):
        assert admin_client.post(reverse(act, args=[pk]), {}).status_code == 403
    assert admin_client.get(reverse(f"admin:mailings_{model}_add")).status_code == 403


def test_nobody_sees_them_without_a_login(client):
    assert client.get(reverse(LIST)).status_code == 302


def test_an_account_gets_a_country_of_its_own_and_no_other_word(admin_client):
    account = made(admin_client)
    blank = TYPED | {"login": "", "password": ""}

    refused = admin_client.post(change(account), blank | {"country": "xx"})
    assert list(errors(refused)) == ["country"]

    assert admin_client.post(change(account), blank | {"country": "kz"}).status_code == 302
    account.refresh_from_db()
    assert account.country == "KZ"
