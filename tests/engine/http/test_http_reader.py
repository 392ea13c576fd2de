"""However the network cuts an answer into pieces, it reads the same."""

from __future__ import annotations

import asyncio
import gzip
import pickle
import socket
from collections.abc import Iterator
from itertools import pairwise
from time import perf_counter_ns
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmsperf_tui.engine.http import RequestError, Response, WaitError, WireCounters
from dmsperf_tui.engine.http.connection import Connection

_PACKED = gzip.compress(b"packed body")
_HEAD = b"HTTP/1.1 200 OK\r\n"
ANSWERS: list[tuple[bytes, int, bytes]] = [
    (b"HTTP/1.1 201 Created\r\nA: b\r\nContent-Length: 5\r\n\r\nhello", 201, b"hello"),
    (b"HTTP/1.1 103 Hints\r\nA: b\r\n\r\n" + _HEAD + b"Content-Length: 1\r\n\r\nx", 200, b"x"),
    (
        _HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\nT: t\r\n\r\n",
        200,
        b"hello world",
    ),
    (
        _HEAD + b"content-encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(_PACKED) + _PACKED,
        200,
        b"packed body",
    ),
    (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
]


class FakeTransport:
    def set_write_buffer_limits(self, high: int, low: int) -> None: ...

    def abort(self) -> None: ...


class FakeSocket:
    def send(self, data: bytes) -> int:
        return len(data)


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


def connect(loop: asyncio.AbstractEventLoop) -> Connection:
    connection = Connection(loop, WireCounters(), cast("socket.socket", FakeSocket()), is_tls=False)
    connection.connection_made(cast("asyncio.BaseTransport", FakeTransport()))
    return connection


def exchange(connection: Connection, pieces: list[bytes]) -> Response:
    now_ns = perf_counter_ns()
    future = connection.begin(b"GET / HTTP/1.1\r\n\r\n", now_ns, now_ns, now_ns + 10**10, False)
    assert future is not None
    for piece in pieces:
        connection.data_received(piece)
    return future.result()


@given(
    st.lists(
        st.tuples(st.sampled_from(ANSWERS), st.lists(st.integers(0, 200), max_size=12)),
        min_size=1,
        max_size=4,
    )
)
def test_any_cut_reads_the_same(
    loop: asyncio.AbstractEventLoop,
    sequence: list[tuple[tuple[bytes, int, bytes], list[int]]],
) -> None:
    connection = connect(loop)
    for (raw, status, body), cuts in sequence:
        edges = [0, *sorted({cut for cut in cuts if cut < len(raw)}), len(raw)]
        pieces = [raw[start:end] for start, end in pairwise(edges) if start < end]
        response = exchange(connection, pieces)
        assert response.error is None
        assert (response.status, response.body) == (status, body)
        assert connection.is_open
        assert response.sending_ns + response.waiting_ns + response.receiving_ns == response.duration_ns
    connection.abort()


@given(st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=5))
def test_no_bytes_whatsoever_raise(loop: asyncio.AbstractEventLoop, pieces: list[bytes]) -> None:
    connection = connect(loop)
    now_ns = perf_counter_ns()
    future = connection.begin(b"x", now_ns, now_ns, now_ns + 10**10, False)
    assert future is not None
    for piece in pieces:
        connection.data_received(_HEAD + piece)
    connection.connection_lost(None)
    assert future.done()
    assert future.result().ended_ns >= now_ns


def test_response_says_what_it_is() -> None:
    assert "200 2 bytes" in repr(Response.make(200, body=b"ok"))
    assert "read timeout" in repr(Response.make(0, error=WaitError("read timeout", "late")))
    with pytest.raises(ValueError, match="unexpected"):
        Response.make(200, body=b"<html>").json()


def test_errors_travel_between_processes() -> None:
    error: Any = pickle.loads(pickle.dumps(WaitError("read timeout", "read timeout: late")))
    assert isinstance(error, RequestError)
    assert (error.phase, error.kind, str(error)) == ("waiting", "read timeout", "read timeout: late")


def test_counters_show_themselves() -> None:
    assert "requests_sent=0" in repr(WireCounters())
