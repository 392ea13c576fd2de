"""Options, files and variables -> one frozen configuration."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.settings.config import Options, RunConfig, resolve
from tests.settings.conftest import SCENARIO, Desk

SECRET = "s3cr3t-of-the-client"
ASKED = Options(scenario="mine", profile="small", environment="test", seed=1)


def resolved(desk: Desk, **changes: Any) -> RunConfig:
    return resolve(dataclasses.replace(ASKED, **changes), desk.places, desk.variables)


def refused(desk: Desk, **changes: object) -> str:
    with pytest.raises(ConfigError) as caught:
        resolved(desk, **changes)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_the_profiles_values_fill_the_scenario(desk: Desk) -> None:
    config = resolved(desk)
    workload = config.plan.workloads[0]
    assert (workload.shape.peak, workload.end_ns) == (7, 120_000_000_000)
    assert config.scenario_source["workloads"]["steady"]["vus"] == 7
    assert config.scenario_folder == desk.here / "scenarios"
    assert config.results == desk.here / "results"
    assert config.summary == ()


def test_flags_win_over_the_scenario_and_are_named_as_sources(desk: Desk) -> None:
    config = resolved(desk, vus=3, duration_s=60.0, seed=9, speedup=2.0)
    workload = config.plan.workloads[0]
    assert (workload.shape.peak, workload.end_ns, config.seed) == (3, 30_000_000_000, 9)
    for name in ("vus", "duration", "seed", "speedup"):
        assert config.sources[name] == f"flag --{name}"
    assert config.sources["scenario"] == "scenarios/mine.toml"
    assert (config.sources["profile"], config.sources["environment"]) == ("small", "test")
    assert config.sources["load.vus"] == "profile small"


def test_without_flags_no_flag_is_named(desk: Desk) -> None:
    config = resolved(desk, seed=None)
    assert not {"vus", "duration", "seed", "speedup"} & set(config.sources)
    assert 0 <= config.seed < 2**31


def test_set_changes_a_key_of_the_scenario(desk: Desk) -> None:
    settings = {"workloads.steady.vus": "12", "workloads.steady.think_time": "250ms"}
    config = resolved(desk, settings=settings)
    workload = config.plan.workloads[0]
    assert (workload.shape.peak, workload.think_time_s) == (12, 0.25)
    assert config.scenario_source["workloads"]["steady"]["vus"] == 12
    assert config.sources["workloads.steady.vus"] == "flag --set workloads.steady.vus"


def test_set_changes_a_key_of_the_profile_before_the_scenario_reads_it(desk: Desk) -> None:
    desk.environ["VUS_LOAD_PHASE"] = "99"
    config = resolved(desk, settings={"load.vus": "12"})
    assert config.plan.workloads[0].shape.peak == 12
    assert config.profile.values["load.vus"] == 12
    assert config.sources["load.vus"] == "flag --set load.vus"


@pytest.mark.parametrize(
    ("metric", "tags"),
    [("http_req_failed", ()), ("http_req_failed{name:GET v1.0/x}", (("name", "GET v1.0/x"),))],
)
def test_set_changes_a_threshold(desk: Desk, metric: str, tags: tuple[tuple[str, str], ...]) -> None:
    config = resolved(desk, settings={f"thresholds.{metric}": "rate<0.5"})
    changed = [threshold for threshold in config.plan.thresholds if threshold.tags == tags]
    assert [threshold.expression for threshold in changed] == ["rate<0.5"]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"data.schoolz": "3"}, "--set: unknown key 'data.schoolz'; did you mean 'data.schools'?"),
        ({"load.vuz": "3"}, "--set: unknown key 'load.vuz'; did you mean 'load.vus'?"),
        (
            {"workloads.stedy.vus": "3"},
            "--set: unknown key 'workloads.stedy.vus'; did you mean 'workloads.steady.vus'?",
        ),
        ({"vus": "3"}, "--set: unknown key 'vus'"),
        ({"thresholds": "3"}, "--set: unknown key 'thresholds'"),
        ({"workloads.steady.vuz": "3"}, "flag --set workloads.steady.vuz: "),
        (
            {"workloads.steady.vus": "many"},
            "flag --set workloads.steady.vus: Input should be a valid integer",
        ),
        ({"workloads.steady.vus.x": "3"}, "is not a table"),
        ({"thresholds.http_req_failed": "rate<<1"}, "flag --set thresholds.http_req_failed: "),
        ({"load.vus": "0"}, "flag --set load.vus: load.vus: "),
    ],
)
def test_a_bad_setting_is_blamed_itself(desk: Desk, settings: dict[str, str], says: str) -> None:
    text = refused(desk, settings=settings)
    assert says in text
    assert "mine.toml" not in text


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"scenario": "mien"}, "unknown scenario 'mien'; did you mean 'mine'?"),
        ({"profile": "smal"}, "unknown profile 'smal'; did you mean 'small'?"),
        ({"environment": "tset"}, "unknown environment 'tset'; did you mean 'test'?"),
        ({"scenario": "gone.toml"}, "gone.toml: no such file; or name one of: mine"),
        ({"vus": 0}, "--vus: 0 is too small; give 1 or more"),
        ({"workers": 0}, "--workers: 0 is too small; give 1 or more"),
        ({"seed": -1}, "--seed: -1 is too small; give 0 or more"),
        ({"speedup": 0.5}, "--speedup: 0.5 is too small; give 1 or more"),
        ({"duration_s": 0.0}, "--duration: must be longer than 0; write 30s or 5m"),
    ],
)
def test_a_bad_option_is_one_clear_line(desk: Desk, changes: dict[str, object], says: str) -> None:
    assert refused(desk, **changes) == says


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (
            "vus = ",
            "vuz = ",
            "scenarios/mine.toml:6: workloads.steady.vuz: unknown key 'vuz'; did you mean 'vus'?",
        ),
        (
            "${load.vus}",
            "${load.vuz}",
            "mine.toml:6: workloads.steady.vus: unknown profile value 'load.vuz'; did you mean 'load.vus'?",
        ),
        (
            "constant-vus",
            "constant",
            "scenarios/mine.toml:5: workloads.steady.executor: unknown executor 'constant'",
        ),
        (
            "rate<0.01",
            "rate<a",
            "scenarios/mine.toml:11: thresholds.http_req_failed: 'rate<a' is not a threshold",
        ),
        (
            "dms.create_school",
            "dms.create_scool",
            "workloads.steady.flow: unknown flow 'dms.create_scool'; did you mean 'dms.create_school'?",
        ),
        (
            "dms.create_school",
            "mine.py:go",
            "scenarios/mine.toml:8: workloads.steady.flow: no such file 'mine.py'; put it beside",
        ),
        (
            'duration = "${load.duration}"\n',
            "",
            "scenarios/mine.toml:4: workloads.steady.duration: is missing",
        ),
        ("[thresholds]", "[thresholds", "scenarios/mine.toml:10: is not valid TOML"),
    ],
)
def test_a_bad_line_of_the_scenario_is_pointed_at(desk: Desk, before: str, after: str, says: str) -> None:
    desk.write("scenarios/mine.toml", SCENARIO.replace(before, after))
    assert says in refused(desk)


def test_a_file_without_workloads_tables_is_one_clear_line_even_with_a_setting(desk: Desk) -> None:
    desk.write("scenarios/mine.toml", "workloads = 5\n")
    assert "unknown key" in refused(desk, settings={"workloads.steady.vus": "3"})
    assert "scenarios/mine.toml:1: workloads: " in refused(desk)


def test_a_scenario_may_be_a_file_with_a_flow_beside_it(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "other.toml").write_text(SCENARIO.replace("dms.create_school", "flows.py:go"), encoding="utf-8")
    (folder / "flows.py").write_text("async def go(vu): ...\n", encoding="utf-8")
    config = resolved(desk, scenario=str(folder / "other.toml"))
    assert (config.plan.name, config.scenario_folder) == ("other", folder)


def test_the_working_directory_comes_before_what_is_packed(desk: Desk) -> None:
    desk.write("scenarios/mine.toml", SCENARIO.replace("Mine", "Packed"), packed=True)
    desk.write("scenarios/deep/er.toml", SCENARIO.replace("Mine", "Deeper"), packed=True)
    assert resolved(desk).plan.title == "Mine"
    assert resolved(desk, scenario="deep/er").plan.title == "Deeper"
    assert list(desk.places.names("scenarios")) == ["deep/er", "mine"]


def test_the_configuration_is_frozen(desk: Desk) -> None:
    config = resolved(desk)
    with pytest.raises(ValidationError, match="frozen"):
        config.seed = 5  # type: ignore[misc]


def test_the_configuration_survives_the_way_to_the_host_with_its_secret(desk: Desk) -> None:
    desk.environ |= {"CLIENT_ID": "me", "CLIENT_SECRET": SECRET}
    request = '\n[workloads.get]\nexecutor = "constant-vus"\nduration = "1m"\nflow = "http.request"\n'
    request += (
        '[workloads.get.request]\nmethod = "POST"\npath = "/x"\njson = {a = [1, "b"]}\nexpect = [201]\n'
    )
    ramping = '\n[workloads.ramp]\nexecutor = "ramping-vus"\nflow = "dms.enroll_student"\n'
    ramping += 'stages = [{duration = "1m", target = 10}, {duration = "0s", target = 2}]\n'
    desk.write("scenarios/mine.toml", SCENARIO + request + ramping)
    config = resolved(desk, settings={"workloads.steady.vus": "3"}, summary=("out.json",))
    again = RunConfig.model_validate_json(config.model_dump_json())
    assert again == config
    assert again.plan.workloads == config.plan.workloads
    assert again.environment.client_secret is not None
    assert again.environment.client_secret.get_secret_value() == SECRET


def test_the_secret_shows_nowhere_else(desk: Desk) -> None:
    desk.environ |= {"CLIENT_ID": "me", "CLIENT_SECRET": SECRET}
    config = resolved(desk)
    for text in (repr(config), str(config), str(config.model_dump()), repr(config.environment)):
        assert SECRET not in text
