"""The bench itself: the server does what its formulas say, as the oracle's plain threads see it."""

from __future__ import annotations

import socket
import statistics
import threading
from random import Random

import pytest

from tests.truth import formulas
from tests.truth.conftest import StartServer
from tests.truth.oracle import Oracle


def test_constant_delay(serve: StartServer) -> None:
    server = serve("--delay-ms", 20)
    observed = Oracle(server.port).open_load(200, 0.8)
    assert server.count == len(observed.response_s) == 160
    assert min(observed.service_s) >= 0.02
    assert observed.service_ms(50) == pytest.approx(20, abs=2)
    assert statistics.median(server.stamps.service_s) == pytest.approx(0.02, abs=0.0005)


def test_books_are_forgotten_on_reset(serve: StartServer) -> None:
    server = serve("--serial-exponential-ms", 1, "--seed", 5)
    oracle = Oracle(server.port)
    first = oracle.closed_load(1, 0.4)
    assert server.count == len(first.service_s) > 0
    before = server.stamps.service_s
    assert all(its <= seen for its, seen in zip(before, first.service_s, strict=True)), "a stamp overstates"
    server.reset()
    assert server.count == 0
    oracle.closed_load(1, 0.4)
    again = server.stamps
    assert set(again.paths) == {"/oracle"}
    # The same seed: the same service times, on an idle server.
    apart_s = [abs(a - b) for a, b in zip(again.service_s[:50], before[:50], strict=True)]
    assert statistics.median(apart_s) < 0.0005


def test_stall_answers_nothing_and_then_all(serve: StartServer) -> None:
    server = serve("--delay-ms", 10, "--stall", "0.2:0.4")
    observed = Oracle(server.port).open_load(200, 0.8)
    stamps = server.stamps
    begin_s = stamps.arrivals_s[0] + 0.2
    # One that was due a moment before it may be answered a moment after.
    assert not any(begin_s + 0.05 < at < begin_s + 0.41 for at in stamps.answers_s)
    assert sum(at == pytest.approx(begin_s + 0.41, abs=0.03) for at in stamps.answers_s) >= 80
    expected_ms = formulas.stall_percentile(95, 10, 400, 800)
    assert observed.response_ms(95) == pytest.approx(expected_ms, rel=0.05, abs=7)


def test_serial_server_follows_lindleys_recursion(serve: StartServer) -> None:
    mean_s, seed = 0.004, 11
    server = serve("--serial-exponential-ms", 1000 * mean_s, "--seed", seed)
    Oracle(server.port).open_load(200, 0.8)
    stamps, dice = server.stamps, Random(seed)
    services = [dice.expovariate(1.0) * mean_s for _ in range(len(stamps))]
    expected = formulas.times_in_system(stamps.arrivals_s, services)
    late = [found - due for found, due in zip(stamps.service_s, expected, strict=True)]
    assert min(late) > -1e-6
    assert statistics.median(late) < 0.001


def test_suspended_server_is_a_stall(serve: StartServer) -> None:
    server = serve("--delay-ms", 5)
    oracle = Oracle(server.port)
    oracle.closed_load(1, 0.1)
    server.reset()
    stalled: list[float] = []
    stopper = threading.Timer(0.2, lambda: stalled.append(server.suspend(0.4)))
    stopper.start()
    observed = oracle.open_load(200, 0.8)
    stopper.join()
    expected_ms = formulas.stall_percentile(95, 5, 1000 * stalled[0], 800)
    assert observed.response_ms(95) == pytest.approx(expected_ms, rel=0.05, abs=7)


def test_control_requests_do_not_count_and_connections_close_when_asked_to(serve: StartServer) -> None:
    server = serve()
    with socket.create_connection(("127.0.0.1", server.port), 5) as connection:
        connection.sendall(b"GET /a?b=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        with connection.makefile("rb") as answer:
            assert answer.read().endswith(b"\r\n\r\nok")
    assert server.stamps.paths == ["/a?b=1"]
    assert server.count == 1
