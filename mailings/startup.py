"""What happens when a process of ours begins: after `migrate`, in a worker, in beat."""

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

# After each task a worker leaves its heartbeat; it loads no page that would import it.
task_postrun.connect(health.leave_heartbeat)
heartbeat_sent.connect(health.leave_sign_of_worker)


@task_prerun.connect
@task_postrun.connect
def drop_dead_connection(task: Any, **kwargs: Any) -> None:
    """Each thread of a worker has a connection of its own: after a restart of PostgreSQL none may stay dead.

    Before a task it is looked at once it is used (CONN_HEALTH_CHECKS); after a failure it is dropped.
    """
    if not task.request.is_eager:
        close_old_connections()


@receiver(post_migrate)
def make_default_account(app_config: Any, **kwargs: Any) -> None:
    """Stores the account that the environment names, as soon as there is a table for it."""
    if app_config.name == "mailings":
        accounts.ensure_default_account()


@worker_init.connect
@beat_init.connect
def start(**kwargs: Any) -> None:
    """What every process of ours does before its work; ends it when an account cannot be kept safely."""
    try:
        accounts.at_process_start()
    except ImproperlyConfigured as error:
        sys.exit(str(error))  # an ordinary exception would only be logged by Celery, and the worker go on


@beat_init.connect
def tell_of_ticks(**kwargs: Any) -> None:
    """Only beat asks for things by the clock; what a page or a worker sends is no tick."""
    after_task_publish.connect(health.leave_tick)


@worker_ready.connect
def check_at_once(**kwargs: Any) -> None:
    """A first look at the provider: nobody should wait a round of beat for it. Identical ones are joined."""
    for task in ("pull_recent", "refresh_account"):
        current_app.send_task(f"mailings.tasks.{task}")
