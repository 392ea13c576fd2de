"""What one Python core can reach at most: `ceiling.py PORT VUS SECONDS` prints requests a second.

asyncio, uvloop and httptools with nothing around them: each user makes a document, posts it and looks at
the status. No faults, no timeouts, no phases, no statistics. What an engine adds to it is its own price.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import cast

import httptools
import orjson
import uvloop

HEAD = (
    b"POST /data HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
)


class Exchange(asyncio.Protocol):
    """One connection with one request at a time; the answer's status is all that is kept."""

    def __init__(self) -> None:
        self._new_future = asyncio.get_running_loop().create_future

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._write = cast("asyncio.Transport", transport).write
        self._parser = httptools.HttpResponseParser(self)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self._answered.set_result(self._parser.get_status_code())

    def post(self, body: bytes) -> asyncio.Future[int]:
        self._answered = self._new_future()
        self._write(HEAD % len(body) + body)
        return self._answered


async def user(port: int, until_s: float) -> int:
    """Posts until then; returns how often."""
    _, exchange = await asyncio.get_running_loop().create_connection(Exchange, "127.0.0.1", port)
    number = 0
    while time.perf_counter() < until_s:
        number += 1
        document = {
            "studentUniqueId": f"PERF{number}",
            "firstName": f"First{number}",
            "lastSurname": "Last",
            "birthDate": "2010-01-01",
        }
        if await exchange.post(orjson.dumps(document)) != 201:
            raise SystemExit("a request was not answered with 201")
    return number


async def main(port: int, vus: int, seconds: float) -> None:
    start_s = time.perf_counter()
    counts = await asyncio.gather(*(user(port, start_s + seconds) for _ in range(vus)))
    sys.stdout.write(f"{sum(counts) / (time.perf_counter() - start_s):.0f}\n")


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
