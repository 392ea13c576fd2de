"""One request, one answer: every shape a correct answer can have."""

from __future__ import annotations

import asyncio
import gzip
import zlib

from tests.engine.http.http_server import (
    MS,
    OK,
    Peer,
    answering,
    answering_and_closing,
    error_of,
    on_both_loops,
    session,
)

HEAD = b"HTTP/1.1 200 OK\r\n"


def answer(body: bytes, *headers: bytes) -> bytes:
    lines = b"".join(line + b"\r\n" for line in headers)
    return HEAD + lines + b"Content-Length: %d\r\n\r\n" % len(body) + body


@on_both_loops
async def test_a_plain_answer() -> None:
    raw = (
        b'HTTP/1.1 201 Created\r\nLocation: /a/1\r\nX-Two: 1\r\nx-two: 2\r\nContent-Length: 7\r\n\r\n{"a":1}'
    )
    async with session(answering(raw)) as s:
        response = await s.post(b'{"b":2}')
        assert response.error is None
        assert response.status == 201
        assert response.headers[0] == (b"Location", b"/a/1")
        assert response.header("LOCATION") == "/a/1"
        assert response.header("X-Two") == "1"
        assert response.header("absent") is None
        assert response.body == b'{"a":1}'
        assert response.json() == {"a": 1}
        assert s.server.requests == [s.encode("POST", "/data", b'{"b":2}')]
        assert s.counters.data_sent == len(s.server.requests[0])
        assert s.counters.data_received == len(raw)


@on_both_loops
async def test_one_connection_serves_all_requests_of_a_vu() -> None:
    async with session(answering(OK)) as s:
        for _ in range(50):
            response = await s.get()
            assert response.error is None
            assert response.body == b"ok"
        assert s.server.accepted == s.counters.connections_opened == 1
        assert len(s.server.requests) == s.counters.requests_sent == 50
        assert response.blocked_ns == response.connecting_ns == response.tls_handshaking_ns == 0


@on_both_loops
async def test_phases_of_a_slow_answer() -> None:
    async def handler(peer: Peer) -> None:
        while await peer.request() is not None:
            await asyncio.sleep(0.05)
            await peer.send(HEAD + b"Content-Length: 4\r\n\r\nab")
            await asyncio.sleep(0.05)
            await peer.send(b"cd")

    async with session(handler) as s:
        first, second = await s.get(), await s.get()
        for response in (first, second):
            assert response.body == b"abcd"
            # uvloop's timers may fire 0.9 ms early: the server's sleep is the inexact part here.
            assert 49 * MS <= response.waiting_ns < 150 * MS
            assert 49 * MS <= response.receiving_ns < 150 * MS
            assert response.sending_ns < 20 * MS
        assert 0 < first.connecting_ns <= first.blocked_ns < 100 * MS
        assert second.blocked_ns == 0


@on_both_loops
async def test_chunked_with_extensions_and_trailers() -> None:
    chunks = b"3;note=x\r\nabc\r\n4\r\ndefg\r\n0\r\nX-Trailer: late\r\n\r\n"
    async with session(answering(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)) as s:
        for _ in range(2):
            response = await s.get()
            assert response.error is None
            assert response.body == b"abcdefg"
            assert response.header("x-trailer") is None
        assert s.server.accepted == 1


@on_both_loops
async def test_one_byte_at_a_time() -> None:
    raw = HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
    async with session(answering(*(bytes([byte]) for byte in raw))) as s:
        for _ in range(2):
            response = await s.get()
            assert (response.error, response.body) == (None, b"abc")
        assert s.server.accepted == 1


@on_both_loops
async def test_content_encodings() -> None:
    plain = b"student " * 1000
    raw_deflate = zlib.compressobj(wbits=-15)
    two_members = gzip.compress(plain[:4000]) + gzip.compress(plain[4000:])
    cases = [
        (b"gzip", gzip.compress(plain)),
        (b"GZIP", two_members),
        (b"x-gzip", gzip.compress(plain)),
        (b"deflate", zlib.compress(plain)),
        (b"deflate", raw_deflate.compress(plain) + raw_deflate.flush()),
        (b"deflate, gzip", gzip.compress(zlib.compress(plain))),
        (b"identity", plain),
    ]
    answers = iter([answer(body, b"Content-Encoding: " + name) for name, body in cases])

    async def handler(peer: Peer) -> None:
        while await peer.request() is not None:
            await peer.send(next(answers))

    async with session(handler) as s:
        for name, _ in cases:
            response = await s.get()
            assert response.error is None, name
            assert response.body == plain, name
        assert s.server.accepted == 1


@on_both_loops
async def test_damaged_content_encodings() -> None:
    packed = gzip.compress(b"student " * 100)
    cases = [
        (b"gzip", packed[:-9]),
        (b"gzip", b"not gzip at all"),
        (b"gzip", packed + b"tail"),
        (b"deflate", b"\xff\xff\xff"),
        (b"br", b"whatever"),
    ]
    answers = iter([answer(body, b"Content-Encoding: " + name) for name, body in cases] + [OK])

    async def handler(peer: Peer) -> None:
        while await peer.request() is not None:
            await peer.send(next(answers))

    async with session(handler) as s:
        for _, body in cases:
            response = await s.get()
            assert error_of(response) == ("receiving", "bad content-encoding")
            assert response.status == 200
            assert response.body == body
        assert (await s.get()).error is None
        assert s.server.accepted == 1  # the framing was right: the connection is as good as before


