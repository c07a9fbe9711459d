"""Users, groups and second factors in the administration: nobody can grant more than they have themselves."""

from collections.abc import Iterable
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q, QuerySet
from django.http import HttpRequest

OF_SUPERUSERS = ("is_superuser", "user_permissions")


def register() -> None:
    """Replace the admin pages that Django and allauth have registered for these models."""
    for model, page in ((User, People), (Group, Groups), (Authenticator, SecondFactors)):
        admin.site.unregister(model)
        admin.site.register(model, page)


def may_manage(manager: Any, person: User) -> bool:
    """Whether `manager` has every permission of `person`, who counts as active even when switched off.

    Whoever can change a user's password can log in as that user, and so gains all of these permissions.
    """
    if manager.is_superuser or person.is_superuser:
        return bool(manager.is_superuser)
    has = Permission.objects.filter(Q(user=person) | Q(group__user=person)).select_related("content_type")
    return names(has) <= set(manager.get_all_permissions())


def names(permissions: Iterable[Permission]) -> set[str]:
    return {f"{one.content_type.app_label}.{one.codename}" for one in permissions}


def groups_within(manager: Any) -> QuerySet[Group]:
    """The groups all of whose permissions `manager` has already."""
    own, groups = manager.get_all_permissions(), Group.objects.prefetch_related("permissions__content_type")
    more = [group.pk for group in groups if not names(group.permissions.all()) <= own]
    return Group.objects.exclude(pk__in=more)


class People(UserAdmin[User]):
    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        own = super().get_readonly_fields(request, obj)
        return own if request.user.is_superuser else (*own, *OF_SUPERUSERS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or may_manage(request.user, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or may_manage(request.user, obj))

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "groups":
            kwargs["queryset"] = groups_within(request.user)
        return super().formfield_for_manytomany(db_field, request, **kwargs)


class Groups(GroupAdmin):
    """Only superusers add, change and delete groups; others with the permission can view them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)


class SecondFactors(admin.ModelAdmin[Authenticator]):
    """A superuser can delete the second factor of somebody who lost it. Nobody can add or change one."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    exclude = ("data",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)
