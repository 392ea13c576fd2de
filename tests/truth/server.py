"""A server whose latency is known: `python -m tests.truth.server --port 0 --delay-ms 10`.

It shares no code with the tool. Its first line on standard output is JSON with its port; it ends when its
standard input does. When an answer is due follows from the arrivals alone, so that a late wake-up delays one
answer and never the next. `GET /_stamps` tells when each request arrived and was answered, in nanoseconds of
`perf_counter_ns`, one clock for all processes of a machine: stamped after it was read, and before its answer
is written, so that nobody outside can have seen less time between the two. `GET /_count` tells how many there
were; `POST /_reset` forgets them. These, and `/` for who only looks whether it is there, are answered at once
and not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import heapq
import json
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from time import perf_counter_ns
from typing import Protocol, cast

import httptools

from tests.truth.alarm import Alarm

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
_BACKLOG = 4096
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"


class Service(Protocol):
    """When an answer is due. First come, first served."""

    def due_ns(self, arrival_ns: int) -> int: ...


class Delay:
    """Every answer after the same time, however many are under way.

    A stall begins `stall_at_ns` after the first arrival and lasts `stall_ns`. Nothing is answered in it:
    what it meets is answered the delay after its end.
    """

    def __init__(self, delay_ns: int, stall_at_ns: int = 0, stall_ns: int = 0) -> None:
        self._delay_ns = delay_ns
        self._stall_at_ns = stall_at_ns
        self._stall_ns = stall_ns
        self._first_ns: int | None = None

    def due_ns(self, arrival_ns: int) -> int:
        if self._first_ns is None:
            self._first_ns = arrival_ns
        begin_ns = self._first_ns + self._stall_at_ns
        end_ns = begin_ns + self._stall_ns
        due_ns = arrival_ns + self._delay_ns
        if self._stall_ns and arrival_ns < end_ns and due_ns > begin_ns:
            return end_ns + self._delay_ns
        return due_ns


class Serial:
    """One request at a time, each for `next_service_ns()`: M/D/1, D/D/1 or M/M/1 by what arrives."""

    def __init__(self, next_service_ns: Callable[[], int]) -> None:
        self._next_service_ns = next_service_ns
        self._free_ns = 0

    def due_ns(self, arrival_ns: int) -> int:
        self._free_ns = max(self._free_ns, arrival_ns) + self._next_service_ns()
        return self._free_ns


class _Queues:
    """A serial server of its own for each path, so that workloads side by side do not meet."""

    def __init__(self, make: Callable[[], Serial]) -> None:
        self._make = make
        self._of_path: dict[str, Serial] = {}

    def __call__(self, path: str) -> Serial:
        if path not in self._of_path:
            self._of_path[path] = self._make()
        return self._of_path[path]


MakeService = Callable[[], Callable[[str], Service]]
"""What answers requests for a path; made anew for each reset."""


def exponential(mean_ns: int, seed: int) -> Callable[[], int]:
    """Exponential service times with this mean; the same seed gives the same ones."""
    random = Random(seed)
    return lambda: round(random.expovariate(1.0) * mean_ns)


@dataclass(order=True, slots=True)
class _Waiting:
    due_ns: int
    number: int
    connection: Connection = field(compare=False)
    keep_alive: bool = field(compare=False)


class Desk:
    """Takes requests, answers each when it is due, and keeps the books."""

    def __init__(self, loop: asyncio.AbstractEventLoop, make_service: MakeService) -> None:
        self._make_service = make_service
        self._waiting: list[_Waiting] = []
        self._alarm = Alarm(loop, self._answer_due)
        self.reset()

    def reset(self) -> None:
        """As if no request had come yet. Not while one is under way."""
        self._service_of = self._make_service()
        self.arrivals_ns: list[int] = []
        self.answers_ns: list[int] = []
        self.paths: list[str] = []

    def take(self, connection: Connection, path: str, keep_alive: bool) -> None:
        arrival_ns = perf_counter_ns()
        number = len(self.arrivals_ns)
        self.arrivals_ns.append(arrival_ns)
        self.answers_ns.append(0)
        self.paths.append(path)
        one = _Waiting(self._service_of(path).due_ns(arrival_ns), number, connection, keep_alive)
        heapq.heappush(self._waiting, one)
        if self._waiting[0] is one:
            self._alarm.set(one.due_ns)

    def _answer_due(self) -> None:
        waiting = self._waiting
        while waiting and waiting[0].due_ns <= (now_ns := perf_counter_ns()):
            one = heapq.heappop(waiting)
            if one.number < len(self.answers_ns):
                self.answers_ns[one.number] = now_ns
            one.connection.answer(_ANSWER, one.keep_alive)
        if waiting:
            self._alarm.set(waiting[0].due_ns)

    def control(self, method: str, path: str) -> bytes:
        """The body that answers a control request."""
        if path == "/_reset" and method == "POST":
            self.reset()
            return b"{}"
        if path == "/_count":
            return json.dumps({"count": len(self.arrivals_ns)}).encode()
        if path == "/":
            return b"{}"
        stamps = {"arrivals_ns": self.arrivals_ns, "answers_ns": self.answers_ns, "paths": self.paths}
        return json.dumps(stamps).encode()


class Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, one request after another."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            if self._transport is not None:
                self._transport.abort()

    def on_message_begin(self) -> None:
        self._url = b""

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_message_complete(self) -> None:
        path, keep_alive = self._url.decode("latin-1"), self._parser.should_keep_alive()
        if path != "/" and not path.startswith("/_"):
            self._desk.take(self, path, keep_alive)
            return
        body = self._desk.control(self._parser.get_method().decode(), path)
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.answer(head.encode() + body, keep_alive)

    def answer(self, data: bytes, keep_alive: bool) -> None:
        if self._transport is None:
            return
        self._transport.write(data)
        if not keep_alive:
            self._transport.close()


def _stall(text: str) -> tuple[float, float]:
    at_s, _, length_s = text.partition(":")
    return float(at_s), float(length_s)


def _make_service(arguments: argparse.Namespace) -> MakeService:
    if arguments.serial_ms is not None:
        service_ns = round(arguments.serial_ms * NS_PER_MS)
        return lambda: _Queues(lambda: Serial(lambda: service_ns))
    if arguments.serial_exponential_ms is not None:
        mean_ns, seed = round(arguments.serial_exponential_ms * NS_PER_MS), arguments.seed
        return lambda: _Queues(lambda: Serial(exponential(mean_ns, seed)))
    at_s, length_s = arguments.stall
    times_ns = (round(arguments.delay_ms * NS_PER_MS), round(at_s * NS_PER_S), round(length_s * NS_PER_S))

    def all_paths() -> Callable[[str], Service]:
        delay = Delay(*times_ns)
        return lambda path: delay

    return all_paths


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.truth.server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--delay-ms", type=float, default=0.0, help="every answer after this time")
    mode.add_argument("--serial-ms", type=float, help="one at a time of each path, for this time")
    mode.add_argument("--serial-exponential-ms", type=float, help="the same, exponential with this mean")
    parser.add_argument("--seed", type=int, default=1, help="of the exponential service times")
    parser.add_argument("--stall", type=_stall, default=(0.0, 0.0), metavar="AT_S:LENGTH_S")
    arguments = parser.parse_args()
    serial = arguments.serial_ms is not None or arguments.serial_exponential_ms is not None
    if serial and arguments.stall[1]:
        parser.error("a serial server has no stall")
    return arguments


async def _serve(port: int, make_service: MakeService) -> None:
    loop = asyncio.get_running_loop()
    desk = Desk(loop, make_service)
    server = await loop.create_server(lambda: Connection(desk), "127.0.0.1", port, backlog=_BACKLOG)
    over = asyncio.Event()

    def wait_for_end() -> None:
        sys.stdin.buffer.read()
        loop.call_soon_threadsafe(over.set)

    threading.Thread(target=wait_for_end, daemon=True).start()
    sys.stdout.write(json.dumps({"port": server.sockets[0].getsockname()[1]}) + "\n")
    sys.stdout.flush()
    # A collection would be a stall of its own, which no formula knows.
    gc.freeze()
    gc.disable()
    await over.wait()
    server.close()


def main() -> None:
    arguments = _arguments()
    serving = _serve(arguments.port, _make_service(arguments))
    try:
        import uvloop
    except ImportError:
        asyncio.run(serving)
    else:
        uvloop.run(serving)


if __name__ == "__main__":
    main()
