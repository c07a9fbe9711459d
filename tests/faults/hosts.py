"""Simulated hosts: network namespaces whose only connections to the outside are gates that can be cut.

A gate listens on the host's loopback and forwards to a server on this machine. A cut gate forwards nothing
and reports nothing, like a network that is down. When it is mended, its old connections are closed. If this
machine allows no namespaces, hosts are plain processes with the same gates; then they are not proven to have
no other connection.
"""

import contextlib
import ctypes
import os
import selectors
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

LOOPBACK = "127.0.0.1"
NAMESPACES = Path("/run/netns")
_CLONE_NEWNET = 0x40000000
_PIECE = 64 * 1024

T = TypeVar("T")


class Gate:
    """Forwards connections from a host's loopback to one port of this machine."""

    def __init__(self, listener: socket.socket, target: int) -> None:
        self._listener, self._target = listener, target
        self._open = threading.Event()
        self._open.set()
        self._ended = False
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self.port = int(listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Forward nothing from now on, without closing connections."""
        self._open.clear()

    def mend(self) -> None:
        """Forward new connections again; close those from before the cut."""
        for pair in tuple(self._pairs):
            _end(pair)
        self._open.set()

    def end(self) -> None:
        self._ended = True
        self.mend()
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near = self._listener.accept()[0]
                threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        self._open.wait()
        with contextlib.suppress(OSError), near, socket.create_connection((LOOPBACK, self._target)) as far:
            pair = (near, far)
            self._pairs.add(pair)
            try:
                self._between(near, far)
            finally:
                self._pairs.discard(pair)

    def _between(self, near: socket.socket, far: socket.socket) -> None:
        with selectors.DefaultSelector() as ready:
            ready.register(near, selectors.EVENT_READ, (near, far))
            ready.register(far, selectors.EVENT_READ, (far, near))
            while not self._ended:
                for key, _events in ready.select(0.2):
                    if not self._open.is_set():
                        self._open.wait()
                        return
                    here, there = key.data
                    piece = here.recv(_PIECE)
                    if not piece:
                        return
                    there.sendall(piece)


def _end(pair: tuple[socket.socket, socket.socket]) -> None:
    for sock in pair:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


class Host:
    """One host. `gates`: by name, each to a port of this machine. `apart`: it has its own namespace."""

    def __init__(self, name: str, ports: dict[str, int]) -> None:
        self.name = f"mailroom-{os.getpid()}-{name}"
        self.apart = _make_namespace(self.name)
        self.gates = {gate: Gate(self.inside(_listen), port) for gate, port in ports.items()}

    def inside(self, what: Callable[[], T]) -> T:
        """Call `what` on this host, and return its result. In a thread: only that joins the namespace."""
        found: list[T] = []

        def call() -> None:
            if self.apart:
                with (NAMESPACES / self.name).open() as namespace:
                    if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), _CLONE_NEWNET):
                        raise OSError(ctypes.get_errno(), "setns")
            found.append(what())

        thread = threading.Thread(target=call)
        thread.start()
        thread.join()
        return found[0]

    def start(self, command: list[str], log: Path, **options: Any) -> "subprocess.Popen[bytes]":
        """Start a process on this host."""
        enclosed = ["ip", "netns", "exec", self.name, *command] if self.apart else command
        with log.open("ab") as output:
            process: subprocess.Popen[bytes] = subprocess.Popen(
                enclosed, stdout=output, stderr=output, **options
            )
        return process

    def cut(self) -> None:
        for gate in self.gates.values():
            gate.cut()

    def mend(self) -> None:
        for gate in self.gates.values():
            gate.mend()

    def end(self) -> None:
        for gate in self.gates.values():
            gate.end()
        if self.apart:
            _ip("netns", "del", self.name)


@contextlib.contextmanager
def hosts(*names: str, ports: dict[str, int]) -> Iterator[list[Host]]:
    """Hosts, each with a gate to each of these ports of this machine."""
    with contextlib.ExitStack() as stack:
        made = []
        for name in names:
            host = Host(name, ports)
            stack.callback(host.end)
            made.append(host)
        yield made


def _listen() -> socket.socket:
    return socket.create_server((LOOPBACK, 0), backlog=128)


def _make_namespace(name: str) -> bool:
    """Make a network namespace; False if this machine does not allow it (it takes root and iproute2)."""
    if os.geteuid() or not _ip("netns", "add", name):
        return False
    if _ip("netns", "exec", name, "ip", "link", "set", "lo", "up"):
        return True
    _ip("netns", "del", name)
    return False


def _ip(*words: str) -> bool:
    try:
        return not subprocess.run(["ip", *words], capture_output=True, check=False).returncode
    except FileNotFoundError:
        return False
