"""IPv4, IPv6, and names that have both."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import trustme

from dmsperf_tui.engine.http import HttpClient, Origin, RequestTemplate, Response, WireCounters
from tests.engine.http.http_server import (
    OK,
    TIMEOUT_NS,
    Server,
    answering,
    authority,
    checked,
    error_of,
    on_both_loops,
    trusting_tls,
)


def has_ipv6() -> bool:
    if not socket.has_ipv6:
        return False
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")


@contextmanager
def bound(*hosts: str) -> Iterator[list[socket.socket]]:
    """Sockets of one port number at each of the addresses."""
    socks: list[socket.socket] = []
    try:
        port = 0
        for host in hosts:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            sock = socket.create_server((host, port), family=family)
            socks.append(sock)
            port = sock.getsockname()[1]
        yield socks
    finally:
        for sock in socks:
            sock.close()


async def get_over(
    host: str, sock: socket.socket, resolved: list[str] | None = None, *, tls: bool = False
) -> tuple[Response, Server]:
    """One request to `host` at `sock`'s port; the name resolves to `resolved`, in this order."""
    loop = asyncio.get_running_loop()
    port = sock.getsockname()[1]
    server = Server(answering(OK))
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority().issue_cert("::1", key_type=trustme.KeyType.ECDSA).configure_cert(context)
    listener = await asyncio.start_server(server.serve, sock=sock, ssl=context)
    if resolved is not None:

        async def getaddrinfo(*_: object, **__: object) -> list[object]:
            return [
                (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
                if ":" in address
                else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
                for address in resolved
            ]

        loop.getaddrinfo = getaddrinfo  # type: ignore[method-assign, assignment]
    origin = Origin.parse(f"http://{host}:{port}")[0]
    if tls:
        origin = Origin("https", origin.host, port, trusting_tls())
    client = HttpClient(origin, WireCounters(), loop)
    response = await client.send(RequestTemplate(origin, "GET").encode("/"), timeout_ns=TIMEOUT_NS)
    client.close()
    listener.close()
    await asyncio.gather(*server.tasks)
    for writer in server.writers:
        writer.close()
    await asyncio.sleep(0.002)
    return checked(response), server


@needs_ipv6
@on_both_loops
async def test_an_ipv6_address() -> None:
    with bound("::1") as [sock]:
        port = sock.getsockname()[1]
        response, server = await get_over("[::1]", sock)
    assert response.error is None
    assert b"\r\nHost: [::1]:%d\r\n" % port in server.requests[0]


@needs_ipv6
@on_both_loops
async def test_an_ipv6_address_over_tls() -> None:
    with bound("::1") as [sock]:
        response, _ = await get_over("[::1]", sock, tls=True)
    assert response.error is None


@needs_ipv6
def test_a_name_with_both_reaches_whichever_answers() -> None:
    """A server often listens on one of the two only; the order is the resolver's."""

    async def main(listening: str, resolved: list[str]) -> None:
        with bound(listening) as [sock]:
            response, server = await get_over("localhost", sock, resolved)
        assert response.error is None
        assert server.accepted == 1
        assert 0 < response.connecting_ns <= response.blocked_ns

    for listening in ("::1", "127.0.0.1"):
        for resolved in (["::1", "127.0.0.1"], ["127.0.0.1", "::1"]):
            asyncio.run(main(listening, resolved))


@needs_ipv6
def test_the_first_address_is_taken_where_both_answer() -> None:
    async def main(resolved: list[str]) -> int:
        with bound("::1", "127.0.0.1") as [sock, _]:
            _, server = await get_over("localhost", sock, resolved)
        return server.accepted

    assert asyncio.run(main(["::1", "127.0.0.1"])) == 1


def test_where_none_answers_the_last_ones_error_is_told() -> None:
    async def main() -> None:
        with bound("127.0.0.1") as [sock]:
            response, server = await get_over("localhost", sock, ["127.0.0.2", "127.0.0.3"])
        assert error_of(response) == ("connecting", "connect refused")
        assert server.accepted == 0

    asyncio.run(main())


def test_a_family_that_this_machine_does_not_have(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name has an IPv6 address, IPv6 is switched off: the next address is tried."""

    class OnlyIpv4(socket.socket):
        def __init__(
            self, family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None
        ) -> None:
            if family == socket.AF_INET6:
                raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
            super().__init__(family, type, proto, fileno)

    async def main() -> None:
        with bound("127.0.0.1") as [sock]:
            monkeypatch.setattr(socket, "socket", OnlyIpv4)
            response, _ = await get_over("localhost", sock, ["::1", "127.0.0.1"])
        assert response.error is None

    asyncio.run(main())
