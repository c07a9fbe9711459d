"""The session's user and all permissions in one query: pages that poll need both on every request."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.db.models import CharField, Model, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Concat

from mailings.models.prepared import PreparedRow, given


class Names(Subquery):
    """The values of a subquery's only column, `called`, joined by commas; None when there are no rows."""

    template = "(SELECT group_concat(called) FROM (%(subquery)s))"
    output_field = CharField()

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        template = "(SELECT string_agg(called, ',') FROM (%(subquery)s) AS names)"
        return self.as_sql(compiler, connection, template=template)


class Backend(AuthenticationBackend):
    """allauth's backend, with the user's own and group permissions annotated to the row as `granted`."""

    def get_user(self, user_id: Any) -> Any:
        person: Any = _PERSON.one(pk=user_id)
        if person is None or not self.user_can_authenticate(person):
            return None
        person.granted = {name for name in (person.granted or "").split(",") if name}
        return person

    def get_all_permissions(
        self, user_obj: AbstractBaseUser | AnonymousUser, obj: Model | None = None
    ) -> set[str]:
        plain = obj is None and user_obj.is_active and not getattr(user_obj, "is_superuser", False)
        if plain and hasattr(user_obj, "granted"):
            return set(user_obj.granted)
        found: set[str] = super().get_all_permissions(user_obj, obj)
        return found


def _person() -> QuerySet[User]:
    allowed = Permission.objects.filter(Q(user=OuterRef("pk")) | Q(group__user=OuterRef("pk"))).order_by()
    named = allowed.values(called=Concat("content_type__app_label", Value("."), "codename"))
    return User.objects.annotate(granted=Names(named)).filter(**given(User, id="pk"))


_PERSON = PreparedRow(_person)
