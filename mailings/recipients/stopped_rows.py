"""Applies the present stop list to the rows of a file that was read earlier."""

from collections import Counter
from collections.abc import Container

from django.db.models import F

from mailings import accounts
from mailings.models import Import, ImportedRow
from mailings.models.imports import ImportedRowQuerySet
from mailings.recipients import stop_list
from mailings.recipients.judge import Judge
from mailings.recipients.reasons import Reason, Verdict
from mailings.smsc.spec.addresses import is_group
from mailings.smsc.spec.vocabulary import Channel

SENT_TO = (Verdict.VALID, Verdict.DOUBTFUL)
ROWS_AT_ONCE = 2_000
FIELDS = ("verdict", "reason", "value")


def judge_again(imported: Import) -> None:
    """Give the rows of a file the verdicts that follow from its account's present stop list.

    Changes the counts of `imported` too. Call in a transaction, while nobody else changes the file.
    """
    if imported.account is None or imported.state != Import.State.READY:
        return
    listed = stop_list.keys(imported.account)
    changes = _stop(imported, sorted(listed))
    changes.update(_let_go(imported, listed))
    if changes:
        Import.objects.filter(pk=imported.pk).update(
            revision=F("revision") + 1, **{name: F(name) + change for name, change in changes.items()}
        )
        imported.refresh_from_db()


def _rows(imported: Import) -> ImportedRowQuerySet:
    return ImportedRow.objects.filter(imported=imported)


def _stop(imported: Import, listed: list[int]) -> Counter[str]:
    """Mark the rows of people who are on the list; returns how the counts change."""
    changes = Counter[str]()
    for at in range(0, len(listed), ROWS_AT_ONCE):
        found = list(_rows(imported).filter(key__in=listed[at : at + ROWS_AT_ONCE], verdict__in=SENT_TO))
        for row in found:
            changes.update(_moved(row, Verdict.STOPPED))
            row.value, row.reason = row.value or row.address, Reason.STOPPED.code
        ImportedRow.objects.bulk_update(found, FIELDS, batch_size=ROWS_AT_ONCE)
    return changes


def _let_go(imported: Import, listed: Container[int]) -> Counter[str]:
    """Judge the rows anew whose people are not on the list any more; returns how the counts change."""
    channel = Channel(imported.channel) if imported.channel else None
    judge = Judge(channel, accounts.home_country(imported.account))
    stopped = _rows(imported).problems().filter(verdict=Verdict.STOPPED).order_by("position")
    free = [row for row in stopped.iterator(chunk_size=ROWS_AT_ONCE) if row.key not in listed]
    changes, there = Counter[str](), set[int | None]()
    for at in range(0, len(free), ROWS_AT_ONCE):
        some = free[at : at + ROWS_AT_ONCE]
        held = _rows(imported).filter(key__in=[row.key for row in some], verdict__in=SENT_TO)
        there.update(held.values_list("key", flat=True))
        for row in some:
            changes.update(_judge(row, judge, again=row.key in there))
            there.add(row.key)
        ImportedRow.objects.bulk_update(some, FIELDS)
    return changes


def _judge(row: ImportedRow, judge: Judge, *, again: bool) -> Counter[str]:
    """Give a row the verdict that it has without the stop list. `again`: an earlier row has the person."""
    verdict, _value, _recipient, reason = judge.entries(row.address)[0]
    if again:
        verdict, reason = Verdict.DUPLICATE, Reason.BEFORE
    changes = _moved(row, verdict)
    row.reason = reason.code if reason else ""
    if verdict is Verdict.VALID:
        row.value = ""
    return changes


def _moved(row: ImportedRow, verdict: Verdict) -> Counter[str]:
    """Give a row this verdict; returns how the counts change."""
    changes = Counter[str]({row.verdict: -1})
    changes.update({verdict.value: 1})
    if is_group(row.address):
        changes.update({"groups": int(verdict is Verdict.VALID) - int(row.verdict == Verdict.VALID)})
    row.verdict = verdict.value
    return changes
