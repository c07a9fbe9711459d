"""What is done after `migrate`, when a worker or beat starts, and around each task."""

import sys
from typing import Any

from celery import current_app
from celery.signals import (
    after_task_publish,
    beat_init,
    heartbeat_sent,
    task_postrun,
    task_prerun,
    worker_init,
    worker_ready,
)
from django.core.exceptions import ImproperlyConfigured
from django.db import close_old_connections
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from mailings import accounts, health

# Connected here, because a worker imports no page that would import `health`.
task_postrun.connect(health.leave_heartbeat)
heartbeat_sent.connect(health.leave_sign_of_worker)


@task_prerun.connect
@task_postrun.connect
def drop_dead_connection(task: Any, **kwargs: Any) -> None:
    """Keep a worker's thread from using a dead connection after a restart of PostgreSQL.

    `close_old_connections` closes a connection that failed, and makes the next use check one that did not
    (CONN_HEALTH_CHECKS).
    """
    if not task.request.is_eager:
        close_old_connections()


@receiver(post_migrate)
def make_default_account(app_config: Any, **kwargs: Any) -> None:
    """Store the account that the environment names, as soon as its table exists."""
    if app_config.name == "mailings":
        accounts.ensure_default_account()


@worker_init.connect
@beat_init.connect
def start(**kwargs: Any) -> None:
    """Prepare accounts. Ends the process if a live account has generated keys."""
    try:
        accounts.at_process_start()
    except ImproperlyConfigured as error:
        sys.exit(str(error))  # any other exception Celery would only log, and go on


@beat_init.connect
def tell_of_ticks(**kwargs: Any) -> None:
    """In beat only: what a page or a worker publishes is no tick."""
    after_task_publish.connect(health.leave_tick)


@worker_ready.connect
def check_at_once(**kwargs: Any) -> None:
    """Read the provider at once, not after the first ticks of beat. Identical pulls are joined."""
    for task in ("pull_recent", "refresh_account"):
        current_app.send_task(f"mailings.tasks.{task}")
