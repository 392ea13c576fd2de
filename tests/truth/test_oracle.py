"""T12: a second load generator, which shares nothing with the tool, sees the same on the same server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.truth.bench import RESPONSE, SERVICE, closed_load, open_load
from tests.truth.conftest import StartRun, StartServer
from tests.truth.oracle import Oracle

PERCENTILES = (50.0, 90.0, 99.0)
RATE = 200


def room_ms(expected_ms: float) -> float:
    return 0.05 * expected_ms + 2


def test_both_see_the_same_stall(serve: StartServer, run: StartRun) -> None:
    """Side by side: each has the whole stall within its own four seconds."""
    server = serve("--delay-ms", 10, "--stall", "1.5:0.8")
    session = run(server, {"load": open_load(RATE, 4)})
    server.wait_for_load()
    observed = Oracle(server.port).open_load(RATE, 4)
    measured = session.finish()
    for percentile in PERCENTILES:
        expected_ms = observed.response_ms(percentile)
        assert measured.ms(RESPONSE, percentile) == pytest.approx(
            expected_ms, abs=room_ms(expected_ms) + measured.admitted_ms
        )
    assert observed.response_ms(99) > 700, "there was a stall to be seen"


def test_both_see_the_same_overload_and_the_same_closed_loop(serve: StartServer, run: StartRun) -> None:
    """Side by side, each at a queue of its own: 250 a second onto 200 a second, and ten users who think."""
    serial, unlimited = serve("--serial-ms", 5), serve("--delay-ms", 20)
    overloading = run(serial, {"load": open_load(250, 2)})
    looping = run(unlimited, {"load": closed_load(10, 2, think_time="10ms")})
    serial.wait_for_load()
    with ThreadPoolExecutor() as pool:
        overload = pool.submit(Oracle(serial.port).open_load, 250, 2)
        loop = pool.submit(Oracle(unlimited.port).closed_load, 10, 2, 0.01)
    overloaded, looped = overloading.finish(), looping.finish()
    for percentile in PERCENTILES:
        expected_ms = overload.result().response_ms(percentile)
        found_ms = overloaded.ms(RESPONSE, percentile)
        assert found_ms == pytest.approx(expected_ms, abs=room_ms(expected_ms) + overloaded.admitted_ms)
        expected_ms = loop.result().service_ms(percentile)
        assert looped.ms(SERVICE, percentile) == pytest.approx(expected_ms, abs=room_ms(expected_ms))
    ours = looped.summary["metrics"]["http_reqs"]["count"]
    assert ours == pytest.approx(len(loop.result().service_s), rel=0.05)
