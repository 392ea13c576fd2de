"""What goes wrong on the way becomes a value, with the right phase, kind and counts."""

from __future__ import annotations

import asyncio
import errno
import gc
import gzip
import socket

import pytest

from dmsperf_tui.engine.http import HttpClient, Origin, RequestTemplate, Response, WireCounters
from tests.engine.http.http_server import (
    MS,
    OK,
    Peer,
    Session,
    answering,
    answering_and_closing,
    error_of,
    full_backlog,
    on_both_loops,
    serving,
    session,
    unused_port,
)

HEAD = b"HTTP/1.1 200 OK\r\n"


async def silent(peer: Peer) -> None:
    await peer.request()
    await asyncio.sleep(10)


def lonely_client(origin: Origin) -> tuple[HttpClient, WireCounters]:
    counters = WireCounters()
    return HttpClient(origin, counters, asyncio.get_running_loop()), counters


async def get_from(origin: Origin, timeout_ns: int = 2_000 * MS) -> tuple[Response, WireCounters]:
    client, counters = lonely_client(origin)
    response = await client.send(RequestTemplate(origin, "GET").encode("/"), timeout_ns=timeout_ns)
    assert (counters.in_flight, counters.requests_sent) == (0, 0)
    assert response.status == response.duration_ns == 0
    assert response.blocked_ns == response.ended_ns - response.started_ns > 0
    return response, counters


@on_both_loops
async def test_refused() -> None:
    response, counters = await get_from(Origin("http", "127.0.0.1", unused_port()))
    assert error_of(response) == ("connecting", "connect refused")
    assert counters.connections_opened == 0
    assert 0 < response.connecting_ns <= response.blocked_ns


@on_both_loops
async def test_connect_timeout() -> None:
    with full_backlog() as port:
        response, _ = await get_from(Origin("http", "127.0.0.1", port), timeout_ns=50 * MS)
    assert error_of(response) == ("connecting", "connect timeout")
    assert 49 * MS <= response.connecting_ns < 500 * MS


@pytest.mark.parametrize("fault", [socket.gaierror(socket.EAI_NONAME, "unknown"), OSError(errno.EMFILE, "x")])
def test_dns_failures(fault: OSError) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()

        async def getaddrinfo(*_: object, **__: object) -> list[object]:
            raise fault

        loop.getaddrinfo = getaddrinfo  # type: ignore[method-assign, assignment]
        response, _ = await get_from(Origin("http", "no.such.host.invalid", 80))
        kind = "dns failure" if isinstance(fault, socket.gaierror) else "too many open files"
        assert error_of(response) == ("resolving", kind)

    asyncio.run(main())


def test_dns_timeout() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()

        async def getaddrinfo(*_: object, **__: object) -> list[object]:
            await asyncio.sleep(10)
            return []

        loop.getaddrinfo = getaddrinfo  # type: ignore[method-assign, assignment]
        response, _ = await get_from(Origin("http", "slow.invalid", 80), timeout_ns=20 * MS)
        assert error_of(response) == ("resolving", "dns timeout")

    asyncio.run(main())


