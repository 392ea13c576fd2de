"""How fast the client is, against the bare bones of an asyncio engine. Not a test: run it by hand.

    a server on 127.0.0.1:8080 that answers POST /data with 201, pinned to core 0 (nginx: `return 201`)
    taskset -c 1 python -m tests.engine.http.bench_client [--vus 50] [--seconds 6] [--rounds 3]

Each round measures, after each other and with the same request: `bare` (a socket, httptools and a future: no
errors, no timeouts, no phases) and `client` (HttpClient), both without and with the same four histograms and
a check per request. Only ratios within a round mean anything.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from statistics import median
from time import perf_counter_ns

import httptools
import orjson
from hdrh.histogram import HdrHistogram

from dmsperf_tui.engine.http import HttpClient, Origin, RequestTemplate, WireCounters, header_line

TOKEN = "abcdefghijklmnopqrstuvwxyz0123456789"
TIMEOUT_NS = 60 * 10**9


def student(index: int) -> bytes:
    return orjson.dumps(
        {
            "studentUniqueId": f"PERF100001S{index}",
            "firstName": f"FirstName{index}",
            "lastSurname": "LastName",
            "birthDate": "2010-01-01",
        }
    )


class Recorder:
    """What an engine records of each request: in the same amount for both contestants."""

    def __init__(self, use_histograms: bool) -> None:
        self.requests = 0
        self.passed = 0
        self.histograms = [HdrHistogram(1, 3_600_000_000, 3) for _ in range(4)] if use_histograms else []

    def record(
        self, status: int, duration_ns: int, waiting_ns: int, receiving_ns: int, whole_ns: int
    ) -> None:
        self.requests += 1
        self.passed += status == 201
        if self.histograms:
            duration, waiting, receiving, whole = self.histograms
            duration.record_value(duration_ns // 1000 or 1)
            waiting.record_value(waiting_ns // 1000 or 1)
            receiving.record_value(receiving_ns // 1000 or 1)
            whole.record_value(whole_ns // 1000 or 1)


class BareResponse:
    __slots__ = ("body", "end_ns", "first_ns", "headers", "status")

    status: int
    headers: list[tuple[bytes, bytes]]
    body: list[bytes]
    first_ns: int
    end_ns: int


class BareConnection(asyncio.Protocol):
    """The least that an asyncio client can be: it measures, and trusts everything."""

    __slots__ = ("first_ns", "future", "headers", "parser", "parts", "transport")

    future: asyncio.Future[BareResponse]
    transport: asyncio.Transport

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.headers: list[tuple[bytes, bytes]] = []
        self.first_ns = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self.parser = httptools.HttpResponseParser(self)

    def data_received(self, data: bytes) -> None:
        if not self.first_ns:
            self.first_ns = perf_counter_ns()
        self.parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_body(self, data: bytes) -> None:
        self.parts.append(data)

    def on_message_complete(self) -> None:
        response = BareResponse()
        response.status = self.parser.get_status_code()
        response.headers, self.headers = self.headers, []
        response.body, self.parts = self.parts, []
        response.first_ns, self.first_ns = self.first_ns, 0
        response.end_ns = perf_counter_ns()
        if not self.future.done():
            self.future.set_result(response)


async def bare_vu(loop: asyncio.AbstractEventLoop, end_ns: int, recorder: Recorder) -> None:
    _, connection = await loop.create_connection(BareConnection, "127.0.0.1", 8080)
    head = (
        b"POST /data HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer " + TOKEN.encode() + b"\r\nContent-Length: %d\r\n\r\n"
    )
    index = 0
    while (iteration_ns := perf_counter_ns()) < end_ns:
        index += 1
        body = student(index)
        connection.future = loop.create_future()
        sent_ns = perf_counter_ns()
        connection.transport.write(head % len(body) + body)
        response = await connection.future
        end = response.end_ns
        first = response.first_ns
        recorder.record(
            response.status, end - sent_ns, first - sent_ns, end - first, perf_counter_ns() - iteration_ns
        )
    connection.transport.close()


async def client_vu(loop: asyncio.AbstractEventLoop, end_ns: int, recorder: Recorder) -> None:
    origin, _ = Origin.parse("http://127.0.0.1:8080")
    client = HttpClient(origin, COUNTERS, loop)
    template = RequestTemplate(origin, "POST", {"Content-Type": "application/json"})
    token = header_line("Authorization", f"Bearer {TOKEN}")
    index = 0
    while (iteration_ns := perf_counter_ns()) < end_ns:
        index += 1
        request = template.encode("/data", student(index), token)
        response = await client.send(request, timeout_ns=TIMEOUT_NS)
        if response.error is not None:
            raise response.error
        recorder.record(
            response.status,
            response.duration_ns,
            response.waiting_ns,
            response.receiving_ns,
            perf_counter_ns() - iteration_ns,
        )
    client.close()


COUNTERS = WireCounters()
Vu = Callable[[asyncio.AbstractEventLoop, int, Recorder], Awaitable[None]]


async def measure(vu: Vu, vus: int, seconds: float, use_histograms: bool) -> float:
    loop = asyncio.get_running_loop()
    recorder = Recorder(use_histograms)
    started_ns = perf_counter_ns()
    end_ns = started_ns + int(seconds * 1e9)
    await asyncio.gather(*(vu(loop, end_ns, recorder) for _ in range(vus)))
    assert recorder.passed == recorder.requests
    return recorder.requests / ((perf_counter_ns() - started_ns) / 1e9)


def main() -> None:
    import uvloop

    parser = argparse.ArgumentParser()
    parser.add_argument("--vus", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    for use_histograms in (False, True):
        ratios = []
        for _ in range(options.rounds):
            bare, client = (
                uvloop.run(measure(vu, options.vus, options.seconds, use_histograms))
                for vu in (bare_vu, client_vu)
            )
            ratios.append(client / bare)
            line = f"bare {bare:7.0f}  client {client:7.0f} req/s  ratio {client / bare:.2f}"
            sys.stdout.write(f"{'recording' if use_histograms else 'plain    '}  {line}\n")
            sys.stdout.flush()
        sys.stdout.write(f"median ratio {median(ratios):.2f}\n")


if __name__ == "__main__":
    main()
