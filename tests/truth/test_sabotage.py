"""T8: a generator that is kept from its work says so, and its response times are right all the same."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.truth import formulas
from tests.truth.bench import (
    RESPONSE,
    Measured,
    Session,
    TruthServer,
    closed_load,
    open_load,
    suspend,
)

DELAY_S, RATE, LENGTH_S, VUS = 0.005, 100, 5.5, 120
"""As many VUs as a stall of a second needs: after that second all have a connection."""
INVALID = 96
STARVED_S = 0.18
BLOCKING_FLOW = '''
import time


async def block(vu):
    """Half a second in which this worker does nothing, then half a second in which it may."""
    time.sleep(0.5)
    await vu.sleep(0.5)
'''


Sabotaged = dict[str, tuple[Measured, float]]
"""By what was done to it: a run, and how long it was kept from its work at a time."""


@pytest.fixture(scope="module")
def sabotaged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sabotaged]:
    """Three runs side by side: one's loop is blocked, one's worker stopped, one's starved."""
    load = open_load(RATE, LENGTH_S, VUS)
    saboteur = closed_load(1, LENGTH_S, flow="sabotage.py:block")
    with ExitStack() as stack:

        def start(name: str, workloads: dict[str, object]) -> tuple[Session, TruthServer]:
            server = stack.enter_context(TruthServer("--delay-ms", str(1000 * DELAY_S)))
            folder = tmp_path_factory.mktemp(name)
            session = Session(folder, server.url, workloads, files={"sabotage.py": BLOCKING_FLOW})
            stack.callback(session.close)
            return session, server

        starved, under_starved = start("starved", {"load": load})
        blocked, _ = start("blocked", {"load": load, "saboteur": saboteur})
        stopped, under_stopped = start("stopped", {"load": load})
        under_starved.wait_for_load()
        starver = threading.Thread(target=starve, args=(starved.workers[0], LENGTH_S - 1))
        starver.start()
        under_stopped.wait_for_load(RATE)
        stopped_s = suspend(stopped.workers[0], 1.0)
        starver.join()
        codes = (0, INVALID)
        yield {
            "starved": (starved.finish(codes), STARVED_S),
            "blocked": (blocked.finish(codes), 0.5),
            "stopped": (stopped.finish(codes), stopped_s),
        }


def starve(worker: int, length_s: float) -> None:
    """Leaves a process a tenth of a core, by stopping it nine tenths of the time."""
    until_s = time.perf_counter() + length_s
    while time.perf_counter() < until_s:
        suspend(worker, STARVED_S)
        time.sleep(STARVED_S / 9)


@pytest.mark.parametrize(
    ("kind", "verdicts"),
    [("blocked", {"invalid"}), ("starved", {"invalid"}), ("stopped", {"suspect", "invalid"})],
)
def test_generator_that_was_kept_from_its_work_says_so(
    sabotaged: Sabotaged, kind: str, verdicts: set[str]
) -> None:
    measured, _ = sabotaged[kind]
    validity = measured.summary["validity"]
    assert validity["verdict"] in verdicts
    assert measured.code == (INVALID if validity["verdict"] == "invalid" else 0)
    assert validity["reasons"]


@pytest.mark.parametrize("kind", ["blocked", "stopped"])
def test_response_times_are_right_all_the_same(sabotaged: Sabotaged, kind: str) -> None:
    """A stall of the generator is a stall: what was due in it has waited for its end."""
    measured, stall_s = sabotaged[kind]
    stalls = measured.counts("saboteur")["started"] if kind == "blocked" else 1
    for percentile in (90.0, 95.0, 99.0):
        expected_ms = 1000 * formulas.stall_percentile(percentile, DELAY_S, stall_s, LENGTH_S, stalls)
        # One arrival's distance, and the time it takes to send all that was due in a stall.
        assert measured.ms(RESPONSE, percentile) == pytest.approx(expected_ms, abs=60)
    assert measured.counts()["completed"] == RATE * LENGTH_S
    assert measured.summary["generator"]["start_slip_p99_ms"] > 800 * stall_s


def test_starved_generator_starts_all_that_was_planned(sabotaged: Sabotaged) -> None:
    measured, stall_s = sabotaged["starved"]
    counts = measured.counts()
    assert counts["planned"] == counts["completed"] == RATE * LENGTH_S
    assert measured.ms(RESPONSE, 95) > 500 * stall_s
