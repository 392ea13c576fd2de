"""Live control of VU workloads, cell by cell, by how many requests were at the server at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.steered import Script, Step, most_at_once, played, requests

WITHIN_S = 1.0
"""Of an acknowledged change of VUs; who leaves finishes its request first."""
DELAY_S = 0.1
STAGES = [{"duration": f"{length_s}s", "target": vus} for length_s, vus in ((3, 2), (0, 6), (3, 6), (0, 3))]
WORKLOADS = {
    "constant": requests("/constant", "constant-vus", vus=3, duration="7s"),
    "ramping": requests(
        "/ramping",
        "ramping-vus",
        start_vus=2,
        stages=[*STAGES, {"duration": "3s", "target": 3}],
    ),
    "external": requests("/external", "externally-controlled", vus=2, max_vus=5, duration="7s"),
}
FIRST = {"constant": 3, "ramping": 2, "external": 2}
NO_RATE = "there is no rate to set"
STEPS = [
    Step(0.50, "constant", "vus 8", 8, "VUs 3 → 8"),
    Step(1.80, "constant", "vus -50% --over 500ms", 4, "VUs 8 → 4 over 0.5 s", over_s=0.5),
    Step(3.60, "constant", "scale 2", 6, "VUs 4 → 2 times the plan (6)"),
    Step(4.90, "constant", "release", 3, "VUs 6 → plan (3)"),
    Step(6.15, "constant", "hold", 3, "VUs held at 3"),
    Step(6.20, "constant", "rate 50", said=NO_RATE),
    Step(6.25, "constant", "skip", said="stage 1 of 1 is its last"),
    Step(6.30, "constant", "weights a=1", said="one flow, not a mix"),
    Step(6.35, "constant", "vus 99999999", said="more than the open files allow"),
    Step(6.40, "constant", "extend 1500ms", 3, "extended by 1.5s, to 8.5s"),
    Step(0.60, "ramping", "vus +5", 7, "VUs 2 → 7"),
    Step(1.75, "ramping", "release", 2, "VUs 7 → plan (2)"),
    Step(2.60, "ramping", "hold", 2, "VUs held at 2"),
    Step(4.10, "ramping", "release --over 200ms", 6, "plan (6) over 0.2 s", over_s=0.2),
    Step(5.50, "ramping", "skip", 3, "skip to stage 4/5: to 3 VUs"),
    Step(5.55, "ramping", "rate +10%", said=NO_RATE),
    Step(6.75, "ramping", "scale 2 --over 200ms", 6, "2 times the plan (6)", over_s=0.2),
    Step(7.60, "ramping", "extend 1s", 6, "extended by 1s"),
    Step(0.70, "external", "vus 5", 5, "VUs 2 → 5"),
    Step(1.20, "external", "vus 6", said="6 VUs are more than max_vus, 5"),
    Step(1.25, "external", "scale 3", said="6 VUs are more than 5"),
    Step(2.00, "external", "vus 1", 1, "VUs 5 → 1"),
    Step(3.40, "external", "scale 2", 4, "2 times the plan (4)"),
    Step(4.70, "external", "hold", 4, "VUs held at 4"),
    Step(4.75, "external", "rate 5", said=NO_RATE),
    Step(4.80, "external", "skip 2", said="there is no stage 2"),
    Step(4.85, "external", "weights a=1", said="one flow, not a mix"),
    Step(5.50, "external", "release", 2, "VUs 4 → plan (2)"),
    Step(6.10, "external", "extend 1s", 2, "extended by 1s, to 8s"),
]
OBEYED = [step for step in STEPS if step.level is not None]
REFUSED = [step for step in STEPS if step.level is None]


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Script]:
    yield from played(
        lambda: tmp_path_factory.mktemp("closed"),
        ("--delay-ms", str(1000 * DELAY_S)),
        WORKLOADS,
        STEPS,
        *("--workers", "2"),
    )


def end_s(script: Script, workload: str) -> float:
    """When its plan ends, after the start."""
    if workload != "ramping":
        return {"constant": 8.5, "external": 8.0}[workload]
    skip = next(step for step in OBEYED if step.command == "skip")
    return script.given_s(skip) - script.start_s + 3.0 + 1.0


def level_before(script: Script, step: Step) -> float:
    before = script.before(step)
    return FIRST[step.workload] if before is None else float(before.level or 0)


@pytest.mark.parametrize("step", OBEYED, ids=str)
def test_vus_at_the_server_are_those_that_were_acknowledged(script: Script, step: Step) -> None:
    assert step.level is not None
    assert step.said in script.answer(step).text
    stamps, old = script.stamps.of(step.workload), level_before(script, step)
    acknowledged_s = script.acknowledged_s(step) + step.over_s
    until_s = script.until_s(step, end_s(script, step.workload))
    if step.level > old:
        assert most_at_once(stamps, acknowledged_s, min(acknowledged_s + WITHIN_S, until_s)) == step.level
    settled_s = acknowledged_s if step.level == old else acknowledged_s + WITHIN_S
    if settled_s < until_s - DELAY_S:
        assert most_at_once(stamps, settled_s, until_s) == step.level
    else:
        assert step.level >= old, "a cell of its own needs the time to be seen"


@pytest.mark.parametrize("step", REFUSED, ids=str)
def test_refused_cell_says_why_and_changes_nothing(script: Script, step: Step) -> None:
    answer = script.answer(step)
    assert answer.code == 1
    assert step.said in answer.text
    assert len(answer.text.splitlines()) == 1
    # The cells before and after it prove that the level held; nothing of it is in the record.
    assert step.command.split()[0] not in [
        event["kind"]
        for event in script.summary["events"]
        if abs(script.start_s + event["at_s"] - answer.answered_s) < 0.02
    ]


@pytest.mark.parametrize("workload", WORKLOADS)
def test_plan_ends_where_skip_and_extend_have_put_it(script: Script, workload: str) -> None:
    last_s = script.stamps.of(workload).arrivals_s[-1] - script.start_s
    # No iteration starts after it, and a VU starts one every 0.1 s.
    assert end_s(script, workload) - 2 * DELAY_S < last_s < end_s(script, workload) + 0.05


def test_hold_outlives_the_plan_and_the_record_has_it(script: Script) -> None:
    hold = next(step for step in OBEYED if step.workload == "ramping" and step.command == "hold")
    begin_s, until_s = script.given_s(hold), script.until_s(hold, 0)
    assert begin_s < script.start_s + 3 < until_s, "the plan jumps to 6 within it"
    assert most_at_once(script.stamps.of("ramping"), begin_s, until_s) == 2
    (point,) = [point for point in script.summary["timeline"] if point["second"] == 3]
    assert point["planned"] == 3 + 6 + 2
    assert point["target"] == 6 + 2 + 4, "scaled, held, scaled"


def test_leaving_vus_finish_their_iteration(script: Script) -> None:
    for counts in script.summary["workloads"].values():
        assert counts["interrupted"] == 0
        assert counts["planned"] == counts["started"] == counts["completed"]
