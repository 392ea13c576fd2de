"""Live control of workloads with a number of iterations: VUs change, and what is left is accounted for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.steered import Script, Step, most_at_once, played, requests

WITHIN_S = 1.0
DELAY_S = 0.1
NEVER_DONE = 4000
WORKLOADS = {
    "shared": requests(
        "/shared",
        "shared-iterations",
        vus=2,
        iterations=NEVER_DONE,
        max_duration="6500ms",
        graceful_stop="2s",
    ),
    "per_vu": requests(
        "/per_vu",
        "per-vu-iterations",
        vus=2,
        iterations=NEVER_DONE,
        max_duration="6500ms",
        graceful_stop="2s",
    ),
    # These are done long before their time.
    "shared_done": requests("/shared_done", "shared-iterations", vus=1, iterations=40),
    "per_vu_done": requests("/per_vu_done", "per-vu-iterations", vus=2, iterations=25),
}
NO_RATE, NO_STAGES, NO_MIX = "there is no rate to set", "there is nothing to skip to", "one flow, not a mix"
STEPS = [
    Step(0.50, "shared", "vus 6", 6, "VUs 2 → 6"),
    Step(1.75, "shared", "vus -3 --over 300ms", 3, "VUs 6 → 3 over 0.3 s", over_s=0.3),
    Step(3.20, "shared", "scale 2", 4, "2 times the plan (4)"),
    Step(4.50, "shared", "hold", 4, "VUs held at 4"),
    Step(4.55, "shared", "rate 10", said=NO_RATE),
    Step(4.60, "shared", "skip", said=NO_STAGES),
    Step(4.65, "shared", "weights a=1", said=NO_MIX),
    Step(5.00, "shared", "release", 2, "VUs 4 → plan (2)"),
    Step(6.20, "shared", "extend 1s", 2, "extended by 1s, to 7.5s"),
    Step(0.60, "per_vu", "vus 5", 5, "VUs 2 → 5"),
    Step(1.85, "per_vu", "vus 3", 3, "VUs 5 → 3"),
    Step(3.10, "per_vu", "scale 3 --over 300ms", 6, "3 times the plan (6)", over_s=0.3),
    Step(4.55, "per_vu", "hold", 6, "VUs held at 6"),
    Step(4.70, "per_vu", "rate +10%", said=NO_RATE),
    Step(4.75, "per_vu", "skip 1", said=NO_STAGES),
    Step(4.80, "per_vu", "weights a=1", said=NO_MIX),
    Step(5.05, "per_vu", "release", 2, "VUs 6 → plan (2)"),
    Step(6.25, "per_vu", "extend 1s", 2, "extended by 1s, to 7.5s"),
    Step(0.80, "shared_done", "vus 4", 4, "VUs 1 → 4"),
    Step(0.90, "per_vu_done", "vus 4", 4, "VUs 2 → 4"),
    Step(1.50, "per_vu_done", "vus 3", 3, "VUs 4 → 3"),
]
LASTING = [step for step in STEPS if step.level is not None and not step.workload.endswith("_done")]
REFUSED = [step for step in STEPS if step.level is None]


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Script]:
    yield from played(
        lambda: tmp_path_factory.mktemp("iterations"),
        ("--delay-ms", str(1000 * DELAY_S)),
        WORKLOADS,
        STEPS,
        *("--workers", "2"),
    )


@pytest.mark.parametrize("step", LASTING, ids=str)
def test_vus_at_the_server_are_those_that_were_acknowledged(script: Script, step: Step) -> None:
    assert step.level is not None
    assert step.said in script.answer(step).text
    stamps, before = script.stamps.of(step.workload), script.before(step)
    old = 2.0 if before is None else float(before.level or 0)
    acknowledged_s = script.acknowledged_s(step) + step.over_s
    until_s = script.until_s(step, 7.5)
    if step.level > old:
        assert most_at_once(stamps, acknowledged_s, acknowledged_s + WITHIN_S) == step.level
    settled_s = acknowledged_s if step.level == old else acknowledged_s + WITHIN_S
    assert until_s - settled_s > DELAY_S, "a cell of its own needs the time to be seen"
    assert most_at_once(stamps, settled_s, until_s) == step.level


@pytest.mark.parametrize("step", REFUSED, ids=str)
def test_refused_cell_says_why_and_changes_nothing(script: Script, step: Step) -> None:
    answer = script.answer(step)
    assert answer.code == 1
    assert step.said in answer.text
    assert not [event for event in script.summary["events"] if event["kind"] in ("rate", "skip", "weights")]


@pytest.mark.parametrize("workload", ["shared", "per_vu"])
def test_extend_moves_max_duration(script: Script, workload: str) -> None:
    last_s = script.stamps.of(workload).arrivals_s[-1] - script.start_s
    assert 7.5 - 2 * DELAY_S < last_s < 7.55


def test_shared_total_stays_whatever_the_vus(script: Script) -> None:
    done, cut_off = (script.summary["workloads"][name] for name in ("shared_done", "shared"))
    assert done["planned"] == done["completed"] == 40 == len(script.stamps.of("shared_done"))
    assert cut_off["planned"] == NEVER_DONE
    assert cut_off["completed"] == len(script.stamps.of("shared"))
    assert cut_off["dropped"] == NEVER_DONE - cut_off["started"], "dropped, not forgotten"
    # 0.8 s of one VU, then four: 32 requests take 0.8 s, where one alone would have taken 3.2 s.
    stamps = script.stamps.of("shared_done")
    assert stamps.arrivals_s[-1] - script.start_s < 2.4
    assert max(most_at_once(stamps, at_s, at_s + 0.05) for at_s in stamps.arrivals_s) == 4


def test_each_vu_brings_its_own_iterations_and_a_leaving_ones_rest_is_dropped(script: Script) -> None:
    counts = script.summary["workloads"]["per_vu_done"]
    assert counts["planned"] == 4 * 25, "two more VUs, with 25 each"
    assert counts["completed"] == len(script.stamps.of("per_vu_done"))
    # It left after some six of its 25.
    assert counts["dropped"] == 100 - counts["completed"]
    assert 15 <= counts["dropped"] <= 24
    whole = script.summary["workloads"]["per_vu"]
    # 2, then three more; later three of those places are taken again, by VUs with iterations of their own.
    assert whole["planned"] == (2 + 3 + 3) * NEVER_DONE
    assert whole["dropped"] == whole["planned"] - whole["started"]


def test_dropped_is_the_sum_of_what_was_not_begun(script: Script) -> None:
    dropped = sum(counts["dropped"] for counts in script.summary["workloads"].values())
    assert script.summary["metrics"]["dropped_iterations"]["count"] == dropped
