"""TOML that a person wrote, with a value changed: their comments, their order, their ends of lines."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.settings.writing import save_toml

THEIRS = """\
# Our district, as of spring.
title = "Mine"   # shown in lists

# What the data is
[data]
schools = 3      # counted
# students: nobody knows
prefix = "A"

# Agreed with operations:
[load]
vus = 7          # not more
duration = "2m"
# the end
"""
_NUMBERS = st.one_of(st.integers(-(2**40), 2**40), st.floats(allow_nan=False, allow_infinity=False))
_VALUES = st.one_of(_NUMBERS, st.booleans(), st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
_KEYS = st.sampled_from(["schools", "prefix", "vus", "new", "updates"])
_TABLES = st.dictionaries(_KEYS, st.one_of(st.none(), _VALUES), max_size=4)
_CHANGES = st.dictionaries(st.sampled_from(["data", "load", "readwrite"]), _TABLES, max_size=3)


def merged(before: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """What the file should say, empty tables aside."""
    tables = {
        key: {**before.get(key, {}), **changes.get(key, {})} for key in (*before, *changes) if key != "title"
    }
    kept = {key: {k: v for k, v in table.items() if v is not None} for key, table in tables.items()}
    return {"title": before["title"]} | {key: table for key, table in kept.items() if table}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(changes=_CHANGES, ends=st.sampled_from(["\n", "\r\n"]))
def test_any_value_is_saved_and_every_comment_line_is_kept(
    tmp_path: Path, changes: dict[str, Any], ends: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(THEIRS.replace("\n", ends).encode())
    save_toml(path, changes)
    text = path.read_bytes().decode()
    found = {key: value for key, value in tomllib.loads(text).items() if value != {}}
    assert found == merged(tomllib.loads(THEIRS), changes)
    own_lines = [line for line in THEIRS.splitlines() if line.startswith("#")]
    assert [line for line in text.splitlines() if line.startswith("#")] == own_lines
    if ends == "\r\n":
        assert text.count("\n") == text.count("\r\n"), "the ends of lines stay"


def test_inline_comments_and_the_order_stay(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(THEIRS)
    save_toml(path, {"title": "Ours", "load": {"vus": 12}})
    assert path.read_text() == THEIRS.replace('"Mine"', '"Ours"').replace("vus = 7 ", "vus = 12 ")


def test_what_is_the_same_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[load]\nvus = 1_000\nduration = '''2m'''\n")
    save_toml(path, {"load": {"vus": 1000, "duration": "2m"}})
    assert path.read_text() == "[load]\nvus = 1_000\nduration = '''2m'''\n"


def test_a_new_key_stands_below_its_table_and_not_below_the_next_ones_comment(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(THEIRS)
    save_toml(path, {"description": "What we have", "data": {"staff": 4}, "load": {"pause": True}})
    lines = path.read_text().splitlines()
    assert lines[2] == 'description = "What we have"'
    assert lines[lines.index("staff = 4") + 2] == "# Agreed with operations:"
    assert lines[-2:] == ["pause = true", "# the end"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("load = { vus = 1 } # few\n", {"load": {"vus": 2, "duration": "5m"}}),
        ("load.vus = 1\n", {"load": {"vus": 2, "duration": "5m"}}),
        ("[load]\nvus = 1\n[x]\ny = 1\n[load.z]\nq = 1\n", {"load": {"vus": 2, "duration": "5m"}}),
        ("[load]\nvus = 1", {"load": {"vus": 2, "duration": "5m"}}),
    ],
)
def test_a_table_may_be_written_in_any_way(tmp_path: Path, before: str, after: dict[str, Any]) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(before)
    save_toml(path, after)
    found = tomllib.loads(path.read_text())
    assert {key: found["load"][key] for key in after["load"]} == after["load"]
    assert found.get("x") == tomllib.loads(before).get("x")


def test_true_is_not_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[data]\nschools = 1\nupdates = true\n")
    save_toml(path, {"data": {"schools": True, "updates": 1}})
    assert path.read_text() == "[data]\nschools = true\nupdates = 1\n"


def test_a_new_file_reads_as_a_person_would_write_it(tmp_path: Path) -> None:
    path = save_toml(
        tmp_path / "profiles" / "new.toml",
        {"load": {"vus": 3, "duration": None}, "title": "New", "data": {"prefix": None}},
    )
    assert path.read_text() == 'title = "New"\n\n[load]\nvus = 3\n'


def test_a_new_file_may_begin_as_another(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(THEIRS)
    other = save_toml(tmp_path / "other.toml", {"title": "Other"}, like=mine)
    assert other.read_text() == THEIRS.replace("Mine", "Other")
    assert mine.read_text() == THEIRS


def test_a_file_that_is_no_toml_is_refused_with_its_line_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('title = "x"\n[load\nvus = 1\n')
    with pytest.raises(ConfigError, match=r"mine\.toml:2: is not valid TOML"):
        save_toml(path, {"load": {"vus": 2}})
    assert path.read_text() == 'title = "x"\n[load\nvus = 1\n'


def test_modes_and_links_stay_and_nothing_is_left_beside(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "link.toml"
    real.write_text("a = 1\n")
    real.chmod(0o640)
    link.symlink_to(real)
    save_toml(link, {"a": 2})
    assert link.is_symlink()
    assert (real.read_text(), real.stat().st_mode & 0o777) == ("a = 2\n", 0o640)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.toml", "real.toml"]


def test_a_folder_that_is_no_folder_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "profiles").write_text("")
    with pytest.raises(ConfigError, match=r"mine\.toml: cannot be written"):
        save_toml(tmp_path / "profiles" / "mine.toml", {"a": 1})
