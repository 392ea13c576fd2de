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
from dmsperf_tui.engine.http.reader import MAX_BODY_BYTES, MAX_HEAD_BYTES, SAMPLE_BYTES, ResponseReader
from dmsperf_tui.engine.http.response import Response
from dmsperf_tui.engine.http.writer import PendingWrite

STALE_CHECK_AFTER_NS: Final = 50_000_000
"""A connection idle for longer is asked, by a peek, whether the server has closed it (1 us)."""

MAX_FRAMING_BYTES: Final = 2 * MAX_HEAD_BYTES
"""Trailers and chunk extensions: how much may come in a row without a byte of body."""
SAMPLE_DECODED_BYTES: Final = 64 * 1024

_NEVER: Final = 1 << 63
_MIN_TIMER_S: Final = 0.001


class Connection(ResponseReader, asyncio.Protocol):
    """A connected TCP or TLS stream, used by one exchange at a time.

    `begin` starts an exchange and returns the future of its Response, which never holds an exception.
    """

    __slots__ = (
        "_body_seen_bytes",
        "_counters",
        "_create_future",
        "_deadline_ns",
        "_exchange",
        "_first_ns",
        "_framing_bytes",
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
        self._create_future = loop.create_future
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
        self._body_seen_bytes = 0
        self._framing_bytes = 0

    @property
    def got_unasked_bytes(self) -> bool:
        """Whether something came that answers no request."""
        return self._unexpected

    # ---- the exchange ----

    def begin(
        self,
        request: bytes,
        started_ns: int,
        ready_ns: int,
        deadline_ns: int,
        head_only: bool,
        keep_body: bool = True,
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
        self._headers = []
        self._body = b""
        self._head_only = head_only
        self._keep_body = keep_body
        self._is_special = head_only or not keep_body
        self._head_done = self._complete = False
        self._exchange = exchange = self._create_future()
        if self._is_tls:
            self._written_ns = 0
            self._write_rest(request, 0)
        else:
            try:
                sent = self._sock_send(request)
            except BlockingIOError:
                sent = 0
            except OSError as fault:
                self._written_ns = 0
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
                self._written_ns = 0
                self._write_rest(request, sent)
        self._deadline_ns = deadline_ns
        if deadline_ns < self._timer_at_ns:
            self._arm_timer(deadline_ns - perf_counter_ns())
        return exchange

    def data_received(self, data: bytes) -> None:
        size = len(data)
        self._counters.data_received += size
        if self._response is None:
            self._unexpected = True
            self.abort()  # bytes that nobody asked for: the next answer could not be told from them
            return
        if not self._first_ns:
            self._first_ns = perf_counter_ns()
        try:
            if size > MAX_HEAD_BYTES and not self._head_done:
                self._feed_slices(data)
            else:
                self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as fault:
            self._settle_malformed(fault)
            return
        if self._complete:
            self._settle(None)
            return
        self._is_special = True
        self._pending_bytes += size
        self._check_limits(size)

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
        response.status = self._status
        response.headers = self._headers
        response.body = body = self._body
        response.body_bytes = len(body)
        response.sets_cookies = False
        response.error = error
        if error is not None or self._is_special:
            self._settle_special(response)
        elif not self._keep_alive:
            self.abort()
        try:
            self._exchange.set_result(response)
        except asyncio.InvalidStateError:
            return  # cancelled in this very moment

    # ---- the rare paths ----

    def _settle_special(self, response: Response) -> None:
        """What only some answers need: see `_is_special`."""
        fault = response.error
        if not self._head_done:
            response.status = 0
        self._settle_body(response)
        response.sets_cookies = self._sets_cookies
        self._sets_cookies = False
        if self._unexpected and fault is None:
            fault = response.error = ProtocolError(
                "unexpected response", "unexpected response: more came than was asked for"
            )
        # A body that could not be decoded is no reason to give the connection up: its framing was right.
        if fault is not None or not self._keep_alive or self._pending_write is not None:
            self.abort()
        elif self._head_only:
            self._parser = httptools.HttpResponseParser(self)  # the old one still waits for the body

    def _settle_body(self, response: Response) -> None:
        """Join a body that came in pieces; decode it, unless it is incomplete anyway."""
        response.body_bytes = body_bytes = self._body_size()
        if not self._keep_body:
            response.body = response.body[:SAMPLE_BYTES]
        elif self._body_rest is not None:
            response.body = self._body + self._body_rest
        coding = self._content_encoding
        if coding is not None and response.error is None and len(response.body) == body_bytes > 0:
            limit_bytes = MAX_BODY_BYTES if self._keep_body else SAMPLE_DECODED_BYTES
            try:
                response.body = decode_body(response.body, coding, limit_bytes)
            except BodyError as fault:
                if self._keep_body:  # a body that nobody reads is not judged
                    response.error = fault.with_traceback(None)
        self._content_encoding = self._body_rest = None
        self._body_bytes = self._pending_bytes = self._body_seen_bytes = self._framing_bytes = 0

    def _write_rest(self, request: bytes, sent: int) -> None:
        """Leave the writing to the transport; `resume_writing` takes it up again."""
        assert self._transport is not None
        self._counters.data_sent += sent
        self._pending_write = PendingWrite(self._transport, request, sent, self._is_tls)
        self._is_special = True
        self._pump()

    def _pump(self) -> None:
        pending = self._pending_write
        if pending is not None and pending.pump():
            self._written_ns = perf_counter_ns()
            self._counters.data_sent += pending.taken_bytes()
            self._counters.requests_sent += 1
            self._pending_write = None

    def _check_limits(self, size: int) -> None:
        """The answer goes on: `size` bytes more of it have come."""
        if not self._head_done:
            if self._pending_bytes >= MAX_HEAD_BYTES:
                self._settle(ProtocolError("head too large", f"head too large: over {MAX_HEAD_BYTES} bytes"))
            return
        body_bytes = self._body_size()
        if body_bytes != self._body_seen_bytes:
            self._body_seen_bytes = body_bytes
            self._framing_bytes = 0
        else:
            self._framing_bytes += size
            if self._framing_bytes > MAX_FRAMING_BYTES:
                message = f"head too large: over {MAX_FRAMING_BYTES} bytes around the body"
                self._settle(ProtocolError("head too large", message))
                return
        if self._keep_body and self._pending_bytes > MAX_BODY_BYTES + MAX_HEAD_BYTES:
            self._settle(BodyError("body too large", f"body too large: over {MAX_BODY_BYTES} bytes"))

    def _settle_malformed(self, fault: Exception) -> None:
        if self._status == 101:
            self._settle(ProtocolError("unexpected upgrade", "unexpected upgrade: the server left HTTP/1.1"))
        elif self._complete:  # the answer was fine, what follows it is not
            self._unexpected = self._is_special = True
            self._settle(None)
        else:
            cause = fault.__context__  # set where one of our own callbacks refused
            reason = " ".join(str(cause or fault).split())
            self._settle(ProtocolError("malformed response", f"malformed response: {reason}"))

    def _is_stale(self) -> bool:
        """Whether the server's FIN, or bytes that nobody asked for, lie in the kernel, not yet seen by the
        loop. Under TLS such bytes are mostly the alert that announces the close."""
        try:
            self._sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
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
