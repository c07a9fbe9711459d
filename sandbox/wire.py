"""Writes an answer to the socket, with its fault if it has one."""

import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from http import HTTPStatus

from sandbox.faults import Fault
from sandbox.formats import Answer

# How often a wait checks whether the client has gone, or the sandbox stops.
CHECK_SECONDS = 0.05
PAGE = b"<!DOCTYPE html><html><head><title>Sandbox</title></head><body><h1>Not now</h1></body></html>"


def no_call() -> None:
    """The default of `Connection.ending`: nothing."""


class Connection:
    """One client's socket. `stopping`: set when the sandbox stops, which ends every wait.

    `ending` is called just before the last byte of an answer: a client that calls again right after reading
    an answer must not be counted as making two calls at once.
    """

    def __init__(self, sock: socket.socket, stopping: threading.Event) -> None:
        self._socket = sock
        self._stopping = stopping
        self.ending: Callable[[], None] = no_call

    def wait(self, seconds: float | None) -> bool:
        """Wait so long (None: for ever). False, at once, if the client goes away or the sandbox stops."""
        until = None if seconds is None else time.monotonic() + seconds
        poller = select.poll()
        poller.register(self._socket, select.POLLIN)
        while not self._stopping.is_set():
            left = CHECK_SECONDS if until is None else min(CHECK_SECONDS, until - time.monotonic())
            if left <= 0:
                return True
            if self._has_gone(poller):
                return False
            self._stopping.wait(left)
        return False

    def _has_gone(self, poller: select.poll) -> bool:
        if not poller.poll(0):
            return False
        try:
            return not self._socket.recv(1, socket.MSG_PEEK)
        except OSError:
            return True

    def send(self, data: bytes) -> bool:
        """Send data; False if the client has gone away."""
        try:
            self._socket.sendall(data)
        except OSError:
            return False
        return True

    def send_last(self, data: bytes) -> bool:
        """Send the end of an answer; calls `ending` before the last byte."""
        if not self.send(data[:-1]):
            return False
        self.ending()
        return self.send(data[-1:])

    def reset(self) -> None:
        """Make closing the connection a TCP reset, with which data on its way is lost."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def head(answer: Answer, length: int, extra: str = "") -> bytes:
    lines = [
        f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}",
        "Server: sandbox",
        f"Content-Type: {answer.content_type}",
        f"Content-Length: {length}",
    ]
    if extra:
        lines.append(extra)
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def send(connection: Connection, answer: Answer) -> bool:
    """Send a whole answer; whether the connection may be used again."""
    return connection.send_last(head(answer, len(answer.body)) + answer.body)


def send_faulty(connection: Connection, answer: Answer, fault: Fault) -> bool:
    """Send an answer with its fault applied; whether the connection may be used again."""
    name = fault.fault
    if name in ("slow", "hang"):
        forever = name == "hang" and not fault.seconds
        return connection.wait(None if forever else fault.seconds) and send(connection, answer)
    if name == "dripping":
        return _drip(connection, answer, fault)
    if name in ("cut_before_saving", "cut_after_saving"):
        return _cut(connection, fault)
    if name == "saved_late":
        return _late(connection, answer, fault)
    if name == "half_answer":
        connection.send_last(head(answer, len(answer.body)) + answer.body[: len(answer.body) // 2])
        return False
    if name == "half_json":
        return send(connection, Answer(answer.body[: len(answer.body) // 2], answer.content_type))
    if name == "redirect":
        moved = Answer(b"", "text/html", 302)
        return connection.send_last(head(moved, 0, f"Location: {fault.location}"))
    return send(connection, _replaced(answer, fault))


def _replaced(answer: Answer, fault: Fault) -> Answer:
    if fault.fault == "server_error":
        return Answer(PAGE, "text/html", fault.status)
    if fault.fault == "html":
        return Answer(PAGE, "text/html")
    if fault.fault == "empty":
        return Answer(b"", answer.content_type)
    return answer


def _cut(connection: Connection, fault: Fault) -> bool:
    if fault.rst:
        connection.reset()
    return False


def _late(connection: Connection, answer: Answer, fault: Fault) -> bool:
    if fault.answer == "hang":
        connection.wait(None)
        return False
    if fault.answer == "error":
        return send(connection, Answer(PAGE, "text/html", 504))
    if fault.answer == "refused":
        return send(connection, answer)
    return _cut(connection, fault)


def _drip(connection: Connection, answer: Answer, fault: Fault) -> bool:
    start = head(answer, len(answer.body))
    if not fault.headers and not connection.send(start):
        return False
    data = start + answer.body if fault.headers else answer.body
    for at in range(len(data) - 1):
        if not connection.send(data[at : at + 1]) or not connection.wait(fault.seconds):
            return False
    return connection.send_last(data[-1:])
