"""The compose page: shows the form, saves drafts and sends. If anything fails, the form comes back filled."""

import secrets
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.csrf import csrf_failure
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from mailings import outbox
from mailings.forms import (
    ComposeForm,
    Files,
    Preview,
    Refused,
    Typed,
    discard,
    field_of,
    filed,
    from_draft,
    from_post,
    own_templates,
    own_test,
    row_fixes,
    store,
    stored,
    when,
)
from mailings.ids import row_id
from mailings.models import Account, Attachment, Mailing, OwnTemplate, State
from mailings.outbox import Elsewhere, Impossible
from mailings.recipients import own_addresses
from mailings.recipients.reasons import UnreadableFile
from mailings.selectors import offers, repeats, review
from mailings.selectors.imports import Part
from mailings.selectors.lists import all_lists
from mailings.smsc.spec.spec import Spec
from mailings.wording import sentences

ATTACHED = "attachment:"


# Open to all and without the usual check of the CSRF token, because the view does both itself: a person whose
# session or token has expired gets the filled form back, instead of a login page.
@login_not_required
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def compose(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _posted(request)
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    form = opened(request)
    field, why = form.refusal
    return show(request, form, "" if field else why)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the form of a draft; a POST makes a draft of a refused mailing first. Others show their pages."""
    mailing = get_object_or_404(Mailing, pk=pk)
    if request.method == "POST" and not outbox.may_edit(mailing):
        try:
            mailing = outbox.reopen(pk, request.user)
        except Impossible as why:
            messages.error(request, str(why))
    if outbox.may_edit(mailing):
        return redirect(f"{reverse('compose')}?draft={pk}")
    return redirect("mailing", pk)


def opened(request: HttpRequest) -> ComposeForm:
    """The form for a GET: that of a draft, of a template, or an empty one."""
    if template := own_template(request.GET.get("template", "")):
        return form_of(None, own_templates.typed_of(template))
    number = request.GET.get("draft", "")
    return form_of(get_object_or_404(Mailing, pk=row_id(number), state=State.DRAFT) if number else None)


def own_template(number: str) -> OwnTemplate | None:
    pk = row_id(number)
    return OwnTemplate.objects.filter(pk=pk).first() if pk is not None else None


def form_of(draft: Mailing | None, typed: Typed | None = None) -> ComposeForm:
    """The form of a draft, or one that begins with `typed`, or an empty one."""
    typed, attached = typed or Typed(), list[Attachment]()
    if draft:
        typed = from_draft(outbox.typed_options(draft))
        typed.draft, typed.account, typed.key = str(draft.pk), draft.account.name, draft.key or ""
        attached = list(draft.attachments.all())
    typed.key = typed.key or new_key()
    typed.version = f"{draft.draft_version if draft else ''}.{secrets.token_urlsafe(12)}"
    files = Files(attached, recipients=draft.imports.first() if draft else None)
    form = ComposeForm(typed, now=timezone.now(), files=files, accounts=accounts())
    form.saved_at = draft.draft_at if draft else None
    if draft and (why := sentences.refused_before(draft)):
        field = field_of(draft)
        form.refusal = (when.used(typed.values) if field == "time" else field, why)
    return form


def show(request: HttpRequest, form: ComposeForm, notice: str = "", status: int = 200) -> HttpResponse:
    """The page; for htmx only the form."""
    part = getattr(request, "htmx", False)
    template = "mailings/_partials/compose_form.html" if part else "mailings/compose.html"
    context = {
        "form": form,
        "facts": Preview(form),
        "offers": offers.dress(form),
        "notice": notice,
        "file": _file_part(request, form),
        "lists": all_lists() if request.user.is_authenticated else [],
        "repeats": repeats.of_form(form),
        "own_templates": list(OwnTemplate.objects.all()) if request.user.is_authenticated else [],
        "test": own_test.box(form, request.user, new_key()),
    }
    return render(request, template, context, status=status)


def _file_part(request: HttpRequest, form: ComposeForm) -> Part | None:
    """What the page shows of the file of recipients. The button or the form says which problems to list."""
    if form.uploads.recipients is None:
        return None
    verb, _colon, wanted = request.POST.get("action", "").partition(":")
    return Part(form.uploads.recipients, wanted if verb == "problems" else request.POST.get("problems", ""))


def _posted(request: HttpRequest) -> HttpResponse:
    trouble = token_trouble(request)
    if trouble and not same_origin(request, trouble):
        return csrf_failure(request, trouble)
    action = request.POST.get("action", "check")
    typed = from_post(request.POST, switching=action in ("refresh", "show_all"))
    if not request.user.is_authenticated:
        form = ComposeForm(typed, now=timezone.now(), judge=False)
        return show(
            request, form, _("Your session has ended, and nothing was sent. Log in again, in another tab.")
        )
    form = filled(request, typed, check=action in ("send", "review", "check"))
    if trouble:
        form.check = False
        again = _(
            "You have logged in anew since this page was opened. Nothing was sent: press the button again."
        )
        return show(request, form, again)
    return ACTIONS.get(action, show)(request, form)


def filled(request: HttpRequest, typed: Typed, *, check: bool, uploads: bool = True) -> ComposeForm:
    """The form as posted, with its files. `uploads`: whether files in this post are stored and read."""
    draft = draft_of(typed)
    typed.draft = str(draft.pk) if draft else ""
    files = _files(request, draft)
    form = ComposeForm(typed, now=timezone.now(), files=files, accounts=accounts(), check=check)
    form.saved_at = draft.draft_at if draft else None
    if uploads:
        _take_in(request, files)
        _bring_recipients(request, form)
    return form


def _files(request: HttpRequest, draft: Mailing | None) -> Files:
    """The files of a form: the draft's, and earlier uploads. Those that were taken out are deleted."""
    owner, dropped = request.user.pk or 0, set(request.POST.getlist("drop"))
    discard(found for token in dropped if (found := stored(token, owner)))
    recipients = filed.find(request.POST.get("held_recipients", ""), request.user)
    if recipients and ("recipients" in dropped or request.POST.get("action") == "drop_file"):
        filed.take_out(recipients)
        recipients = None
    attached = draft.attachments.all() if draft else ()
    return Files(
        attached=[one for one in attached if f"{ATTACHED}{one.pk}" not in dropped],
        held=[found for token in request.POST.getlist("held") if (found := stored(token, owner))],
        recipients=recipients,
        dropped=sorted(one for one in dropped if one.startswith(ATTACHED)),
    )


def _take_in(request: HttpRequest, files: Files) -> None:
    """Store the attachments that came with this post."""
    for upload in request.FILES.getlist("files"):
        try:
            files.held.append(store(upload, request.user.pk or 0))
        except Refused as refusal:
            files.refused.append(("files", str(refusal)))


def _bring_recipients(request: HttpRequest, form: ComposeForm) -> None:
    """Read a file of recipients that came, or do what the post asks of the earlier one."""
    files, channel = form.uploads, form.typed.channel
    try:
        brought = [*request.FILES.getlist("recipients_file"), *filed.listed(request.POST)]
        for upload in brought:
            kept = store(upload, request.user.pk or 0, attached=False)
            filed.take_out(files.recipients)
            files.recipients = filed.bring(kept, request.user, form.account, channel)
        said = row_fixes.replaced(request.POST) if brought else ""
        if files.recipients and not brought:
            said = filed.follow(files.recipients, request.POST, form.account, channel)
            filed.act(files.recipients, request.POST.get("action", ""))
        if said:
            files.refused.append(("recipients_file", said))
    except Refused as refusal:
        files.refused.append(("recipients_file", str(refusal)))
    except UnreadableFile as refusal:
        files.refused.append(("recipients_file", refusal.said.message(_)))


def lost_files(request: HttpRequest) -> bool:
    """Whether an upload of the form was deleted meanwhile: then it must not be sent without saying so."""
    dropped, owner = set(request.POST.getlist("drop")), request.user.pk or 0
    held = request.POST.get("held_recipients", "")
    if held and "recipients" not in dropped and filed.find(held, request.user) is None:
        return not request.FILES.getlist("recipients_file")
    tokens = request.POST.getlist("held")
    return any(token and token not in dropped and stored(token, owner) is None for token in tokens)


def draft_of(typed: Typed) -> Mailing | None:
    """The draft that the form edits: the one that it names, or the one that was saved with its key."""
    if (number := row_id(typed.draft)) is not None:
        return Mailing.objects.filter(pk=number).first()
    return Mailing.objects.filter(key=typed.key, state=State.DRAFT).first() if typed.key else None


def _send(request: HttpRequest, form: ComposeForm) -> HttpResponse:
    """Send it off at once, as scripts do; people go through the review."""

    def make(spec: Spec, **whose: Any) -> Mailing:
        return outbox.make(spec, submit=True, hold_seconds=settings.HOLD_SECONDS, **whose)

    return _made(request, form, make, "mailing")


def _review(request: HttpRequest, form: ComposeForm) -> HttpResponse:
    """Make it a draft that is ready to be sent, and open its review."""

    def make(spec: Spec, **whose: Any) -> Mailing:
        facts = review.frozen_facts(form, spec, whose["account"])
        return outbox.prepare(spec, form.draft_options(), facts, imported=form.uploads.recipients, **whose)

    return _made(request, form, make, "review")


def _made(request: HttpRequest, form: ComposeForm, make: Callable[..., Mailing], then: str) -> HttpResponse:
    """Store a valid form with `make`, and redirect to the page `then`; else show the form again."""
    if lost_files(request):
        again = _("A file that you had attached is no longer here. Nothing was sent: attach it again.")
        return show(request, form, again)
    if not form.is_valid() or form.spec is None or form.account is None:
        return show(request, form)
    draft = draft_of(form.typed)
    whose: dict[str, Any] = {"account": form.account, "by": request.user, "key": form.typed.key or None}
    whose["version"] = form.typed.version
    try:
        with form.uploads.opened() as uploads:
            mailing = make(form.spec, **whose, uploads=uploads, draft=draft, more=form.chosen)
    except Elsewhere as why:
        return led_to_its_own(request, form, why)
    except Impossible as refusal:
        same = outbox.digest(form.spec, form.chosen)
        if draft and Mailing.objects.filter(pk=draft.pk, spec_digest=same).exists():
            return redirect("mailing", draft.pk)  # a double click: it has been sent off already
        return refused(request, form, refusal)
    except DatabaseError:
        return busy(request, form)
    return kept(form, redirect(then, mailing.pk))


def _save(request: HttpRequest, form: ComposeForm) -> HttpResponse:
    return _drafted(request, form, lambda _draft: messages.info(request, _("The draft is saved.")))


def _test(request: HttpRequest, form: ComposeForm) -> HttpResponse:
    """Send a test to the author's own addresses. The form is saved as a draft."""
    if lost_files(request):
        again = _("A file that you had attached is no longer here. Nothing was sent: attach it again.")
        return show(request, form, again)
    spec = own_test.spec_of(form, form.typed.own_addresses)
    if spec is None:
        return show(request, form)
    return _drafted(request, form, lambda draft: send_test(request, draft, spec, form.typed.test_key))


def send_test(request: HttpRequest, draft: Mailing, spec: Spec, key: str) -> None:
    """Queue a test of a draft, and keep its addresses for the next one."""
    with transaction.atomic():
        own_addresses.keep(request.user, spec.channel, spec.phones)
        test = outbox.send_test(spec, account=draft.account, of=draft, key=key, by=request.user)
    said = ngettext(
        "A test goes to {n} address of your own.",
        "A test goes to {n} addresses of your own.",
        spec.recipients,
    )
    link = format_html('<a href="{}">{}</a>', reverse("mailing", args=[test.pk]), _("Look at it"))
    messages.info(request, format_html("{} {}.", said.format(n=spec.recipients), link))


def _drafted(request: HttpRequest, form: ComposeForm, then: Callable[[Mailing], object]) -> HttpResponse:
    """Save the form as a draft, do `then`, and open the draft; if that is impossible, show the form again."""
    if form.unstorable or form.uploads.refused:
        return show(request, form)
    if form.account is None or form.typed.odd_channel:
        form.check = True
        return show(request, form)
    whose: dict[str, Any] = {"account": form.account, "by": request.user, "key": form.typed.key or None}
    whose |= {"version": form.typed.version, "imported": form.uploads.recipients}
    draft, options, keep = draft_of(form.typed), form.draft_options(), form.uploads.kept
    try:
        with form.uploads.opened() as uploads:
            mailing = outbox.save_draft(options, **whose, uploads=uploads, keep=keep, mailing=draft)
        then(mailing)
    except Elsewhere as why:
        return led_to_its_own(request, form, why)
    except Impossible as refusal:
        return refused(request, form, refusal)
    except DatabaseError:
        return busy(request, form)
    return kept(form, redirect(f"{reverse('compose')}?draft={mailing.pk}"))


def apart(form: ComposeForm, by: Any) -> Mailing:
    """Save the form of the older of two windows as a draft of its own, with copies of the files."""
    before = draft_of(form.typed)
    form.typed.draft, form.typed.key = "", new_key()
    whose: dict[str, Any] = {"account": form.account, "by": by, "key": form.typed.key}
    whose |= {"version": form.typed.version, "imported": form.uploads.recipients}
    with form.uploads.opened() as uploads:
        return outbox.save_apart(form.draft_options(), **whose, like=before, uploads=uploads)


def led_to_its_own(request: HttpRequest, form: ComposeForm, why: Elsewhere) -> HttpResponse:
    """Save the form of the older of two windows as a draft of its own, and open that."""
    own = apart(form, request.user)
    messages.warning(request, str(why))
    return kept(form, redirect(f"{reverse('compose')}?draft={own.pk}"))


def _insert(request: HttpRequest, form: ComposeForm) -> HttpResponse:
    """Append the text of the provider's template to what was typed."""
    text = offers.of(form).text_of(request.POST.get("template", ""))
    typed = form.typed.values.get("mes", "")
    form.typed.values["mes"] = f"{typed}\n{text}" if typed and text else typed + text
    return show(request, form)


def _use_template(request: HttpRequest, form: ComposeForm) -> HttpResponse:
    """Put a template of our own into the form."""
    template = own_template(request.POST.get("own_template", ""))
    return show(request, own_templates.with_template(form, template) if template else form)


ACTIONS: dict[str, Callable[[HttpRequest, ComposeForm], HttpResponse]] = {
    "send": _send,
    "review": _review,
    "draft": _save,
    "test": _test,
    "template": _insert,
    "own_template": _use_template,
}


def kept(form: ComposeForm, response: HttpResponse) -> HttpResponse:
    """Delete the form's uploads: the mailing is stored, with copies of its own."""
    discard(form.uploads.held)
    return response


def refused(request: HttpRequest, form: ComposeForm, refusal: Impossible) -> HttpResponse:
    """Show the form again, with the reason why nothing was stored.

    If the form has made a mailing before, it gets a new key, so that it makes another one when sent again.
    """
    key = "" if form.typed.draft else form.typed.key
    form.made_before = Mailing.objects.filter(key=key).first() if key else None
    if form.made_before is None:
        return show(request, form, str(refusal))
    form.typed.key = new_key()
    return show(request, form)


def busy(request: HttpRequest, form: ComposeForm) -> HttpResponse:
    """Show the form again: the database was busy, and nothing was stored."""
    text = _("The database is busy, so nothing was stored and nothing was sent. Press the button again.")
    return show(request, form, text, status=503)


def accounts() -> list[Account]:
    return list(Account.objects.order_by("id"))


def new_key() -> str:
    return secrets.token_urlsafe(16)


class _Verdict(CsrfViewMiddleware):
    """Django's check of the CSRF token, but it returns the reason of a refusal instead of a response."""

    def _reject(self, request: HttpRequest, reason: str) -> str:
        return reason


def token_trouble(request: HttpRequest) -> str:
    """Why the CSRF token is not accepted; "" if it is."""
    check = _Verdict(lambda _request: HttpResponse())
    check.process_request(request)
    return str(check.process_view(request, show, (), {}) or "")


def same_origin(request: HttpRequest, trouble: str) -> bool:
    """Whether only the token is wrong, and the browser says that the form came from a page of ours.

    Otherwise another site could have its own values shown in our form, ready to be sent by one click.
    """
    return not trouble.startswith(("Origin", "Referer")) and (
        "origin" in request.headers or request.is_secure()
    )
