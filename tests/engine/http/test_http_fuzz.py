"""Hostile bytes from a server end in an error group: never in a hang, a leak, a crash or a silent client.

Every answer is sent over real sockets. Whatever it was, the request ends in time with a Response, and the
next request of the same client, answered well, succeeds.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import random
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from time import perf_counter_ns
from typing import Any

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dmsperf_tui.engine.http import RequestError, Response
from tests.engine.http.http_server import MS, OK, Peer, Session, checked, server_tls, session, trusting_tls

HEAD = b"HTTP/1.1 200 OK\r\n"
TIMEOUT_NS = 25 * MS
SLACK_NS = 1_000 * MS
"""How late the end may be seen: the machine is shared. A hang is longer."""

PACKED = gzip.compress(b"student " * 50, mtime=0)
VALID = [
    HEAD + b"Server: x\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n" + b'{"a":1}',
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nT: t\r\n\r\n",
    HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(PACKED) + PACKED,
    b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\nSet-Cookie: a=b; Path=/\r\nConnection: close\r\n\r\n",
]
BOMB = gzip.compress(gzip.compress(bytes(80_000_000), 1, mtime=0), mtime=0)

Script = Callable[[Peer], AsyncIterator[None]]


class Hostile:
    """A server that answers `/good` well and any other path with whatever `answer` is set to."""

    def __init__(self) -> None:
        self.answer: list[bytes] = []
        self.is_closing = True
        self.is_early = False

    async def handle(self, peer: Peer) -> None:
        if self.is_early:
            await self.misbehave(peer)
        while (request := await peer.request()) is not None:
            if b" /good " in request:
                await peer.send(OK)
            else:
                await self.misbehave(peer)
                if self.is_closing:
                    break
        peer.close()

    async def misbehave(self, peer: Peer) -> None:
        for part in self.answer:
            if peer.writer.is_closing():
                return
            await peer.send(part)
            if len(self.answer) > 1:
                await asyncio.sleep(0)


class Fuzz:
    """One client and one hostile server for many tries."""

    def __init__(self, server: Hostile, s: Session) -> None:
        self.server = server
        self.session = s
        self.tries = 0

    async def try_answer(
        self,
        *parts: bytes,
        is_closing: bool = True,
        is_early: bool = False,
        method: str = "GET",
        keep_body: bool = True,
        timeout_ns: int = TIMEOUT_NS,
    ) -> Response:
        """The outcome of a request that is answered with `parts`; a good one follows and must succeed."""
        self.tries += 1
        s = self.session
        self.server.answer, self.server.is_closing = list(parts), is_closing
        self.server.is_early = is_early
        request = s.encode(method, "/bad")
        started_ns = perf_counter_ns()
        response = checked(
            await s.client.send(
                request, timeout_ns=timeout_ns, head_only=method == "HEAD", keep_body=keep_body
            )
        )
        assert perf_counter_ns() - started_ns < timeout_ns + SLACK_NS
        assert s.counters.in_flight == 0
        if response.error is None:
            assert 100 <= response.status <= 999
        else:
            assert response.error.kind in response.error.kinds
            assert response.error.kind != "client closed"
            assert "\n" not in str(response.error)
        assert isinstance(response.text, str)
        assert response.body_bytes >= 0
        self.server.is_early = False
        # A server that closes after a valid answer without saying so races with the next request.
        for _ in range(1000):
            if not is_closing or not any(connection.is_open for connection in s.client._idle):
                break
            await asyncio.sleep(0.0005)
        good = checked(await s.client.send(s.encode("GET", "/good"), timeout_ns=5_000 * MS))
        assert good.error is None, (parts, good.error)
        assert (good.status, good.body) == (200, b"ok")
        return response


def open_files() -> int:
    return len(os.listdir("/dev/fd"))


async def count_open_files() -> int:
    """Inside the loop: uvloop has two more of its own while it runs."""
    return open_files()


@contextmanager
def fuzzing(loop_kind: str, *, tls: bool = False) -> Iterator[tuple[asyncio.Runner, Fuzz]]:
    """A loop, a server and a client; at the end nothing of them may be left, nor the loop have complained."""
    complaints: list[dict[str, Any]] = []
    factory = uvloop.new_event_loop if loop_kind == "uvloop" else asyncio.new_event_loop
    with asyncio.Runner(loop_factory=factory) as first:  # libuv opens a pipe with the first loop, for good
        first.run(asyncio.sleep(0))
    files_before = open_files()
    with asyncio.Runner(loop_factory=factory) as runner:
        loop = runner.get_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        server = Hostile()
        context = session(
            server.handle, tls=server_tls() if tls else None, client_tls=trusting_tls() if tls else None
        )
        s = runner.run(context.__aenter__())
        fuzz = Fuzz(server, s)
        connected_before = runner.run(count_open_files())
        yield runner, fuzz

        async def settle() -> None:
            s.client.close()
            for _ in range(200):
                if open_files() <= connected_before:
                    break
                await asyncio.sleep(0.005)
            assert not s.client._connections
            assert not s.client._idle
            assert s.client._slots == 0
            assert open_files() <= connected_before
            await context.__aexit__(None, None, None)
            await asyncio.sleep(0.01)
            assert asyncio.all_tasks() == {asyncio.current_task()}

        runner.run(settle())
    assert open_files() == files_before
    assert complaints == []


both_loops = pytest.mark.parametrize("loop_kind", ["asyncio", "uvloop"])


def run_all(
    loop_kind: str, answers: Iterable[tuple[bytes, ...]], *, tls: bool = False, **options: Any
) -> list[Response]:
    async def main(fuzz: Fuzz) -> list[Response]:
        return [await fuzz.try_answer(*parts, **options) for parts in answers]

    with fuzzing(loop_kind, tls=tls) as (runner, fuzz):
        return runner.run(main(fuzz))


@both_loops
@pytest.mark.parametrize("raw", VALID, ids=["length", "chunked", "gzip", "interim", "close"])
def test_truncated_at_every_byte(loop_kind: str, raw: bytes) -> None:
    """Cut and closed. Nothing but a body that ends with the stream could be whole."""
    responses = run_all(loop_kind, ((raw[:length],) for length in range(len(raw))))
    assert all(response.error is not None for response in responses)


@both_loops
def test_stalled_at_every_kind_of_byte(loop_kind: str) -> None:
    """Cut and kept open: the request's own timeout ends it."""
    cuts = [(raw[:length],) for raw in VALID for length in (0, 1, 12, 17, 30, len(raw) - 1)]
    responses = run_all(loop_kind, cuts, is_closing=False, timeout_ns=5 * MS)
    assert {response.error.kind for response in responses if response.error is not None} == {"read timeout"}
    assert all(response.error is not None for response in responses)


