"""When workloads start, and what a mix sends: by the server's stamps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.steered import SteeredRun, hold_conserved, requests, tell
from tests.truth.bench import Stamps, TruthServer

SOON_S = 0.35
"""Of the end of what a workload waits for: the host hears of it from all workers, and tells them."""
WORKLOADS = {
    "early": requests("/early", "shared-iterations", vus=4, iterations=60),
    "next": requests("/next", "per-vu-iterations", vus=2, iterations=10, after="early"),
    "later": requests(
        "/later",
        *("constant-arrival-rate",),
        rate=50,
        duration="1s",
        pre_allocated_vus=10,
        after="next",
        start_time="500ms",
    ),
    "timed": requests("/timed", "constant-vus", vus=2, duration="1500ms", start_time="1s"),
    "rising": requests(
        "/rising",
        "ramping-arrival-rate",
        start_rate=20,
        stages=[{"duration": "2s", "target": 60}],
        pre_allocated_vus=10,
        start_time="700ms",
    ),
}


class Scheduled:
    def __init__(self, stamps: Stamps, summary: dict[str, Any]) -> None:
        self.summary = summary
        self._stamps = stamps
        self.start_s = min(stamps.arrivals_s)

    def of(self, workload: str) -> list[float]:
        """When each of its requests arrived, since the first of all."""
        return [at_s - self.start_s for at_s in self._stamps.of(workload).arrivals_s]

    def answered_s(self, workload: str) -> float:
        """When its last one had its answer."""
        return max(self._stamps.of(workload).answers_s) - self.start_s


@pytest.fixture(scope="module", params=[1, 2], ids=["1 worker", "2 workers"])
def scheduled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scheduled]:
    folder, flags = tmp_path_factory.mktemp("after"), ("--workers", str(request.param))
    with (
        TruthServer("--delay-ms", "50") as server,
        SteeredRun(folder, server.url, WORKLOADS, *flags) as run,
    ):
        run.finish()
        hold_conserved(run.summary, server.count)
        yield Scheduled(server.stamps, run.summary)


@pytest.mark.parametrize(("workload", "before", "wait_s"), [("next", "early", 0), ("later", "next", 0.5)])
def test_workload_starts_when_another_has_ended(
    scheduled: Scheduled, workload: str, before: str, wait_s: float
) -> None:
    ended_s, begun_s = scheduled.answered_s(before), scheduled.of(workload)[0]
    assert ended_s + wait_s - 0.01 <= begun_s < ended_s + wait_s + SOON_S


@pytest.mark.parametrize(("workload", "start_s", "end_s"), [("timed", 1.0, 2.5), ("rising", 0.7, 2.7)])
def test_start_time_and_duration_are_the_workloads_own(
    scheduled: Scheduled, workload: str, start_s: float, end_s: float
) -> None:
    arrivals_s = scheduled.of(workload)
    # A ramping rate's first arrival is due when its area reaches one: 1/20 s and a little less.
    # The zero is the first arrival of all, which a busy machine may have made late itself.
    assert start_s - 0.15 <= arrivals_s[0] < start_s + 0.15
    assert end_s - 0.15 < arrivals_s[-1] < end_s + 0.05


def test_each_does_all_of_its_own(scheduled: Scheduled) -> None:
    counts = {name: len(scheduled.of(name)) for name in WORKLOADS}
    assert (counts["early"], counts["next"], counts["later"], counts["rising"]) == (60, 20, 50, 80)
    assert counts["timed"] == pytest.approx(2 * 1.5 / 0.05, rel=0.15)
    completed = {name: part["completed"] for name, part in scheduled.summary["workloads"].items()}
    assert completed == counts


def test_starts_and_ends_are_events(scheduled: Scheduled) -> None:
    texts = [event["text"] for event in scheduled.summary["events"] if event["kind"] == "stage"]
    for workload in ("next", "later", "timed", "rising"):
        assert f"{workload} starts" in texts
    assert "early has ended" in texts


def test_what_waits_is_never_started_once_a_run_is_stopped(tmp_path: Path) -> None:
    workloads = {
        "first": requests("/first", "constant-vus", vus=1, duration="60s"),
        "second": requests("/second", "constant-vus", vus=1, duration="1s", after="first"),
    }
    with (
        TruthServer("--delay-ms", "20") as server,
        SteeredRun(tmp_path, server.url, workloads, "--workers", "2") as run,
    ):
        server.wait_for_load(10)
        assert run.ctl("stop").code == 0
        run.finish()
        assert len(server.stamps.of("second")) == 0
        hold_conserved(run.summary, server.count)
        assert run.summary["workloads"]["second"]["planned"] == 0


@pytest.mark.parametrize(
    ("after", "said"),
    [("frist", "unknown workload 'frist'; did you mean 'first'?"), ("second", "waits for itself; break")],
)
def test_after_that_cannot_be_names_file_line_and_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    vus = 'executor = "constant-vus"\nduration = "1s"\nflow = "dms.create_school"\n'
    text = f'[workloads.first]\n{vus}[workloads.second]\n{vus}after = "{after}"\n'
    (tmp_path / "bad.toml").write_text(text)
    answer = tell("--batch", "--scenario", "bad.toml")
    assert answer.code == 104
    assert answer.text.startswith(f"dmsperf-tui: bad.toml:9: workloads.second.after: {said}")


# --- mixes ----------------------------------------------------------------------------------------

FLOWS = """
async def one(vu):
    await vu.get("/one", name="GET one")


async def four(vu):
    for _ in range(4):
        await vu.get("/four", name="GET four")


async def rare(vu):
    await vu.get("/rare", name="GET rare")
"""
SHARES = {"one": 60, "four": 30, "rare": 10}
EXECUTORS = {
    "closed": {"executor": "constant-vus", "vus": 6},
    "open": {"executor": "constant-arrival-rate", "rate": 120, "pre_allocated_vus": 20},
}


@pytest.mark.parametrize("kind", EXECUTORS)
@pytest.mark.parametrize("workers", [1, 2])
def test_mix_has_its_shares_by_requests_also_when_they_change(
    tmp_path: Path, kind: str, workers: int
) -> None:
    """A flow of four requests runs a fourth as often as its share would have a flow of one run."""
    mix = {name: {"flow": f"flows.py:{name}", "weight": weight} for name, weight in SHARES.items()}
    load, files = {**EXECUTORS[kind], "duration": "4s", "mix": mix}, {"flows.py": FLOWS}
    with (
        TruthServer("--delay-ms", "10") as server,
        SteeredRun(tmp_path, server.url, {"mixed": load}, "--workers", str(workers), files=files) as run,
    ):
        server.wait_for_load(400)
        answer = run.ctl("weights", "one=20,four=80,rare=0")
        assert "shares one 20%, four 80%, rare 0%" in answer.text
        run.finish()
        stamps, summary = server.stamps, run.summary
        hold_conserved(summary, len(stamps))
    before = Counter(
        path for at_s, path in zip(stamps.arrivals_s, stamps.paths, strict=True) if at_s < answer.given_s
    )
    after = Counter(
        path
        for at_s, path in zip(stamps.arrivals_s, stamps.paths, strict=True)
        if at_s > answer.answered_s + 0.25
    )
    for shares, counts in ((SHARES, before), ({"one": 20, "four": 80, "rare": 0}, after)):
        total = sum(counts.values())
        assert total > 150
        for name, share in shares.items():
            assert counts[f"/{name}"] / total == pytest.approx(share / 100, abs=0.03), (name, counts)
    assert summary["workloads"]["mixed"]["flows"] == {"one": 20, "four": 80, "rare": 0}
