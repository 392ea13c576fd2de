"""Profiles: which value wins, and where it is said to come from."""

from __future__ import annotations

import pytest

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.settings.profile import K6_VARIABLES, Profile, load_profile
from tests.settings.conftest import Desk


def load(desk: Desk, name: str = "small", **flags: str) -> Profile:
    return load_profile(
        name, desk.places, desk.variables, {k.replace("__", "."): v for k, v in flags.items()}
    )


def refused(desk: Desk, **flags: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(desk, **flags)
    return str(caught.value)


def test_flag_over_variable_over_profile_over_dotenv_over_default(desk: Desk) -> None:
    def found(**flags: str) -> tuple[float | str, str]:
        profile = load(desk, **flags)
        return profile.values["load.vus"], profile.sources["load.vus"]

    desk.environ["VUS_LOAD_PHASE"] = "20"
    desk.dotenv["VUS_LOAD_PHASE"] = "30"
    assert found(load__vus="10") == (10, "flag --set load.vus")
    assert found() == (20, "variable VUS_LOAD_PHASE")
    del desk.environ["VUS_LOAD_PHASE"]
    assert found() == (7, "profile small")
    desk.write("profiles/small.toml", '[load]\nduration = "1m"\n')
    assert found() == (30, ".env.load-test")
    del desk.dotenv["VUS_LOAD_PHASE"]
    assert found() == (5, "default")


def test_each_value_has_a_k6_variable_of_its_own(desk: Desk) -> None:
    names = {
        "SCHOOL_COUNT": "data.schools",
        "STUDENT_COUNT": "data.students",
        "STAFF_COUNT": "data.staff",
        "COURSES_PER_SCHOOL": "data.courses_per_school",
        "SECTIONS_PER_COURSE": "data.sections_per_course",
        "VUS_LOAD_PHASE": "load.vus",
        "DURATION_LOAD_PHASE": "load.duration",
        "VUS_READWRITE_PHASE": "readwrite.vus",
        "DURATION_READWRITE_PHASE": "readwrite.duration",
        "UNIQUE_PREFIX": "data.prefix",
    }
    assert {variable: key for key, variable in K6_VARIABLES.items()} == names
    for number, name in enumerate(names, start=41):
        desk.environ[name] = str(number)
    profile = load(desk)
    assert [profile.values[key] for key in names.values()] == [*range(41, 50), "50"]
    assert [profile.sources[key] for key in names.values()] == [f"variable {name}" for name in names]


def test_durations_become_seconds(desk: Desk) -> None:
    desk.environ["DURATION_READWRITE_PHASE"] = "1h30m"
    values = load(desk).values
    assert (values["load.duration"], values["readwrite.duration"]) == (120, 5400)


def test_an_empty_variable_counts_as_not_set(desk: Desk) -> None:
    desk.environ["VUS_LOAD_PHASE"] = ""
    assert load(desk).sources["load.vus"] == "profile small"


def test_the_defaults_are_those_of_a_developers_machine(desk: Desk) -> None:
    desk.write("profiles/empty.toml", "")
    profile = load(desk, "empty")
    assert profile.title == "empty"
    assert set(profile.sources.values()) == {"default"}
    assert profile.values["load.vus"] == 5
    assert profile.values["data.schools"] == 10


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            'title = "x"\n\n[load]\nvuz = 3\n',
            "profiles/small.toml:4: load.vuz: unknown key 'vuz'; did you mean 'load.vus'?",
        ),
        ("[load]\nvus = 0\n", "profiles/small.toml:2: load.vus: "),
        ('[load]\n\nduration = "soon"\n', "profiles/small.toml:3: load.duration: 'soon' is not a duration"),
        ("[lod]\nvus = 3\n", "profiles/small.toml:1: lod: unknown key 'lod'"),
        ("load = 5\n", "profiles/small.toml:1: load: "),
        ("[load\nvus = 3\n", "profiles/small.toml:1: is not valid TOML"),
    ],
)
def test_a_bad_line_is_pointed_at(desk: Desk, text: str, says: str) -> None:
    desk.write("profiles/small.toml", text)
    assert says in refused(desk)


def test_a_number_where_a_table_belongs_is_told_even_beside_a_variable(desk: Desk) -> None:
    desk.write("profiles/small.toml", "load = 5\n")
    desk.environ["VUS_LOAD_PHASE"] = "5"
    assert "profiles/small.toml:1: load: " in refused(desk)


def test_a_bad_variable_or_flag_is_blamed_itself(desk: Desk) -> None:
    desk.environ["VUS_LOAD_PHASE"] = "many"
    assert refused(desk).startswith("variable VUS_LOAD_PHASE: load.vus: ")
    assert refused(desk, load__vus="-1").startswith("flag --set load.vus: ")


def test_a_bad_value_in_the_dotenv_file_is_blamed_itself(desk: Desk) -> None:
    desk.dotenv["STAFF_COUNT"] = "-1"
    assert refused(desk).startswith(".env.load-test: data.staff: ")


def test_an_unknown_profile_names_the_nearest(desk: Desk) -> None:
    with pytest.raises(ConfigError, match="unknown profile 'smal'; did you mean 'small'"):
        load(desk, "smal")
