"""Calls to the sandbox with http.client only, without Mailroom's own client."""

import http.client
import json
from typing import Any
from urllib.parse import urlencode, urlsplit

from sandbox import Sandbox

LOGIN = {"login": "sandbox", "psw": "sandbox"}
ADD = {"add": "1", "name": "Greeting", "phones": "79990000001", "mes": "Hello", "time": "0"}


def connect(sandbox: Sandbox, timeout: float = 10) -> http.client.HTTPConnection:
    address = urlsplit(sandbox.url)
    assert address.hostname
    return http.client.HTTPConnection(address.hostname, address.port, timeout=timeout)


def fetch(
    sandbox: Sandbox,
    script: str = "jobs",
    parameters: dict[str, Any] | None = None,
    *,
    login: dict[str, str] | None = None,
    timeout: float = 10,
) -> tuple[int, str, bytes]:
    """One POST; status, content type and body of the answer. Texts are sent in the given `charset`."""
    given = (LOGIN if login is None else login) | (parameters or {})
    charset = str(given.get("charset") or "windows-1251")
    body = urlencode(given, encoding=charset)
    connection = connect(sandbox, timeout)
    try:
        connection.request(
            "POST", f"/sys/{script}.php", body, {"Content-Type": "application/x-www-form-urlencoded"}
        )
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type", ""), answer.read()
    finally:
        connection.close()


def text(sandbox: Sandbox, script: str = "jobs", **parameters: Any) -> str:
    """The answer's body as text, in the `fmt` asked for."""
    body = fetch(sandbox, script, parameters)[2]
    return body.decode(str(parameters.get("charset") or "windows-1251"))


def data(sandbox: Sandbox, script: str = "jobs", **parameters: Any) -> Any:
    """The decoded JSON of an answer (fmt=3, UTF-8)."""
    return json.loads(text(sandbox, script, fmt="3", charset="utf-8", **parameters))


def add(sandbox: Sandbox, **changes: Any) -> int:
    """Add a mailing; its id."""
    return int(data(sandbox, **(ADD | changes))["id"])


def error(sandbox: Sandbox, script: str = "jobs", **parameters: Any) -> int | None:
    """The error number of an answer, or None."""
    answer = data(sandbox, script, **parameters)
    return answer.get("error_code") if isinstance(answer, dict) else None


def control(sandbox: Sandbox, method: str, what: str, asked: Any = None) -> tuple[int, Any]:
    """One control request; HTTP status and decoded answer."""
    connection = connect(sandbox)
    try:
        body = None if asked is None else json.dumps(asked)
        connection.request(method, f"/_sandbox/{what}", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()
