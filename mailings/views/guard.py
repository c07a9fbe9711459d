"""Checks the rights of every page's user, as rights.py has them."""

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
    """The view, for users with the right to `verb`.

    Visitors without a login pass: middleware, or the view itself, deals with them. Raises PermissionDenied,
    after `whom_to_ask` is set on the request for the page of the refusal.
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
    """The mailing with its maker and sender; None if there is none, which the view answers."""
    rows = Mailing.objects.select_related("created_by", "submitted_by")
    return rows.only("created_by", "submitted_by").filter(pk=pk).first()


def _refuse_unless(request: HttpRequest, allowed: bool, right: Right, mailing: Mailing | None = None) -> None:
    if not allowed:
        request.whom_to_ask = whom_to_ask(right, mailing)  # type: ignore[attr-defined]  # for context.Frame
        raise PermissionDenied(right.value)
