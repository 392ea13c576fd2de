"""Which connection a request gets, and what it waits for."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import time

import pytest

from dmsperf_tui.engine.http import HttpClient, Origin, Response, WireCounters, make_ssl_context
from tests.engine.http.http_server import (
    MS,
    OK,
    TIMEOUT_NS,
    Peer,
    answering,
    answering_and_closing,
    error_of,
    full_backlog,
    on_both_loops,
    serving,
    session,
)


async def slow(peer: Peer) -> None:
    while await peer.request() is not None:
        await asyncio.sleep(0.02)
        await peer.send(OK)


@on_both_loops
async def test_concurrent_requests_use_several_connections_and_keep_them() -> None:
    async with session(slow) as s:
        for _ in range(2):
            got = await asyncio.gather(*(s.get() for _ in range(4)))
            assert [response.error for response in got] == [None] * 4
        assert s.server.accepted == s.counters.connections_opened == 4


@on_both_loops
async def test_over_the_limit_requests_wait_and_the_wait_is_blocked_time() -> None:
    async with session(slow, limit=2) as s:
        got = await asyncio.gather(*(s.get() for _ in range(6)))
        assert [response.error for response in got] == [None] * 6
        assert s.server.accepted == 2
        assert len(s.server.requests) == s.counters.requests_sent == 6
        assert got[2].blocked_ns >= 18 * MS
        assert got[4].blocked_ns >= 37 * MS  # first come, first served
        assert all(response.connecting_ns == 0 for response in got[2:])
        assert all(response.duration_ns < 35 * MS for response in got)


@on_both_loops
async def test_a_dead_connections_slot_goes_to_who_waits() -> None:
    async def closing(peer: Peer) -> None:
        await peer.request()
        await asyncio.sleep(0.005)
        await peer.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        peer.close()

    async with session(closing, limit=2) as s:
        got = await asyncio.gather(*(s.get() for _ in range(6)))
        assert [response.error for response in got] == [None] * 6
        assert s.server.accepted == 6


@on_both_loops
async def test_a_slot_may_not_come_in_time() -> None:
    async with session(slow, limit=1) as s:
        first, second = await asyncio.gather(s.get(), s.get(timeout_ns=10 * MS))
        assert first.error is None
        assert error_of(second) == ("blocked", "slot timeout")
        assert second.blocked_ns >= 10 * MS
        assert second.duration_ns == 0
        assert (await s.get()).error is None
        assert s.server.accepted == 1


@on_both_loops
async def test_who_waits_can_be_cancelled() -> None:
    async with session(slow, limit=1) as s:
        running, waiting, last = (asyncio.create_task(s.get()) for _ in range(3))
        await asyncio.sleep(0.01)
        assert s.counters.in_flight == 3
        waiting.cancel()
        assert (await running).error is None
        assert (await last).error is None
        assert waiting.cancelled()
        assert s.server.accepted == 1


@on_both_loops
async def test_cancelled_in_the_moment_of_the_hand_over() -> None:
    async with session(slow, limit=1) as s:
        running = asyncio.create_task(s.get())
        waiting = asyncio.create_task(s.get())
        running.add_done_callback(lambda _: waiting.cancel())
        assert (await running).error is None
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert (await asyncio.wait_for(s.get(), 1)).error is None


@on_both_loops
async def test_close_wakes_who_waits() -> None:
    async with session(slow, limit=1) as s:
        tasks = [asyncio.create_task(s.get()) for _ in range(3)]
        await asyncio.sleep(0.01)
        s.client.close()
        kinds = [error_of(response)[1] for response in await asyncio.gather(*tasks)]
        assert kinds == ["client closed"] * 3


@on_both_loops
async def test_an_idle_connection_closed_by_the_server_is_replaced_silently() -> None:
    for pause_s in (0.005, 0.06):  # below and above the idle time from which a connection is checked

        async def handler(peer: Peer, pause_s: float = pause_s) -> None:
            await peer.request()
            await peer.send(OK)
            peer.close()

        async with session(handler) as s:
            for _ in range(3):
                response = await s.get()
                assert response.error is None
                await asyncio.sleep(pause_s)
            assert s.server.accepted == len(s.server.requests) == s.counters.requests_sent == 3
            assert s.counters.stale_connections == 2


@on_both_loops
async def test_a_close_that_the_loop_has_not_seen_yet_is_noticed_after_idle_time() -> None:
    peers: list[Peer] = []

    async def handler(peer: Peer) -> None:
        peers.append(peer)
        while await peer.request() is not None:
            await peer.send(OK)

    async with session(handler) as s:
        assert (await s.get()).error is None
        sock = peers[0].writer.get_extra_info("socket")
        duplicate = socket.socket(fileno=os.dup(sock.fileno()))
        time.sleep(0.06)  # noqa: ASYNC251 - the loop shall not turn meanwhile
        duplicate.shutdown(socket.SHUT_RDWR)
        duplicate.close()
        assert (await s.get()).error is None
        assert s.server.accepted == 2
        assert s.counters.stale_connections == 1


@on_both_loops
async def test_a_connection_survives_idle_time() -> None:
    async with session(answering(OK)) as s:
        await s.get()
        await asyncio.sleep(0.06)
        assert (await s.get()).error is None
        assert s.server.accepted == 1
        assert s.counters.stale_connections == 0


@on_both_loops
async def test_what_is_no_stale_connection() -> None:
    """An announced close, a failure, a closed client: each needs a new connection, and none was stale."""
    async with session(
        answering_and_closing(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    ) as s:
        for _ in range(2):
            assert (await s.get()).error is None
        assert s.counters.stale_connections == 0
    async with session(answering_and_closing()) as s:
        for _ in range(2):
            assert error_of(await s.get()) == ("waiting", "connection closed")
        assert s.counters.stale_connections == 0
    async with session(slow, limit=1) as s:
        tasks = [asyncio.create_task(s.get()) for _ in range(2)]
        await asyncio.sleep(0.01)
        s.client.close()
        assert [error_of(response)[1] for response in await asyncio.gather(*tasks)] == ["client closed"] * 2
        assert s.counters.stale_connections == 0


@on_both_loops
async def test_a_reset_found_by_the_write_itself_is_a_stale_connection() -> None:
    """Nothing of the request has left: it goes out once more, over a new connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        loop = asyncio.get_running_loop()
        origin = Origin("http", "127.0.0.1", listener.getsockname()[1])
        counters = WireCounters()
        client = HttpClient(origin, counters, loop)
        for _ in range(2):
            # The second time, the write meets the reset before the loop has seen it.
            task = asyncio.create_task(client.send(b"GET / HTTP/1.1\r\n\r\n", timeout_ns=TIMEOUT_NS))
            accepted, _ = await loop.sock_accept(listener)
            assert await loop.sock_recv(accepted, 100)
            await loop.sock_sendall(accepted, OK)
            assert (await task).error is None
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            accepted.close()
        assert (counters.stale_connections, counters.connections_opened, counters.requests_sent) == (1, 2, 2)
        client.close()


