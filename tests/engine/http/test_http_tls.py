"""TLS: verified, timed apart from TCP, and as truthful about sending."""

from __future__ import annotations

import asyncio
import datetime
import os
import select
import ssl
import time
import warnings
from pathlib import Path

import trustme

from dmsperf_tui.engine.http import HttpClient, Origin, RequestTemplate, WireCounters, make_ssl_context
from tests.engine.http.http_server import (
    MS,
    OK,
    TIMEOUT_NS,
    Peer,
    answering,
    answering_and_closing,
    authority,
    checked,
    error_of,
    on_both_loops,
    server_tls,
    serving,
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


async def version_and_name(minimum: ssl.TLSVersion, maximum: ssl.TLSVersion, host: str) -> tuple[str, object]:
    """The protocol that was agreed on and the name (SNI) that the server was asked for."""
    names: list[object] = []
    versions: list[str] = []

    async def handler(peer: Peer) -> None:
        versions.append(peer.writer.get_extra_info("ssl_object").version())
        while await peer.request() is not None:
            await peer.send(OK)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert("localhost", "127.0.0.1", "::1", key_type=trustme.KeyType.ECDSA).configure_cert(
        context
    )
    context.minimum_version, context.maximum_version = minimum, maximum
    context.sni_callback = lambda _, name, __: names.append(name)
    async with serving(handler, context) as server:
        origin = Origin("https", host, server.port, trusting_tls())
        client = HttpClient(origin, WireCounters(), asyncio.get_running_loop())
        response = checked(
            await client.send(RequestTemplate(origin, "GET").encode("/"), timeout_ns=TIMEOUT_NS)
        )
        client.close()
        assert response.error is None
        assert response.body == b"ok"
    return versions[0], names[0]


@on_both_loops
async def test_both_versions_of_tls_and_the_name_that_the_server_sees() -> None:
    two, three = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
    assert await version_and_name(two, two, "localhost") == ("TLSv1.2", "localhost")
    assert await version_and_name(three, three, "localhost") == ("TLSv1.3", "localhost")
    assert await version_and_name(two, three, "localhost") == ("TLSv1.3", "localhost")
    # An address is no server name (RFC 6066, 3); it is checked against the certificate all the same.
    assert await version_and_name(two, three, "127.0.0.1") == ("TLSv1.3", None)


@on_both_loops
async def test_versions_before_tls_1_2_are_refused() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert("localhost", key_type=trustme.KeyType.ECDSA).configure_cert(context)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    async with session(answering(OK), tls=context, client_tls=make_ssl_context(insecure=True)) as s:
        assert error_of(await s.get()) == ("tls_handshaking", "tls handshake failed")


@on_both_loops
async def test_an_expired_certificate_is_refused_unless_insecure() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    past = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    authority().issue_cert("localhost", not_after=past, key_type=trustme.KeyType.ECDSA).configure_cert(
        context
    )
    async with session(answering(OK), tls=context, client_tls=trusting_tls()) as s:
        response = await s.get()
        assert error_of(response) == ("tls_handshaking", "tls verification failed")
        assert "expired" in str(response.error)
    async with session(answering(OK), tls=context, client_tls=make_ssl_context(insecure=True)) as s:
        assert (await s.get()).error is None


@on_both_loops
async def test_insecure_is_nobodys_default() -> None:
    for context in (make_ssl_context(), Origin.parse("https://localhost")[0].ssl_context):
        assert context is not None
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    insecure = Origin.parse("https://localhost", insecure=True)[0].ssl_context
    assert insecure is not None
    assert (insecure.verify_mode, insecure.check_hostname) == (ssl.CERT_NONE, False)


@on_both_loops
async def test_an_address_is_checked_against_the_certificate() -> None:
    async with serving(answering(OK), server_tls("127.0.0.2")) as server:
        origin = Origin("https", "127.0.0.1", server.port, trusting_tls())
        client = HttpClient(origin, WireCounters(), asyncio.get_running_loop())
        response = await client.send(RequestTemplate(origin, "GET").encode("/"), timeout_ns=TIMEOUT_NS)
        assert error_of(response) == ("tls_handshaking", "tls verification failed")


@on_both_loops
async def test_an_alert_on_an_idle_connection_is_seen_before_anything_is_sent() -> None:
    """The server says goodbye while the loop is busy: the request goes over a new connection."""
    peers: list[Peer] = []

    async def handler(peer: Peer) -> None:
        peers.append(peer)
        while await peer.request() is not None:
            await peer.send(OK)

    async with session(handler, tls=server_tls(), client_tls=trusting_tls()) as s:
        assert (await s.get()).error is None
        await asyncio.sleep(0.01)
        [connection] = s.client._connections
        time.sleep(0.06)  # noqa: ASYNC251 - the loop shall not turn meanwhile
        raw = connection._sock
        alert = b"\x15\x03\x03\x00\x02\x01\x00"
        server_end = peers[0].writer.get_extra_info("socket")
        os.write(server_end.fileno(), alert)
        while not select.select([raw], [], [], 1)[0]:
            continue
        assert (await s.get()).error is None
        assert (s.server.accepted, s.counters.stale_connections) == (2, 1)
        assert len(s.server.requests) == s.counters.requests_sent == 2
