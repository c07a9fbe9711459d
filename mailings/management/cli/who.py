"""Who acts on the command line: the login that was named, else the machine's user."""

import os
import pwd
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from mailings.models import SystemUser


class NoSuchLogin(Exception):
    """There is no active login of that name."""


def behind(name: str | None) -> Any:
    """The login named by `--as`, else a SystemUser. Raises NoSuchLogin.

    The machine's user comes from the kernel's user id: variables such as USER can be set to anything.
    """
    if name is None:
        return SystemUser(_system_user())
    login = get_user_model().objects.filter(username=name, is_active=True).first()
    if login is None:
        raise NoSuchLogin(
            _("There is no login %(name)s, or it is switched off; nothing was done.") % {"name": name}
        )
    return login


def _system_user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # in a container the user may have no name
        return f"uid {os.getuid()}"
