"""PostgreSQL crashes while calls are under way: workers must go on by themselves afterwards."""

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING

from django.db import OperationalError, connection

from tests.faults import truth
from tests.faults.figures import shown

if TYPE_CHECKING:
    from tests.faults.campaign import Campaign

CALLS_BEGIN_SECONDS = 0.5


def run(campaign: "Campaign") -> None:
    """Each time: start slow calls, crash the server, and measure until a new mailing is accepted."""
    report, ids, waited = campaign.report, [], []
    campaign.pages.resting.set()
    for _ in range(campaign.plan.restarts):
        for provider in campaign.house.providers:
            provider.proxy.force("slow")
        ids += [campaign.make(account).pk for account in campaign.accounts]
        time.sleep(CALLS_BEGIN_SECONDS)
        crash()
        began = time.monotonic()
        fresh = make_again(campaign)
        ids.append(fresh)
        campaign.until(lambda fresh=fresh: truth.accepted([fresh]) == 1, 120)
        waited.append(time.monotonic() - began)
    campaign.pages.resting.clear()
    campaign.quiet(ids)
    verdict = truth.judge(ids, campaign.jobs())
    report.add("PostgreSQL ended under calls under way", len(waited), f">= {campaign.plan.restarts}")
    report.add("  slowest until a new mailing was accepted, seconds", round(max(waited), 1), "<= 60")
    report.add("  rows by state", shown(verdict.states))
    report.count("  twice, lost or not there", [*verdict.twice, *verdict.lost, *verdict.not_there])


def crash() -> None:
    """Kill one server process: PostgreSQL then ends all connections, and recovers from its log."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(OperationalError):
        connection.ensure_connection()
        connection.close()


def make_again(campaign: "Campaign") -> int:
    """Make a mailing as soon as the server allows it again."""
    while True:
        try:
            return campaign.make(campaign.accounts[0]).pk
        except OperationalError:
            connection.close()
            time.sleep(0.1)