@both_loops
def test_bit_flips(loop_kind: str) -> None:
    chance = random.Random(f"bit flips {loop_kind}")

    def flipped() -> Iterator[tuple[bytes, ...]]:
        for _ in range(300):
            raw = bytearray(chance.choice(VALID))
            for _ in range(chance.choice((1, 1, 1, 2, 5))):
                raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
            yield (bytes(raw),)

    run_all(loop_kind, flipped())


@both_loops
def test_spliced_answers(loop_kind: str) -> None:
    """Pieces of valid answers, doubled, dropped and swapped, in reads of any size."""
    chance = random.Random(f"spliced {loop_kind}")

    def spliced() -> Iterator[tuple[bytes, ...]]:
        for _ in range(250):
            parts: list[bytes] = []
            for _ in range(chance.randrange(1, 6)):
                raw = chance.choice(VALID)
                start = chance.choice((0, 0, chance.randrange(len(raw))))
                parts.append(raw[start : chance.choice((len(raw), chance.randrange(len(raw)) + 1))])
            yield tuple(parts) if chance.random() < 0.5 else (b"".join(parts),)

    run_all(loop_kind, spliced())


@both_loops
@settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_random_bytes(loop_kind: str, data: st.DataObject) -> None:
    """Each example is a whole life of a client: connect, suffer, recover, close, nothing left."""
    lines = st.sampled_from([b"", HEAD, b"HTTP/1.1 ", HEAD + b"Transfer-Encoding: chunked\r\n\r\n"])
    parts = st.lists(st.binary(max_size=40), max_size=3).map(tuple)
    answers = data.draw(st.lists(st.tuples(lines, parts), min_size=1, max_size=4))
    method = data.draw(st.sampled_from(["GET", "HEAD"]))
    keep_body = data.draw(st.booleans())
    run_all(loop_kind, ((start, *rest) for start, rest in answers), method=method, keep_body=keep_body)


