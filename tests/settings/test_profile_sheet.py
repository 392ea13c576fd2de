"""A profile as a person edits it: where each value is from, what wins over it, how it is saved."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.settings.profile_sheet import Sheet, check_name, read_sheet, save_sheet, value_of
from dmsperf_tui.settings.profile_tables import PROFILE_KEYS, about
from tests.settings.conftest import Desk

THEIRS = """\
# Ours, as of spring
title = "Small"

[load]
vus = 7          # agreed
duration = 120
"""


def sheet(desk: Desk, name: str = "small") -> Sheet:
    return read_sheet(name, desk.places, desk.variables)


def texts(found: Sheet, **changes: str) -> dict[str, str]:
    return {cell.key: cell.text for cell in found.cells} | {
        key.replace("__", "."): text for key, text in changes.items()
    }


def test_each_value_is_told_with_where_it_is_from(desk: Desk) -> None:
    desk.write("profiles/small.toml", THEIRS)
    desk.environ["DURATION_LOAD_PHASE"] = "1h"
    desk.dotenv |= {"STAFF_COUNT": "4", "VUS_LOAD_PHASE": "99"}
    found = sheet(desk)
    assert [cell.key for cell in found.cells] == ["title", "description", *PROFILE_KEYS]
    told = {cell.key: (cell.text, cell.source, cell.over, cell.over_text) for cell in found.cells}
    assert told["load.vus"] == ("7", "profiles/small.toml", "", ""), "the file wins over .env.load-test"
    over = ("variable DURATION_LOAD_PHASE", "1h")
    assert told["load.duration"] == ("2m", "profiles/small.toml", *over), "as people write it"
    assert told["data.staff"] == ("4", ".env.load-test", "", "")
    assert told["data.updates"] == ("false", "default", "", "")
    assert told["title"] == ("Small", "profiles/small.toml", "", "")


def test_sizes_of_another_system_are_told_only_where_the_file_has_them(desk: Desk) -> None:
    def tables(system: str) -> set[str]:
        cells = read_sheet("small", desk.places, desk.variables, system).cells
        return {cell.key.partition(".")[0] for cell in cells} - {"title", "description"}

    desk.write("profiles/small.toml", THEIRS)
    assert tables("") == {"data", "load", "readwrite", "k12"}
    assert tables("dms") == {"data", "load", "readwrite"}
    assert tables("k12") == {"load", "k12"}
    assert tables("http") == {"load"}
    desk.write("profiles/small.toml", f"{THEIRS}\n[k12]\nstudents = 9\n")
    assert tables("dms") == {"data", "load", "readwrite", "k12"}
    found = read_sheet("small", desk.places, desk.variables, "dms")
    path = save_sheet(found, texts(found, k12__students="12"), desk.places, "larger")
    assert tomllib.loads(path.read_text())["k12"] == {"students": 12}


def test_a_bad_variable_does_not_keep_the_file_from_being_edited(desk: Desk) -> None:
    desk.environ["VUS_LOAD_PHASE"] = "many"
    assert (sheet(desk).cell("load.vus").text, sheet(desk).cell("load.vus").over_text) == ("7", "many")


@pytest.mark.parametrize("key", PROFILE_KEYS)
def test_every_value_has_words(key: str) -> None:
    assert len(about(key)) > 10


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("load.vus", " 12 ", 12),
        ("load.duration", "90", "1m30s"),
        ("load.duration", "90s", "90s"),
        ("readwrite.least_rate", "0.5", 0.5),
        ("data.updates", "true", True),
        ("data.prefix", "007", "007"),
        ("data.staff", "", None),
    ],
)
def test_what_is_typed_becomes_what_a_file_says(key: str, text: str, value: object) -> None:
    found = value_of(key, text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("key", "text", "says"),
    [
        ("load.vus", "0", "greater than or equal to 1"),
        ("load.vus", "true", "'true' is not a number"),
        ("load.vus", "many", "valid integer"),
        ("load.duration", "5 parsecs", "write it as 30s, 5m"),
        ("data.prefix", "toolongprefix", "at most 8 characters"),
        ("readwrite.least_rate", "inf", "finite"),
        ("data.updates", "perhaps", "boolean"),
        ("k12.students", "0", "greater than or equal to 1"),
        ("k12.students", "2.5", "valid integer"),
    ],
)
def test_what_cannot_be_is_said_in_the_models_own_words(key: str, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        value_of(key, text)


def test_their_own_file_keeps_what_is_theirs(desk: Desk) -> None:
    path = desk.write("profiles/small.toml", THEIRS)
    found = sheet(desk)
    assert save_sheet(found, texts(found, load__vus="9", description="What we have"), desk.places) == path
    assert path.read_text() == (
        '# Ours, as of spring\ntitle = "Small"\ndescription = "What we have"\n\n'
        "[load]\nvus = 9          # agreed\nduration = 120\n"
    )
    cleared = sheet(desk)
    save_sheet(cleared, texts(cleared, load__vus=""), desk.places)
    assert tomllib.loads(path.read_text())["load"] == {"duration": 120}


def test_a_description_of_several_lines_is_left_as_it_is(desk: Desk) -> None:
    text = 'description = """\nWhat we have,\nas of spring\n"""\n\n[load]\nvus = 7\n'
    path = desk.write("profiles/small.toml", text)
    found = sheet(desk)
    typed = {key: text.strip() for key, text in texts(found, load__vus="8").items()}
    save_sheet(found, typed, desk.places)
    assert path.read_text() == text.replace("7", "8")


def test_a_copy_of_their_own_keeps_its_comments(desk: Desk) -> None:
    desk.write("profiles/small.toml", THEIRS)
    found = sheet(desk)
    path = save_sheet(found, texts(found, title="Larger", load__vus="70"), desk.places, "larger")
    assert path == desk.here / "profiles" / "larger.toml"
    assert path.read_text() == THEIRS.replace("Small", "Larger").replace("vus = 7 ", "vus = 70 ")


def test_what_ships_with_the_tool_is_not_written_to_but_can_be_taken_over(desk: Desk) -> None:
    packed = desk.write("profiles/big.toml", THEIRS.replace("Small", "Big"), packed=True)
    found = sheet(desk, "big")
    assert found.kind == "packed"
    with pytest.raises(ConfigError, match="is not yours; save it under a name"):
        save_sheet(found, texts(found, load__vus="9"), desk.places)
    assert "takes the place of the one that ships" in check_name("big", desk.places)
    path = save_sheet(found, texts(found, load__vus="9"), desk.places, "big")
    assert path.read_text() == 'title = "Big"\n\n[load]\nvus = 9\nduration = "2m"\n'
    assert packed.read_text() == THEIRS.replace("Small", "Big")
    assert (sheet(desk, "big").kind, sheet(desk, "big").cell("load.vus").text) == ("own", "9")


def test_what_is_installed_below_the_working_directory_is_still_not_theirs(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = desk.here / ".venv" / "defaults"
    monkeypatch.setattr("dmsperf_tui.settings.places.DEFAULTS", inner)
    (inner / "profiles").mkdir(parents=True)
    path = inner / "profiles" / "far.toml"
    path.write_text(THEIRS)
    assert sheet(desk, str(path)).kind == "packed"
    assert sheet(desk).kind == "own"


def test_a_profile_of_the_k6_suite_is_saved_as_toml(desk: Desk) -> None:
    desk.write(".env.profiles/austin.env", "STUDENT_COUNT=120\nDURATION_LOAD_PHASE=300\n")
    found = sheet(desk, "austin")
    assert (found.kind, found.cell("data.students").source) == ("k6", ".env.profiles/austin.env")
    assert "of the k6 suite" in check_name("austin", desk.places)
    path = save_sheet(found, texts(found), desk.places, "austin")
    written = tomllib.loads(path.read_text())
    assert (written["data"], written["load"]) == ({"students": 120}, {"duration": "5m"})
    assert sheet(desk, "austin").kind == "own", "it comes first now"


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "-x", "two words"])
def test_a_name_is_a_name(desk: Desk, name: str) -> None:
    with pytest.raises(ConfigError, match="is no name"):
        check_name(name, desk.places)


def test_a_file_of_theirs_is_not_overwritten_by_another(desk: Desk) -> None:
    with pytest.raises(ConfigError, match=r"profiles/small\.toml is there already"):
        check_name("small", desk.places)
    assert check_name("new", desk.places) == "makes profiles/new.toml"


def test_a_faulty_file_is_refused_with_its_line(desk: Desk) -> None:
    desk.write("profiles/small.toml", "[load]\nvus = 0\n")
    with pytest.raises(ConfigError, match=r"profiles/small\.toml:2: load\.vus"):
        sheet(desk)


def test_all_texts_of_a_sheet_can_be_saved_as_they_are(desk: Desk) -> None:
    for name in ("dev", "strategy"):
        source = Path(__file__).parents[2] / "profiles" / f"{name}.toml"
        found = sheet(desk, str(source))
        path = save_sheet(found, texts(found), desk.places, f"{name}-copy")
        assert tomllib.loads(path.read_text()) == tomllib.loads(source.read_text())
