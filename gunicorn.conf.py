"""How gunicorn runs Mailroom unless its command line or GUNICORN_CMD_ARGS says otherwise."""

import gc
from typing import Any

import gunicorn
from django.db import connections

# What answers need not tell which server answers.
gunicorn.SERVER = "Mailroom"

workers = 2
worker_class = "gthread"
threads = 8
# A page never waits for the provider; what takes longer than this is stuck.
timeout = 30
# No control socket: two instances on one machine would fight over its one default path.
control_socket_disable = True
# Loaded once, before the workers: settings that cannot be read end gunicorn with one exit code (two workers
# that fail together raced for it), and the workers share the memory of the code.
preload_app = True


def pre_fork(server: Any, worker: Any) -> None:
    """No worker may inherit a connection to the database. What is loaded stays shared with the workers."""
    connections.close_all()
    # Else the first collection of garbage in each worker would write into all of these pages.
    gc.freeze()
