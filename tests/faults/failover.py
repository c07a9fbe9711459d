"""A failover to a lagging replica: the last commits are lost, but the provider has the mailings.

Mailings are handed over, workers and beat are killed, and the database is put back to the state before: rows
as they were, later attempts and events gone, their primary keys handed out again. Then ordinary work goes on.
"""

from typing import TYPE_CHECKING, Any

from django.core.management.color import no_style
from django.db import connection, models

from mailings import outbox
from mailings.models import Attempt, Event, HeldReason, Mailing, Observation, State, Wish
from tests.faults import truth
from tests.faults.decider import Decider
from tests.faults.figures import shown
from tests.helpers.append_only import rows_may_go

if TYPE_CHECKING:
    from tests.faults.campaign import Campaign

KEPT_BY_ROW = (Attempt, Event, Observation)
Kept = tuple[list[dict[str, Any]], dict[Any, int]]


def as_it_is(ids: list[int]) -> Kept:
    """The state of these mailings now: their rows, and the newest keys of append-only tables."""
    newest = {model: _newest(model) for model in KEPT_BY_ROW}
    rows: list[dict[str, Any]] = [{**row} for row in Mailing.objects.filter(pk__in=ids).values()]
    return rows, newest


def take_back(kept: Kept) -> None:
    """Put the database back to that state. Later rows of append-only tables are deleted for all mailings."""
    rows, newest = kept
    with rows_may_go():
        for model, key in newest.items():
            model._base_manager.filter(pk__gt=key)._raw_delete(connection.alias)
    for row in rows:
        Mailing._base_manager.filter(pk=row["id"]).update(**row)
    _give_keys_out_again()


def _newest(model: type[models.Model]) -> int:
    return model._base_manager.order_by("-pk").values_list("pk", flat=True).first() or 0


def _give_keys_out_again() -> None:
    tables = [model._meta.db_table for model in KEPT_BY_ROW]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for table in tables:
                cursor.execute(
                    f"UPDATE sqlite_sequence SET seq = (SELECT coalesce(max(id), 0) FROM {table}) "
                    "WHERE name = %s",
                    [table],
                )
            return
        for statement in connection.ops.sequence_reset_sql(no_style(), list(KEPT_BY_ROW)):
            cursor.execute(statement)


def run(campaign: "Campaign", decider: Decider) -> None:
    """Half of the accounts cannot read their lists at first, so only the marks in Redis show the restore."""
    house, report = campaign.house, campaign.report
    known = [campaign.make(account, later=True).pk for account in campaign.accounts]
    campaign.until(lambda: truth.accepted(known) == len(known), 30)
    house.rest()
    lost = [campaign.make(campaign.accounts[number % 4]).pk for number in range(campaign.plan.lost)]
    kept = as_it_is(lost)
    house.go_on()
    handed_over = campaign.until(lambda: truth.accepted(lost) == len(lost), 60)
    house.rest()
    take_back(kept)
    for provider in house.providers[::2]:
        provider.control("faults", {"fault": "html", "calls": ["get_all"], "count": None})
    traffic = [campaign.make(account).pk for account in campaign.accounts]
    for pk in known:
        outbox.wish(pk, Wish.CANCEL)
    house.go_on()
    campaign.until(lambda: truth.settled([*lost, *traffic]) == len([*lost, *traffic]), 60)
    noticed = _noticed(lost)
    for provider in house.providers:
        provider.control("faults", method="DELETE")
    ids = [*known, *lost, *traffic]
    campaign.quiet(ids)
    campaign.until(lambda: truth.accepted(lost) == len(lost), 30)
    for row in Mailing.objects.filter(pk__in=ids, state=State.HELD):
        decider.release(row.pk)
    campaign.quiet(ids)
    verdict = truth.judge(ids, campaign.jobs())
    report.add("mailings whose last commits a failover lost", len(lost), f">= {campaign.plan.lost}")
    report.add("  handed over before it, all of them", int(handed_over), "1")
    report.add("  noticed: held, or tied to the job by its reference", noticed, f">= {len(lost)}")
    report.add("  tied to their jobs in the end", truth.accepted(lost), f">= {len(lost)}")
    report.add("  rows by state", shown(verdict.states))
    report.count("  sent twice", verdict.twice)
    report.count(
        "  lost, not there, or cancelled and not true",
        [*verdict.lost, *verdict.not_there, *verdict.not_cancelled],
    )


def _noticed(ids: list[int]) -> int:
    held = Mailing.objects.filter(pk__in=ids, state=State.HELD, held_reason=HeldReason.RESTORED).count()
    return held + truth.accepted(ids)