@on_both_loops
async def test_a_name_is_resolved() -> None:
    async with serving(answering(OK)) as server:
        origin = Origin("http", "localhost", server.port)
        client, counters = lonely_client(origin)
        response = await client.send(RequestTemplate(origin, "GET").encode("/"), timeout_ns=2_000 * MS)
        assert response.error is None
        assert counters.connections_opened == 1
        client.close()


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.EMFILE, "too many open files"), (errno.EADDRNOTAVAIL, "out of ports")]
)
def test_an_exhausted_machine_is_told_apart(number: int, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()

        async def sock_connect(*_: object) -> None:
            raise OSError(number, "exhausted")

        monkeypatch.setattr(loop, "sock_connect", sock_connect)
        response, _ = await get_from(Origin("http", "127.0.0.1", 80))
        assert error_of(response) == ("connecting", kind)

    asyncio.run(main())


@on_both_loops
async def test_reset_while_waiting() -> None:
    async def handler(peer: Peer) -> None:
        await peer.request()
        await asyncio.sleep(0.01)
        peer.reset()

    async with session(handler) as s:
        response = await s.get()
        assert error_of(response) == ("waiting", "connection reset")
        assert response.waiting_ns >= 8 * MS
        assert response.receiving_ns == 0
        assert s.counters.requests_sent == 1


@on_both_loops
async def test_reset_while_sending() -> None:
    async def handler(peer: Peer) -> None:
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(0.02)
        peer.reset()

    async with session(handler) as s:
        response = await s.post(b"x" * 30_000_000)
        assert error_of(response) == ("sending", "connection reset")
        assert s.counters.requests_sent == 0
        assert 0 < s.counters.data_sent < 30_000_000


@on_both_loops
async def test_cancellation_while_sending() -> None:
    async def handler(peer: Peer) -> None:
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(10)

    async with session(handler) as s:
        task = asyncio.create_task(s.post(b"x" * 30_000_000))
        while not s.counters.data_sent:  # noqa: ASYNC110 - a busy machine takes its time to connect
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (s.counters.in_flight, s.counters.requests_sent) == (0, 0)
        assert 0 < s.counters.data_sent < 30_000_000


@on_both_loops
async def test_reset_while_receiving() -> None:
    async def handler(peer: Peer) -> None:
        await peer.request()
        await peer.send(HEAD + b"Content-Length: 10\r\n\r\nabc")
        await asyncio.sleep(0.02)
        peer.reset()

    async with session(handler) as s:
        response = await s.get()
        assert error_of(response) == ("receiving", "connection reset")
        assert (response.status, response.body) == (200, b"abc")


@on_both_loops
async def test_closed_without_an_answer_on_a_fresh_connection() -> None:
    async with session(answering_and_closing()) as s:
        assert error_of(await s.get()) == ("waiting", "connection closed")


@on_both_loops
async def test_closed_without_an_answer_on_a_reused_connection_is_never_retried() -> None:
    async def handler(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.request()
        peer.close()

    async with session(handler) as s:
        assert (await s.get()).error is None
        assert error_of(await s.get()) == ("waiting", "connection closed")
        assert s.server.accepted == 1
        assert len(s.server.requests) == s.counters.requests_sent == 2
        assert (await s.get()).error is None
        assert s.server.accepted == 2


@on_both_loops
async def test_timeout_while_waiting() -> None:
    async with session(silent) as s:
        response = await s.get(timeout_ns=30 * MS)
        assert error_of(response) == ("waiting", "read timeout")
        assert 30 * MS <= response.ended_ns - response.started_ns < 100 * MS
        assert (await s.get(timeout_ns=10 * MS)).error is not None
        assert s.server.accepted == 2


@on_both_loops
async def test_timeout_while_receiving() -> None:
    async def handler(peer: Peer) -> None:
        await peer.request()
        await peer.send(HEAD + b"Content-Length: 10\r\n\r\nabc")
        await asyncio.sleep(10)

    async with session(handler) as s:
        response = await s.get(timeout_ns=30 * MS)
        assert error_of(response) == ("receiving", "read timeout")
        assert (response.status, response.body) == (200, b"abc")
        assert 30 * MS <= response.ended_ns - response.started_ns < 100 * MS


@on_both_loops
async def test_timeout_while_sending() -> None:
    async def handler(peer: Peer) -> None:
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(10)

    async with session(handler) as s:
        response = await s.post(b"x" * 30_000_000, timeout_ns=40 * MS)
        assert error_of(response) == ("sending", "send timeout")
        assert s.counters.requests_sent == 0
        assert response.sending_ns == response.duration_ns


@on_both_loops
async def test_a_timer_left_by_an_earlier_request_neither_shortens_nor_lengthens_a_later_one() -> None:
    async def handler(peer: Peer) -> None:
        for pause_s in (0.0, 0.05, 10):
            await peer.request()
            await asyncio.sleep(pause_s)
            await peer.send(OK)

    async with session(handler) as s:
        assert (await s.get(timeout_ns=40 * MS)).error is None
        assert (await s.get(timeout_ns=90 * MS)).error is None  # outlives the first one's timer
        response = await s.get(timeout_ns=20 * MS)  # ends before the second one's
        assert error_of(response) == ("waiting", "read timeout")
        assert 20 * MS <= response.duration_ns < 60 * MS
        assert s.server.accepted == 1


@on_both_loops
async def test_truncated_bodies() -> None:
    for raw in (
        HEAD + b"Content-Length: 10\r\n\r\nabc",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ):
        async with session(answering_and_closing(raw)) as s:
            response = await s.get()
            assert error_of(response) == ("receiving", "truncated body")
            assert (response.status, response.body) == (200, b"abc")


@on_both_loops
async def test_closed_inside_the_head() -> None:
    async with session(answering_and_closing(HEAD + b"Content-Le")) as s:
        response = await s.get()
        assert error_of(response) == ("receiving", "connection closed")
        assert response.status == 0


@on_both_loops
async def test_malformed_answers() -> None:
    for raw in (
        b"NOT HTTP AT ALL\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        HEAD + b"Content-Length: ten\r\n\r\n",
        HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\na",
        HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ):
        async with session(answering(raw)) as s:
            assert error_of(await s.get()) == ("receiving", "malformed response"), raw
            await s.get()
            assert s.server.accepted == 2


@on_both_loops
async def test_a_change_of_protocol_is_refused() -> None:
    raw = b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nabc"
    async with session(answering(raw)) as s:
        assert error_of(await s.get()) == ("receiving", "unexpected upgrade")


@on_both_loops
async def test_a_flood_of_headers() -> None:
    line = b"X-Filler: " + b"y" * 100 + b"\r\n"
    for raw in (HEAD + line * 2000 + b"Content-Length: 0\r\n\r\n", HEAD + b"X: " + b"z" * 200_000):
        async with session(answering(raw)) as s:
            response = await s.get()
            assert error_of(response) == ("receiving", "head too large")
            assert response.status == 0
    async with session(
        answering(HEAD + line * 500 + b"Content-Length: 200000\r\n\r\n" + b"b" * 200_000)
    ) as s:
        response = await s.get()
        assert response.error is None
        assert len(response.body) == 200_000


def test_bodies_over_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dmsperf_tui.engine.http.connection.MAX_BODY_BYTES", 100_000)
    body = b"b" * 1_000_000
    packed = gzip.compress(body)
    bomb = HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed
    for raw in (HEAD + b"Content-Length: 1000000\r\n\r\n" + body, bomb):

        async def main(raw: bytes = raw) -> None:
            async with session(answering(raw)) as s:
                assert error_of(await s.get()) == ("receiving", "body too large")

        asyncio.run(main())


@on_both_loops
async def test_two_answers_to_one_request() -> None:
    for extra in (OK, b"HTTP/1.1 2", b"garbage"):
        async with session(answering(OK + extra)) as s:
            response = await s.get()
            assert error_of(response) == ("receiving", "unexpected response")
            assert response.status == 200
            assert s.server.accepted == 1
            await s.get()
            assert s.server.accepted == 2


@on_both_loops
async def test_a_body_after_head_is_unexpected() -> None:
    async with session(answering(OK)) as s:
        assert error_of(await s.head()) == ("receiving", "unexpected response")


@on_both_loops
async def test_bytes_on_an_idle_connection_spoil_it() -> None:
    async with session(answering(OK, b"HTTP/1.1 500 Stray\r\nContent-Length: 0\r\n\r\n", pause_s=0.005)) as s:
        assert (await s.get()).status == 200
        await asyncio.sleep(0.02)
        assert (await s.get()).status == 200
        assert s.server.accepted == 2


@on_both_loops
async def test_cancellation_drops_the_connection_and_its_late_answer() -> None:
    async def handler(peer: Peer) -> None:
        while (request := await peer.request()) is not None:
            if request.startswith(b"POST"):
                await asyncio.sleep(0.03)
            await peer.send(HEAD + b"Content-Length: 4\r\n\r\n" + request[:4])

    async with session(handler) as s:
        assert (await s.get()).body == b"GET "
        task = asyncio.create_task(s.post(b"{}"))
        await asyncio.sleep(0.01)
        assert s.counters.in_flight == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert s.counters.in_flight == 0
        assert (await s.get()).body == b"GET "
        await asyncio.sleep(0.03)
        assert (await s.get()).body == b"GET "
        assert s.server.accepted == 2
        assert s.counters.requests_sent == len(s.server.requests) == 4
        gc.collect()


@on_both_loops
async def test_cancellation_while_connecting() -> None:
    async with session(answering(OK), limit=1) as s:
        for pause_turns in range(6):
            task = asyncio.create_task(s.get())
            for _ in range(pause_turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert s.counters.in_flight == 0
        assert (await s.get()).error is None  # the only slot came back each time


async def _close_during(s: Session, pause_s: float) -> Response:
    task = asyncio.create_task(s.get())
    await asyncio.sleep(pause_s)
    s.client.close()
    return await task


@on_both_loops
async def test_close_ends_what_runs() -> None:
    async with session(silent) as s:
        assert error_of(await _close_during(s, 0.01)) == ("waiting", "client closed")
        assert error_of(await s.get()) == ("blocked", "client closed")
        assert s.server.accepted == 1
    async with session(answering(OK)) as s:
        assert error_of(await _close_during(s, 0)) == ("blocked", "client closed")


@on_both_loops
async def test_close_frees_idle_connections() -> None:
    gone = asyncio.Event()

    async def handler(peer: Peer) -> None:
        while await peer.request() is not None:
            await peer.send(OK)
        gone.set()

    async with session(handler) as s:
        await s.get()
        s.client.close()
        await asyncio.wait_for(gone.wait(), 1)
