"""Every kind of every class of the error tree is reached, and counted in the phase that it names."""

from __future__ import annotations

import asyncio
import errno
import gzip
import socket
from collections.abc import Awaitable, Callable
from time import perf_counter_ns
from typing import Any, cast

import pytest

from dmsperf_tui.engine.http import (
    GENERATOR_KINDS,
    BlockedError,
    BodyError,
    ConnectError,
    ForeignRedirect,
    HttpClient,
    Origin,
    ProtocolError,
    ReceiveError,
    RequestError,
    ResolveError,
    Response,
    SendError,
    TlsError,
    WaitError,
    WireCounters,
    redirect_target,
)
from dmsperf_tui.engine.http.connection import Connection
from tests.engine.http.http_server import (
    MS,
    OK,
    Peer,
    answering,
    checked,
    error_of,
    server_tls,
    serving,
    session,
    trusting_tls,
)

HEAD = b"HTTP/1.1 200 OK\r\n"
LOST = {
    "connection reset": OSError(errno.ECONNRESET, "x"),
    "connection closed": None,
    "network unreachable": OSError(errno.ENETUNREACH, "x"),
    "out of memory": OSError(errno.ENOBUFS, "x"),
}
OF_ERRNO = {
    "connect refused": errno.ECONNREFUSED,
    "connect timeout": errno.ETIMEDOUT,
    "connect failed": errno.EINVAL,
    "connection reset": errno.EPIPE,
    "network unreachable": errno.EHOSTUNREACH,
    "too many open files": errno.EMFILE,
    "out of ports": errno.EADDRNOTAVAIL,
    "out of memory": errno.ENOMEM,
}

Case = Callable[[], Awaitable[Response]]
CASES: dict[tuple[type[RequestError], str], Case] = {}


def case(error: type[RequestError], kind: str) -> Callable[[Case], Case]:
    def register(run: Case) -> Case:
        assert (error, kind) not in CASES
        CASES[error, kind] = run
        return run

    return register


class FakeTransport:
    """Takes nothing of what is written, or all of it."""

    def __init__(self, is_full: bool) -> None:
        self.is_full = is_full
        self.protocol: Connection | None = None

    def set_write_buffer_limits(self, high: int, low: int) -> None: ...

    def get_write_buffer_size(self) -> int:
        return 1 if self.is_full else 0

    def write(self, data: bytes) -> None:
        assert self.protocol is not None
        if self.is_full:
            self.protocol.pause_writing()

    def abort(self) -> None: ...


class FakeSocket:
    def __init__(self, fault: OSError | None) -> None:
        self.fault = fault

    def send(self, data: bytes) -> int:
        if self.fault is not None:
            raise self.fault
        return len(data)


async def exchange(
    act: Callable[[Connection], object], *, fault: OSError | None = None, timeout_ns: int = 5_000 * MS
) -> Response:
    """One exchange on a connection without a network, to which `act` happens once the request is written."""
    sock = cast("socket.socket", FakeSocket(fault))
    connection = Connection(asyncio.get_running_loop(), WireCounters(), sock, is_tls=False)
    transport = FakeTransport(is_full=isinstance(fault, BlockingIOError))
    transport.protocol = connection
    connection.connection_made(cast("asyncio.BaseTransport", transport))
    now_ns = perf_counter_ns()
    future = connection.begin(b"GET / HTTP/1.1\r\n\r\n", now_ns, now_ns, now_ns + timeout_ns, False)
    assert future is not None
    act(connection)
    response = await future
    connection.abort()
    return response


def nothing(_: Connection) -> None:
    """Only time passes."""


def lost_while(phase: str, fault: OSError | None) -> Case:
    async def run() -> Response:
        def act(connection: Connection) -> None:
            if phase == "receiving":
                connection.data_received(b"HTTP/1.1 2")
            connection.connection_lost(fault)

        return await exchange(act, fault=BlockingIOError() if phase == "sending" else None)

    return run


def closed_while(phase: str) -> Case:
    async def run() -> Response:
        def act(connection: Connection) -> None:
            if phase == "receiving":
                connection.data_received(b"HTTP/1.1 2")
            connection.close()

        return await exchange(act, fault=BlockingIOError() if phase == "sending" else None)

    return run


def timed_out_while(phase: str) -> Case:
    async def run() -> Response:
        def act(connection: Connection) -> None:
            if phase == "receiving":
                connection.data_received(HEAD)

        fault = BlockingIOError() if phase == "sending" else None
        return await exchange(act, fault=fault, timeout_ns=5 * MS)

    return run


for _class, _timeout in (
    (SendError, "send timeout"),
    (WaitError, "read timeout"),
    (ReceiveError, "read timeout"),
):
    for _kind, _fault in LOST.items():
        case(_class, _kind)(lost_while(_class.phase, _fault))
    case(_class, "client closed")(closed_while(_class.phase))
    case(_class, _timeout)(timed_out_while(_class.phase))


def answered(raw: bytes) -> Case:
    return lambda: exchange(lambda connection: connection.data_received(raw))


def cut_short(raw: bytes) -> Case:
    async def run() -> Response:
        def act(connection: Connection) -> None:
            connection.data_received(raw)
            connection.eof_received()

        return await exchange(act)

    return run


