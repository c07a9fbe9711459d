"""The groups that administrators put people into are there from the first migration, with their rights."""

import pytest
from django.contrib.auth.models import Group, User

ALL = {"view_mailing", "send_mailing", "cancel_mailing"}


@pytest.mark.parametrize(
    ("group", "may"),
    [("Viewers", {"view_mailing"}), ("Operators", {"view_mailing", "send_mailing"}), ("Staff", ALL)],
)
def test_members_of_a_group_may_what_it_says_and_no_more(db, group, may):
    user = User.objects.create(username="ann")
    user.groups.add(Group.objects.get(name=group))
    assert {name for name in ALL if user.has_perm(f"mailings.{name}")} == may


def test_a_new_login_may_nothing(db):
    assert not User.objects.create(username="ann").get_all_permissions()