@on_both_loops
async def test_interim_answers_are_skipped() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Encoding: gzip\r\n\r\n"
    async with session(answering(b"HTTP/1.1 100 Continue\r\n\r\n", early, OK, pause_s=0.005)) as s:
        for _ in range(2):
            response = await s.get()
            assert (response.error, response.status, response.body) == (None, 200, b"ok")
            assert response.header("link") is None
        assert s.server.accepted == 1


@on_both_loops
async def test_answers_without_a_body() -> None:
    answers = iter(
        [
            b"HTTP/1.1 204 No Content\r\n\r\n",
            b"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\nContent-Encoding: gzip\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            OK,
        ]
    )

    async def handler(peer: Peer) -> None:
        while await peer.request() is not None:
            await peer.send(next(answers))

    async with session(handler) as s:
        got = [await s.get() for _ in range(4)]
        assert [response.status for response in got] == [204, 304, 200, 200]
        assert [response.body for response in got] == [b"", b"", b"", b"ok"]
        assert all(response.error is None for response in got)
        assert s.server.accepted == 1


@on_both_loops
async def test_head_has_no_body_whatever_it_says() -> None:
    answers = iter(
        [
            HEAD + b"Content-Length: 500\r\n\r\n",
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
            HEAD + b"X-No-Length: 1\r\n\r\n",
            HEAD + b"Content-Length: 0\r\n\r\n",
            b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + b"Content-Length: 5\r\n\r\n",
            OK,
        ]
    )

    async def handler(peer: Peer) -> None:
        while await peer.request() is not None:
            await peer.send(next(answers))

    async with session(handler) as s:
        for _ in range(5):
            response = await s.head()
            assert (response.error, response.status, response.body) == (None, 200, b"")
        assert (await s.get()).body == b"ok"
        assert s.server.accepted == 1


@on_both_loops
async def test_head_answered_with_close() -> None:
    async with session(answering_and_closing(HEAD + b"Connection: close\r\n\r\n")) as s:
        assert (await s.head()).error is None
        assert (await s.head()).error is None
        assert s.server.accepted == 2


@on_both_loops
async def test_a_body_may_end_with_the_stream() -> None:
    async with session(answering_and_closing(HEAD + b"X: 1\r\n\r\nab", b"cd")) as s:
        for _ in range(2):
            response = await s.get()
            assert (response.error, response.status, response.body) == (None, 200, b"abcd")
        assert s.server.accepted == 2


@on_both_loops
async def test_connections_are_reused_only_where_the_answer_allows() -> None:
    for head in (b"HTTP/1.1 200 OK\r\nConnection: close\r\n", b"HTTP/1.0 200 OK\r\n"):
        async with session(answering(head + b"Content-Length: 2\r\n\r\nok")) as s:
            assert (await s.get()).error is None
            assert (await s.get()).error is None
            assert s.server.accepted == 2
    async with session(
        answering(b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok")
    ) as s:
        await s.get()
        await s.get()
        assert s.server.accepted == 1


@on_both_loops
async def test_a_large_answer() -> None:
    body = bytes(range(256)) * 40_000
    async with session(answering(answer(body))) as s:
        for _ in range(2):
            response = await s.get()
            assert response.error is None
            assert response.body == body
        assert s.server.accepted == 1


@on_both_loops
async def test_sending_lasts_until_a_large_request_is_written() -> None:
    body = b"x" * 12_000_000

    async def handler(peer: Peer) -> None:
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(0.05)
        peer.writer.transport.resume_reading()  # type: ignore[attr-defined]
        while await peer.request() is not None:
            await asyncio.sleep(0.02)
            await peer.send(OK)

    async with session(handler) as s:
        response = await s.post(body)
        assert response.error is None
        assert response.sending_ns >= 40 * MS
        assert response.waiting_ns >= 15 * MS
        assert s.counters.requests_sent == len(s.server.requests) == 1
        assert s.counters.data_sent == len(s.server.requests[0])
        assert (await s.get()).error is None
        assert s.server.accepted == 1


@on_both_loops
async def test_an_answer_before_the_request_was_written() -> None:
    """A server that refuses an upload early (413) is heard; its connection is not used again."""

    async def handler(peer: Peer) -> None:
        await peer.reader.readexactly(1000)
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await peer.send(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")

    async with session(handler) as s:
        response = await s.post(b"x" * 30_000_000)
        assert (response.error, response.status) == (None, 413)
        assert response.waiting_ns == 0
        assert s.counters.requests_sent == 0
        assert 0 < s.counters.data_sent < 30_000_000
        await s.get(timeout_ns=20 * MS)
        assert s.server.accepted == 2