_BAD_GZIP = HEAD + b"Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx"
_BOMB = gzip.compress(gzip.compress(bytes(65_000_000), 9, mtime=0) + gzip.compress(bytes(9_000_000), mtime=0))
case(ProtocolError, "malformed response")(answered(b"gopher\r\n"))
case(ProtocolError, "head too large")(answered(HEAD + b"X: " + b"x" * 70_000))
case(ProtocolError, "unexpected response")(answered(OK + OK))
case(ProtocolError, "unexpected upgrade")(
    answered(b"HTTP/1.1 101 Now\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n")
)
case(BodyError, "truncated body")(cut_short(HEAD + b"Content-Length: 2\r\n\r\na"))
case(BodyError, "body too large")(
    answered(HEAD + b"Content-Encoding: gzip,gzip\r\nContent-Length: %d\r\n\r\n" % len(_BOMB) + _BOMB)
)
case(BodyError, "bad content-encoding")(answered(_BAD_GZIP))


@case(BlockedError, "slot timeout")
async def no_slot() -> Response:
    async with session(answering(), limit=1) as s:
        _, response = await asyncio.gather(s.get(timeout_ns=50 * MS), s.get(timeout_ns=5 * MS))
        return response


@case(BlockedError, "client closed")
async def closed() -> Response:
    async with session(answering(OK)) as s:
        s.client.close()
        return await s.get()


async def with_patched_loop(name: str, patch: object, host: str, timeout_ns: int = 1_000 * MS) -> Response:
    loop = asyncio.get_running_loop()
    setattr(loop, name, patch)
    client = HttpClient(Origin("http", host, 80), WireCounters(), loop)
    return await client.send(b"x", timeout_ns=timeout_ns)


def raising(fault: BaseException) -> Callable[..., Awaitable[Any]]:
    async def call(*_: object, **__: object) -> Any:
        raise fault

    return call


async def never(*_: object, **__: object) -> None:
    await asyncio.sleep(100)


case(ResolveError, "dns timeout")(lambda: with_patched_loop("getaddrinfo", never, "slow.test", 5 * MS))
case(ResolveError, "dns failure")(
    lambda: with_patched_loop("getaddrinfo", raising(socket.gaierror(socket.EAI_NONAME, "no")), "no.test")
)


def broken(call: str, kind: str) -> Case:
    fault = OSError(OF_ERRNO[kind], "x")
    return lambda: with_patched_loop(
        call, raising(fault), "no.test" if call == "getaddrinfo" else "127.0.0.1"
    )


for _kind in sorted(GENERATOR_KINDS):  # one order for all test processes
    case(ResolveError, _kind)(broken("getaddrinfo", _kind))
for _kind in OF_ERRNO:
    case(ConnectError, _kind)(broken("sock_connect", _kind))


async def over_tls() -> Response:
    async with session(answering(OK), tls=server_tls("other.test"), client_tls=trusting_tls()) as s:
        return await s.get()


async def over_tls_to(raw: bytes, timeout_ns: int) -> Response:
    async def handler(peer: Peer) -> None:
        await peer.reader.read(10)
        if raw:
            await peer.send(raw)
        await asyncio.sleep(10)

    async with serving(handler) as server:
        origin = Origin("https", "localhost", server.port, trusting_tls())
        client = HttpClient(origin, WireCounters(), asyncio.get_running_loop())
        return await client.send(b"x", timeout_ns=timeout_ns)


case(TlsError, "tls verification failed")(over_tls)
case(TlsError, "tls handshake failed")(lambda: over_tls_to(b"HTTP/1.1 400 Bad\r\n\r\n", 2_000 * MS))
case(TlsError, "tls timeout")(lambda: over_tls_to(b"", 20 * MS))


@case(ForeignRedirect, "foreign redirect")
async def elsewhere() -> Response:
    async with session(
        answering(b"HTTP/1.1 302 Found\r\nLocation: //else.test/\r\nContent-Length: 0\r\n\r\n")
    ) as s:
        response = await s.get()
        error = redirect_target(response, s.origin, "/")
        assert isinstance(error, ForeignRedirect)
        response.error = error
        return response


def classes() -> list[type[RequestError]]:
    return RequestError.__subclasses__()


def test_every_kind_has_its_case() -> None:
    assert {(error, kind) for error in classes() for kind in error.kinds} == CASES.keys()


@pytest.mark.parametrize(
    ("error", "kind"), CASES, ids=lambda part: part if isinstance(part, str) else part.__name__
)
def test_every_kind_is_reached(error: type[RequestError], kind: str) -> None:
    async def main() -> None:
        response = checked(await CASES[error, kind]())
        assert error_of(response) == (error.phase, kind)
        assert type(response.error) is error
        assert str(response.error).startswith(kind)

    asyncio.run(main())


@pytest.mark.parametrize("host", ["a..b", "x" * 64 + ".test", ".leading"])
def test_a_name_that_no_dns_can_hold(host: str) -> None:
    async def main() -> None:
        client = HttpClient(Origin("http", host, 80), WireCounters(), asyncio.get_running_loop())
        assert error_of(await client.send(b"x", timeout_ns=2_000 * MS)) == ("resolving", "dns failure")

    asyncio.run(main())
