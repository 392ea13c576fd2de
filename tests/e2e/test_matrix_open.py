"""Live control of open workloads, cell by cell, by what the server saw: rates, counts and ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.steered import Script, Step, most_at_once, played, requests

SEEN_WITHIN_S = 0.25
"""Of an acknowledged change of rate."""
VUS_WITHIN_S = 1.0
DELAY_S = 0.05
ROOM = {"pre_allocated_vus": 60, "max_vus": 60}
WORKLOADS = {
    "constant": requests("/constant", "constant-arrival-rate", rate=60, duration="6s", **ROOM),
    "ramping": requests(
        "/ramping",
        "ramping-arrival-rate",
        start_rate=40,
        stages=[
            {"duration": f"{length_s}s", "target": target}
            for length_s, target in ((3, 40), (0, 120), (2, 120), (0, 60), (4, 60))
        ],
        **ROOM,
    ),
    # 4.5 VUs' worth of work, and fewer VUs at first and at last.
    "capped": requests(
        "/capped", "constant-arrival-rate", rate=90, duration="6s", pre_allocated_vus=2, max_vus=2
    ),
}
STEPS = [
    Step(0.60, "constant", "rate 150", 150, "rate 60/s → 150/s"),
    Step(1.50, "constant", "rate -60% --over 500ms", 60, "over 0.5 s", over_s=0.5),
    Step(2.70, "constant", "scale 2", 120, "2 times the plan (120/s)"),
    Step(3.40, "constant", "hold", 120, "rate held at 120/s"),
    Step(4.00, "constant", "release", 60, "rate 120/s → plan (60/s)"),
    Step(4.60, "constant", "release", said="the plan holds already"),
    Step(4.65, "constant", "skip", said="stage 1 of 1 is its last"),
    Step(4.70, "constant", "weights a=1", said="one flow, not a mix"),
    Step(4.75, "constant", "vus 0", said="needs at least one VU"),
    Step(4.80, "constant", "extend 20s", said="longer than its max_duration"),
    Step(5.00, "constant", "extend 2500ms", 60, "extended by 2.5s, to 8.5s"),
    Step(5.70, "constant", "rate 3600/m", 60, "rate 60/s → 60/s"),
    Step(6.30, "constant", "scale 3 --over 500ms", 180, "3 times the plan", over_s=0.5),
    Step(7.60, "constant", "vus 50", 180, "most VUs 60 → 50"),
    Step(0.80, "ramping", "rate +60", 100, "rate 40/s → 100/s"),
    Step(1.60, "ramping", "release", 40, "plan (40/s)"),
    Step(2.40, "ramping", "hold", 40, "rate held at 40/s"),
    Step(3.80, "ramping", "release", 120, "plan (120/s)"),
    Step(4.40, "ramping", "skip", 60, "skip to stage 4/5: to 60/s"),
    Step(4.95, "ramping", "skip 9", said="there is no stage 9"),
    Step(5.20, "ramping", "scale 2", 120, "2 times the plan (120/s)"),
    Step(6.00, "ramping", "release --over 400ms", 60, "over 0.4 s", over_s=0.4),
    Step(7.10, "ramping", "extend 600ms", 60, "extended by 600ms"),
    Step(7.20, "ramping", "vus 50", 60, "most VUs 60 → 50"),
    Step(1.10, "capped", "vus 12", 12, "most VUs 2 → 12"),
    Step(3.60, "capped", "vus -75%", 3, "most VUs 12 → 3"),
]
OBEYED = [step for step in STEPS if step.level is not None]
RATES = [step for step in OBEYED if step.workload != "capped"]
CAPS = [step for step in OBEYED if step.workload == "capped"]
REFUSED = [step for step in STEPS if step.level is None]


@pytest.fixture(scope="module", params=[1, 2], ids=["1 worker", "2 workers"])
def script(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Script]:
    yield from played(
        lambda: tmp_path_factory.mktemp("open"),
        ("--delay-ms", str(1000 * DELAY_S)),
        WORKLOADS,
        STEPS,
        *("--workers", str(request.param)),
    )


def end_s(script: Script, workload: str) -> float:
    """When its plan ends, after the start: where the last skip and extend have put it."""
    if workload != "ramping":
        return {"constant": 8.5, "capped": 6.0}[workload]
    skip = next(step for step in STEPS if step.command == "skip" and step.workload == "ramping")
    return script.given_s(skip) - script.start_s + 4.6


@pytest.mark.parametrize("step", RATES, ids=str)
def test_rate_at_the_server_is_the_one_that_was_acknowledged(script: Script, step: Step) -> None:
    assert step.level is not None
    assert step.said in script.answer(step).text
    stamps, before = script.stamps.of(step.workload), script.before(step)
    first = 60.0 if step.workload == "constant" else 40.0
    old = first if before is None else float(before.level or 0)
    if step.command == "release" and step.at_s == 3.8:
        assert old == 40, "what was held outlived the plan's jump to 120"
    given_s, acknowledged_s = script.given_s(step), script.acknowledged_s(step)
    assert acknowledged_s - given_s < SEEN_WITHIN_S
    if step.over_s:
        ramp = stamps.between(given_s, given_s + step.over_s)
        assert ramp == pytest.approx((old + step.level) / 2 * step.over_s, abs=6)
    elif step.level != old:
        seen = stamps.between(acknowledged_s, acknowledged_s + SEEN_WITHIN_S) / SEEN_WITHIN_S
        assert abs(seen - step.level) < abs(seen - old), f"{seen} a second"
    settled_s = acknowledged_s + max(step.over_s, SEEN_WITHIN_S)
    until_s = script.until_s(step, end_s(script, step.workload))
    expected = step.level * (until_s - settled_s)
    assert expected > 5
    assert stamps.between(settled_s, until_s) == pytest.approx(expected, abs=3 + 0.04 * expected)


@pytest.mark.parametrize("workload", ["constant", "ramping"])
def test_plan_ends_where_skip_and_extend_have_put_it(script: Script, workload: str) -> None:
    last_s = script.stamps.of(workload).arrivals_s[-1] - script.start_s
    assert last_s == pytest.approx(end_s(script, workload), abs=0.12)


@pytest.mark.parametrize("step", CAPS, ids=str)
def test_cap_of_vus_is_kept_and_what_waited_is_served(script: Script, step: Step) -> None:
    stamps = script.stamps.of("capped")
    first_s = script.given_s(CAPS[0])
    assert most_at_once(stamps, script.start_s, first_s - 0.01) == 2
    begin_s, until_s = script.acknowledged_s(step), script.until_s(step, 6.0)
    assert step.level is not None
    if step.level == 12:
        # What had waited is served at once, by all that there may be.
        assert most_at_once(stamps, begin_s, begin_s + VUS_WITHIN_S) == 12
        expected = 90 * (until_s - script.start_s)
        assert stamps.between(script.start_s, until_s) == pytest.approx(expected, rel=0.05)
    else:
        # Three VUs of 50 ms: 60 of the 90 a second that are due.
        assert most_at_once(stamps, begin_s + VUS_WITHIN_S, until_s) == 3


@pytest.mark.parametrize("step", REFUSED, ids=str)
def test_refused_cell_says_why_and_changes_nothing(script: Script, step: Step) -> None:
    answer = script.answer(step)
    assert answer.code == 1
    assert step.said in answer.text
    assert len(answer.text.splitlines()) == 1
    others = [each for each in RATES if each.workload == step.workload and each.at_s < step.at_s]
    level = others[-1].level or 0.0
    stamps = script.stamps.of(step.workload)
    seen = stamps.between(answer.given_s - 0.1, answer.answered_s + 0.1)
    length_s = answer.answered_s - answer.given_s + 0.2
    assert seen == pytest.approx(level * length_s, abs=3 + 0.04 * level * length_s)


def test_record_shows_levels_as_they_were_set(script: Script) -> None:
    counts = script.summary["workloads"]
    assert counts["capped"]["max_vus"] == 3
    assert counts["constant"]["max_vus"] == counts["ramping"]["max_vus"] == 50
    assert counts["capped"]["queued"] > 50
    assert counts["capped"]["dropped"] == counts["capped"]["cut"] == 0
    assert counts["capped"]["completed"] == 540
    for name in ("constant", "ramping"):
        assert counts[name]["started"] == counts[name]["completed"] == len(script.stamps.of(name))
