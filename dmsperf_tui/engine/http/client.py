"""One virtual user's client: a small pool of keep-alive connections to one origin."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from time import perf_counter_ns

from dmsperf_tui.engine.http.connection import Connection
from dmsperf_tui.engine.http.counters import WireCounters
from dmsperf_tui.engine.http.dial import Dial
from dmsperf_tui.engine.http.errors import BlockedError, ProtocolError, RequestError, SendError
from dmsperf_tui.engine.http.origin import Origin
from dmsperf_tui.engine.http.response import Response

Tap = Callable[[bytes, Response], None]
"""Is given a request's bytes and its outcome. It must not raise, and may not keep the load waiting."""


class HttpClient:
    """Sends requests to `origin` and measures them; `counters` is shared by all clients of a worker.

    A VU that sends one request after the other uses one connection, as in k6. Requests sent at the same time
    use up to `limit` connections; further ones wait for a slot, first come first served, and that wait is
    `blocked` time. Nothing is retried: a connection that the server closed between two requests is replaced
    before anything is sent, and counted (`WireCounters.stale_connections`), but once a byte of a request is
    written its failure counts.

    `connect_timeout_ns` bounds name look-up, TCP and TLS of a new connection together; without it they have
    the request's own time. `tap` is called after each exchange, also a failed one, but not a cancelled one.
    """

    # Two invariants: while a connection is idle, or a slot is free, nobody waits.
    __slots__ = (
        "_connect_timeout_ns",
        "_connections",
        "_counters",
        "_idle",
        "_is_closed",
        "_limit",
        "_loop",
        "_origin",
        "_slots",
        "_tap",
        "_waiters",
    )

    def __init__(
        self,
        origin: Origin,
        counters: WireCounters,
        loop: asyncio.AbstractEventLoop,
        *,
        limit: int = 6,
        connect_timeout_ns: int | None = None,
        tap: Tap | None = None,
    ) -> None:
        if limit < 1:
            raise ValueError("a client needs at least one connection")
        self._origin = origin
        self._counters = counters
        self._loop = loop
        self._limit = limit
        self._connect_timeout_ns = connect_timeout_ns
        self._tap = tap
        self._connections: list[Connection] = []
        self._idle: list[Connection] = []
        self._slots = 0  # taken ones: connections, and those being dialled
        self._waiters: deque[asyncio.Future[Connection | None]] | None = None
        self._is_closed = False

    async def send(
        self, request: bytes, *, timeout_ns: int, head_only: bool = False, keep_body: bool = True
    ) -> Response:
        """Send one complete, serialized request (see `RequestTemplate`) and wait for the whole answer.

        `timeout_ns` bounds everything from this call to the end of the body. `head_only` says that the
        request's method is HEAD. With `keep_body=False` the body is counted (`Response.body_bytes`) but not
        held: 4,096 bytes of it stay for error reports, it may have any size, and its coding is not judged.
        Network faults, timeouts and broken answers are in `Response.error`; only CancelledError is raised,
        and the connection is dropped then.
        """
        started_ns = perf_counter_ns()
        deadline_ns = started_ns + timeout_ns
        counters = self._counters
        counters.in_flight += 1
        try:
            idle = self._idle
            while idle:
                connection = idle.pop()
                exchange = connection.begin(
                    request, started_ns, started_ns, deadline_ns, head_only, keep_body
                )
                if exchange is not None:
                    break
                counters.stale_connections += 1
                self._release(connection)
            else:
                response = await self._send_slowly(request, started_ns, deadline_ns, head_only, keep_body)
                if self._tap is not None:
                    self._tap(request, response)
                return response
            try:
                response = await exchange
            except asyncio.CancelledError:
                connection.abandon()
                raise
            finally:
                if connection.is_open and not self._waiters:
                    idle.append(connection)
                else:
                    self._release(connection)
            if self._tap is not None:
                self._tap(request, response)
            return response
        finally:
            counters.in_flight -= 1

    def close(self) -> None:
        """Close idle and busy connections at once. Running exchanges, and later ones, end with an error of
        kind `client closed`."""
        self._is_closed = True
        idle = self._idle.copy()
        self._idle.clear()
        for connection in self._connections:
            connection.close()
        for connection in idle:
            self._release(connection)
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                self._slots += 1  # one over the limit, given back at once
                waiter.set_result(None)

    # ---- no connection is idle ----

    async def _send_slowly(
        self, request: bytes, started_ns: int, deadline_ns: int, head_only: bool, keep_body: bool
    ) -> Response:
        """Take a slot or wait for one, connect where needed, and send."""
        connection: Connection | None = None
        if self._slots < self._limit:
            self._slots += 1
        else:
            granted = await self._wait_for_slot(deadline_ns)
            if isinstance(granted, BlockedError):
                return Response.failed(granted, started_ns, perf_counter_ns())
            connection = granted
        # From here on a slot is ours, with or without a connection in it.
        if connection is not None:
            exchange = connection.begin(
                request, started_ns, perf_counter_ns(), deadline_ns, head_only, keep_body
            )
            if exchange is not None:
                return await self._await_exchange(connection, exchange)
            if not self._is_closed:
                self._counters.stale_connections += 1
            self._connections.remove(connection)
        dial = Dial(self._origin, self._counters, self._loop)
        try:
            if self._is_closed:
                dial.error = _client_closed()
            else:
                limit_ns = self._connect_timeout_ns
                if limit_ns is not None:
                    limit_ns += perf_counter_ns()
                await dial.run(deadline_ns if limit_ns is None else min(deadline_ns, limit_ns))
        finally:
            connection = dial.connection
            if connection is None:
                self._give_up_slot()
            else:
                self._connections.append(connection)
        ready_ns = perf_counter_ns()
        if connection is None:
            assert dial.error is not None
            return Response.failed(
                dial.error, started_ns, ready_ns, dial.connecting_ns, dial.tls_handshaking_ns
            )
        if self._is_closed:
            connection.abort()
        exchange = connection.begin(request, started_ns, ready_ns, deadline_ns, head_only, keep_body)
        if exchange is None:
            self._release(connection)
            error = _client_closed() if self._is_closed else _unfit_at_once(connection.got_unasked_bytes)
            return Response.failed(error, started_ns, ready_ns, dial.connecting_ns, dial.tls_handshaking_ns)
        response = await self._await_exchange(connection, exchange)
        response.connecting_ns = dial.connecting_ns
        response.tls_handshaking_ns = dial.tls_handshaking_ns
        return response

    async def _await_exchange(self, connection: Connection, exchange: asyncio.Future[Response]) -> Response:
        try:
            return await exchange
        except asyncio.CancelledError:
            connection.abandon()
            raise
        finally:
            self._release(connection)

    async def _wait_for_slot(self, deadline_ns: int) -> Connection | BlockedError | None:
        """An idle connection, or None for a free slot to dial in; either belongs to the caller then."""
        if self._waiters is None:
            self._waiters = deque()
        waiter: asyncio.Future[Connection | None] = self._loop.create_future()
        self._waiters.append(waiter)
        try:
            # uvloop's timers can fire 0.9 ms early; a timeout must not.
            async with asyncio.timeout(max(deadline_ns - perf_counter_ns(), 0) / 1e9 + 0.001):
                return await waiter
        except BaseException as fault:
            if waiter.cancelled():
                if waiter in self._waiters:
                    self._waiters.remove(waiter)
            else:  # handed over in the very moment in which we gave up
                granted = waiter.result()
                if granted is None:
                    self._give_up_slot()
                else:
                    self._release(granted)
            if isinstance(fault, TimeoutError):
                return BlockedError("slot timeout", "slot timeout: no connection of this VU was free in time")
            raise

    def _release(self, connection: Connection) -> None:
        """An exchange is over: hand the connection, or the slot of a dead one, to who waits."""
        if not connection.is_open:
            self._connections.remove(connection)
            self._give_up_slot()
            return
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        self._idle.append(connection)

    def _give_up_slot(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self._slots -= 1


def _client_closed() -> BlockedError:
    return BlockedError("client closed", "client closed: the VU's client was closed before the request began")


def _unfit_at_once(got_unasked_bytes: bool) -> RequestError:
    if got_unasked_bytes:
        return ProtocolError(
            "unexpected response", "unexpected response: the server spoke before it was asked anything"
        )
    return SendError("connection closed", "connection closed: the server accepted and closed at once")
