"""Suites: what may stand in one, what wins over what, and that all of it is checked before the first step."""

from __future__ import annotations

import pytest

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.settings.catalogue import catalogue
from dmsperf_tui.settings.config import Options, resolve
from dmsperf_tui.settings.places import DEFAULTS, Places
from dmsperf_tui.settings.suite import Suite, resolve_suite
from dmsperf_tui.settings.variables import Variables
from tests.settings.conftest import SCENARIO, Desk

SUITE = """\
title = "Both"
cool_down = "1m"

[[steps]]
scenario = "mine"

[[steps]]
scenario = "other"
profile = "big"
vus = 3
duration = "90s"
settings = { load.vus = 9, thresholds.http_req_failed = "rate<0.5" }
"""


@pytest.fixture
def suites(desk: Desk) -> Desk:
    desk.write("scenarios/other.toml", SCENARIO.replace("steady", "busy"))
    desk.write("profiles/big.toml", "[load]\nvus = 70\n")
    desk.write("profiles/dev.toml", "[load]\nvus = 5\n", packed=True)
    desk.write("scenarios/suites/both.toml", SUITE)
    return desk


def resolved(desk: Desk, given: Options | None = None, name: str = "both", **flags: object) -> Suite:
    options = given or Options(profile="small")
    return resolve_suite(name, options, places=desk.places, variables=desk.variables, **flags)  # type: ignore[arg-type]


def refused(desk: Desk, text: str, given: Options | None = None) -> str:
    desk.write("scenarios/suites/both.toml", text)
    with pytest.raises(ConfigError) as caught:
        resolved(desk, given)
    return str(caught.value)


def test_each_step_has_what_it_asks_for(suites: Desk) -> None:
    suite = resolved(suites)
    assert (suite.name, suite.title, suite.cool_down_s, suite.stops) == ("both", "Both", 60.0, False)
    first, second = suite.steps
    assert (first.plan.name, first.profile.name, first.plan.peak_vus) == ("mine", "small", 7)
    assert (second.plan.name, second.profile.name, second.plan.peak_vus) == ("other", "big", 3)
    assert second.profile.values["load.vus"] == 9
    assert second.plan.duration_ns == 90_000_000_000
    assert [threshold.expression for threshold in second.plan.thresholds] == ["rate<0.5"]


def test_flags_win_over_the_file(suites: Desk) -> None:
    given = Options(speedup=10, seed=4, workers=2, results="there", settings={"load.vus": "11"})
    suite = resolved(suites, given, profile="small", cool_down_s=5.0)
    assert suite.cool_down_s == 0.5, "a speed-up shortens it"
    for step in suite.steps:
        assert (step.profile.name, step.profile.values["load.vus"]) == ("small", 11)
        assert (step.speedup, step.seed, step.workers, step.results.name) == (10, 4, 2, "there")


def test_a_setting_of_a_workload_is_for_the_steps_that_have_it(suites: Desk) -> None:
    key = "workloads.busy.think_time"
    first, second = resolved(suites, Options(profile="small", settings={key: "2s"})).steps
    assert (first.plan.workloads[0].think_time_s, second.plan.workloads[0].think_time_s) == (0.0, 2.0)
    nobody = Options(profile="small", settings={"workloads.bsuy.vus": "2"})
    assert refused(suites, SUITE, nobody).startswith(
        "--set workloads.bsuy.vus: no step has a workload 'bsuy'"
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (('"other"', '"otter"'), "step 2, otter: unknown scenario 'otter'; did you mean 'other'?"),
        (('"big"', '"bog"'), "step 2, other: unknown profile 'bog'; did you mean 'big'?"),
        (("vus = 3", "vsu = 3"), "step 2, vsu: unknown key 'vsu'; did you mean 'vus'?"),
        (("vus = 3", "vus = 0"), "step 2, vus: Input should be greater than or equal to 1 (given: 0)"),
        (
            ("load.vus = 9", "laod.vus = 9"),
            "step 2, other: --set: unknown key 'laod.vus'; did you mean 'load.vus'?",
        ),
        (('"1m"', '"1 parsec"'), "scenarios/suites/both.toml:2: cool_down: '1 parsec' is not a duration"),
        (
            ('cool_down = "1m"', 'on_failure = "wait"'),
            "both.toml:2: on_failure: Input should be 'go on' or 'stop'",
        ),
        (('cool_down = "1m"', 'cooldown = "1m"'), "unknown key 'cooldown'; did you mean 'cool_down'?"),
    ],
)
def test_all_steps_are_checked_at_once(suites: Desk, change: tuple[str, str], says: str) -> None:
    said = refused(suites, SUITE.replace(*change))
    assert said.startswith("scenarios/suites/both.toml:")
    assert says in said


def test_a_suite_without_steps_is_none(suites: Desk) -> None:
    assert "steps: is missing; add steps" in refused(suites, 'title = "x"\n')
    assert "steps" in refused(suites, "steps = []\n")


def test_a_suite_is_no_scenario(suites: Desk) -> None:
    assert [entry.name for entry in catalogue("scenarios", suites.places)] == ["mine", "other"]
    (entry,) = catalogue("suites", suites.places)
    assert (entry.name, entry.title) == ("both", "Both")


def test_a_suite_given_as_a_scenario_is_told_so(suites: Desk) -> None:
    with pytest.raises(
        ConfigError, match="is a suite, not a scenario; use: dmsperf-tui suite scenarios/suites/"
    ):
        resolve(Options(scenario="scenarios/suites/both.toml", profile="small"), suites.places)


def test_a_suite_is_named_by_its_path_as_well(suites: Desk) -> None:
    path = suites.write("elsewhere/own.toml", SUITE)
    assert resolved(suites, name=str(path)).name == "own"


def test_every_suite_that_ships_can_run() -> None:
    shipped = Places((DEFAULTS,))
    found = {
        entry.name: resolve_suite(entry.name, Options(), places=shipped, variables=Variables({}, {}))
        for entry in catalogue("suites", shipped)
    }
    assert [step.plan.name for step in found["k12-acceptance"].steps] == [
        "k12/load",
        "k12/concurrent_quiz",
        "k12/grading_rush",
        "k12/opening_day",
        "k12/ai_gateway",
    ], "the order of seed 004's concurrency targets"
    assert all(step.objectives_gate for step in found["k12-acceptance"].steps)
    assert all(suite.description for suite in found.values())
