"""The image and the compose file: nothing secret goes in, and no container may more than it has to."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
import yaml
from honcho.environ import parse_procfile
from psycopg.rows import dict_row

from scripts.servers import PostgreSQL, Server, free_port, listens, postgres_binaries, redis_binary
from tests.helpers.services import OURS

ROOT = Path(__file__).resolve().parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PROCESSES: dict[str, str] = parse_procfile((ROOT / "Procfile").read_text()).processes
DOCKERFILE = (ROOT / "Dockerfile").read_text()
ROLE_SCRIPT = ROOT / "scripts/postgres-role.sh"
NO_ROLE_FOR_MORE = ("rolsuper", "rolcreatedb", "rolcreaterole", "rolreplication", "rolbypassrls")


def patterns(name: str) -> list[str]:
    """The lines of an ignore file that count."""
    lines = (ROOT / name).read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_env_files_are_ignored_by_git_and_never_go_into_the_image() -> None:
    assert ".env*" in patterns(".gitignore")
    assert "**/.env*" in patterns(".dockerignore")


def test_what_git_ignores_never_goes_into_the_image_and_nothing_is_let_back_in() -> None:
    kept_out = {pattern.removeprefix("**/") for pattern in patterns(".dockerignore")}

    assert {pattern.strip("/") for pattern in patterns(".gitignore")} <= kept_out
    assert not [line for name in (".gitignore", ".dockerignore") for line in patterns(name) if line[0] == "!"]


def test_the_image_is_nobodys_root_and_installs_by_hash() -> None:
    users = re.findall(r"(?m)^USER (\S+)", DOCKERFILE)

    assert users == ["mailroom"]
    assert DOCKERFILE.index("\nUSER ") > DOCKERFILE.rindex("\nRUN ")
    assert "pip install --no-cache-dir --require-hashes" in DOCKERFILE
    assert not re.search(r"(?mi)^(ARG|ENV) .*(password|secret|key)", DOCKERFILE)


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_has_no_rights_and_no_file_system_to_write_on(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "/tmp" in service["tmpfs"]
    assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & set(service)
    assert "build" in service or service["user"] not in ("root", "0")


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_writes_on_named_volumes_only(name: str) -> None:
    for volume in SERVICES[name]["volumes"]:
        source, _, rest = volume.partition(":")
        assert source in COMPOSE["volumes"] or rest.endswith(":ro"), volume


@pytest.mark.parametrize("name", ["worker", "background", "beat"])
def test_a_container_starts_celery_as_make_run_does(name: str) -> None:
    way, _, options = SERVICES[name]["command"].partition(" -A config ")
    same_way, _, same_options = PROCESSES[name].replace("--app", "-A").partition(" --quiet -A config ")

    assert way == same_way
    assert set(options.split()) <= set(same_options.split())


def test_only_the_pages_are_published_and_to_this_machine_alone() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert published == {"web": ["127.0.0.1:8000:8000"]}


@pytest.mark.parametrize("name", SERVICES)
def test_every_secret_is_required_from_outside(name: str) -> None:
    optional = {"SMSC_PASSWORD", "SMSC_API_KEY"}  # one of them, and an account can be made on a page
    for variable, value in SERVICES[name]["environment"].items():
        if variable not in optional and re.search(r"PASSWORD|SECRET|KEYS|AUTH|_URL", variable):
            assert re.search(r"\$\{[A-Z_]+:\?\}", value), variable


def test_redis_lets_nobody_in_without_its_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "valkey-server").symlink_to(redis_binary())
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("REDISCLI_AUTH", "a-password")
    port = free_port()
    here = f"valkey-server - --port {port} --bind 127.0.0.1 --dir {tmp_path}"
    command = [
        word.replace("$$", "$").replace("valkey-server -", here) for word in SERVICES["redis"]["command"]
    ]

    with Server(command, tmp_path / "lock", lambda: listens(port), log=tmp_path / "log"):
        with redis.Redis(port=port) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
        with redis.Redis(port=port, password="a-password") as ours:
            assert ours.config_get("appendonly") == {"appendonly": "yes"}
            assert ours.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        listing = subprocess.run(["ps", "axww", "-o", "args="], capture_output=True, text=True, check=True)
        assert "a-password" not in listing.stdout


def test_redis_and_its_users_share_one_password() -> None:
    assert SERVICES["redis"]["environment"] == {"REDISCLI_AUTH": "${REDIS_PASSWORD:?}"}
    for name in ("prepare", "web", "worker", "beat"):
        assert SERVICES[name]["environment"]["REDIS_URL"] == "redis://:${REDIS_PASSWORD:?}@redis:6379/0"


def test_mailroom_does_not_come_to_postgresql_as_its_superuser() -> None:
    server = SERVICES["postgres"]

    assert "POSTGRES_USER" not in server["environment"]  # so the superuser is postgres
    assert (
        f"./{ROLE_SCRIPT.relative_to(ROOT)}:/docker-entrypoint-initdb.d/mailroom.sh:ro" in server["volumes"]
    )
    for name in ("prepare", "web", "worker", "beat"):
        environment = SERVICES[name]["environment"]
        assert (
            environment["DATABASE_URL"] == "postgres://mailroom:${MAILROOM_DB_PASSWORD:?}@postgres/mailroom"
        )
        assert "POSTGRES_PASSWORD" not in environment


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgreSQL]:
    """A server on which the script of compose.yaml has run, for a role and a database called mailroom_own:
    the superuser of the tests' servers is called mailroom."""
    with PostgreSQL() as server:
        subprocess.run(
            ["sh", "-s"],
            input=ROLE_SCRIPT.read_text().replace("mailroom", "mailroom_own"),
            env={
                "PATH": f"{postgres_binaries()}{os.pathsep}{os.environ['PATH']}",
                "PGHOST": "127.0.0.1",
                "PGPORT": str(server.port),
                "POSTGRES_USER": "mailroom",
                "MAILROOM_DB_PASSWORD": "it's a password",
            },
            text=True,
            check=True,
        )
        yield server


def test_mailrooms_role_may_nothing_but_its_own_database(cluster: PostgreSQL) -> None:
    with psycopg.connect(cluster.url("postgres"), row_factory=dict_row) as connection:
        role = connection.execute("SELECT * FROM pg_authid WHERE rolname = 'mailroom_own'").fetchone()
        assert role["rolcanlogin"]
        assert role["rolpassword"].startswith("SCRAM-SHA-256$")
        assert [name for name in NO_ROLE_FOR_MORE if role[name]] == []
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(cluster.url("postgres").replace("mailroom@", "mailroom_own@"))


def test_mailrooms_role_can_make_every_table_and_extension(cluster: PostgreSQL, tmp_path: Path) -> None:
    url = cluster.url("mailroom_own").replace("mailroom@", "mailroom_own@")
    environment = {name: value for name, value in os.environ.items() if name not in OURS}

    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env=environment | {"DATABASE_URL": url, "VAR_DIR": str(tmp_path)},
        check=True,
    )

    with psycopg.connect(url) as connection:
        owners = connection.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
        assert owners.fetchall() == [("mailroom_own",)]
