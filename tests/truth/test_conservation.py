"""T7: nothing is lost: every planned iteration and every request is accounted for, however a run ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from tests.truth.bench import Measured, Session, TruthServer, closed_load, open_load, ramping_load

FEW = 10
"""VUs for a serial server of 10 ms that is given twice what it can do."""


OVERLOADS = {
    "all": open_load(150, 1.5, FEW, late="queue"),
    "cut": open_load(200, 1.5, FEW, late="queue", graceful_stop="500ms"),
    "bounded": open_load(200, 1.5, FEW, late="queue", max_backlog=50),
    "drop": open_load(200, 1.5, FEW, late="drop"),
}
"""Work that may all finish late, work that may not, a bounded backlog, and k6's dropping."""
ENDLESS = {
    "queued": open_load(200, 20, FEW, late="queue"),
    "ramping": ramping_load([(20.0, 100)], FEW, late="drop"),
    "closed": closed_load(5, 20),
}
CODES = {"finish": (0, 96), "stop": (0, 96), "abort": (103,)}
"""By how a run ends: its exit codes."""
Ended = dict[str, tuple[Measured, TruthServer]]


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ended]:
    """Three runs side by side: one that ends by itself, one that is stopped, one that is aborted."""
    with ExitStack() as stack:
        running = {}
        for order in CODES:
            server = stack.enter_context(TruthServer("--serial-ms", "10"))
            loads, workers = (OVERLOADS, "2") if order == "finish" else (ENDLESS, "1")
            session = Session(tmp_path_factory.mktemp(order), server.url, loads, "--workers", workers)
            running[order] = stack.enter_context(closing(session)), server
        for order in ("stop", "abort"):
            session, server = running[order]
            server.wait_for_load(100)
            session.ctl(order)
        yield {order: (session.finish(CODES[order]), server) for order, (session, server) in running.items()}


@pytest.mark.parametrize("order", CODES)
def test_everything_planned_and_sent_is_accounted_for(ended: Ended, order: str) -> None:
    measured, server = ended[order]
    summary = measured.summary
    for counts in summary["workloads"].values():
        if counts["executor"].endswith("arrival-rate"):
            assert counts["planned"] == sum(counts[key] for key in ("started", "dropped", "cut", "waiting"))
        assert counts["started"] == counts["completed"] + counts["interrupted"]
        assert counts["waiting"] == 0
    assert summary["generator"]["requests_sent"] == server.count
    for key, metric in (("dropped", "dropped_iterations"), ("completed", "iterations")):
        total = sum(counts[key] for counts in summary["workloads"].values())
        assert summary["metrics"][metric]["count"] == total


def test_overload_is_queued_dropped_or_cut(ended: Ended) -> None:
    measured, server = ended["finish"]
    counts = {name: measured.counts(name) for name in OVERLOADS}
    for name, of_workload in counts.items():
        assert of_workload["started"] == len(server.stamps.of(name))
    assert counts["all"]["planned"] == counts["all"]["completed"] == 225
    assert [counts[name]["planned"] for name in ("cut", "bounded", "drop")] == [300, 300, 300]
    # 2 s of a server that does 100 a second, and the ten it has when the grace period is over.
    assert counts["cut"]["completed"] == pytest.approx(200, abs=8)
    assert counts["cut"]["interrupted"] == FEW
    assert counts["cut"]["cut"] == 300 - counts["cut"]["started"]
    assert counts["bounded"]["dropped"] == pytest.approx(300 - 150 - FEW - 50, abs=8)
    assert counts["bounded"]["cut"] == 0
    assert counts["drop"]["dropped"] == pytest.approx(300 - 150 - FEW, abs=8)


@pytest.mark.parametrize("order", ["stop", "abort"])
def test_stop_and_abort_cut_what_waits(ended: Ended, order: str) -> None:
    measured, _ = ended[order]
    queued = measured.counts("queued")
    assert queued["cut"] > 0
    assert queued["planned"] < 20 * 200
    interrupted = sum(measured.counts(name)["interrupted"] for name in ENDLESS)
    assert (interrupted > 0) == (order == "abort")
