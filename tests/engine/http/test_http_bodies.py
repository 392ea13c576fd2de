"""Bodies that are read, and bodies that are only counted."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib

import pytest

from dmsperf_tui.engine.http import BodyError, Response
from dmsperf_tui.engine.http.encoding import MAX_GZIP_MEMBERS, decode_body
from tests.engine.http.http_server import (
    OK,
    Handler,
    Peer,
    Session,
    answering,
    answering_and_closing,
    checked,
    error_of,
    on_both_loops,
    session,
)

HEAD = b"HTTP/1.1 200 OK\r\n"
MB = 1_000_000


def sized(body: bytes, *lines: bytes) -> bytes:
    return (
        HEAD + b"".join(line + b"\r\n" for line in lines) + b"Content-Length: %d\r\n\r\n" % len(body) + body
    )


def chunked(*chunks: bytes) -> bytes:
    framed = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))
    return HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + framed


async def count(s: Session, timeout_s: int = 50) -> Response:
    return checked(await s.client.send(s.encode(), timeout_ns=timeout_s * 10**9, keep_body=False))


def streaming(total_mb: int, is_chunked: bool) -> Handler:
    """Answers every request with so many megabytes, made on the fly."""
    piece = bytes(MB)

    async def handler(peer: Peer) -> None:
        while await peer.request() is not None:
            length = b"Transfer-Encoding: chunked" if is_chunked else b"Content-Length: %d" % (total_mb * MB)
            await peer.send(HEAD + length + b"\r\n\r\n")
            for _ in range(total_mb):
                await peer.send(b"%x\r\n%b\r\n" % (MB, piece) if is_chunked else piece)
            if is_chunked:
                await peer.send(b"0\r\n\r\n")

    return handler


@on_both_loops
async def test_a_body_that_nobody_reads_is_never_held() -> None:
    """300 MB, nearly five times what a body that is kept may have."""
    async with session(streaming(300, is_chunked=False)) as s:
        tracemalloc.start()
        try:
            response = await count(s)
            _, peak_bytes = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert (response.error, response.status) == (None, 200)
        assert response.body_bytes == 300 * MB
        assert response.body == bytes(4096)
        assert s.counters.data_received > 300 * MB
        # The server's part of it: a piece of 1 MB, its copy, and what its transport holds back.
        assert peak_bytes < 20 * MB


@on_both_loops
async def test_a_chunked_body_is_counted_without_its_framing_and_the_connection_goes_on() -> None:
    async with session(streaming(70, is_chunked=True)) as s:
        for _ in range(2):
            response = await count(s)
            assert (response.error, response.body_bytes, len(response.body)) == (None, 70 * MB, 4096)
        assert s.server.accepted == 1
        assert error_of(await s.get()) == ("receiving", "body too large")


@on_both_loops
async def test_body_bytes_is_what_came_over_the_wire() -> None:
    packed = gzip.compress(b"student " * 1000)
    cases = [
        (OK, 2, b"ok"),
        (sized(b""), 0, b""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 0, b""),
        (chunked(b"ab", b"cde"), 5, b"abcde"),
        (sized(packed, b"Content-Encoding: gzip"), len(packed), b"student " * 1000),
        (chunked(*(bytes([byte]) for byte in range(256))), 256, bytes(range(256))),
    ]
    answers = iter([raw for raw, _, _ in cases] * 2)

    async def handler(peer: Peer) -> None:
        while await peer.request() is not None:
            await peer.send(next(answers))

    async with session(handler) as s:
        for _, body_bytes, body in cases:
            response = await s.get()
            assert (response.error, response.body_bytes, response.body) == (None, body_bytes, body)
        for _, body_bytes, body in cases:
            response = await count(s)
            assert (response.error, response.body_bytes, response.body) == (None, body_bytes, body)
        assert s.server.accepted == 1


@on_both_loops
async def test_the_sample_of_a_counted_body() -> None:
    long = bytes(range(250)) * 40
    packed = gzip.compress(long, mtime=0)
    noise = zlib.compress(bytes(hash((index, 7)) % 256 for index in range(20_000)), 0)
    bomb = gzip.compress(bytes(2 * MB))
    assert len(packed) < 4096 < len(noise)
    assert len(bomb) < 4096
    cases = [
        (sized(long), len(long), long[:4096]),
        (chunked(long[:10], long[10:30], long[30:]), len(long), long[:4096]),
        (sized(packed, b"Content-Encoding: gzip"), len(packed), long),
        (sized(noise, b"Content-Encoding: deflate"), len(noise), noise[:4096]),  # more than the sample: raw
        (sized(bomb, b"Content-Encoding: gzip"), len(bomb), bomb),
        (sized(b"no gzip", b"Content-Encoding: gzip"), 7, b"no gzip"),
    ]
    answers = iter([raw for raw, _, _ in cases])

    async def handler(peer: Peer) -> None:
        while await peer.request() is not None:
            await peer.send(next(answers))

    async with session(handler) as s:
        for _, body_bytes, body in cases:
            response = await count(s)
            assert (response.error, response.body_bytes) == (None, body_bytes)
            assert response.body == body
        assert s.server.accepted == 1


@on_both_loops
async def test_a_failed_exchange_counts_what_came() -> None:
    async with session(answering_and_closing(sized(b"x" * 9000)[:-1000])) as s:
        kept = await s.get()
        assert error_of(kept) == ("receiving", "truncated body")
        assert (kept.body_bytes, len(kept.body)) == (8000, 8000)
        counted = await count(s)
        assert error_of(counted) == ("receiving", "truncated body")
        assert (counted.body_bytes, len(counted.body)) == (8000, 4096)


@on_both_loops
async def test_set_cookie_is_noticed() -> None:
    answers = iter(
        [
            HEAD + b"SET-cookie: a=1\r\nContent-Length: 0\r\n\r\n",
            OK,
            b"HTTP/1.1 103 Early\r\nSet-Cookie: a=1\r\n\r\n" + OK,
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nSet-Cookie: a=1\r\n\r\n",
            HEAD + b"Set-Cookie: a=1\r\nContent-Length: 5\r\n\r\n",
        ]
    )

    async def handler(peer: Peer) -> None:
        for _ in range(5):
            await peer.request()
            await peer.send(next(answers))
        peer.close()

    async with session(handler) as s:
        assert [(await s.get()).sets_cookies for _ in range(4)] == [True, False, False, False]
        broken = await s.get()
        assert (broken.error is None, broken.sets_cookies) == (False, True)


@on_both_loops
async def test_only_chunked_as_the_last_coding_frames_a_body() -> None:
    """RFC 9112, 6.3, rule 4: otherwise the body lasts until the connection is closed."""
    for line in (
        b"Transfer-Encoding: gzip",
        b"Transfer-Encoding: chunked, gzip",
        b"Transfer-Encoding: xchunked",
    ):
        async with session(answering_and_closing(HEAD + line + b"\r\n\r\n2\r\nok\r\n0\r\n\r\n")) as s:
            response = await s.get()
            assert (response.error, response.body) == (None, b"2\r\nok\r\n0\r\n\r\n")


@on_both_loops
async def test_an_offer_to_upgrade_is_no_upgrade() -> None:
    offer = b"Connection: Upgrade\r\nUpgrade: h2c\r\n"
    for raw in (
        HEAD + offer + b"Content-Length: 0\r\n\r\n",
        HEAD + offer + b"Content-Length: 2\r\n\r\nok",
        b"HTTP/1.1 304 Not Modified\r\n" + offer + b"\r\n",
    ):
        async with session(answering(raw)) as s:
            for _ in range(2):
                assert (await s.get()).error is None
            assert s.server.accepted == 1


@on_both_loops
async def test_endless_trailers_and_chunk_extensions() -> None:
    for start in (b"0\r\nTrailer: ", b"1;"):

        async def handler(peer: Peer, start: bytes = start) -> None:
            await peer.request()
            await peer.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n" + start)
            while not peer.writer.is_closing():
                await peer.send(b"x" * 100_000)
                await asyncio.sleep(0)

        async with session(handler) as s:
            for send in (s.get, lambda s=s: count(s)):
                response = await send()
                assert error_of(response) == ("receiving", "head too large")
                assert (response.status, response.body) == (200, b"a")
                assert s.counters.data_received < 2 * MB


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("", "é".encode(), "é"),
        ("text/html", b"\xff!", "\ufffd!"),
        ("text/html; charset=iso-8859-1", b"\xe9", "é"),
        ('text/html;x=1; Charset = "UTF-8" ;y', "é".encode(), "é"),
        ("text/plain; charset=Windows-1252", b"\x80", "€"),
        ("text/plain; charset=us-ascii", b"a\x80", "a\ufffd"),
        ("text/plain; charset=utf-16", "a".encode("utf-16"), "a"),
        ("text/plain; charset=no-such", b"a", "a"),
        ("text/plain; charset=hex", b"6a", "6a"),
        ("text/plain; charset=unicode_escape", b"\\d\\x41", "\\d\\x41"),
        ("text/plain; charset=idna", b"a", "a"),
        ("text/plain; charset=..\\os", b"a", "a"),
        ("text/plain; charset=", b"a", "a"),
        ("xcharset=latin-1", "é".encode(), "é"),
    ],
)
def test_text(content_type: str, body: bytes, text: str) -> None:
    headers = [(b"Content-Type", content_type.encode("latin-1"))] if content_type else []
    assert Response.make(200, headers, body).text == text


def test_codings_are_bounded_in_depth() -> None:
    assert decode_body(gzip.compress(gzip.compress(b"a")), b"gzip, gzip", 100) == b"a"
    with pytest.raises(BodyError, match="more than 5 codings"):
        decode_body(b"x", b"gzip," * 10_000, 100)


def test_many_gzip_members() -> None:
    member = gzip.compress(b"ab")
    assert decode_body(member * 5000, b"gzip", 10_000) == b"ab" * 5000
    assert decode_body(member * 2 + bytes(1000), b"gzip", 10) == b"abab"
    with pytest.raises(BodyError, match="too large"):
        decode_body(member * 5001, b"gzip", 10_000)
    # 20 bytes each: without a limit 64 MB of them would keep the event loop busy for minutes.
    with pytest.raises(BodyError, match="members"):
        decode_body(gzip.compress(b"") * (MAX_GZIP_MEMBERS + 1), b"gzip", 10)
    with pytest.raises(BodyError, match="not valid gzip"):
        decode_body(member + bytes(10) + member, b"gzip", 10)
