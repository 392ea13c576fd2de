"""The steps behind the screen, against a DMS in a few lines."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from dmsperf_tui.run.entity_store import EntityStore
from dmsperf_tui.settings.config import Options, RunConfig, resolve
from dmsperf_tui.settings.origin import CLEANED
from dmsperf_tui.settings.places import Places
from dmsperf_tui.settings.variables import Variables
from dmsperf_tui.tui.rows import Row, failed
from dmsperf_tui.tui.steps import STEPS
from tests.systems.fake_dms import URL, FakeDms, asked

BY_NAME = {step.name: step for step in STEPS}


@pytest.fixture
def config(places: Places, tmp_path: Path) -> RunConfig:
    options = Options(environment=URL, scenario="dms/smoke", results=str(tmp_path / "results"))
    return resolve(options, places, Variables({"CLIENT_ID": "me", "CLIENT_SECRET": "hush"}, {}))


def rows(name: str, dms: FakeDms, config: RunConfig) -> list[Row]:
    return asked(dms.handler, lambda client: BY_NAME[name].rows(client, config))


def left(config: RunConfig, identity: str, url: str = URL, made: str = "students") -> tuple[Path, str]:
    """A recorded run that has created one item."""
    folder = config.results / f"20261121T101500Z-dms-smoke-{identity}"
    folder.mkdir(parents=True)
    item = uuid.uuid4()
    store = EntityStore(folder, _now)
    store.made(made, item.bytes)
    store.close()
    (folder / "summary.json").write_text(json.dumps({"manifest": {"environment": {"url": url}}}))
    return folder, str(item)


def _now(work: Callable[[], object]) -> None:
    work()


def test_clean_deletes_what_runs_left_here_and_only_once(config: RunConfig) -> None:
    here, item = left(config, "7f3a")
    elsewhere, other = left(config, "8b2c", "http://other.test/api")
    dms = FakeDms(items={"students": {item: {}, other: {}}})
    found = rows("clean", dms, config)
    assert [(row.name, row.ok) for row in found if row.ok is not None] == [("run 7f3a", True)]
    assert found[-1].name == "claims", "without a CMS they stay as they are"
    assert set(dms.items["students"]) == {other}
    assert (here / CLEANED).is_file()
    assert not (elsewhere / CLEANED).is_file()
    assert rows("clean", dms, config)[0].detail == "cleaned before"


def test_clean_stops_at_a_run_that_is_under_way(config: RunConfig) -> None:
    folder, item = left(config, "7f3a")
    me = psutil.Process()
    (folder / "owner.json").write_text(json.dumps({"pid": me.pid, "created": me.create_time()}))
    dms = FakeDms(items={"students": {item: {}}})
    (row,) = rows("clean", dms, config)
    assert failed(row)
    assert row.mend == "stop it first: dmsperf-tui ctl stop --run 7f3a"
    assert item in dms.items["students"]


def test_what_cannot_be_deleted_leaves_the_run_uncleaned(config: RunConfig) -> None:
    folder, item = left(config, "7f3a")
    dms = FakeDms(items={"students": {item: {}}}, denied={("students", "Delete")})
    assert failed(rows("clean", dms, config)[-1])
    assert not (folder / CLEANED).exists()


def test_a_check_is_the_chosen_scenario_s(config: RunConfig) -> None:
    dms = FakeDms(denied={("gradeLevelDescriptors", "Update")})
    found = {row.name: row for row in rows("check", dms, config)}
    assert failed(found["permission Update gradeLevelDescriptors"])
    assert found["token"].ok


def test_seed_makes_the_profile_s_school_year(config: RunConfig) -> None:
    dms = FakeDms()
    assert not any(map(failed, rows("seed", dms, config)))
    assert [item["schoolYear"] for item in dms.items["schoolYearTypes"].values()] == [2026]


@pytest.mark.parametrize("name", ["client", "claimset"])
def test_a_step_without_a_configuration_service_says_so(name: str, config: RunConfig) -> None:
    dms = FakeDms(token_status=401)
    last = rows(name, dms, config)[-1]
    assert failed(last)
    assert "address of the Configuration Service" in last.detail


def test_order_has_a_row_for_each_order_and_the_traps(config: RunConfig) -> None:
    found = rows("order", FakeDms(), config)
    assert found[0].name == " 0"
    assert any("an order is a barrier" in row.detail for row in found)


def test_the_files_of_the_steps_ship_with_the_tool(config: RunConfig) -> None:
    dms = FakeDms()
    assert rows("schema", dms, config)[0].ok
    dms.answers["/"] = httpx.Response(404)
    assert failed(rows("schema", dms, config)[0])
