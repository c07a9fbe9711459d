"""The guards of the promises, and what each becomes when it is taken away: some test has to notice."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Guard:
    """A dangerous line: in `file` the text `now` becomes `then`, and one of `tests` must fail."""

    name: str
    file: str
    now: str
    then: str
    tests: str


OUTBOX, MODELS, SYNC = "mailings/outbox", "mailings/models", "mailings/sync"

GUARDS = (
    Guard(
        "an expired lease goes back into the queue", f"{OUTBOX}/sweep.py",
        "same.move(pk, State.SENDING, State.UNKNOWN,", "same.move(pk, State.SENDING, State.QUEUED,",
        "tests/outbox/test_sweep.py",
    ),
    Guard(
        "a sweep ends any claim's lease", f"{OUTBOX}/sweep.py",
        'has_come("lease_until", now), token=token)', 'has_come("lease_until", now))',
        "tests/outbox/test_sweep.py",
    ),
    Guard(
        "the last look does not look at the token", f"{OUTBOX}/claims.py",
        '**given(Mailing, "token", id="pk"),', '**given(Mailing, id="pk"),',
        "tests/outbox/test_claims.py",
    ),
    Guard(
        "the last look does not look at the wish", f"{OUTBOX}/claims.py",
        'wish="",\n                **given(Mailing, "token"', '**given(Mailing, "token"',
        "tests/outbox/test_claims.py",
    ),
    Guard(
        "the last look does not look at the account", f"{OUTBOX}/claims.py",
        '                accounts.unchanged(OuterRef("account_id"), proven=proven),\n                state',
        "                state",
        "tests/outbox/test_claimed_ahead.py",
    ),
    Guard(
        "a claim that got no permit is kept", f"{OUTBOX}/deliver.py",
        'outcomes.conclude(claim, NotSent("permit"))', "pass",
        "tests/outbox/test_claimed_ahead.py",
    ),
    Guard(
        "the last look does not look at the time", f"{OUTBOX}/claims.py",
        "if not (ours and self._in_time()):", "if not ours:",
        "tests/outbox/test_claims.py",
    ),
    Guard(
        "no last look before the first byte", f"{OUTBOX}/deliver.py",
        "        before_first_byte=claim.confirm,\n", "",
        "tests/outbox/test_claims.py tests/outbox/test_deliver.py",
    ),
    Guard(
        "a claim in spite of a wish", f"{OUTBOX}/claims.py",
        'state__unindexed=State.QUEUED, wish="",', "state__unindexed=State.QUEUED,",
        "tests/outbox/test_claims.py tests/outbox/test_cancel.py tests/outbox/test_machine.py",
    ),
    Guard(
        "a claim for an account that changed meanwhile", f"{OUTBOX}/claims.py",
        'accounts.unchanged(OuterRef("account_id"), proven=proven),\n        state__unindexed=State.Q',
        "state__unindexed=State.Q",
        "tests/outbox/test_claims.py",
    ),
    Guard(
        "a claim of what is being sent", f"{OUTBOX}/claims.py",
        'state__unindexed=State.QUEUED, wish="",', 'wish="",',
        "tests/outbox/test_claims.py tests/outbox/test_deliver.py",
    ),
    Guard(
        "error 9 on every try goes again", f"{OUTBOX}/outcomes.py",
        "case TooSoon() if claim.first_try:", "case TooSoon():",
        "tests/outbox/test_deliver.py",
    ),
    Guard(
        "a second try after error 9 without a read", f"{OUTBOX}/deliver.py",
        "if not tried or not must_be_read_for(mailing):", "if True:",
        "tests/outbox/test_deliver.py tests/outbox/test_machine.py",
    ),
    Guard(
        "a failure with bytes sent goes back into the queue", f"{OUTBOX}/outcomes.py",
        "        case NotSent():\n", "        case NotSent() | SmscError(code=None):\n",
        "tests/outbox/test_deliver.py",
    ),
    Guard(
        "an answer of an old claim moves a newer one's row", f"{OUTBOX}/outcomes.py",
        "moved = Mailing.objects.filter(token=claim.token).move(", "moved = Mailing.objects.move(",
        "tests/outbox/test_deliver.py tests/outbox/test_claims.py tests/outbox/test_machine.py",
    ),
    Guard(
        "what is overdue goes", f"{OUTBOX}/deliver.py",
        "    if not mailing.is_overdue(timezone.now(), OVERDUE_AFTER):\n        return False\n",
        "    return False\n",
        "tests/outbox/test_deliver.py",
    ),
    Guard(
        "what is in doubt goes", f"{OUTBOX}/deliver.py",
        "if _overdue(mailing) or _doubtful(mailing):", "if _overdue(mailing):",
        "tests/outbox/test_restored.py",
    ),
    Guard(
        "a missing attempt is no doubt", "mailings/accounts/restore_guard.py",
        'return "" if wanted <= held else "older"', 'return ""',
        "tests/outbox/test_restored.py",
    ),
    Guard(
        "a claim does not compare what Redis remembers", f"{OUTBOX}/claims.py",
        "        if found != len(held):\n            raise restore_guard.DifferentError\n", "",
        "tests/outbox/test_restored.py",
    ),
    Guard(
        "no mark before the first byte", f"{OUTBOX}/claims.py",
        "        restore_guard.remember(account, self.attempt)\n", "",
        "tests/outbox/test_restored.py tests/outbox/test_claims.py",
    ),
    Guard(
        "a decision on something newer than was shown", f"{OUTBOX}/seen.py",
        "if attempt_is_so and (self.stamp is None or self.stamp == stamp(mailing)):", "if True:",
        "tests/outbox/test_resolve.py",
    ),
    Guard(
        "one look shows absence", f"{SYNC}/absence.py",
        "    if _is_too_early(row, begun):\n        return\n", "",
        "tests/sync/test_absence.py",
    ),
    Guard(
        "two looks at the same moment are two", f"{SYNC}/absence.py",
        "if same.filter(earlier).update(", "if same.update(",
        "tests/sync/test_absence.py",
    ),
    Guard(
        "a read without a control shows absence", f"{SYNC}/absence.py",
        "return None if tally.controls or tally.bearers else LookNote.NO_CONTROL", "return None",
        "tests/sync/test_unimagined.py tests/sync/test_windows.py",
    ),
    Guard(
        "a read in which a reference is lacking shows absence", f"{SYNC}/absence.py",
        "        return LookNote.NO_REFERENCE\n", "        return None\n",
        "tests/sync/test_unimagined.py",
    ),
    Guard(
        "a job of ours that is missing spoils no read", f"{SYNC}/pulls.py",
        '("" if all_there else LookNote.OWN_JOB_MISSING)', '""',
        "tests/sync/test_absence.py tests/sync/test_windows.py",
    ),
    Guard(
        "a list that may have been cut is whole", f"{SYNC}/tally.py",
        "        if self.maybe_cut:\n            return LookNote.TEN_ROWS\n", "",
        "tests/sync/test_windows.py",
    ),
    Guard(
        "a second job is passed over in silence", f"{SYNC}/settle.py",
        "    if others:\n        _alarm(row, [str(row.remote_id), *others])\n", "",
        "tests/sync/test_settle.py tests/sync/test_second_jobs.py",
    ),
    Guard(
        "what waits again after a cancel is passed over", f"{SYNC}/reverse.py",
        "for row in shown.filter(later, cancelled | listed):", "for row in shown.none():",
        "tests/sync/test_reverse.py",
    ),
    Guard(
        "a delete without an OK is done once the job is gone", f"{SYNC}/reverse.py",
        " and row.wish_result == WishResult.UNCONFIRMED:", ":",
        "tests/sync/test_reverse.py",
    ),
    Guard(
        "a list that ends at another round number is whole", f"{SYNC}/pulls.py",
        "if jobs.rows not in CUT_AT or", "if jobs.rows != 10 or",
        "tests/sync/test_windows.py",
    ),
    Guard(
        "a count in words that are not known is passed over", "mailings/smsc/api/rows.py",
        "        elif _counts_others(key, item, rows):\n            doubts.add(\"count\")\n", "",
        "tests/smsc/api/test_unimagined.py",
    ),
    Guard(
        "an OK alone confirms a cancel", f"{OUTBOX}/cancel.py",
        "    if seen is None:\n        return None\n    if isinstance(seen, Missing):",
        "    if seen is None:\n        return WishResult.CONFIRMED if said is Said.OK else None\n"
        "    if isinstance(seen, Missing):",
        "tests/outbox/test_cancel.py",
    ),
    Guard(
        "an unknown word confirms a cancel", f"{OUTBOX}/cancel.py",
        "    if said is Said.OK:\n        return WishResult.UNCONFIRMED\n    if said is Said.NO:",
        "    if said is Said.OK:\n        return WishResult.CONFIRMED\n    if said is Said.NO:",
        "tests/outbox/test_cancel.py",
    ),
    Guard(
        "a job with another's reference is asked", f"{OUTBOX}/cancel.py",
        '.exclude(Q(wish="") | Q(alarm=Alarm.OTHER_JOB))', '.exclude(wish="")',
        "tests/sync/test_reverse.py",
    ),
    Guard(
        "any number beside a no is an id", "mailings/smsc/api/answers.py",
        "    return said_yes and not keys.keys() - _FIGURES - _SAYS_YES - _NO_ERROR\n", "    return True\n",
        "tests/smsc/api",
    ),
    Guard(
        "what was not shown is verified with the others", f"{MODELS}/mirror_many.py",
        "            if away:\n", "            if away := set():\n",
        "tests/sync/test_readings.py",
    ),
    Guard(
        "an older list moves a newer reading", f"{MODELS}/mirror_many.py",
        "            if readings[reading] >= at:", "            if False:",
        "tests/sync/test_readings.py",
    ),
    Guard(
        "an older answer overwrites a newer one, or a newer list", f"{MODELS}/mirror.py",
        "filter(not_after(at), pk=mailing.pk)", "filter(pk=mailing.pk)",
        "tests/models/test_mirror.py tests/sync/test_readings.py",
    ),
)  # fmt: skip
