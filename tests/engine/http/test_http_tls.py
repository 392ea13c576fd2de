"""TLS: verified, timed apart from TCP, and as truthful about sending."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

from dmsperf_tui.engine.http import Origin, make_ssl_context
from tests.engine.http.http_server import (
    MS,
    OK,
    Peer,
    answering,
    answering_and_closing,
    authority,
    error_of,
    on_both_loops,
    server_tls,
    session,
    trusting_tls,
)


@on_both_loops
async def test_requests_over_tls_share_a_connection() -> None:
    async with session(answering(OK), tls=server_tls(), client_tls=trusting_tls()) as s:
        first, second = await s.get(), await s.get()
        assert (first.error, first.body) == (None, b"ok")
        assert first.connecting_ns > 0
        assert first.tls_handshaking_ns > 0
        assert (second.error, second.blocked_ns, second.tls_handshaking_ns) == (None, 0, 0)
        await asyncio.sleep(0.06)
        assert (await s.get()).error is None
        assert s.server.accepted == s.counters.connections_opened == 1
        assert s.counters.requests_sent == len(s.server.requests) == 3


@on_both_loops
async def test_a_large_request_over_tls() -> None:
    async def handler(peer: Peer) -> None:
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(0.05)
        peer.writer.transport.resume_reading()  # type: ignore[attr-defined]
        while await peer.request() is not None:
            await peer.send(OK)

    async with session(handler, tls=server_tls(), client_tls=trusting_tls()) as s:
        response = await s.post(b"x" * 20_000_000)
        assert response.error is None
        assert response.sending_ns >= 40 * MS
        assert s.counters.requests_sent == 1
        assert s.counters.data_sent == len(s.server.requests[0])


@on_both_loops
async def test_an_idle_tls_connection_closed_by_the_server_is_replaced() -> None:
    async with session(answering_and_closing(OK), tls=server_tls(), client_tls=trusting_tls()) as s:
        for _ in range(2):
            assert (await s.get()).error is None
            await asyncio.sleep(0.01)
        assert s.server.accepted == 2


@on_both_loops
async def test_truncation_over_tls() -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"
    async with session(answering_and_closing(raw), tls=server_tls(), client_tls=trusting_tls()) as s:
        assert error_of(await s.get()) == ("receiving", "truncated body")


@on_both_loops
async def test_an_unknown_authority_is_refused() -> None:
    async with session(answering(OK), tls=server_tls(), client_tls=ssl.create_default_context()) as s:
        response = await s.get()
        assert error_of(response) == ("tls_handshaking", "tls verification failed")
        assert response.connecting_ns > 0
        assert response.tls_handshaking_ns > 0
        assert s.counters.connections_opened == 1
        assert s.counters.requests_sent == 0


@on_both_loops
async def test_another_hosts_certificate_is_refused() -> None:
    async with session(answering(OK), tls=server_tls("other.test"), client_tls=trusting_tls()) as s:
        assert error_of(await s.get()) == ("tls_handshaking", "tls verification failed")


@on_both_loops
async def test_insecure_accepts_any_certificate() -> None:
    context = make_ssl_context(insecure=True)
    async with session(answering(OK), tls=server_tls("other.test"), client_tls=context) as s:
        assert (await s.get()).error is None


async def _mute(peer: Peer) -> None:
    await asyncio.sleep(10)


async def _plain_text(peer: Peer) -> None:
    await peer.reader.read(10)
    await peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")


async def _hang_up(peer: Peer) -> None:
    await peer.reader.read(10)
    peer.close()


@on_both_loops
async def test_a_server_that_does_not_speak_tls() -> None:
    for handler, kind, timeout_ns in (
        (_mute, "tls timeout", 30 * MS),
        (_plain_text, "tls handshake failed", 2_000 * MS),
        (_hang_up, "tls handshake failed", 2_000 * MS),
    ):
        async with session(handler) as s:
            secure = Origin("https", "127.0.0.1", s.server.port, trusting_tls())
            s.client._origin = secure
            response = await s.get(timeout_ns=timeout_ns)
            assert error_of(response) == ("tls_handshaking", kind)
            assert response.tls_handshaking_ns > 0
            s.client._origin = s.origin


def test_a_ca_file_is_trusted(tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    authority().cert_pem.write_to_path(ca_file)

    async def main() -> None:
        origin, _ = Origin.parse("https://localhost", ca_file=ca_file)
        async with session(answering(OK), tls=server_tls(), client_tls=origin.ssl_context) as s:
            assert (await s.get()).error is None

    asyncio.run(main())
