"""The door of every page of ours: rights.py says who may come in."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from mailings import rights
from mailings.models import Mailing
from mailings.rights import Right
from mailings.wording.whom import whom_to_ask

View = Callable[..., HttpResponseBase]


def guarded(view: View, verb: str) -> View:
    """The view, for those who may; a visitor without a login is the login's business, or the view's own.

    Raises PermissionDenied; what the page of the refusal says of it goes with the request (context.Frame).
    """
    right = rights.RIGHTS[verb]

    @wraps(view)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            mailing = _whose(kwargs["pk"]) if right == Right.STOP and "pk" in kwargs else None
            if right not in (Right.OPEN, Right.LOGIN):
                _refuse_unless(request, rights.may(request.user, "mailing"), Right.VIEW)
            _refuse_unless(request, rights.may(request.user, verb, mailing), right, mailing)
        return view(request, *args, **kwargs)

    return door


def _whose(pk: int) -> Mailing | None:
    """The row with the people it belongs to. None where there is none: the view says so."""
    rows = Mailing.objects.select_related("created_by", "submitted_by")
    return rows.only("created_by", "submitted_by").filter(pk=pk).first()


def _refuse_unless(request: HttpRequest, allowed: bool, right: Right, mailing: Mailing | None = None) -> None:
    if not allowed:
        request.whom_to_ask = whom_to_ask(right, mailing)  # type: ignore[attr-defined]
        raise PermissionDenied(right.value)
