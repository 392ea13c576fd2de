"""Variables, places, references, lines of TOML keys and the catalogue."""

from __future__ import annotations

from pathlib import Path

import pytest

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.settings.catalogue import KINDS, catalogue
from dmsperf_tui.settings.places import DEFAULTS, Places
from dmsperf_tui.settings.references import assign, fill, from_mapping, scalar
from dmsperf_tui.settings.toml_file import TomlFile
from dmsperf_tui.settings.variables import DOTENV, Variables
from tests.settings.conftest import Desk


def dotenv(folder: Path, mode: int) -> None:
    path = folder / DOTENV
    path.write_text("CLIENT_ID=me\nCLIENT_SECRET='a b#c'\nEMPTY=\n# a comment\nexport VUS_LOAD_PHASE=4\n")
    path.chmod(mode)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o666])
def test_a_dotenv_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    dotenv(tmp_path, mode)
    with pytest.raises(ConfigError) as caught:
        Variables.here(tmp_path)
    assert str(caught.value) == ".env.load-test: can be read by other users; run: chmod 600 .env.load-test"


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_dotenv_file_of_ones_own_is_read(tmp_path: Path, mode: int) -> None:
    dotenv(tmp_path, mode)
    values = Variables.here(tmp_path).dotenv
    assert values == {"CLIENT_ID": "me", "CLIENT_SECRET": "a b#c", "VUS_LOAD_PHASE": "4"}


def test_the_environment_comes_before_the_dotenv_file() -> None:
    variables = Variables({"A": "1", "B": ""}, {"A": "2", "B": "3"})
    assert variables.get("A") == ("1", "variable A")
    assert variables.get("B") == ("3", ".env.load-test")
    assert variables.get("C") is None


def test_no_dotenv_file_is_no_error(tmp_path: Path) -> None:
    assert Variables.here(tmp_path).dotenv == {}


def test_the_callers_folder_is_searched_before_what_ships(desk: Desk) -> None:
    assert Places.here().folders == (desk.here, DEFAULTS)


def test_a_file_at_a_path_is_found_without_a_name(desk: Desk) -> None:
    assert desk.places.find("scenarios", "scenarios/mine.toml", "scenario") == Path("scenarios/mine.toml")


@pytest.mark.parametrize(
    ("value", "filled"),
    [
        ("${load.vus}", 7),
        ("/${name}/x${load.vus}", "/dms/x7"),
        ("${missing:-5}", "5"),
        ("${missing:-}", ""),
        (["${load.vus}", {"a": "${name}"}], [7, {"a": "dms"}]),
        (3, 3),
        ("$load.vus {name}", "$load.vus {name}"),
    ],
)
def test_references_are_filled_and_a_lone_one_keeps_its_type(value: object, filled: object) -> None:
    assert fill(value, from_mapping({"load.vus": 7, "name": "dms"}, "value")) == filled


def test_an_unknown_reference_names_its_key_and_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        fill({"a": {"b": ["x", "${load.vuz}"]}}, from_mapping({"load.vus": 7}, "profile value"))
    assert str(caught.value) == "a.b.1: unknown profile value 'load.vuz'; did you mean 'load.vus'?"


@pytest.mark.parametrize(
    ("text", "value"),
    [("5", 5), ("-5", -5), ("0.5", 0.5), ("true", True), ("false", False), ("30s", "30s"), ("", "")],
)
def test_settings_are_numbers_and_booleans_where_they_look_so(text: str, value: object) -> None:
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)


def test_assigning_makes_the_tables_it_needs() -> None:
    data: dict[str, object] = {"a": {"x": 1}}
    assign(data, "a.b.c", "5")
    assert data == {"a": {"x": 1, "b": {"c": 5}}}
    with pytest.raises(ConfigError, match="'x' is not a table"):
        assign(data, "a.x.y", "5")


TOML = """\
title = "x"  # not = here

[workloads.a]
executor = "ramping-vus"
stages = [
  { duration = "2m", target = 10 },
]

[workloads."b"]
vus = 3
[workloads.b.request]
path = "/"

[thresholds]
"http_req_duration{name:GET x}" = ["p(95)<5"]
http_req_failed = ["rate<1"]
"""


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("title", 1),
        ("workloads.a", 3),
        ("workloads.a.executor", 4),
        ("workloads.a.stages", 5),
        ("workloads.a.stages.0.target", 5),
        ("workloads.a.duration", 3),
        ("workloads.b.vus", 10),
        ("workloads.b.request", 11),
        ("workloads.b.request.method", 11),
        ("thresholds.http_req_duration{name:GET x}", 15),
        ("thresholds.http_req_failed", 16),
        ("titl", None),
    ],
)
def test_the_line_of_a_key_or_of_the_nearest_above(tmp_path: Path, key: str, line: int | None) -> None:
    path = tmp_path / "x.toml"
    path.write_text(TOML, encoding="utf-8")
    assert TomlFile.read(path).line_of(key) == line


def test_what_cannot_be_read_is_one_clear_line(tmp_path: Path, desk: Desk) -> None:
    path = desk.write("bad.toml", "")
    path.write_bytes(b"title = '\xff'\n")
    with pytest.raises(ConfigError, match=r"^bad.toml: cannot be read"):
        TomlFile.read(path)
    path.write_text("a = 1\nb = = 2\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"^bad.toml:2: is not valid TOML"):
        TomlFile.read(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        TomlFile.read(tmp_path / "gone.toml")


def test_the_catalogue_lists_what_there_is_and_what_is_broken(desk: Desk) -> None:
    desk.write("scenarios/broken.toml", "title = \n")
    entries = {entry.name: entry for entry in catalogue("scenarios", desk.places)}
    assert (entries["mine"].title, entries["mine"].problem) == ("Mine", "")
    assert entries["broken"].problem.startswith("scenarios/broken.toml:1: is not valid TOML")
    assert [entry.name for entry in catalogue("environments", desk.places)] == ["embedded", "test"]
    assert [entry.name for entry in catalogue("profiles", desk.places)] == ["small"]


def test_everything_that_ships_can_be_listed() -> None:
    for kind in KINDS:
        entries = catalogue(kind, Places((DEFAULTS,)))
        assert entries
        assert not [entry for entry in entries if entry.problem]
        assert all(entry.title for entry in entries)


def test_a_quoted_key_with_commas_and_slashes_is_found_on_its_line(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text('[thresholds]\nchecks = []\n"http_reqs{name:GET /x,status:200}" = ["count>1"]\n')
    assert TomlFile.read(path).line_of("thresholds.http_reqs{name:GET /x,status:200}") == 3
