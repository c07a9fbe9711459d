"""People with the rights of a group, or with none."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission

# As the migration has it; permissions, for a test that empties the tables takes the groups away.
GROUPS = {
    "nobody": (),
    "viewer": ("view_mailing",),
    "operator": ("view_mailing", "send_mailing"),
    "staff": ("view_mailing", "send_mailing", "cancel_mailing"),
}


def person(name: str, role: str = "operator", **fields: Any) -> Any:
    """A login with the rights of a role of GROUPS."""
    user = get_user_model().objects.create_user(name, **fields)
    user.user_permissions.set(Permission.objects.filter(codename__in=GROUPS[role]))
    return user
