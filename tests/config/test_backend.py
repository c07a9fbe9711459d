"""A session's person and what he may do come together, and are what Django's own look-ups say."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User

from config.backend import Backend

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


def same_as_djangos_own(person: User, number: Any) -> set[str]:
    found = Backend().get_user(person.pk)
    with number(0):
        granted = found.get_all_permissions()
        assert granted == {name for name in granted if found.has_perm(name)}
    assert granted == User.objects.get(pk=person.pk).get_all_permissions()
    return set(granted)


def test_own_permissions_and_those_of_groups_come_with_the_person(django_assert_num_queries: Any) -> None:
    person = User.objects.create_user("olga")
    assert same_as_djangos_own(person, django_assert_num_queries) == set()
    person.groups.set(Group.objects.all())
    person.user_permissions.add(*Permission.objects.filter(codename__in=["view_mailing", "add_user"]))
    assert same_as_djangos_own(person, django_assert_num_queries) >= {
        "auth.add_user",
        "mailings.send_mailing",
    }


def test_a_superuser_may_all_and_who_was_locked_out_is_nobody(django_assert_num_queries: Any) -> None:
    person = User.objects.create_superuser("root")
    assert Backend().get_user(person.pk).has_perm("mailings.send_mailing")
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert Backend().get_user(person.pk) is None
    assert Backend().get_user(person.pk + 1) is None
