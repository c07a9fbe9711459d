"""For each of these tests: no host is known yet, and TLS of an authority that the client trusts."""

import ssl
from pathlib import Path

import pytest
import trustme

from mailings.smsc.api import resolver
from tests.smsc.api.http_servers import server_context


@pytest.fixture(autouse=True)
def no_host_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "_remembered", {})


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(params=["http", "https"])
def tls(
    request: pytest.FixtureRequest, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ssl.SSLContext | None:
    """Every test that asks for this runs twice, plain and over TLS."""
    return None if request.param == "http" else trusted(authority, tmp_path, monkeypatch)


@pytest.fixture
def only_tls(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    return trusted(authority, tmp_path, monkeypatch)


def trusted(authority: trustme.CA, folder: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    bundle = folder / "authority.pem"
    authority.cert_pem.write_to_path(bundle)
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(bundle))
    return server_context(authority, "127.0.0.1", "smscentre.com")
