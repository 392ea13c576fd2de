"""Whose data a run may work on, and which list it may go on with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psutil
import pytest

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.settings.config import Options, resolve
from dmsperf_tui.settings.origin import CLEANED, MANIFEST, OWNER, Origin, find_origin, kin
from tests.settings.conftest import Desk

URL = "http://dms.example:8080/api"


def made(results: Path, run: str, origin: str | None = None, **more: Any) -> Path:
    """A run with a list, which goes on with that of `origin`."""
    folder = results / f"2026-01-01T000000Z-dms-load-{run}"
    path = folder / MANIFEST
    path.parent.mkdir(parents=True)
    made_from = {"scenario": "dms/load", "url": URL, "seed": 1, "sizes": {}}
    path.write_text(json.dumps({"run": run, "origin": origin, **made_from, **more}), encoding="utf-8")
    return folder


def alive(folder: Path, created_s: float = 0.0) -> None:
    """This process is the run's host, or one that started `created_s` later was."""
    me = psutil.Process()
    owner = {"pid": me.pid, "created": me.create_time() + created_s}
    (folder / OWNER).write_text(json.dumps(owner), encoding="utf-8")


def refusal(results: Path, reference: str, *, resume: bool) -> str:
    key = "--resume" if resume else "--data"
    with pytest.raises(ConfigError) as caught:
        find_origin(reference, results, key, resume=resume)
    assert str(caught.value).startswith(f"{key}: ")
    return str(caught.value)


@pytest.mark.parametrize("resume", [True, False])
def test_data_that_is_deleted_or_being_deleted_is_refused(tmp_path: Path, resume: bool) -> None:
    folder = made(tmp_path, "aaa")
    assert find_origin("aaa", tmp_path, "--data", resume=resume).run == "aaa"
    (folder / CLEANED).write_text('{"cleaned_at": "2026-01-02T00:00:00+00:00"}')
    said = refusal(tmp_path, "aaa", resume=resume)
    assert "what run aaa created has been deleted" in said
    assert "make new data: dmsperf-tui --batch --scenario dms/load" in said
    for text in ('{"cleaning_since": "2026-01-02T00:00:00+00:00", "deleted": 0}', "{"):
        (folder / CLEANED).write_text(text)
        said = refusal(tmp_path, "aaa", resume=resume)
        assert "is being deleted" in said
        assert "finish it: dmsperf-tui setup clean --run aaa" in said


@pytest.mark.parametrize("marked", ["aaa", "bbb", "ccc"])
def test_runs_of_one_list_share_its_end(tmp_path: Path, marked: str) -> None:
    folders = {
        run: made(tmp_path, run, origin) for run, origin in (("aaa", None), ("bbb", "aaa"), ("ccc", "bbb"))
    }
    made(tmp_path, "ddd")
    (folders[marked] / CLEANED).write_text('{"cleaned_at": "2026-01-02T00:00:00+00:00"}')
    for run in folders:
        assert f"what run {marked}" in refusal(tmp_path, run, resume=False)
    assert find_origin("ddd", tmp_path, "--data", resume=False).run == "ddd"


def test_kin_are_found_through_what_cannot_be_read(tmp_path: Path) -> None:
    first, second = made(tmp_path, "aaa", "elsewhere"), made(tmp_path, "bbb", "elsewhere")
    (made(tmp_path, "ccc") / MANIFEST).write_text("[]")
    circle = [made(tmp_path, "ddd", "eee"), made(tmp_path, "eee", "ddd")]
    assert kin(first) == [first, second]
    assert kin(circle[0])[0] == circle[0], "it comes to an end"
    assert kin(tmp_path / "none") == [tmp_path / "none"]


@pytest.mark.parametrize("resume", [True, False])
def test_run_under_way_is_refused(tmp_path: Path, resume: bool) -> None:
    folder = made(tmp_path, "aaa")
    alive(folder)
    said = refusal(tmp_path, "aaa", resume=resume)
    assert "run aaa is still under way" in said
    assert "dmsperf-tui ctl stop --run aaa" in said
    assert "dmsperf-tui attach aaa" in said
    alive(folder, created_s=-3600)
    assert find_origin("aaa", tmp_path, "--data", resume=resume).run == "aaa", "its pid is another's now"


def test_one_list_is_gone_on_with_by_one_run_at_a_time(tmp_path: Path) -> None:
    made(tmp_path, "aaa")
    alive(made(tmp_path, "bbb", "aaa"))
    assert "run bbb, of the same list as run aaa, is still under way" in refusal(tmp_path, "aaa", resume=True)
    assert find_origin("aaa", tmp_path, "--data", resume=False).run == "aaa", "its own data is complete"


def resolved(desk: Desk, environment: str) -> Origin:
    found = resolve(
        Options(scenario="mine", profile="small", environment=environment, data="aaa"),
        desk.places,
        desk.variables,
    ).origin
    assert found is not None
    return found


def test_another_tenant_is_another_place(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk.here)
    for name in ("one", "two"):
        desk.write(f"config/environments/{name}.toml", f'url = "{URL}"\ntenant = "{name}"\nsystem = "dms"\n')
    path = made(Path("results"), "aaa", load_url=f"{URL}/one") / MANIFEST
    assert resolved(desk, "one").load_url == f"{URL}/one"
    with pytest.raises(ConfigError, match=f"made its data at {URL}/one, and this environment is {URL}/two"):
        resolved(desk, "two")
    older = json.loads(path.read_text())
    del older["load_url"]
    path.write_text(json.dumps(older))
    assert resolved(desk, "two").run == "aaa", "an older record does not tell tenants apart"
