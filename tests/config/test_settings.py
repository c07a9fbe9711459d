"""The environment as config/settings.py reads it, each time in a fresh process."""

import json
import os
import re
import runpy
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from tests.helpers.services import OURS

ROOT = Path(__file__).resolve().parents[2]
READ = (
    "import json, sys; from django.conf import settings;"
    "print(json.dumps({name: getattr(settings, name) for name in sys.argv[1:]}, default=str))"
)


def read(var: Path, *names: str, **environment: str) -> dict[str, Any]:
    """The named settings with nothing but `environment` set; RuntimeError with what Python said last."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if name not in (*OURS, "SECRET_KEY", "CREDENTIALS_KEYS", "DEBUG")
    }
    done = subprocess.run(
        [sys.executable, "-c", READ, *names],
        env=clean | {"VAR_DIR": str(var), "DJANGO_SETTINGS_MODULE": "config.settings"} | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_defaults_are_the_contracts(tmp_path: Path) -> None:
    expected = {
        "REDIS_URL": "redis://127.0.0.1:6379/0",
        "SMSC_URL": "https://smscentre.com/sys/",
        "DEBUG": False,
        "PORT": 8000,
        "SYNC_SECONDS": 90,
        "SWEEP_SECONDS": 15,
        "SETTLE_AFTER_SECONDS": 600,
        "SAME_REQUEST_SECONDS": 61,
        "CALLS_AT_ONCE": 4,
        "PROVIDER_CONNECT_SECONDS": 5,
        "PROVIDER_READ_SECONDS": 30,
        "PROVIDER_TOTAL_SECONDS": 60,
        "LEASE_SECONDS": 180,
        "UPLOAD_MB": 64,
        "DELIVERY_SECONDS": 300,
        "DELIVERY_DAYS": 4,
        "SMSC_LOGIN": "",
        "SMSC_API_KEY": "",
    }
    assert read(tmp_path, *expected) == expected


def test_default_database_is_sqlite_under_var_with_wal_and_immediate_transactions(tmp_path: Path) -> None:
    database = read(tmp_path, "DATABASES")["DATABASES"]["default"]

    assert database["NAME"] == str(tmp_path / "mailroom.sqlite3")
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert database["OPTIONS"]["timeout"] == 20
    assert "journal_mode=WAL" in database["OPTIONS"]["init_command"]


def test_keys_are_made_once_for_the_owner_alone(tmp_path: Path) -> None:
    names = ("SECRET_KEY", "CREDENTIALS_KEYS", "SECRET_KEY_GENERATED", "CREDENTIALS_KEYS_GENERATED")
    first, second = read(tmp_path, *names), read(tmp_path, *names)

    assert first == second
    assert first["SECRET_KEY_GENERATED"]
    assert first["CREDENTIALS_KEYS_GENERATED"]
    Fernet(first["CREDENTIALS_KEYS"][0])
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("secret_key", "credentials_key")} == {
        0o600
    }


def test_keys_of_the_environment_win_and_nothing_is_written(tmp_path: Path) -> None:
    keys = [Fernet.generate_key().decode() for _ in range(2)]
    found = read(
        tmp_path,
        "CREDENTIALS_KEYS",
        "CREDENTIALS_KEYS_GENERATED",
        CREDENTIALS_KEYS=",".join(keys),
        SECRET_KEY="x" * 50,
    )

    assert found == {"CREDENTIALS_KEYS": keys, "CREDENTIALS_KEYS_GENERATED": False}
    assert not (tmp_path / "secret_key").exists()
    assert not (tmp_path / "credentials_key").exists()


@pytest.mark.parametrize("password", ["$HOME", "a,b", " spaces kept ", "ключ=1"])
def test_the_password_is_taken_as_typed(tmp_path: Path, password: str) -> None:
    found = read(tmp_path, "SMSC_PASSWORD", SMSC_LOGIN="u", SMSC_PASSWORD=password)

    assert found == {"SMSC_PASSWORD": password}


@pytest.mark.parametrize(
    ("environment", "word"),
    [
        ({"LEASE_SECONDS": "61"}, "LEASE_SECONDS"),
        ({"LEASE_SECONDS": "31", "PROVIDER_TOTAL_SECONDS": "30"}, "LEASE_SECONDS"),
        ({"SMSC_URL": "http://example.com/sys/"}, "SMSC_URL"),
        ({"SMSC_URL": "ftp://127.0.0.1/"}, "SMSC_URL"),
        ({"SMSC_URL": "http://127.0.0.1.example.com/"}, "SMSC_URL"),
        ({"DATABASE_URL": "mysql://root@127.0.0.1/x"}, "DATABASE_URL"),
        ({"CALLS_AT_ONCE": "0"}, "CALLS_AT_ONCE"),
        ({"SYNC_SECONDS": "0"}, "SYNC_SECONDS"),
        ({"PROVIDER_READ_SECONDS": "-1"}, "PROVIDER_READ_SECONDS"),
    ],
)
def test_a_dangerous_value_is_refused_with_its_name(
    tmp_path: Path, environment: dict[str, str], word: str
) -> None:
    with pytest.raises(RuntimeError, match=f"ImproperlyConfigured.*{word}"):
        read(tmp_path, "DEBUG", **environment)


ABOVE_NOUGHT = (
    *("SYNC_SECONDS", "SWEEP_SECONDS", "LEASE_SECONDS", "DELIVERY_SECONDS"),
    *("PROVIDER_CONNECT_SECONDS", "PROVIDER_READ_SECONDS", "PROVIDER_TOTAL_SECONDS"),
)
NOUGHT_OR_MORE = ("SETTLE_AFTER_SECONDS", "SAME_REQUEST_SECONDS")
WHOLE = ("CALLS_AT_ONCE", "PORT", "TRUSTED_PROXIES", "UPLOAD_MB", "DELIVERY_DAYS")
NO_NUMBERS = ("abc", "3m", "nan", "inf", "-inf", "", " ", "1,5", "$HOME", "-1")


def refusal(environment: Mapping[str, str]) -> str:
    """What reading `environment` is refused with."""
    with pytest.raises(ImproperlyConfigured) as refused:
        figures(environment)
    return str(refused.value)


def figures(environment: Mapping[str, str]) -> dict[str, float]:
    """Settings that are numbers, of a reading of config/settings.py with nothing but `environment` set."""
    with mock.patch.dict(os.environ, environment):
        for name in {*OURS} - {*environment, "DATABASE_URL", "REDIS_URL"}:
            os.environ.pop(name, None)
        found = runpy.run_path(str(ROOT / "config/settings.py"))
    return {name: value for name, value in found.items() if isinstance(value, (int, float))}


@pytest.mark.parametrize("name", [*ABOVE_NOUGHT, *NOUGHT_OR_MORE, *WHOLE])
@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number_in_its_bounds_is_refused_in_one_sentence(name: str, text: str) -> None:
    said = refusal({name: text})

    assert re.fullmatch(rf"{name} must be [^.]+, such as {name}=[0-9]+\.", said)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *((name, "0") for name in ABOVE_NOUGHT),
        *(("CALLS_AT_ONCE", text) for text in ("0", "15", "1e1", "4.0", "9" * 5000)),
        *(("PORT", text) for text in ("0", "65536", "80.0")),
    ],
)
def test_a_number_out_of_bounds_is_refused(name: str, text: str) -> None:
    assert refusal({name: text}).startswith(f"{name} must be ")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("SYNC_SECONDS", "1e3", 1000),
        ("SYNC_SECONDS", "0.5", 0.5),
        ("SETTLE_AFTER_SECONDS", "0", 0),
        ("SAME_REQUEST_SECONDS", "0", 0),
        ("CALLS_AT_ONCE", "14", 14),
        ("CALLS_AT_ONCE", "1", 1),
        ("PORT", "65535", 65535),
        ("PORT", "1", 1),
    ],
)
def test_a_number_in_bounds_is_taken_as_it_reads(name: str, text: str, value: float) -> None:
    assert figures({name: text})[name] == value


@pytest.mark.parametrize(
    "url",
    [
        *("", " ", "abc", "sqlite", "://", "http://example.com/x", "mysql://u:hush-hush@h/x", "$HOME"),
        *("postgres://", "postgres://u:hush-hush@h/", "postgres://u:hush-hush@h:port/x"),
    ],
)
def test_what_names_no_database_is_refused_in_one_sentence(
    url: str, recwarn: pytest.WarningsRecorder
) -> None:
    said = refusal({"DATABASE_URL": url})

    assert said.startswith("DATABASE_URL must name a database")
    assert "hush-hush" not in said + "".join(str(warning.message) for warning in recwarn)


@pytest.mark.parametrize(
    ("given", "missing"), [("SMSC_LOGIN", "SMSC_PASSWORD"), ("SMSC_PASSWORD", "SMSC_LOGIN")]
)
def test_half_of_a_login_is_refused(given: str, missing: str) -> None:
    said = refusal({given: "hush-hush"})

    assert said.startswith(f"{given} is set without {missing}")
    assert "hush-hush" not in said


def test_beside_a_key_a_login_does_not_count() -> None:
    assert figures({"SMSC_LOGIN": "u", "SMSC_API_KEY": "k"})["PORT"] == 8000


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["manage.py", "check"], 1),
        (["manage.py", "mailings", "list"], 1),
        (["-m", "celery", "-A", "config", "worker"], 1),
        (["-m", "celery", "-A", "config", "beat"], 1),
        (["-m", "gunicorn", "config.wsgi", "--bind", "127.0.0.1:0"], 4),
    ],
)
def test_a_process_that_cannot_read_its_settings_ends_in_a_sentence(
    tmp_path: Path, command: list[str], code: int
) -> None:
    done = subprocess.run(
        [sys.executable, *command],
        env=os.environ | {"VAR_DIR": str(tmp_path), "CALLS_AT_ONCE": "15"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == code
    assert "CALLS_AT_ONCE must be a whole number from 1 to 14, such as CALLS_AT_ONCE=4.\n" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8100/sys", "http://[::1]:8100/sys/", "http://localhost/sys/"]
)
def test_plain_http_to_loopback_is_taken_and_ends_in_a_slash(tmp_path: Path, url: str) -> None:
    assert read(tmp_path, "SMSC_URL", SMSC_URL=url) == {"SMSC_URL": url.rstrip("/") + "/"}


@pytest.mark.parametrize(
    ("url", "engine"),
    [
        ("postgres://u:p@db.example/mail", "django.db.backends.postgresql"),
        ("sqlite:///mail.sqlite3", "config.sqlite"),
    ],
)
def test_connections_are_kept_and_checked(tmp_path: Path, url: str, engine: str) -> None:
    found = read(tmp_path, "DATABASES", DATABASE_URL=url)["DATABASES"]["default"]

    assert found["ENGINE"] == engine
    assert found["CONN_MAX_AGE"] == 60
    assert found["CONN_HEALTH_CHECKS"] is True


@pytest.mark.parametrize("switch", ["DEBUG", "PLAIN_HTTP"])
def test_cookies_are_secure_unless_the_pages_are_in_plain_http(tmp_path: Path, switch: str) -> None:
    names = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "LANGUAGE_COOKIE_SECURE", "SECURE_HSTS_SECONDS")
    assert all(read(tmp_path, *names).values())
    assert not any(read(tmp_path, *names, **{switch: "1"}).values())


def test_plain_http_alone_shows_no_technical_page(tmp_path: Path) -> None:
    assert read(tmp_path, "DEBUG", PLAIN_HTTP="1") == {"DEBUG": False}


def test_under_https_cookies_are_bound_to_the_very_host(tmp_path: Path) -> None:
    names = ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "LANGUAGE_COOKIE_NAME")
    found = read(tmp_path, *names)

    assert all(name.startswith("__Host-") for name in found.values())
    assert not any(name.startswith("__") for name in read(tmp_path, *names, DEBUG="1").values())


def check(var: Path, *options: str, **environment: str) -> str:
    """What `manage.py check` prints with nothing but `environment` set."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if name not in (*OURS, "SECRET_KEY", "CREDENTIALS_KEYS")
    }
    command = [sys.executable, "manage.py", "check", *options]
    done = subprocess.run(
        command,
        env=clean | {"VAR_DIR": str(var), "DJANGO_SETTINGS_MODULE": "config.settings"} | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "live", [{"SMSC_LOGIN": "u", "SMSC_PASSWORD": "hush-hush"}, {"SMSC_API_KEY": "hush-hush"}]
)
def test_live_credentials_are_refused_under_generated_keys(tmp_path: Path, live: dict[str, str]) -> None:
    said = check(tmp_path, **live)

    assert "mailroom.E001" in said
    assert "SECRET_KEY and CREDENTIALS_KEYS" in said
    assert "hush-hush" not in said


def test_live_credentials_are_taken_with_keys_of_the_environment(tmp_path: Path) -> None:
    keys = {"SECRET_KEY": "x" * 50, "CREDENTIALS_KEYS": Fernet.generate_key().decode()}

    assert "mailroom.E001" not in check(tmp_path, SMSC_LOGIN="u", SMSC_PASSWORD="p", **keys)


def test_a_malformed_credentials_key_is_named(tmp_path: Path) -> None:
    assert "mailroom.E002" in check(tmp_path, CREDENTIALS_KEYS="not-a-key")


def test_the_check_before_deploying_has_not_a_word_to_say(tmp_path: Path) -> None:
    assert check(tmp_path, "--deploy", DEBUG="0").startswith("System check identified no issues")
