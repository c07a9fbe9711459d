"""Cancelling is for staff: the group that may is there from the first migration."""

from django.contrib.auth.models import Group, User


def test_members_of_staff_may_cancel_and_others_may_not(db):
    user = User.objects.create(username="ann")
    assert not user.has_perm("mailings.cancel_mailing")
    user.groups.add(Group.objects.get(name="Staff"))
    assert User.objects.get(pk=user.pk).has_perm("mailings.cancel_mailing")
