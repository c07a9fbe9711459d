"""Addresses of hosts, remembered for a short while."""

import socket
from typing import Any

import pytest

from mailings.smsc.api import resolver

FOUND = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", 443))]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hosts that the system was asked for."""
    hosts: list[str] = []

    def look_up(host: str, *args: Any, **kwargs: Any) -> list[Any]:
        hosts.append(host)
        return FOUND

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return hosts


def test_a_host_is_looked_up_once_in_a_while(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    first = resolver.addresses("provider.example", 443, 5)
    assert resolver.addresses("provider.example", 443, 5) == first == FOUND
    assert asked == ["provider.example"]

    monkeypatch.setattr(resolver, "REMEMBERED_SECONDS", 0)
    resolver.forget("provider.example", 443)
    resolver.addresses("provider.example", 443, 5)
    resolver.addresses("provider.example", 443, 5)

    assert asked == ["provider.example"] * 3


def test_a_host_that_could_not_be_reached_is_looked_up_anew(asked: list[str]) -> None:
    resolver.addresses("provider.example", 443, 5)

    resolver.forget("provider.example", 443)
    resolver.addresses("provider.example", 443, 5)

    assert asked == ["provider.example"] * 2


def test_what_failed_is_not_remembered(monkeypatch: pytest.MonkeyPatch, asked: list[str]) -> None:
    def unknown(*args: Any, **kwargs: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with monkeypatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", unknown)
        with pytest.raises(OSError, match="not known"):
            resolver.addresses("provider.example", 443, 5)

    assert resolver.addresses("provider.example", 443, 5) == FOUND


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "::1"])
def test_an_address_needs_no_resolver(host: str) -> None:
    found = resolver.addresses(host, 80, 0)

    assert found[0][4][0] == host.strip("[]")
