"""A provider that answers everything after a fixed time: what calls cannot be faster than.

`python -m bench.stub PORT MILLISECONDS`. A POST makes a job; GET / tells how many there were, the most at
once, and the monotonic moments of the first request, of the last one, and of the last answer. GET /begin
counts anew.
"""

import asyncio
import json
import re
import sys
import time

LENGTH = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)


class Stub:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.begin()

    def begin(self) -> None:
        self.calls = self.now = self.most = 0
        self.first = self.begun = self.last = 0.0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, one answer, and the end of the connection."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:  # somebody looked whether anybody listens
            return
        if head.startswith(b"GET /begin"):
            self.begin()
        if head.startswith(b"GET"):
            told: dict[str, object] = {
                "calls": self.calls,
                "most": self.most,
                "first": self.first,
                "begun": self.begun,
                "last": self.last,
            }
        else:
            told = await self._made(head, reader)
        body = json.dumps(told).encode()
        kind = "Content-Type: application/json\r\nConnection: close"
        writer.write(f"HTTP/1.1 200 OK\r\n{kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    async def _made(self, head: bytes, reader: asyncio.StreamReader) -> dict[str, object]:
        self.begun = time.monotonic()
        self.first = self.first or self.begun
        self.now += 1
        self.most = max(self.most, self.now)
        found = LENGTH.search(head)
        await reader.readexactly(int(found[1]) if found else 0)
        await asyncio.sleep(self.seconds)
        self.now -= 1
        self.calls += 1
        self.last = time.monotonic()
        return {"id": 4_000_000 + self.calls, "cnt": 1, "cost": "3.5"}


async def main() -> None:
    port, milliseconds = int(sys.argv[1]), float(sys.argv[2])
    server = await asyncio.start_server(Stub(milliseconds / 1000).serve, "127.0.0.1", port, backlog=256)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
