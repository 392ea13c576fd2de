"""T10: while a run is paused nothing is sent, and no figure knows of the pause but those that tell of it."""

from __future__ import annotations

import math
import time

import pytest

from tests.truth.bench import RESPONSE, open_load
from tests.truth.conftest import StartRun, StartServer

RATE, LENGTH_S, PAUSE_S = 100, 4.0, 2.0
CHANGED_RATE = 40


def test_pause_sends_nothing_and_is_in_no_rate(serve: StartServer, run: StartRun) -> None:
    """One workload goes on as planned afterwards; the other's rate is changed in the pause."""
    server = serve("--delay-ms", 20)
    loads = {"steady": open_load(RATE, LENGTH_S), "changed": open_load(RATE, LENGTH_S)}
    session = run(server, loads, "--workers", "2")
    server.wait_for_load(RATE)
    given_s, paused_s = session.ctl("pause")
    session.ctl("rate", str(CHANGED_RATE), "--workload", "changed")
    time.sleep(max(0.0, paused_s + PAUSE_S - time.perf_counter()))
    resuming_s, resumed_s = session.ctl("resume")
    measured = session.finish()
    summary, stamps = measured.summary, server.stamps
    steady, changed = stamps.of("steady"), stamps.of("changed")
    assert stamps.between(paused_s, resuming_s) == 0

    # Both plans go on where they were.
    assert len(steady) == measured.counts("steady")["completed"] == RATE * LENGTH_S
    before = changed.between(0, paused_s)
    expected = before + CHANGED_RATE * (LENGTH_S - before / RATE)
    # The clock stands still once what is in flight is done; what is due until then waits.
    pausing = RATE * 0.04
    assert len(changed) == measured.counts("changed")["planned"] == pytest.approx(expected, abs=3 + pausing)
    assert changed.between(resumed_s + 0.1, resumed_s + 0.6) == pytest.approx(CHANGED_RATE / 2, abs=3)

    run_s = summary["run"]["duration_s"]
    assert run_s == pytest.approx(LENGTH_S, abs=0.5)
    assert summary["metrics"]["http_reqs"]["rate"] == pytest.approx(len(stamps) / run_s, rel=0.001)
    assert summary["run"]["paused_s"] >= resuming_s - paused_s - 0.1
    assert measured.ms(RESPONSE, 100, "steady") < 1000 * PAUSE_S / 2, "no response time holds the pause"

    kinds = [event["kind"] for event in summary["events"]]
    assert [kind for kind in kinds if kind in ("pause", "rate", "resume")] == ["pause", "rate", "resume"]
    pause, resume = (next(e for e in summary["events"] if e["kind"] == kind) for kind in ("pause", "resume"))
    start_s = steady.start_s(number / RATE for number in range(RATE // 2))
    assert given_s - start_s - 0.02 <= pause["at_s"] <= paused_s - start_s
    assert resuming_s - start_s - 0.02 <= resume["at_s"] <= resumed_s - start_s
    still = range(math.ceil(paused_s - start_s), math.floor(resume["at_s"]))
    assert still, "the pause has a whole second"
    assert {point["requests"] for point in summary["timeline"] if point["second"] in still} == {0}
