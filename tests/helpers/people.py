"""Logins with the permissions of a group, or with none."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission

# The groups of the migration. Tests assign permissions directly, as the end of a transactional test deletes
# the groups.
GROUPS = {
    "nobody": (),
    "viewer": ("view_mailing",),
    "operator": ("view_mailing", "send_mailing"),
    "staff": ("view_mailing", "send_mailing", "cancel_mailing"),
}


def person(name: str, role: str = "operator", **fields: Any) -> Any:
    """A login with the permissions of a role in GROUPS."""
    user = get_user_model().objects.create_user(name, **fields)
    user.user_permissions.set(Permission.objects.filter(codename__in=GROUPS[role]))
    return user
