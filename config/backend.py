"""The session's user and all permissions in one query: pages that poll need both on every request."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.db.models import CharField, Model, OuterRef, Q, Subquery, Value
from django.db.models.functions import Concat


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
        given = Permission.objects.filter(Q(user=OuterRef("pk")) | Q(group__user=OuterRef("pk"))).order_by()
        named = given.values(called=Concat("content_type__app_label", Value("."), "codename"))
        people = User.objects.annotate(granted=Names(named))
        person = people.filter(pk=user_id).first()
        return person if person is not None and self.user_can_authenticate(person) else None

    def get_all_permissions(
        self, user_obj: AbstractBaseUser | AnonymousUser, obj: Model | None = None
    ) -> set[str]:
        plain = obj is None and user_obj.is_active and not getattr(user_obj, "is_superuser", False)
        if plain and hasattr(user_obj, "granted"):
            return {name for name in str(user_obj.granted or "").split(",") if name}
        found: set[str] = super().get_all_permissions(user_obj, obj)
        return found
