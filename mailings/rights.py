"""Who may do what: URLs, buttons, rows and the administration all ask here.

What can be done to a mailing at all, whoever asks, is decided in `outbox.may`. The command line does not ask
here: whoever runs it has access to the database anyway.
"""

from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db.models import QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

VIEW, SEND, CANCEL = "mailings.view_mailing", "mailings.send_mailing", "mailings.cancel_mailing"
MAKE_LOGINS = "auth.change_user"
BACKEND = "django.contrib.auth.backends.ModelBackend"


class Right(TextChoices):
    """What a URL or a button requires. The label is what a login without it is told."""

    OPEN = "open", ""  # anybody, also without a login
    LOGIN = "login", ""  # any login: for a person's own settings
    VIEW = "view", _("Your login may not look at mailings.")
    SEND = "send", _("Your login may not write and send mailings.")
    STOP = "stop", _("Your login may not stop what others have made.")
    DECIDE = "decide", _("Your login may not decide on mailings that wait for a decision.")


# By URL name, which is also the button's name. For a URL without a row here, importing mailings.urls fails.
RIGHTS: dict[str, Right] = {
    "healthz": Right.OPEN,
    "preferences": Right.LOGIN,
    "today": Right.VIEW,
    "today_part": Right.VIEW,
    "refresh": Right.VIEW,
    "dismiss_trials": Right.VIEW,
    "trial": Right.SEND,
    "history": Right.VIEW,
    "history_rows": Right.VIEW,
    "totals": Right.VIEW,
    "export": Right.VIEW,
    "mailing": Right.VIEW,
    "mailing_status": Right.VIEW,
    "mailing_recipients": Right.VIEW,
    "results": Right.VIEW,
    "export_results": Right.VIEW,
    "send_to_failed": Right.SEND,
    "take_over": Right.SEND,
    "people": Right.VIEW,
    "own_templates": Right.VIEW,
    "save_template": Right.SEND,
    "rename_template": Right.SEND,
    "delete_template": Right.SEND,
    "lists": Right.VIEW,
    "list": Right.VIEW,
    "add_list": Right.SEND,
    "change_list": Right.SEND,
    "remove_from_list": Right.SEND,
    "delete_list": Right.SEND,
    "stop_list": Right.VIEW,
    "export_stops": Right.VIEW,
    "add_stops": Right.SEND,
    "remove_stop": Right.DECIDE,
    "compose": Right.SEND,
    "compose_preview": Right.SEND,
    "compose_keep": Right.SEND,
    "compose_discard": Right.SEND,
    "compose_price": Right.SEND,
    "price_answer": Right.SEND,
    "import_progress": Right.SEND,
    "import_problems": Right.SEND,
    "edit": Right.SEND,
    "review": Right.SEND,
    "send_test": Right.SEND,
    "duplicate": Right.SEND,
    "next_month": Right.SEND,
    "bulk_cancel": Right.STOP,
    "cancel": Right.STOP,
    "delete": Right.STOP,
    "withdraw": Right.STOP,
    "change_hour": Right.STOP,
    "hold": Right.STOP,
    "cancel_job": Right.STOP,
    "put_aside": Right.STOP,
    "release": Right.DECIDE,
    "resolve": Right.DECIDE,
    "undo_adoption": Right.DECIDE,
    "dismiss_alarm": Right.DECIDE,
    "probe": Right.DECIDE,
}


def may(user: Any, verb: str, mailing: Any = None) -> bool:
    """Whether this user may open the URL, or press the button, called `verb`.

    `mailing`: the mailing concerned; `created_by_id` and `submitted_by_id` are read. None: whether the user
    may do it to any mailing at all.
    """
    return RULES[RIGHTS[verb]](user, mailing)


def owns(user: Any, mailing: Any) -> bool:
    """Whether this user created the mailing, or sent it off."""
    return user.pk is not None and user.pk in (mailing.created_by_id, mailing.submitted_by_id)


def _may_view(user: Any) -> bool:
    """The permissions to send and to cancel include viewing."""
    return any(user.has_perm(permission) for permission in (VIEW, SEND, CANCEL))


def _may_stop(user: Any, mailing: Any) -> bool:
    """Users may stop their own mailings without a further permission, to undo a mistake at once."""
    own = user.has_perm(SEND) if mailing is None else owns(user, mailing) and _may_view(user)
    return bool(own or user.has_perm(CANCEL))


RULES: dict[Right, Callable[[Any, Any], bool]] = {
    Right.OPEN: lambda user, mailing: True,
    Right.LOGIN: lambda user, mailing: bool(user.is_authenticated),
    Right.VIEW: lambda user, mailing: _may_view(user),
    Right.SEND: lambda user, mailing: bool(user.has_perm(SEND)),
    Right.STOP: _may_stop,
    Right.DECIDE: lambda user, mailing: bool(user.has_perm(CANCEL)),
}


def who_can(right: Right) -> QuerySet[User]:
    """Active users who may do it to any mailing, for a user who may not and has to ask somebody."""
    permission = {Right.SEND: SEND, Right.STOP: CANCEL, Right.DECIDE: CANCEL}.get(right, VIEW)
    return get_user_model().objects.with_perm(permission, backend=BACKEND).order_by("username")


def who_gives_rights() -> QuerySet[User]:
    """Active users who can put others into a group at /admin/."""
    givers = get_user_model().objects.with_perm(MAKE_LOGINS, backend=BACKEND)
    return givers.filter(is_staff=True).order_by("username")
