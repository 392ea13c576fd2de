"""Which objectives a run has: flag over key, by name or file, and thresholds of the run by the flag alone."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.settings.catalogue import catalogue
from dmsperf_tui.settings.config import Options, RunConfig, resolve
from dmsperf_tui.settings.objectives import read_objectives
from dmsperf_tui.settings.places import DEFAULTS, Places
from tests.settings.conftest import SCENARIO, Desk

MINE = """\
title = "Mine"
description = "What mine should reach"
system = "dms"
[concurrency.mine]
title = "My day"
scenario = "mine"
vus = 7
[measures.errors]
title = "Errors"
metric = "http_req_failed"
objectives = ["rate<0.01"]
[measures.p95]
title = "p95"
metric = "http_req_duration"
objectives = ["p(95)<2000"]
"""
ASKED = Options(scenario="mine", profile="small", environment="test", seed=1)


@pytest.fixture(autouse=True)
def shelf(desk: Desk) -> Desk:
    desk.write("config/objectives/mine.toml", MINE)
    desk.write("config/objectives/packed.toml", MINE.replace('"Mine"', '"Packed"'), packed=True)
    desk.write("scenarios/keyed.toml", f'objectives = "mine"\n{SCENARIO}')
    return desk


def resolved(desk: Desk, **changes: Any) -> RunConfig:
    return resolve(dataclasses.replace(ASKED, **changes), desk.places, desk.variables)


def refused(desk: Desk, **changes: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        resolved(desk, **changes)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def thresholds(config: RunConfig) -> list[str]:
    return [f"{one.metric} {one.expression}" for one in config.plan.thresholds]


def test_without_flag_and_key_there_are_none(desk: Desk) -> None:
    config = resolved(desk)
    assert (config.objectives, config.objectives_gate) == (None, False)
    assert "objectives" not in config.sources


def test_the_flag_makes_them_thresholds_each_once(desk: Desk) -> None:
    config = resolved(desk, objectives="mine")
    assert config.objectives is not None
    assert (config.objectives.name, config.objectives_gate) == ("mine", True)
    assert thresholds(config) == [
        "http_req_failed rate<0.01",
        "vus_max value>=7",
        "http_req_duration p(95)<2000",
    ]
    assert config.sources["objectives"] == "config/objectives/mine.toml (flag --objectives)"


def test_the_key_only_shows_them(desk: Desk) -> None:
    config = resolved(desk, scenario="keyed")
    assert config.objectives is not None
    assert config.objectives_gate is False
    assert thresholds(config) == ["http_req_failed rate<0.01"]
    assert config.sources["objectives"] == "config/objectives/mine.toml (scenario keyed)"


def test_the_flag_wins_over_the_key_and_none_hides(desk: Desk) -> None:
    config = resolved(desk, scenario="keyed", objectives="packed")
    assert config.objectives is not None
    assert (config.objectives.title, config.objectives_gate) == ("Packed", True)
    hidden = resolved(desk, scenario="keyed", objectives="none")
    assert (hidden.objectives, thresholds(hidden)) == (None, ["http_req_failed rate<0.01"])


def test_the_working_folder_comes_before_what_ships(desk: Desk) -> None:
    desk.write("config/objectives/packed.toml", MINE.replace('"Mine"', '"Nearer"'))
    config = resolved(desk, objectives="packed")
    assert config.objectives is not None
    assert config.objectives.title == "Nearer"


def test_a_path_works_from_the_working_folder_and_from_beside_the_scenario(desk: Desk) -> None:
    desk.write("own.toml", MINE.replace('"Mine"', '"Own"'))
    desk.write("scenarios/beside.toml", MINE.replace('"Mine"', '"Beside"'))
    desk.write("scenarios/with_file.toml", f'objectives = "beside.toml"\n{SCENARIO}')
    flag, key = resolved(desk, objectives="own.toml"), resolved(desk, scenario="with_file")
    assert flag.objectives is not None
    assert key.objectives is not None
    assert (flag.objectives.title, flag.objectives.name) == ("Own", "own")
    assert (key.objectives.title, key.objectives.name) == ("Beside", "beside")


def test_a_target_is_of_its_scenario_also_by_path(desk: Desk) -> None:
    for scenario, there in (("mine", True), ("scenarios/mine.toml", True), ("keyed", False)):
        config = resolved(desk, scenario=scenario, objectives="mine")
        assert config.objectives is not None
        assert ("My day" in [one.title for one in config.objectives.objectives]) is there
        assert ("vus_max value>=7" in thresholds(config)) is there


def test_they_reach_the_host_as_they_are(desk: Desk) -> None:
    config = resolved(desk, objectives="mine")
    assert RunConfig.model_validate_json(config.model_dump_json()).objectives == config.objectives


def test_an_unknown_name_is_told_with_the_nearest(desk: Desk) -> None:
    assert refused(desk, objectives="mines") == (
        "--objectives: unknown objectives 'mines'; did you mean 'mine'?"
    )
    assert refused(desk, objectives="non") == "--objectives: unknown objectives 'non'; did you mean 'none'?"
    desk.write("scenarios/typo.toml", f'objectives = "mines"\n{SCENARIO}')
    assert refused(desk, scenario="typo") == (
        "scenarios/typo.toml:1: objectives: unknown objectives 'mines'; did you mean 'mine'?"
    )
    assert refused(desk, objectives="far.toml").startswith("far.toml: no such file")


def test_objectives_of_another_system_are_refused(desk: Desk) -> None:
    desk.write("config/objectives/school.toml", MINE.replace('"dms"', '"k12"'))
    assert refused(desk, objectives="school") == (
        "--objectives: school is for k12, and scenario mine for dms; choose others, or none"
    )
    desk.write("scenarios/odd.toml", f'objectives = "school"\n{SCENARIO}')
    assert refused(desk, scenario="odd").startswith(
        "scenarios/odd.toml:1: objectives: school is for k12, and scenario odd for dms"
    )


def test_a_mistake_in_the_file_is_told_with_its_line(desk: Desk) -> None:
    desk.write("config/objectives/mine.toml", MINE.replace("p(95)<2000", "p(95)<2s"))
    message = refused(desk, objectives="mine")
    assert message.startswith("config/objectives/mine.toml:15: measures.p95.objectives: 'p(95)<2s' is not")
    desk.write("config/objectives/mine.toml", MINE.replace("vus = 7", "uvs = 7"))
    message = refused(desk, objectives="mine")
    assert (
        message
        == "config/objectives/mine.toml:7: concurrency.mine.uvs: unknown key 'uvs'; did you mean 'vus'?"
    )


def test_a_target_of_no_scenario_is_told_with_its_line(desk: Desk) -> None:
    desk.write("config/objectives/mine.toml", MINE.replace('scenario = "mine"', 'scenario = "mines"'))
    for scenario in ("mine", "scenarios/mine.toml"):
        message = refused(desk, scenario=scenario, objectives="mine")
        assert message == (
            "config/objectives/mine.toml:6: concurrency.mine.scenario: unknown scenario 'mines'; "
            "did you mean 'mine'?"
        )


def test_a_target_may_be_of_scenarios_that_are_named_by_their_paths(desk: Desk) -> None:
    desk.write("far/one.toml", SCENARIO)
    desk.write("far/other.toml", SCENARIO)
    desk.write("config/objectives/mine.toml", MINE.replace('scenario = "mine"', 'scenario = "other"'))
    for scenario, there in (("far/other.toml", True), ("far/one.toml", False)):
        config = resolved(desk, scenario=scenario, objectives="mine")
        assert ("vus_max value>=7" in thresholds(config)) is there
    assert "unknown scenario 'other'" in refused(desk, objectives="mine"), "it is none of those by name"


def test_a_metric_of_another_type_is_told_with_its_line(desk: Desk) -> None:
    desk.write("config/objectives/mine.toml", f'{MINE}[metrics]\norders = "counter"\n')
    desk.write("scenarios/rated.toml", f'{SCENARIO}[metrics]\norders = "rate"\n')
    message = refused(desk, scenario="rated", objectives="mine")
    assert message == (
        "config/objectives/mine.toml:17: metrics.orders: is a counter here, and a rate in scenario rated"
    )


def test_the_catalogue_lists_them_and_what_is_broken(desk: Desk) -> None:
    desk.write("config/objectives/broken.toml", MINE.replace("vus = 7", "vus = 0"))
    entries = {entry.name: entry for entry in catalogue("objectives", desk.places)}
    assert list(entries) == ["broken", "mine", "packed"]
    assert (entries["mine"].title, entries["mine"].description) == ("Mine", "What mine should reach")
    assert entries["broken"].problem.startswith("config/objectives/broken.toml:7: concurrency.mine.vus")


SHIPPED = Places((DEFAULTS,))
BASELINES = {
    "auth": (100, 300, 500),
    "list": (200, 500, 1000),
    "detail": (100, 300, 500),
    "write": (200, 500, 1000),
    "gradebook": (500, 1000, 2000),
    "analytics": (1000, 3000, 5000),
    "ai": (5000, 10000, 15000),
    "search": (200, 500, 1000),
    "upload": (1000, 3000, 5000),
}
"""p50, p95 and p99 of the platform's document, in milliseconds."""
TARGETS = {
    "k12/load": (130, 1000, 0.05),
    "k12/concurrent_quiz": (35, 2000, 0.01),
    "k12/grading_rush": (20, 1000, 0.02),
    "k12/opening_day": (200, 2000, 0.05),
    "k12/ai_gateway": (15, 10000, 0.1),
}
"""VUs, p95 in milliseconds and the share of errors."""


