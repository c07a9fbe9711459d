"""Whoever manages people in the administration gives nobody, himself least of all, more than he has."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db

NEW = {"password1": "quietly-42-rivers", "password2": "quietly-42-rivers", "usable_password": "true"}


def permissions(*names: str) -> list[Permission]:
    return list(Permission.objects.filter(codename__in=names))


@pytest.fixture
def clerk(django_user_model: Any) -> Any:
    """Manages people, and nothing else."""
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    manages = ("add_user", "change_user", "view_user", "delete_user", "change_group", "view_group")
    factors = ("add_authenticator", "change_authenticator", "delete_authenticator", "view_authenticator")
    clerk.user_permissions.set(permissions(*manages, *factors))
    return clerk


@pytest.fixture
def page(client: Client, clerk: Any) -> Client:
    client.force_login(clerk)
    return client


def change(user: Any) -> str:
    return reverse("admin:auth_user_change", args=[user.pk])


def posted(user: Any, **changes: Any) -> dict[str, Any]:
    """What the form of a person holds."""
    joined = {"date_joined_0": "2026-01-01", "date_joined_1": "10:00:00"}
    return {"username": user.username, "is_active": "on", "is_staff": "on"} | joined | changes


def test_nobody_makes_himself_superuser_or_gives_himself_permissions(page: Client, clerk: Any) -> None:
    (more,) = permissions("delete_account")
    before = clerk.get_all_permissions()

    answer = page.post(
        change(clerk), posted(clerk, first_name="Ann", is_superuser="on", user_permissions=[more.pk])
    )

    assert answer.status_code == 302
    clerk = type(clerk).objects.get(pk=clerk.pk)
    assert clerk.first_name == "Ann"
    assert not clerk.is_superuser
    assert clerk.get_all_permissions() == before


def test_a_group_that_gives_more_than_one_has_is_not_to_be_chosen(page: Client, clerk: Any) -> None:
    more, same = Group.objects.create(name="More"), Group.objects.create(name="Same")
    more.permissions.set(permissions("delete_account"))
    same.permissions.set(permissions("view_user"))

    answer = page.post(change(clerk), posted(clerk, groups=[more.pk]))
    assert "groups" in answer.context["adminform"].form.errors

    page.post(change(clerk), posted(clerk, groups=[same.pk]))
    assert list(clerk.groups.all()) == [same]


def test_whoever_has_more_is_out_of_reach_password_and_all(
    page: Client, admin_user: Any, django_user_model: Any
) -> None:
    staff = django_user_model.objects.create_user("staff")
    staff.user_permissions.set(permissions("delete_account"))
    former = django_user_model.objects.create_user("former", is_active=False)
    former.groups.set([Group.objects.get(name="Staff")])
    for person in (admin_user, staff, former):
        before = (person.password, person.username)
        page.post(reverse("admin:auth_user_password_change", args=[person.pk]), NEW)
        page.post(change(person), posted(person, username="taken"))
        page.post(reverse("admin:auth_user_delete", args=[person.pk]), {"post": "yes"})
        chosen = {"action": "delete_selected", "_selected_action": person.pk, "post": "yes"}
        page.post(reverse("admin:auth_user_changelist"), chosen)

        person.refresh_from_db()
        assert (person.password, person.username) == before


def test_ordinary_people_are_made_and_changed(page: Client, django_user_model: Any) -> None:
    answer = page.post(reverse("admin:auth_user_add"), NEW | {"username": "olga"})
    assert answer.status_code == 302
    olga = django_user_model.objects.get(username="olga")
    assert not olga.is_superuser

    page.post(change(olga), posted(olga, first_name="Olga", is_superuser="on"))
    olga.refresh_from_db()
    assert (olga.first_name, olga.is_superuser) == ("Olga", False)


def test_a_weak_password_is_refused_there_too(page: Client, django_user_model: Any) -> None:
    weak = {
        "username": "olga",
        "password1": "Summer2026",
        "password2": "Summer2026",
        "usable_password": "true",
    }

    page.post(reverse("admin:auth_user_add"), weak)

    assert not django_user_model.objects.filter(username="olga").exists()


def test_groups_are_changed_by_superusers_only(page: Client, admin_client: Client) -> None:
    group = Group.objects.create(name="Same")
    address = reverse("admin:auth_group_change", args=[group.pk])

    assert page.post(address, {"name": "Other"}).status_code == 403
    assert page.get(address).status_code == 200
    assert admin_client.post(address, {"name": "Other"}).status_code == 302


def test_second_factors_are_taken_away_by_superusers_only_and_made_for_nobody(
    page: Client, admin_client: Client, admin_user: Any
) -> None:
    factor = Authenticator.objects.create(user=admin_user, type="totp", data={"secret": "hush-hush"})
    delete = reverse("admin:mfa_authenticator_delete", args=[factor.pk])
    view = reverse("admin:mfa_authenticator_change", args=[factor.pk])

    assert page.post(delete, {"post": "yes"}).status_code == 403
    for client in (page, admin_client):
        assert client.post(reverse("admin:mfa_authenticator_add"), {}).status_code == 403
        assert client.post(view, {}).status_code == 403
    assert b"hush-hush" not in admin_client.get(view).content
    assert admin_client.post(delete, {"post": "yes"}).status_code == 302
    assert not Authenticator.objects.exists()
