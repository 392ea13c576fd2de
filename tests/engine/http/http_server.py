"""Real local servers that answer, or misbehave, exactly as a test says; and sync tests on both loops.

A handler is an async function that is given one accepted connection (`Peer`) and does with it what it likes.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from functools import cache
from typing import Any

import pytest
import trustme
import uvloop

from dmsperf_tui.engine.http import HttpClient, Origin, RequestTemplate, Response, WireCounters

MS = 1_000_000
TIMEOUT_NS = 5_000 * MS
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

AsyncTest = Callable[[], Coroutine[Any, Any, None]]


def on_both_loops(test: AsyncTest) -> Callable[[str], None]:
    """Make an async test a sync one that runs on asyncio's own loop and on uvloop.

    Whatever the loop would only log (a future's exception never retrieved, a handler that died) fails it.
    """

    @pytest.mark.parametrize("loop_kind", ["asyncio", "uvloop"])
    def run(loop_kind: str) -> None:
        complaints: list[dict[str, Any]] = []
        factory = uvloop.new_event_loop if loop_kind == "uvloop" else asyncio.new_event_loop
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.get_loop().set_exception_handler(lambda _, context: complaints.append(context))
            runner.run(test())
        assert complaints == []

    run.__name__ = run.__qualname__ = getattr(test, "__name__", "test")
    run.__module__ = test.__module__
    run.__doc__ = test.__doc__
    return run


class Peer:
    """The server's end of one connection."""

    def __init__(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server = server
        self.reader = reader
        self.writer = writer

    async def request(self) -> bytes | None:
        """One whole request, None when the client has closed."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = 0
            for line in head.split(b"\r\n"):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            request = head + await self.reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        self.server.requests.append(request)
        return request

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        with contextlib.suppress(ConnectionError):
            await self.writer.drain()

    def close(self) -> None:
        self.writer.close()

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Handler = Callable[[Peer], Awaitable[None]]


class Server:
    """Counts what a server sees, so that a test can hold it against the client's own counts."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.accepted = 0
        self.requests: list[bytes] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self.writers: list[asyncio.StreamWriter] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        self.writers.append(writer)
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await self.handler(Peer(self, reader, writer))


def answering(*parts: bytes, pause_s: float = 0.0) -> Handler:
    """Answer every request with `parts`, a pause between each two."""

    async def handler(peer: Peer) -> None:
        while await peer.request() is not None:
            for index, part in enumerate(parts):
                if index:
                    await asyncio.sleep(pause_s)
                await peer.send(part)

    return handler


def answering_and_closing(*parts: bytes, pause_s: float = 0.001) -> Handler:
    """Answer one request with `parts`, then close."""

    async def handler(peer: Peer) -> None:
        if await peer.request() is not None:
            for part in parts:
                await peer.send(part)
                await asyncio.sleep(pause_s)
        peer.close()

    return handler


@contextlib.asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    server = Server(handler)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for writer in server.writers:
            writer.transport.abort()
        for task in server.tasks:
            task.cancel()
        await asyncio.gather(*server.tasks, return_exceptions=True)
        await asyncio.sleep(0.002)


class Session:
    """A client under test beside its server."""

    def __init__(self, server: Server, origin: Origin, limit: int) -> None:
        self.server = server
        self.origin = origin
        self.counters = WireCounters()
        self.client = HttpClient(origin, self.counters, asyncio.get_running_loop(), limit=limit)

    def encode(self, method: str = "GET", path: str = "/", body: bytes = b"") -> bytes:
        return RequestTemplate(self.origin, method).encode(path, body)

    async def get(self, timeout_ns: int = TIMEOUT_NS) -> Response:
        return checked(await self.client.send(self.encode(), timeout_ns=timeout_ns))

    async def head(self) -> Response:
        return checked(await self.client.send(self.encode("HEAD"), timeout_ns=TIMEOUT_NS, head_only=True))

    async def post(self, body: bytes, timeout_ns: int = TIMEOUT_NS) -> Response:
        return checked(await self.client.send(self.encode("POST", "/data", body), timeout_ns=timeout_ns))


@contextlib.asynccontextmanager
async def session(
    handler: Handler,
    *,
    limit: int = 6,
    tls: ssl.SSLContext | None = None,
    client_tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Session]:
    async with serving(handler, tls) as server:
        host = "localhost" if tls is not None else "127.0.0.1"
        made = Session(server, Origin("https" if tls else "http", host, server.port, client_tls), limit)
        try:
            yield made
            assert made.counters.in_flight == 0
        finally:
            made.client.close()
            await asyncio.sleep(0)


def checked(response: Response) -> Response:
    """What holds for every response: the phases tile the exchange."""
    assert response.blocked_ns + response.duration_ns == response.ended_ns - response.started_ns
    assert response.duration_ns == response.sending_ns + response.waiting_ns + response.receiving_ns
    assert response.blocked_ns >= response.connecting_ns + response.tls_handshaking_ns
    phases = (response.sending_ns, response.waiting_ns, response.receiving_ns, response.connecting_ns)
    assert min(phases) >= 0
    return response


def error_of(response: Response) -> tuple[str, str]:
    """Phase and kind of the error that must be there."""
    error = response.error
    assert error is not None
    assert str(error)
    assert "\n" not in str(error)
    return error.phase, error.kind


@cache
def authority() -> trustme.CA:
    return trustme.CA(key_type=trustme.KeyType.ECDSA)


@cache
def server_tls(name: str = "localhost") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert(name, key_type=trustme.KeyType.ECDSA).configure_cert(context)
    return context


def trusting_tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority().configure_trust(context)
    return context


@contextlib.contextmanager
def full_backlog() -> Iterator[int]:
    """A port at which nobody answers: a full backlog drops further SYNs."""
    with socket.socket() as listener, contextlib.ExitStack() as fillers:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        for _ in range(4):
            filler = fillers.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        yield port


def unused_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