def test_the_platforms_objectives_are_those_of_its_document() -> None:
    found, _ = read_objectives("k12", SHIPPED.find("config/objectives", "k12", "objectives"))
    measures = [one.measure for one in found.objectives if one.group == "Response times"]
    assert [(one.metric, one.percentile, one.comparison, one.bound) for one in measures if one] == [
        (f"http_req_duration{{category:{category},expected_response:true}}", percentile, "<", bound)
        for category, bounds in BASELINES.items()
        for percentile, bound in zip((50, 95, 99), bounds, strict=True)
    ]
    by_scenario = {
        scenario: tuple(
            one.measure.bound for one in found.objectives if one.measure and one.scenario == scenario
        )
        for scenario in TARGETS
    }
    assert by_scenario == TARGETS


def test_scaling_begins_at_80_percent_and_alerts_at_150() -> None:
    found, _ = read_objectives("k12", SHIPPED.find("config/objectives", "k12", "objectives"))
    assert list(found.levels) == ["scale", "alert"]
    p95 = [one for one in found.objectives if one.group == "Response times" and one.levels]
    assert len(p95) == 9
    for one in p95:
        assert one.measure is not None
        assert one.measure.percentile == 95
        bounds = [(level.name, level.threshold and level.threshold.bound) for level in one.levels]
        assert bounds == [("scale", one.measure.bound * 0.8), ("alert", one.measure.bound * 1.5)]


def test_the_indicators_of_the_dms_are_those_of_its_document() -> None:
    found, _ = read_objectives("dms", SHIPPED.find("config/objectives", "dms", "objectives"))
    assert [(one.title, one.expression, one.levels[0].expression) for one in found.objectives] == [
        ("Response time (p95)", "p(95)<2000", "p(95)>5000"),
        ("Response time (p99)", "p(99)<5000", "p(99)>10000"),
        ("Throughput", "rate>100", "rate<50"),
        ("Error rate", "rate<0.01", "rate>0.05"),
        ("Concurrent users", "value>=100", "system failure"),
        ("Database connection pool", "< 80 % utilized", "> 95 % utilized"),
        ("Memory usage", "< 80 %", "> 95 %"),
        ("CPU usage", "< 70 %", "> 90 %"),
    ]
    assert [one.measure is None for one in found.objectives] == [False] * 5 + [True] * 3
