"""Every cell of the design's matrix: what a command does to each kind of executor, or why it is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dmsperf_tui.engine.clock import RunClock
from dmsperf_tui.plan.units import NS_PER_S as S
from dmsperf_tui.run import control
from dmsperf_tui.run.commands import (
    Extend,
    HoldLevel,
    Release,
    Scale,
    SetRate,
    SetVus,
    Skip,
    Steered,
    Weights,
)
from dmsperf_tui.run.control import RefusedError, rate_text, steer_changes, weighed
from dmsperf_tui.run.run import Run
from dmsperf_tui.run.snapshot import RunInfo, RunState
from dmsperf_tui.settings.config import Options, resolve

FLOW: dict[str, Any] = {"flow": "http.request", "request": {"path": "/"}}
STAGES = [
    {"duration": "20s", "target": 40},
    {"duration": "20s", "target": 40},
    {"duration": "20s", "target": 0},
]
CLOSED: dict[str, dict[str, Any]] = {
    "constant-vus": {"vus": 10, "duration": "60s"},
    "ramping-vus": {"start_vus": 0, "stages": STAGES},
    "externally-controlled": {"vus": 10, "max_vus": 50, "duration": "60s"},
}
ITERATIONS: dict[str, dict[str, Any]] = {
    "shared-iterations": {"vus": 10, "iterations": 500, "max_duration": "60s"},
    "per-vu-iterations": {"vus": 10, "iterations": 50, "max_duration": "60s"},
}
OPEN: dict[str, dict[str, Any]] = {
    "constant-arrival-rate": {"rate": 10, "duration": "60s", "pre_allocated_vus": 5, "max_vus": 20},
    "ramping-arrival-rate": {"stages": STAGES, "pre_allocated_vus": 5, "max_vus": 20},
}
ALL = {**CLOSED, **ITERATIONS, **OPEN}


class At:
    """A run whose clock shows what the test says."""

    def __init__(self, workloads: dict[str, Any], at_s: float = 10.0, **scenario: Any) -> None:
        content = {"system": "http", "workloads": workloads, **scenario}
        config = resolve(
            Options(scenario=str(Path("t.toml")), environment="http://127.0.0.1:1", content=content)
        )
        info = RunInfo("id", "t", "t", "p", "e", "http://h", False, False, "results/x", 60.0)
        self.run = Run(
            config, info, on_second=lambda *_: None, on_event=lambda *_: None, on_sample=lambda *_: None
        )
        self.ns = round(at_s * S)
        self.run.clock = RunClock(0, lambda: self.ns)
        self.run.state = RunState.RUNNING

    def told(self, command: Steered) -> list[tuple[str, str, float]]:
        """(workload, action, value) of each change, which is applied."""
        changes = steer_changes(self.run, command)
        for change in changes:
            self.run.apply(change)
        self.text = "; ".join(change.text for change in changes)
        return [(change.workload, change.action, change.value) for change in changes]

    def refused(self, command: Steered) -> str:
        with pytest.raises(RefusedError) as caught:
            steer_changes(self.run, command)
        return str(caught.value)

    def level(self, workload: str = "w", after_s: float = 0) -> float:
        return self.run.steering[workload].level(self.ns + round(after_s * S))


def one(executor: str, at_s: float = 10.0, **scenario: Any) -> At:
    return At({"w": {"executor": executor, **FLOW, **ALL[executor]}}, at_s, **scenario)


# --- vus and rate --------------------------------------------------------------------------------


@pytest.mark.parametrize("executor", [*CLOSED, *ITERATIONS])
def test_vus_are_the_target_of_what_has_vus(executor: str) -> None:
    at = one(executor)
    present = at.level()
    assert at.told(SetVus(amount=25)) == [("w", "set", 25)]
    assert at.text == f"VUs {present:g} → 25"
    assert at.level() == 25
    at.told(SetVus(amount=-5, unit="by", over_s=10))
    assert at.text == "VUs 25 → 20 over 10 s"
    assert [at.level(after_s=s) for s in (0, 2, 10)] == [25, 24, 20]
    assert at.told(SetVus(amount=50, unit="percent")) == [("w", "set", 30)], "of where it is heading"


@pytest.mark.parametrize("executor", OPEN)
def test_vus_are_the_cap_of_what_has_a_rate(executor: str) -> None:
    at = one(executor)
    rate = at.level()
    assert at.told(SetVus(amount=33)) == [("w", "cap", 33)]
    assert at.text == "most VUs 20 → 33"
    assert at.run.max_vus["w"] == 33
    assert at.told(SetVus(amount=-3, unit="by")) == [("w", "cap", 30)]
    assert at.level() == rate
    assert "at least one VU" in at.refused(SetVus(amount=0))


@pytest.mark.parametrize("executor", [*CLOSED, *ITERATIONS])
@pytest.mark.parametrize("command", [SetRate(amount=5), SetRate(amount=5, unit="percent", over_s=3)])
def test_a_rate_is_refused_where_vus_set_the_load_with_the_reason(executor: str, command: SetRate) -> None:
    said = one(executor).refused(command)
    assert "there is no rate to set" in said
    assert "use vus, or an arrival-rate executor" in said


@pytest.mark.parametrize("executor", OPEN)
def test_a_rate_is_set_where_there_is_one(executor: str) -> None:
    at = one(executor)
    present = at.level()
    assert at.told(SetRate(amount=90, per_s=60, over_s=5)) == [("w", "set", 1.5)]
    assert at.text == f"rate {rate_text(present, 1)} → 1.5/s over 5 s"
    assert at.level(after_s=5) == 1.5
    ((_, action, value),) = at.told(SetRate(amount=20, unit="percent"))
    assert action == "set"
    assert value == pytest.approx(1.8), "of where it is heading"
    assert at.told(SetRate(amount=-5, unit="by")) == [("w", "set", 0)], "never below nothing"


def test_a_rate_is_per_the_workloads_own_time_unit_unless_it_says_otherwise() -> None:
    options = {**FLOW, **OPEN["constant-arrival-rate"], "rate": 120, "time_unit": "1m"}
    at = At({"w": {"executor": "constant-arrival-rate", **options}})
    assert at.told(SetRate(amount=60)) == [("w", "set", 1)]
    assert at.text == "rate 120/m → 60/m"
    assert at.told(SetRate(amount=4, per_s=1)) == [("w", "set", 4)]
    assert at.told(SetRate(amount=60, unit="by")) == [("w", "set", 5)]


@pytest.mark.parametrize(
    ("per_second", "unit_s", "text"),
    [
        (120, 1, "120/s"),
        (1.5, 60, "90/m"),
        (0.5, 10, "5/10s"),
        (1 / 3600, 3600, "1/h"),
        (1 / 3, 1, "0.333/s"),
        (39.344, 1, "39.3/s"),
        (99.96, 1, "100/s"),
        (1234.56, 1, "1235/s"),
        (0.00001, 1, "1e-05/s"),
    ],
)
def test_a_rate_is_said_as_the_scenario_writes_it(per_second: float, unit_s: float, text: str) -> None:
    assert rate_text(per_second, unit_s) == text


def test_vus_stay_within_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "most_vus", lambda workers: 300 * workers)
    at = one("externally-controlled")
    assert at.refused(SetVus(amount=51)) == "51 VUs are more than max_vus, 50"
    assert "more than 50" in at.refused(Scale(factor=5.1))
    assert at.told(Scale(factor=5)) == [("w", "scale", 5)]
    users = one("constant-vus")
    assert users.refused(SetVus(amount=301)) == (
        "301 VUs are more than the open files allow: 300 here; use more --workers"
    )
    assert users.refused(Scale(factor=30.1)) == "301 VUs are more than 300, the most that are allowed here"
    assert users.told(SetVus(amount=300)) == [("w", "set", 300)]
    assert users.told(Scale(factor=30)) == [("w", "scale", 30)]


# --- scale, hold, release ------------------------------------------------------------------------


@pytest.mark.parametrize("executor", ALL)
def test_scale_hold_and_release_fit_every_executor(executor: str) -> None:
    at = one(executor)
    planned = at.level()
    assert at.refused(Release()) == "the plan holds already: nothing was set by hand"
    assert at.told(Scale(factor=1.5, over_s=5)) == [("w", "scale", 1.5)]
    assert at.level(after_s=5) == pytest.approx(1.5 * at.run.steering["w"].plan_level(at.ns + 5 * S), abs=1)
    assert "1.5 times the plan" in at.text
    at.ns += 5 * S
    held = at.level()
    assert at.told(HoldLevel()) == [("w", "hold", 0)]
    assert at.text.startswith("rate held at" if executor in OPEN else "VUs held at")
    at.ns += 10 * S
    assert at.level() == held
    assert at.told(Release()) == [("w", "release", 0)]
    assert "→ plan" in at.text
    assert at.level() == at.run.steering["w"].plan_level(at.ns)
    assert planned > 0


# --- skip and extend -----------------------------------------------------------------------------


@pytest.mark.parametrize("executor", ITERATIONS)
def test_skip_is_refused_where_there_are_no_stages(executor: str) -> None:
    assert "no stages: there is nothing to skip to" in one(executor).refused(Skip())


@pytest.mark.parametrize("executor", ["ramping-vus", "ramping-arrival-rate"])
def test_skip_goes_to_the_next_or_a_named_stage(executor: str) -> None:
    at = one(executor)
    assert at.told(Skip()) == [("w", "skip", 1)]
    assert at.text.startswith("skip to stage 2/3: to 40")
    assert at.run.stages["w"] == 1
    assert at.level() == 40
    assert at.run.info.planned_s == 50
    assert at.told(Skip(stage=3)) == [("w", "skip", 2)]
    assert "stage 3 of 3 is its last" in at.refused(Skip())
    assert at.refused(Skip(stage=4)) == "there is no stage 4: w has 3"
    assert at.told(Skip(stage=1)) == [("w", "skip", 0)], "also back"


@pytest.mark.parametrize("executor", ["constant-vus", "externally-controlled", "constant-arrival-rate"])
def test_a_plan_of_one_stage_has_no_next_one(executor: str) -> None:
    assert "stage 1 of 1 is its last: stop ends it, extend makes it longer" in one(executor).refused(Skip())


def test_skip_under_a_level_set_by_hand_says_that_it_holds() -> None:
    at = one("ramping-vus")
    at.told(SetVus(amount=7))
    at.told(Skip())
    assert at.text.endswith("the level set by hand goes on holding, release gives it back")
    assert at.level() == 7


@pytest.mark.parametrize("executor", ALL)
def test_extend_makes_every_executor_longer_up_to_max_duration(executor: str) -> None:
    at = one(executor)
    assert at.told(Extend(by_s=30)) == [("w", "extend", 30 * S)]
    assert at.text == "extended by 30s, to 1m30s"
    assert at.run.end_ns(at.run.config.plan.workloads[0]) == 90 * S
    assert at.run.info.planned_s == 90
    said = at.refused(Extend(by_s=31))
    assert said == (
        "the run would last 2m1s, longer than its max_duration, 2m; set max_duration in the scenario"
    )


def test_skip_back_is_bounded_by_max_duration_as_well() -> None:
    at = one("ramping-vus", 50, max_duration="70s")
    assert "longer than its max_duration, 1m10s" in at.refused(Skip(stage=1))


# --- weights -------------------------------------------------------------------------------------

MIX: dict[str, Any] = {
    "mix": {
        "read": {"flow": "http.request", "weight": 80, "request": {"path": "/"}},
        "write": {"flow": "http.request", "weight": 20, "request": {"path": "/"}},
    }
}


@pytest.mark.parametrize("executor", ALL)
def test_weights_fit_every_executor_with_a_mix(executor: str) -> None:
    at = At({"w": {"executor": executor, **MIX, **ALL[executor]}})
    workload, text = weighed(at.run, Weights(weights={"write": 80}))
    assert (workload.name, text) == ("w", "shares read 50%, write 50%")


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        ({"wirte": 1}, "unknown flow 'wirte' of w; did you mean 'write'?"),
        ({"read": 0, "write": 0}, "all shares would be 0; give at least one a share"),
    ],
)
def test_weights_that_make_no_mix_are_refused(weights: dict[str, float], says: str) -> None:
    at = At({"w": {"executor": "constant-vus", **MIX, **CLOSED["constant-vus"]}})
    with pytest.raises(RefusedError) as caught:
        weighed(at.run, Weights(weights=weights))
    assert str(caught.value) == says


@pytest.mark.parametrize("executor", ALL)
def test_weights_are_refused_without_a_mix(executor: str) -> None:
    with pytest.raises(RefusedError, match="it has one flow, not a mix of them"):
        weighed(one(executor).run, Weights(weights={"w": 1}))


# --- several workloads ---------------------------------------------------------------------------


def several(at_s: float = 10.0) -> At:
    return At(
        {
            "users": {"executor": "constant-vus", **FLOW, **CLOSED["constant-vus"]},
            "more": {"executor": "ramping-vus", **FLOW, **CLOSED["ramping-vus"]},
            "rate": {"executor": "constant-arrival-rate", **FLOW, **OPEN["constant-arrival-rate"]},
            "later": {
                "executor": "constant-arrival-rate",
                **FLOW,
                **OPEN["constant-arrival-rate"],
                "start_time": "40s",
            },
        },
        at_s,
    )


def test_a_number_needs_a_name_where_more_than_one_is_under_way() -> None:
    at = several()
    assert at.refused(SetVus(amount=5)) == (
        "more than one workload is under way (users, more); name one for a number of VUs: --workload"
    )
    assert at.told(SetVus(amount=5, workload="users")) == [("users", "set", 5)]
    assert at.text.startswith("users: VUs")
    assert at.told(SetVus(amount=9, workload="rate")) == [("rate", "cap", 9)]
    assert at.told(SetRate(amount=5)) == [("rate", "set", 5)], "the only one under way that has a rate"
    later = several(50)
    assert "(rate, later)" in later.refused(SetRate(amount=5))


def test_percentages_and_factors_are_for_all_that_they_fit() -> None:
    at = several()
    assert [name for name, *_ in at.told(SetVus(amount=50, unit="percent"))] == ["users", "more"]
    assert [name for name, *_ in at.told(Scale(factor=2))] == ["users", "more", "rate"]
    assert [name for name, *_ in at.told(HoldLevel(workload="rate"))] == ["rate"]
    assert [name for name, *_ in at.told(Skip())] == ["more"]


def test_a_workload_that_is_not_under_way_is_refused_and_a_stranger_is_named() -> None:
    at = several()
    assert at.refused(SetRate(amount=5, workload="later")).startswith("later has not started")
    assert at.refused(SetRate(amount=5, workload="ratte")) == "unknown workload 'ratte'; did you mean 'rate'?"
    at.ns = 300 * S
    assert at.refused(HoldLevel()).startswith("no workload is under way")
    at = several()
    at.run.over.add("rate")
    assert at.refused(SetRate(amount=5)).startswith("VUs set the load here")


@pytest.mark.parametrize("state", [RunState.PREPARING, RunState.STOPPING, RunState.FINISHED])
def test_nothing_is_steered_before_or_after_the_load(state: RunState) -> None:
    at = one("constant-vus")
    at.run.state = state
    assert at.refused(SetVus(amount=5)).startswith("no workload is under way")


@pytest.mark.parametrize("state", [RunState.PAUSING, RunState.PAUSED])
def test_a_paused_run_can_be_steered(state: RunState) -> None:
    at = one("constant-vus")
    at.run.state = state
    assert at.told(SetVus(amount=5)) == [("w", "set", 5)]
