"""The verb `price`: asks the provider what a mailing would cost, and sends nothing."""

from argparse import Namespace
from collections.abc import Iterator, Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from mailings import accounts, lookups, outbox, sync
from mailings.forms import ComposeForm, Files, from_draft
from mailings.ids import row_id
from mailings.management.cli import order
from mailings.management.cli.errors import BadInput
from mailings.management.cli.order import Order
from mailings.management.cli.patience import patience
from mailings.models import Account, Mailing
from mailings.smsc.api.client import Upload
from mailings.smsc.api.errors import SmscError
from mailings.smsc.spec.spec import Spec
from mailings.wording import money, prices

Object = dict[str, Any]


class NoPrice(Exception):
    """There is no price; the text says why."""


def price(asked: Namespace) -> Iterator[Object]:
    """What a mailing would cost: one of ours by its number, or one given as for `create`."""
    pk = row_id(asked.what)
    if pk is None:
        wanted = order.read(asked.what)
        yield _price(wanted.account, wanted.spec(timezone.now()), _files(wanted))
        return
    mailing = Mailing.objects.select_related("account").filter(pk=pk).first()
    if mailing is None:
        raise outbox.Impossible(_("There is no mailing %(id)s.") % {"id": asked.what})
    spec = _spec(mailing)
    yield _price(mailing.account, spec, outbox.uploads_of(mailing, spec))


def _spec(mailing: Mailing) -> Spec:
    if mailing.spec:
        return outbox.spec_of(mailing)
    if not mailing.draft:
        raise outbox.Impossible(
            _("This mailing was made elsewhere and its text is not known here, so it has no price to ask.")
        )
    if mailing.imports.exists():
        raise outbox.Impossible(
            _("The recipients of this draft stand in a file. Open its review first: it makes them ready.")
        )
    typed, files = from_draft(mailing.draft), Files(list(mailing.attachments.all()))
    typed.account = mailing.account.name
    form = ComposeForm(typed, now=timezone.now(), files=files, accounts=[mailing.account], check=True)
    if form.spec is None:
        raise BadInput({name: [str(text) for text in texts] for name, texts in form.errors.items()})
    return form.spec


def _files(wanted: Order) -> list[Upload]:
    return [
        Upload(
            field=Spec.upload_field(index),
            name=ref.name,
            content_type=ref.content_type,
            path=path,
            size=ref.size,
        )
        for index, (ref, path) in enumerate(wanted.files)
    ]


def _price(account: Account, spec: Spec, uploads: Sequence[Upload]) -> Object:
    try:
        found = lookups.price(account, spec, uploads, wait=patience())
    except (SmscError, accounts.CannotCall) as error:
        said = error.text if isinstance(error, SmscError) else ""
        raise NoPrice(prices.why_not(str(error.reason), said)) from None
    if not account.currency:
        sync.refresh_account(account)
        account.refresh_from_db()
    return {"cost": money.plain(found.cost), "messages": found.count, "currency": account.currency or None}
