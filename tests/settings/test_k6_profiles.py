"""Profiles of the k6 suite (`.env.profiles/*.env`), used as they are, and the data's own values."""

from __future__ import annotations

from pathlib import Path

import pytest

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.settings.catalogue import catalogue
from dmsperf_tui.settings.profile import load_profile
from tests.settings.conftest import Desk

K6 = """\
# Test Scale - Small district
SCHOOL_COUNT=10
STUDENT_COUNT=120
STAFF_COUNT=20
VUS_LOAD_PHASE=6
DURATION_LOAD_PHASE=5m
"""
SHARED = Path(__file__).parents[3] / "shared" / "data" / "k6-env"


def test_a_profile_of_the_k6_suite_is_used_as_it_is(desk: Desk) -> None:
    desk.write(".env.profiles/austin.env", K6)
    for name in ("austin", ".env.profiles/austin.env"):
        profile = load_profile(name, desk.places, desk.variables)
        assert (profile.values["data.students"], profile.sources["data.students"]) == (120, f"profile {name}")
        assert (profile.values["load.duration"], profile.values["load.vus"]) == (300, 6)
        assert profile.sources["data.courses_per_school"] == "default"
    desk.environ["STUDENT_COUNT"] = "7"
    assert load_profile("austin", desk.places, desk.variables).values["data.students"] == 7


def test_a_toml_profile_of_the_same_name_comes_first(desk: Desk) -> None:
    desk.write(".env.profiles/small.env", K6)
    assert load_profile("small", desk.places, desk.variables).values["load.vus"] == 7


def test_they_are_listed_and_named_where_a_name_is_wrong(desk: Desk) -> None:
    desk.write(".env.profiles/austin.env", K6)
    (entry,) = [entry for entry in catalogue("profiles", desk.places) if entry.name == "austin"]
    assert "k6" in entry.description
    with pytest.raises(ConfigError, match="did you mean 'austin'"):
        load_profile("austn", desk.places, desk.variables)


@pytest.mark.parametrize("line", ["STUDENT_COUNT=many", "DURATION_LOAD_PHASE=5 parsecs", "SCHOOL_COUNT=0"])
def test_a_bad_value_names_the_file(desk: Desk, line: str) -> None:
    desk.write(".env.profiles/bad.env", f"{line}\n")
    with pytest.raises(ConfigError, match=r"bad\.env"):
        load_profile("bad", desk.places, desk.variables)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the k6 suite's own profiles are not here")
def test_the_suites_own_files_give_the_figures_of_ours(desk: Desk) -> None:
    for path in SHARED.glob("*.env"):
        theirs = load_profile(str(path), desk.places, desk.variables).values
        if path.stem == "env":
            continue
        ours = Path(__file__).parents[2] / "profiles" / f"{path.stem}.toml"
        own = load_profile(str(ours), desk.places, desk.variables).values
        assert theirs == {**own, "readwrite.least_rate": 0.5}, "which the suite does not have"


def test_a_prefix_stays_text_and_is_short_enough_for_keys(desk: Desk) -> None:
    desk.environ["UNIQUE_PREFIX"] = "0042"
    profile = load_profile("small", desk.places, desk.variables)
    assert (profile.values["data.prefix"], profile.sources["data.prefix"]) == (
        "0042",
        "variable UNIQUE_PREFIX",
    )
    for prefix in ("with space", "toolongprefix", "ä"):
        with pytest.raises(ConfigError, match=r"data\.prefix"):
            load_profile("small", desk.places, desk.variables, {"data.prefix": prefix})


def test_a_resumed_runs_sizes_take_the_place_of_the_profiles(desk: Desk) -> None:
    profile = load_profile("small", desk.places, desk.variables)
    resumed = profile.of_run("abc123", {"data.schools": 99, "load.vus": 1, "strange": 5})
    assert (resumed.values["data.schools"], resumed.sources["data.schools"]) == (99, "run abc123")
    assert resumed.values["load.vus"] == 7
    assert "strange" not in resumed.values
