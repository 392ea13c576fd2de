"""Answers each HTTP/1.1 request with 200, never before its time.

`fixed_latency_server.py MILLISECONDS [PORT]`. Its first line on standard output is its port. Several may
share one: the kernel deals connections out. One delay for all means first come, first answered: one timer
serves a whole queue, so that the server costs little beside what it is to measure. uvloop's timers have
whole milliseconds, so an answer may be one late.
"""

from __future__ import annotations

import asyncio
import math
import sys
from collections import deque
from typing import cast

import httptools
import uvloop

BODY = b'{"ok": true}'
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY)
) + BODY


class Queue:
    """Answers that wait for their time."""

    def __init__(self, delay_s: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._delay_s = delay_s
        self._waiting: deque[tuple[float, asyncio.Transport]] = deque()

    def put(self, transport: asyncio.Transport) -> None:
        if not self._waiting:
            self._arm(self._delay_s)
        self._waiting.append((self._loop.time() + self._delay_s, transport))

    def _arm(self, remaining_s: float) -> None:
        self._loop.call_later(math.ceil(remaining_s * 1000) / 1000, self._serve)

    def _serve(self) -> None:
        now = self._loop.time()
        waiting = self._waiting
        while waiting and waiting[0][0] <= now:
            transport = waiting.popleft()[1]
            if not transport.is_closing():
                transport.write(ANSWER)
        if waiting:
            self._arm(waiting[0][0] - now)


class Connection(asyncio.Protocol):
    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self._queue.put(self._transport)


async def serve(delay_s: float, port: int) -> None:
    queue = Queue(delay_s)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(queue), "127.0.0.1", port, reuse_port=True, backlog=4096
    )
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(float(sys.argv[1]) / 1000, int(sys.argv[2]) if len(sys.argv) > 2 else 0))
