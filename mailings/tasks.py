"""The Celery tasks. A message carries an id at most, and is only a nudge: the rows say what there is to do.

Messages are acknowledged before the work begins (Celery's default), so that no work is repeated because a
worker died. What a lost message leaves undone is found by the sweep or the next pull.
"""

from celery import shared_task

from mailings import delivery, forms, lookups, outbox, sync
from mailings.recipients import imports


@shared_task(ignore_result=True)
def deliver(mailing_id: int) -> None:
    outbox.deliver_and_go_on(mailing_id)


@shared_task(ignore_result=True)
def fulfil(mailing_id: int) -> None:
    outbox.fulfil(mailing_id)


@shared_task(ignore_result=True)
def verify(mailing_id: int) -> None:
    outbox.verify(mailing_id)


@shared_task(ignore_result=True)
def read_import(import_id: int) -> None:
    imports.read_import(import_id)


@shared_task(ignore_result=True)
def sweep() -> None:
    outbox.sweep()


@shared_task(ignore_result=True)
def price(quote_id: int) -> None:
    lookups.answer(quote_id)


@shared_task(ignore_result=True)
def pull_catalogs(account_id: int | None = None) -> None:
    sync.each_account(lookups.pull_catalogs, account_id)


@shared_task(ignore_result=True)
def clear_uploads() -> None:
    forms.clear_away()


@shared_task(ignore_result=True)
def pull_recent(account_id: int | None = None) -> None:
    sync.each_account(sync.pull_recent, account_id)


@shared_task(ignore_result=True)
def pull_two_months(account_id: int | None = None) -> None:
    sync.each_account(sync.pull_two_months, account_id)


@shared_task(ignore_result=True)
def refresh_account(account_id: int | None = None) -> None:
    sync.each_account(sync.refresh_account, account_id)


@shared_task(ignore_result=True)
def pull_deliveries(account_id: int | None = None) -> None:
    sync.each_account(delivery.pull_due, account_id)
