"""The warm-up is load like any other, and in no total, threshold or verdict: a segment of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from tests.e2e.steered import SteeredRun, hold_conserved, requests
from tests.truth.bench import TruthServer

WARM_UP_S = 2
STALL_S = 0.8
"""The server answers nothing from 0.4 s to 1.2 s: within the warm-up."""
WORKLOADS = {
    "open": requests("/open", "constant-arrival-rate", rate=50, duration="6s", pre_allocated_vus=80),
    "closed": requests("/closed", "constant-vus", vus=2, duration="6s", think_time="50ms"),
}
THRESHOLDS = {
    "http_req_duration": ["max<600"],
    "http_req_response_time": ["max<600"],
    "http_req_duration{scenario:closed}": ["max<600 over 1s", "max<600 per segment", "max<600 for 1s"],
}
"""Broken by the stall alone."""


class Warmed:
    def __init__(self, run: SteeredRun, server: TruthServer) -> None:
        run.finish()
        self.stamps = server.stamps
        self.summary: dict[str, Any] = run.summary
        self.rows = [
            orjson.loads(line) for line in (run.command.record / "timeline.jsonl").read_bytes().splitlines()
        ]


@pytest.fixture(scope="module", params=[1, 2], ids=["1 worker", "2 workers"])
def warmed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warmed]:
    flags = ("--delay-ms", "20", "--stall", f"0.4:{STALL_S}")
    scenario: dict[str, Any] = {"warm_up": f"{WARM_UP_S}s", "thresholds": THRESHOLDS}
    folder, workers = tmp_path_factory.mktemp("warm"), ("--workers", str(request.param))
    with (
        TruthServer(*flags) as server,
        SteeredRun(folder, server.url, WORKLOADS, *workers, **scenario) as run,
    ):
        yield Warmed(run, server)


def test_threshold_that_only_the_warm_up_breaks_passes(warmed: Warmed) -> None:
    assert max(warmed.stamps.service_s) > STALL_S * 0.9, "the stall was there"
    assert all(row["ok"] for row in warmed.summary["thresholds"]), warmed.summary["thresholds"]
    assert all(row["value"] is not None for row in warmed.summary["thresholds"])
    assert warmed.summary["metrics"]["http_req_duration"]["max"] < 600


def test_warm_up_and_the_rest_are_what_the_server_has_counted(warmed: Warmed) -> None:
    summary, stamps = warmed.summary, warmed.stamps
    hold_conserved(summary, len(stamps))
    warm, *rest = summary["segments"]
    assert warm["warm_up"]
    assert not any(segment["warm_up"] for segment in rest)
    measured = summary["metrics"]["http_reqs"]["count"]
    assert measured + warm["requests"] == len(stamps)
    assert measured == sum(segment["requests"] for segment in rest)
    assert measured == sum(operation["count"] for operation in summary["operations"])
    assert measured == sum(row["requests"] for row in warmed.rows if not row["warm_up"])
    assert warm["requests"] == sum(row["requests"] for row in warmed.rows if row["warm_up"])
    # Counted where they are answered: those under way at its end are on the other side.
    start_s = stamps.arrivals_s[0]
    answered = sum(at < start_s + WARM_UP_S for at in stamps.answers_s)
    assert warm["requests"] == pytest.approx(answered, abs=8)


def test_rates_are_per_second_of_the_measured_time(warmed: Warmed) -> None:
    summary = warmed.summary
    run, reqs = summary["run"], summary["metrics"]["http_reqs"]
    assert run["warm_up_s"] == WARM_UP_S
    assert reqs["rate"] == pytest.approx(reqs["count"] / (run["duration_s"] - WARM_UP_S), rel=0.001)
    (operation,) = [one for one in summary["operations"] if one["workload"] == "open"]
    assert operation["rate"] == pytest.approx(50, rel=0.08)
    assert summary["metrics"]["iterations"]["count"] < sum(
        counts["completed"] for counts in summary["workloads"].values()
    )


def test_warm_up_is_told_apart_in_the_timeline(warmed: Warmed) -> None:
    assert [row["second"] for row in warmed.rows if row["warm_up"]] == list(range(WARM_UP_S))
    warm = warmed.summary["segments"][0]
    assert (warm["start_s"], warm["end_s"]) == (0, WARM_UP_S)
    assert warm["p(99)"] > 500
    assert warmed.summary["segments"][1]["why"] == "the warm-up is over"


def test_only_the_measured_time_counts_for_the_verdict(warmed: Warmed) -> None:
    reasons = warmed.summary["validity"]["reasons"]
    assert any(reason.startswith("too short: 4") for reason in reasons), reasons