@on_both_loops
async def test_the_connect_timeout_is_apart_from_the_requests() -> None:
    async def patient(peer: Peer) -> None:
        while await peer.request() is not None:
            await asyncio.sleep(0.06)
            await peer.send(OK)

    async with session(patient) as s:
        loop = asyncio.get_running_loop()
        client = HttpClient(s.origin, s.counters, loop, connect_timeout_ns=30 * MS)
        response = await client.send(s.encode(), timeout_ns=2_000 * MS)
        assert response.error is None
        assert response.duration_ns > 50 * MS
        client.close()
    with full_backlog() as port:
        origin = Origin("http", "127.0.0.1", port)
        for connect_timeout_ms, timeout_ms in ((30, 5_000), (5_000, 30)):  # the shorter of the two holds
            client = HttpClient(origin, s.counters, loop, connect_timeout_ns=connect_timeout_ms * MS)
            response = await client.send(b"GET / HTTP/1.1\r\n\r\n", timeout_ns=timeout_ms * MS)
            assert error_of(response) == ("connecting", "connect timeout")
            assert 30 * MS <= response.blocked_ns < 1_000 * MS
            client.close()


@on_both_loops
async def test_the_connect_timeout_covers_tls() -> None:
    async def mute(peer: Peer) -> None:
        await asyncio.sleep(10)

    async with serving(mute) as server:
        origin = Origin("https", "127.0.0.1", server.port, make_ssl_context(insecure=True))
        loop = asyncio.get_running_loop()
        # Long enough for TCP, also on a busy machine.
        client = HttpClient(origin, WireCounters(), loop, connect_timeout_ns=300 * MS)
        response = await client.send(b"GET / HTTP/1.1\r\n\r\n", timeout_ns=5_000 * MS)
        assert error_of(response) == ("tls_handshaking", "tls timeout")
        assert 300 * MS <= response.blocked_ns < 3_000 * MS


@on_both_loops
async def test_a_tap_sees_every_exchange() -> None:
    async def handler(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.request()
        await peer.send(OK[:-1])
        peer.close()

    async with session(handler, limit=1) as s:
        seen: list[tuple[bytes, Response]] = []
        client = HttpClient(
            s.origin, s.counters, asyncio.get_running_loop(), limit=1, tap=lambda *pair: seen.append(pair)
        )
        got = [await client.send(path, timeout_ns=TIMEOUT_NS) for path in (b"GET / \r\n\r\n", s.encode())]
        client.close()
        got.append(await client.send(b"late", timeout_ns=TIMEOUT_NS))
        assert [request for request, _ in seen] == [b"GET / \r\n\r\n", s.encode(), b"late"]
        assert [response for _, response in seen] == got
        assert [response.error is None for response in got] == [True, False, False]
        assert error_of(got[2]) == ("blocked", "client closed")


@on_both_loops
async def test_a_tap_does_not_see_a_cancelled_exchange() -> None:
    async with session(slow) as s:
        seen: list[Response] = []
        client = HttpClient(
            s.origin, s.counters, asyncio.get_running_loop(), tap=lambda _, response: seen.append(response)
        )
        task = asyncio.create_task(client.send(s.encode(), timeout_ns=TIMEOUT_NS))
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert seen == []
        client.close()


def test_a_client_needs_a_connection() -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match="at least one"):
            async with session(answering(OK), limit=0):
                pass

    asyncio.run(main())
