"""The administration: accounts with their credentials; mailings and events, read-only."""

from typing import Any, TypeVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from phonenumbers import SUPPORTED_REGIONS

from config.environment import provider_address
from mailings import accounts, rights
from mailings.accounts.keys import missing_for_live
from mailings.models import Account, Event, Mailing
from mailings.smsc.api.client import Credentials

AnyModel = TypeVar("AnyModel", bound=Model)
# Changing one of these fields points an account at another provider.
MOVED_BY = frozenset({"kind", "base_url"})


class AccountForm(forms.ModelForm[Account]):
    """Credentials can be set here, but are never shown. Left blank, they stay as they are.

    If kind or address changes, they must be typed again. Otherwise anybody who can edit an account could have
    the stored credentials sent to their own server.
    """

    base_url = forms.CharField(
        label=_("Base address"),
        required=False,
        help_text=_("A sandbox's address. Live accounts take theirs from SMSC_URL."),
    )
    login = forms.CharField(
        label=_("Login"), required=False, strip=False, widget=forms.TextInput({"autocomplete": "off"})
    )
    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )
    apikey = forms.CharField(
        label=_("API key"),
        required=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text=_("Instead of login and password. Left blank, all three stay as they are."),
    )

    class Meta:
        model = Account
        fields = ["name", "kind", "base_url", "country"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("kind") == Account.Kind.LIVE and missing_for_live():
            self.add_error("kind", missing_for_live())
        if data.get("kind") == Account.Kind.SANDBOX:
            self._check_address(data)
        if bool(data.get("login")) != bool(data.get("password")):
            self.add_error("password", _("Give login and password together."))
        elif data.get("login") and data.get("apikey"):
            self.add_error("apikey", _("Give either login and password, or a key."))
        elif self.credentials and self.instance.pk:
            self._check_login(self.credentials)
        if self.moves and not (data.get("login") or data.get("password") or data.get("apikey")):
            for name in MOVED_BY & set(self.changed_data):
                self.add_error(name, _("Elsewhere the account needs its login and password, or key, anew."))
        return data

    @property
    def moves(self) -> bool:
        """Whether an existing account is pointed at another provider."""
        return bool(self.instance.pk and MOVED_BY & set(self.changed_data))

    def _check_login(self, credentials: Credentials) -> None:
        """Refuse another login, which would not have the jobs of mailings that were handed over."""
        if accounts.is_another_login(self.instance, credentials):
            problem = _(
                "Mailings of this account are at SMS Centre under its present login. "
                "Add another account for the new one; this one goes on with its mailings."
            )
            self.add_error("apikey" if credentials.apikey else "login", problem)

    def clean_country(self) -> str:
        code = str(self.cleaned_data["country"]).upper()
        if code and code not in SUPPORTED_REGIONS:
            raise ValidationError(_("A country is two letters, such as RU."))
        return code

    def _check_address(self, data: dict[str, Any]) -> None:
        try:
            data["base_url"] = provider_address(data.get("base_url", ""))
        except ImproperlyConfigured:
            problem = _("A sandbox needs its address: https, or http on this machine.")
            self.add_error("base_url", ValidationError(problem))

    @property
    def credentials(self) -> Credentials | None:
        """The credentials as typed; None if all were left blank."""
        typed = {name: self.cleaned_data.get(name, "") for name in ("login", "password", "apikey")}
        return Credentials(**typed) if any(typed.values()) else None


@admin.register(Account)
class AccountAdmin(admin.ModelAdmin[Account]):
    form = AccountForm
    list_display = ["name", "kind", "breaker", "proven_at", "last_ok_at", "last_error_at"]
    readonly_fields = [
        "breaker",
        "breaker_at",
        "breaker_until",
        "breaker_text",
        "probe_asked_at",
        "proven_at",
        "last_ok_at",
        "last_error_at",
        "last_error",
        "balance",
        "currency",
        "balance_at",
    ]
    actions = ["ask_probe"]

    def save_model(self, request: HttpRequest, obj: Account, form: Any, change: bool) -> None:
        if not change:
            super().save_model(request, obj, form, change)
        else:  # only these columns: workers may have written others since the form was opened
            Account.objects.filter(pk=obj.pk).update(name=obj.name, country=obj.country)
        if form.credentials:
            whose = {"credentials": form.credentials, "by": request.user}
            if not accounts.move(obj, kind=obj.kind, base_url=obj.base_url, **whose):
                accounts.set_credentials(obj, **whose)

    def has_probe_permission(self, request: HttpRequest) -> bool:
        return rights.may(request.user, "probe")

    @admin.action(description=_("Try the corrected login with one call"), permissions=["probe"])
    def ask_probe(self, request: HttpRequest, chosen: QuerySet[Account]) -> None:
        for account in chosen:
            if accounts.ask_probe(account, request.user):
                text = _("The login of %(name)s will be tried once in a moment.")
            else:
                text = _("The calls of %(name)s are not stopped by a refused login.")
            messages.info(request, text % {"name": account.name})


class ReadOnly(admin.ModelAdmin[AnyModel]):
    """Rows that can only be viewed. Mailroom's own pages change them, as these know the legal transitions."""

    show_full_result_count = False
    list_select_related = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Mailing)
class MailingAdmin(ReadOnly[Mailing]):
    list_display = ["id", "code", "name", "state", "account", "remote_id", "created_at"]
    list_filter = ["state", "origin"]
    ordering = ["-created_at", "-id"]
    exclude = ["token"]

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return rights.may(request.user, "mailing")


@admin.register(Event)
class EventAdmin(ReadOnly[Event]):
    list_display = ["at", "kind", "mailing", "account", "who"]
    list_filter = ["kind"]
    ordering = ["-id"]
