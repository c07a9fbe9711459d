"""The surroundings of a test run: its environment variables, Redis and, with --postgres, PostgreSQL.

Made by the process that starts pytest; pytest-xdist's workers inherit the environment.
"""

import os
import secrets
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet

from scripts.servers import PostgreSQL, Redis, Server

# Variables that config/settings.py reads, except the keys, VAR_DIR and DEBUG: the developer's own must not
# count.
OURS = (
    *("DATABASE_URL", "REDIS_URL", "SMSC_URL", "SMSC_LOGIN", "SMSC_PASSWORD", "SMSC_API_KEY"),
    *("ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "PORT", "PLAIN_HTTP", "TRUSTED_PROXIES"),
    *("UPLOAD_MB", "UPLOAD_ROWS", "DEFAULT_COUNTRY", "DELIVERY_SECONDS", "DELIVERY_DAYS", "HOLD_SECONDS"),
    *("SYNC_SECONDS", "SWEEP_SECONDS", "SETTLE_AFTER_SECONDS", "SAME_REQUEST_SECONDS", "CALLS_AT_ONCE"),
    *("PROVIDER_CONNECT_SECONDS", "PROVIDER_READ_SECONDS", "PROVIDER_TOTAL_SECONDS", "LEASE_SECONDS"),
)


def start(*, postgres: bool) -> list[Server]:
    """Set the environment for config/settings.py; returns the servers to stop at the end."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        # Each worker uses its own database of the Redis, so that it may flush it.
        base, _, _ = os.environ["REDIS_URL"].rpartition("/")
        os.environ["REDIS_URL"] = f"{base}/{int(worker.removeprefix('gw')) + 1}"
        # And its own files: a test that changes the time deletes uploads that seem old to it.
        own = Path(os.environ["VAR_DIR"]) / worker
        own.mkdir(parents=True, exist_ok=True)
        os.environ["VAR_DIR"] = str(own)
        return []
    home = Path(tempfile.mkdtemp(prefix="mailroom-tests-"))
    redis = Redis(home / "redis", remove=home)
    servers: list[Server] = [redis]
    for name in OURS:
        os.environ.pop(name, None)
    os.environ |= {
        "DEBUG": "1",  # allows plain http without collectstatic; pytest-django resets DEBUG itself to False
        "VAR_DIR": str(home / "var"),
        "REDIS_URL": redis.url(),
        "SECRET_KEY": secrets.token_urlsafe(40),
        "CREDENTIALS_KEYS": Fernet.generate_key().decode(),
        "PROVIDER_CONNECT_SECONDS": "2",
        "PROVIDER_READ_SECONDS": "5",
        "PROVIDER_TOTAL_SECONDS": "10",
        "LEASE_SECONDS": "30",
        "HOLD_SECONDS": "0",
    }
    if postgres:
        cluster = PostgreSQL()
        servers.append(cluster)
        os.environ["DATABASE_URL"] = cluster.url("postgres")
    return servers
