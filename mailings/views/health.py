"""Whether this process can work, for load balancers and monitoring. Contains nothing secret."""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from mailings import health


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 if the database and Redis answer and the disk is not full, else 503.

    Worker, beat and clocks are shown, but do not count: without a worker the pages can still be used.
    """
    seen = health.current()
    checks = {"database": _database(), "redis": seen.redis}
    told = {name: "ok" if good else "failed" for name, good in checks.items()}
    full = health.disk_is_full()
    told["disk"] = "full" if full else "ok"
    told["worker"] = "ok" if seen.worker else "silent"
    told["beat"] = "ok" if seen.beat else "silent"
    told["clocks"] = "differ" if seen.clocks_differ else "ok"
    return JsonResponse(told, status=200 if all(checks.values()) and not full else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return bool(cursor.fetchone())
    except DatabaseError:
        return False