def framed(*lines: bytes, body: bytes = b"ok") -> tuple[bytes, ...]:
    return (HEAD + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body,)


MALFORMED = [
    framed(b"Content-Length: 2", b"Content-Length: 3"),
    framed(b"Content-Length: 2", b"Content-Length: 2"),
    framed(b"Content-Length: 2, 2"),
    framed(b"Content-Length: 2", b"Transfer-Encoding: chunked"),
    framed(b"Transfer-Encoding: chunked", b"Content-Length: 2"),
    framed(b"Content-Length: -1"),
    framed(b"Content-Length: +2"),
    framed(b"Content-Length: 0x2"),
    framed(b"Content-Length:"),
    framed(b"Content-Length: 99999999999999999999999999"),
    framed(b"Content-Length : 2"),
    framed(b"No colon here"),
    framed(b": no name"),
    framed(b"X: a\0b", b"Content-Length: 2"),
    framed(b"X\0: a", b"Content-Length: 2"),
    framed(b"X: a", b"  folded", b"Content-Length: 2"),
    framed(b"Transfer-Encoding: chunked", body=b"-1\r\nok"),
    framed(b"Transfer-Encoding: chunked", body=b"zz\r\nok"),
    framed(b"Transfer-Encoding: chunked", body=b"ffffffffffffffffff\r\nok"),
    framed(b"Transfer-Encoding: chunked", body=b"2\nok\n0\n\n"),
    framed(b"Transfer-Encoding: chunked", body=b"2\r\nokay\r\n0\r\n\r\n"),
    framed(b"Transfer-Encoding: chunked", body=b"2\r\nok\r\n0\r\nbad trailer\r\n\r\n"),
    framed(b"Transfer-Encoding: chunked", body=b"\r\nok"),
    (b"HTTP/1.1 000 Zero\r\nContent-Length: 0\r\n\r\n",),
    (b"HTTP/1.1 099 Ninety-nine\r\n\r\n",),
    (b"HTTP/1.1 20 OK\r\n\r\n",),
    (b"HTTP/1.1 2000 OK\r\n\r\n",),
    (b"HTTP/1.1 -20 OK\r\n\r\n",),
    (b"HTTP/1.1200 OK\r\n\r\n",),
    (b"HTTP/11 200 OK\r\n\r\n",),
    (b"http/1.1 200 ok\r\n\r\n",),
    (b"ICY 200 OK\r\n\r\n",),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",),
    (b"\0" * 100,),
    (b"SSH-2.0-OpenSSH_9.2\r\n",),
    (b"<html>not http</html>",),
    (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",),
]


@both_loops
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_malformed_answers_are_named_so(loop_kind: str, tls: bool) -> None:
    kinds = [
        response.error.kind if response.error else response
        for response in run_all(loop_kind, MALFORMED, tls=tls, timeout_ns=1_000 * MS, is_closing=False)
    ]
    assert [case for case, kind in zip(MALFORMED, kinds, strict=True) if kind != "malformed response"] == []


FILLER = b"X-Filler: " + b"y" * 1000 + b"\r\n"
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"
FLOODS = {
    "endless headers": ((HEAD, *[FILLER * 20] * 60), "head too large"),
    "one endless header": ((HEAD + b"X: ", *[b"y" * 20_000] * 60), "head too large"),
    "an endless reason": ((b"HTTP/1.1 200 ", *[b"y" * 20_000] * 60), "head too large"),
    "a flood of interim answers": (tuple([INTERIM * 1000] * 60), "head too large"),
    "interim answers with headers": (
        tuple([(b"HTTP/1.1 103 Early Hints\r\n" + FILLER + b"\r\n") * 20] * 60),
        "head too large",
    ),
    "endless empty lines": (tuple([b"\r\n" * 10_000] * 60), "head too large"),
    "a huge chunk that never comes": (
        framed(b"Transfer-Encoding: chunked", body=b"7fffffffffffffff\r\nok"),
        "read timeout",
    ),
    "a huge length that never comes": (framed(b"Content-Length: 9223372036854775807"), "read timeout"),
    "endless zeros in a chunk size": (
        (*framed(b"Transfer-Encoding: chunked", body=b"2\r\nok\r\n"), *[b"0" * 20_000] * 60),
        "head too large",
    ),
    "a bomb in gzip": (
        framed(b"Content-Encoding: gzip, gzip", b"Content-Length: %d" % len(BOMB), body=BOMB),
        "body too large",
    ),
    "a tower of codings": (
        framed(b"Content-Encoding: " + b"gzip," * 10_000, b"Content-Length: 2"),
        "bad content-encoding",
    ),
    "a second answer": ((OK + OK,), "unexpected response"),
    "half of a second answer": ((OK + b"HTTP/1.1 2",), "unexpected response"),
    "garbage after the answer": ((OK + b"\0\0",), "unexpected response"),
    "a body where none may be": ((b"HTTP/1.1 204 No Content\r\n\r\nbody",), "unexpected response"),
    "a change of protocol": (
        (b"HTTP/1.1 101 Go\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",),
        "unexpected upgrade",
    ),
    "a change of protocol, unsaid": ((b"HTTP/1.1 101 Go\r\n\r\n",), "unexpected upgrade"),
}


@both_loops
@pytest.mark.parametrize("name", FLOODS)
def test_floods(loop_kind: str, name: str) -> None:
    parts, kind = FLOODS[name]
    timeout_ns = 20 * MS if kind == "read timeout" else 5_000 * MS
    response, again = run_all(loop_kind, [parts] * 2, is_closing=False, timeout_ns=timeout_ns)
    for got in (response, again):
        assert got.error is not None
        assert got.error.kind == kind


@both_loops
def test_an_answer_before_the_request(loop_kind: str) -> None:
    """It may pass for an answer, if it comes late enough; it may never stay for the request after."""

    async def main(fuzz: Fuzz) -> set[str]:
        kinds = set()
        for raw in (OK, OK + OK, INTERIM, b"junk", b"HTTP/1.1 2"):
            for method in ("GET", "POST"):
                # A connection of its own: the good one before it is idle, so it is closed first.
                for connection in fuzz.session.client._connections:
                    connection.close()
                await asyncio.sleep(0.002)
                response = await fuzz.try_answer(raw, is_early=True, method=method)
                kinds.add(response.error.kind if response.error else "valid")
        return kinds

    with fuzzing(loop_kind) as (runner, fuzz):
        kinds = runner.run(main(fuzz))
    assert kinds <= {
        "valid",
        "unexpected response",
        "malformed response",
        "connection closed",
        "read timeout",
    }


@both_loops
def test_dribble(loop_kind: str) -> None:
    """Byte by byte a valid answer is valid; one that never ends is ended by the timeout."""
    dribbled = [tuple(bytes([byte]) for byte in raw) for raw in VALID]
    responses = run_all(loop_kind, dribbled, is_closing=False, timeout_ns=5_000 * MS)
    assert [response.status for response in responses] == [200, 200, 200, 201, 204]
    assert all(response.error is None for response in responses)

    async def main(fuzz: Fuzz) -> list[Response]:
        endless = [
            [b"HTTP/1.1 1", b"0", b"0 x\r\n\r\n"] * 20_000,
            [HEAD, *[b"X: ", b"y\r\n"] * 20_000],
            [b"\r\n"] * 60_000,
            [HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *[b"1\r", b"\na\r\n"] * 20_000],
        ]
        return [await fuzz.try_answer(*parts, timeout_ns=20 * MS) for parts in endless]

    with fuzzing(loop_kind) as (runner, fuzz):
        for response in runner.run(main(fuzz)):
            assert response.error is not None
            assert response.error.kind in ("read timeout", "head too large")


@both_loops
def test_hostile_bytes_over_tls(loop_kind: str) -> None:
    chance = random.Random(f"tls {loop_kind}")
    answers = [(chance.choice(VALID)[: chance.randrange(1, 90)],) for _ in range(40)]
    responses = run_all(loop_kind, answers, tls=True)
    assert {type(response.error) for response in responses} <= {
        type(None),
        *RequestError.__subclasses__(),
    }
