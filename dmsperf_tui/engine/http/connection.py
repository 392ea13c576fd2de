"""One keep-alive connection and the exchange that runs on it.

This is the hot path of the whole project: one Future and one Response per request, four readings of the
clock, no timer, no closure. What is rare (errors, partial writes, interim answers) lives in methods of its
own, off the path that every request takes.
"""

from __future__ import annotations

import asyncio
import socket
from time import perf_counter_ns
from typing import Final, cast

import httptools

from dmsperf_tui.engine.http.counters import WireCounters
from dmsperf_tui.engine.http.encoding import decode_body
from dmsperf_tui.engine.http.errors import (
    BodyError,
    ProtocolError,
    ReceiveError,
    RequestError,
    SendError,
    WaitError,
    kind_of,
)
from dmsperf_tui.engine.http.reader import MAX_BODY_BYTES, MAX_HEAD_BYTES, ResponseReader
from dmsperf_tui.engine.http.response import Response
from dmsperf_tui.engine.http.writer import PendingWrite

STALE_CHECK_AFTER_NS: Final = 50_000_000
"""A connection idle for longer is asked, by a peek, whether the server has closed it (1 us)."""

_NEVER: Final = 1 << 63
_MIN_TIMER_S: Final = 0.001


class Connection(ResponseReader, asyncio.Protocol):
    """A connected TCP or TLS stream, used by one exchange at a time.

    `begin` starts an exchange and returns the future of its Response, which never holds an exception.
    """

    __slots__ = (
        "_counters",
        "_deadline_ns",
        "_exchange",
        "_first_ns",
        "_is_tls",
        "_loop",
        "_pending_write",
        "_ready_ns",
        "_response",
        "_sock",
        "_sock_send",
        "_timer",
        "_timer_at_ns",
        "_transport",
        "_used_until_ns",
        "_written_ns",
        "is_open",
    )

    _exchange: asyncio.Future[Response]
    _response: Response | None

    def __init__(
        self, loop: asyncio.AbstractEventLoop, counters: WireCounters, sock: socket.socket, is_tls: bool
    ) -> None:
        super().__init__()
        self.is_open = False
        """Connected, idle or busy, and fit for a further request."""
        self._loop = loop
        self._counters = counters
        self._sock = sock
        # Plain TCP is written with send(2) at once. uvloop would buffer a transport.write until the end of
        # the loop's turn: "request written" would then be a time at which nothing has left, and the server
        # would start later. The socket is the transport's own: uvloop detaches it when it closes, so that a
        # send can never reach a descriptor that was given to somebody else.
        self._sock_send = sock.send
        self._is_tls = is_tls
        self._transport: asyncio.Transport | None = None
        self._response = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at_ns = _NEVER
        self._deadline_ns = 0
        self._used_until_ns = 0
        self._pending_write: PendingWrite | None = None

    # ---- the exchange ----

    def begin(
        self, request: bytes, started_ns: int, ready_ns: int, deadline_ns: int, head_only: bool
    ) -> asyncio.Future[Response] | None:
        """Write `request`; the future resolves to its Response. All times are `perf_counter_ns`.

        None means that this kept-alive connection had been closed by the server before anything was written:
        the request can go over another one. The caller guarantees that no exchange is running.
        """
        used_until_ns = self._used_until_ns
        if not self.is_open or (
            used_until_ns and ready_ns - used_until_ns > STALE_CHECK_AFTER_NS and self._is_stale()
        ):
            self.abort()
            return None
        response = Response()
        response.started_ns = started_ns
        response.blocked_ns = ready_ns - started_ns
        response.connecting_ns = response.tls_handshaking_ns = 0
        self._response = response
        self._ready_ns = ready_ns
        self._first_ns = 0
        self._written_ns = 0
        self._headers = []
        self._body = b""
        self._head_only = head_only
        self._head_done = self._complete = False
        self._exchange = exchange = self._loop.create_future()
        if self._is_tls:
            self._write_rest(request, 0)
        else:
            try:
                sent = self._sock_send(request)
            except BlockingIOError:
                sent = 0
            except OSError as fault:
                if used_until_ns:
                    self._response = None
                    self.abort()
                    return None
                kind = kind_of(fault, "connection closed")
                self._settle(SendError(kind, f"{kind}: the request could not be written"))
                return exchange
            if sent == len(request):
                self._written_ns = perf_counter_ns()
                counters = self._counters
                counters.data_sent += sent
                counters.requests_sent += 1
            else:
                self._write_rest(request, sent)
        self._deadline_ns = deadline_ns
        if deadline_ns < self._timer_at_ns:
            self._arm_timer(deadline_ns - perf_counter_ns())
        return exchange

    def data_received(self, data: bytes) -> None:
        size = len(data)
        self._counters.data_received += size
        if self._response is None:
            self.abort()  # bytes that nobody asked for: the next answer could not be told from them
            return
        if not self._first_ns:
            self._first_ns = perf_counter_ns()
        try:
            if size > MAX_HEAD_BYTES and not self._head_done:
                self._feed_slices(data)
            else:
                self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._settle(ProtocolError("unexpected upgrade", "unexpected upgrade: the server left HTTP/1.1"))
            return
        except httptools.HttpParserError as fault:
            self._settle_malformed(fault)
            return
        if self._complete:
            self._settle(None)
            return
        self._pending_bytes += size
        self._check_limits()

    def _settle(self, error: RequestError | None) -> None:
        """End the exchange, well or not: phases, connection's fate, result."""
        ended_ns = perf_counter_ns()
        response = self._response
        if response is None:
            return
        self._response = None
        self._used_until_ns = ended_ns
        ready_ns = self._ready_ns
        first_ns = self._first_ns
        # An answer that came before the request was written cuts `sending` short.
        written_ns = self._written_ns or first_ns or ended_ns
        response.sending_ns = written_ns - ready_ns
        if first_ns > written_ns:
            response.waiting_ns = first_ns - written_ns
            response.receiving_ns = ended_ns - first_ns
        elif first_ns:
            response.waiting_ns = 0
            response.receiving_ns = ended_ns - written_ns
        else:
            response.waiting_ns = ended_ns - written_ns
            response.receiving_ns = 0
        response.duration_ns = ended_ns - ready_ns
        response.ended_ns = ended_ns
        response.status = self._status if self._head_done else 0
        response.headers = self._headers
        response.body = self._body
        response.error = error
        if error is not None or self._content_encoding is not None or self._body_parts is not None:
            self._settle_body(response)
        if self._unexpected and error is None:
            error = ProtocolError("unexpected response", "unexpected response: more came than was asked for")
            response.error = error
        if error is not None or not self._keep_alive or self._pending_write is not None:
            self.abort()
        elif self._head_only:
            self._parser = httptools.HttpResponseParser(self)  # the old one still waits for the body
        self._pending_bytes = 0
        exchange = self._exchange
        if not exchange.done():
            exchange.set_result(response)

    # ---- the rare paths ----

    def _settle_body(self, response: Response) -> None:
        """Join a body that came in parts; decode it, unless it is incomplete anyway."""
        if self._body_parts is not None:
            response.body = b"".join(self._body_parts)
            self._body_parts = None
        if self._content_encoding is not None:
            if response.error is None and response.body:
                try:
                    response.body = decode_body(response.body, self._content_encoding, MAX_BODY_BYTES)
                except BodyError as fault:
                    response.error = fault.with_traceback(None)
            self._content_encoding = None

    def _write_rest(self, request: bytes, sent: int) -> None:
        """Leave the writing to the transport; `resume_writing` takes it up again."""
        assert self._transport is not None
        self._counters.data_sent += sent
        self._pending_write = PendingWrite(self._transport, request, sent, self._is_tls)
        self._pump()

    def _pump(self) -> None:
        pending = self._pending_write
        if pending is not None and pending.pump():
            self._written_ns = perf_counter_ns()
            self._counters.data_sent += pending.taken_bytes()
            self._counters.requests_sent += 1
            self._pending_write = None

    def _check_limits(self) -> None:
        if not self._head_done:
            if self._pending_bytes >= MAX_HEAD_BYTES:
                self._settle(ProtocolError("head too large", f"head too large: over {MAX_HEAD_BYTES} bytes"))
        elif self._pending_bytes > MAX_BODY_BYTES + MAX_HEAD_BYTES:
            self._settle(BodyError("body too large", f"body too large: over {MAX_BODY_BYTES} bytes"))

    def _settle_malformed(self, fault: httptools.HttpParserError) -> None:
        if self._complete:  # the answer was fine, what follows it is not
            self._unexpected = True
            self._settle(None)
        else:
            self._settle(ProtocolError("malformed response", f"malformed response: {fault}"))

    def _is_stale(self) -> bool:
        """Whether the server's FIN or stray bytes lie in the kernel, not yet seen by the loop."""
        try:
            return not self._sock.recv(1, socket.MSG_PEEK) or not self._is_tls
        except BlockingIOError:
            return False
        except OSError:
            return True

    def _settle_lost(self, kind: str) -> None:
        """The connection is gone, or time is up (`read timeout`), in the middle of an exchange."""
        if not self._written_ns:
            if kind == "read timeout":
                kind = "send timeout"
            self._settle(SendError(kind, f"{kind}: the request was not written in full"))
        elif not self._first_ns:
            self._settle(WaitError(kind, f"{kind}: before the first byte of an answer"))
        elif kind == "connection closed" and self._head_done:
            self._settle(BodyError("truncated body", "truncated body: the connection was closed inside it"))
        else:
            self._settle(ReceiveError(kind, f"{kind}: in the middle of the answer"))

    # ---- the timer: one per connection, armed once per timeout and not once per request ----

    def _arm_timer(self, delay_ns: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at_ns = self._deadline_ns
        self._timer = self._loop.call_later(max(delay_ns / 1e9, _MIN_TIMER_S), self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._timer_at_ns = _NEVER
        if self._response is None:
            return  # idle: the next request arms it anew
        left_ns = self._deadline_ns - perf_counter_ns()
        if left_ns > 0:  # a later request moved the deadline on, or uvloop's timer came early
            self._arm_timer(left_ns)
        else:
            self._settle_lost("read timeout")

    # ---- asyncio calls these ----

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        # Tell of every byte the kernel does not take at once (TLS compares with >=: 0 would pause always).
        transport.set_write_buffer_limits(high=1 if self._is_tls else 0, low=0)
        self._parser = httptools.HttpResponseParser(self)
        self.is_open = True

    def pause_writing(self) -> None:
        if self._pending_write is not None:
            self._pending_write.is_paused = True

    def resume_writing(self) -> None:
        if self._pending_write is not None:
            self._pending_write.is_paused = False
            self._pump()

    def eof_received(self) -> None:
        self.is_open = False
        if self._response is None:
            return
        if self._ends_with_stream():
            self._keep_alive = False
            self._complete = True
            self._settle(None)
        else:
            self._settle_lost("connection closed")

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        self._pending_write = None  # its buffer is gone: nobody knows how much of it had left
        if self._response is not None:
            self._settle_lost(kind_of(exc, "connection closed"))
        self.abort()
        del self._parser  # it holds bound methods of ours: a cycle that only the collector would free

    def close(self) -> None:
        """Abort; a running exchange ends with an error of kind `client closed`."""
        if self._response is not None:
            self._settle_lost("client closed")
        self.abort()

    def abandon(self) -> None:
        """Nobody waits for the exchange any more: drop the connection, unless the answer is already in."""
        if self._response is not None:
            self.abort()

    def abort(self) -> None:
        """Drop the connection at once, with whatever is running on it. Its future stays as it is."""
        self.is_open = False
        self._response = None
        if self._pending_write is not None:
            self._counters.data_sent += self._pending_write.taken_bytes()
            self._pending_write = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        transport = self._transport
        if transport is not None:
            self._transport = None
            if not self._loop.is_closed():
                transport.abort()
