"""The mark of a run that is cleaned: there before anything is deleted, done only when all is gone."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from dmsperf_tui.engine.ids import NO_ID
from dmsperf_tui.run.cleanup import Address, address, clean_run, left_at
from dmsperf_tui.run.entity_store import EntityStore
from dmsperf_tui.settings.origin import CLEANED, clean_mark
from dmsperf_tui.systems.checks import StepRow
from dmsperf_tui.systems.dms.catalog import Catalog, Part
from dmsperf_tui.systems.dms.place import Place
from tests.systems.fake_dms import PLACE, URL, FakeDms, asked

CATALOG = Catalog([Part("students", 1, 0, 600)])


def now(work: Callable[[], object]) -> None:
    work()


def loaded(results: Path, run: str, dms: FakeDms, origin: Path | None = None, **more: Any) -> Path:
    """A run whose list of students was created, or one that resumed `origin`."""
    folder = results / f"2026-dms-load-{run}"
    folder.mkdir(parents=True)
    store = EntityStore(folder, now)
    first = origin.name.rpartition("-")[2] if origin else None
    manifest = {
        "run": run,
        "origin": first,
        "url": URL,
        "load_url": URL,
        "catalog": CATALOG.to_json(),
        **more,
    }
    ids = store.open_list(manifest, CATALOG.total, origin)
    for index in range(CATALOG.total):
        if ids[index] == NO_ID:
            identity = uuid.uuid4()
            store.put(index, identity.bytes)
            dms.items.setdefault("students", {})[str(identity)] = {}
    store.close()
    return folder


def cleaned(dms: FakeDms, folder: Path, place: Place = PLACE) -> StepRow:
    return asked(dms.handler, lambda client: clean_run(client, place, folder))[-1]


def test_mark_is_there_before_anything_is_deleted(tmp_path: Path) -> None:
    dms = FakeDms()
    folder = loaded(tmp_path, "aaa", dms)
    seen: list[dict[str, Any]] = []

    def watched(request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE":
            seen.append(clean_mark(folder))
        return dms.handler(request)

    asked(watched, lambda client: clean_run(client, PLACE, folder))
    assert len(seen) == 600
    assert all("cleaning_since" in mark and "cleaned_at" not in mark for mark in seen)
    assert (seen[0]["deleted"], seen[-1]["deleted"]) == (0, 500)
    assert clean_mark(folder)["deleted"] == 600
    assert "cleaned_at" in clean_mark(folder)


def test_clean_that_was_interrupted_goes_on(tmp_path: Path) -> None:
    dms = FakeDms()
    folder = loaded(tmp_path, "aaa", dms)

    def broken(request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE" and len(dms.items["students"]) <= 50:
            raise httpx.ConnectError("gone away", request=request)
        return dms.handler(request)

    assert asked(broken, lambda client: clean_run(client, PLACE, folder))[-1].ok is False
    assert clean_mark(folder)["deleted"] >= 500
    assert "cleaned_at" not in clean_mark(folder)
    rest = dms.count("students")
    assert 0 < rest <= 50
    row = cleaned(dms, folder)
    assert (row.ok, row.detail) == (True, f"{rest} items deleted, {600 - rest} were gone")
    assert "cleaned_at" in clean_mark(folder)


def test_clean_that_was_killed_at_its_last_item_is_completed(tmp_path: Path) -> None:
    dms = FakeDms()
    folder = loaded(tmp_path, "aaa", dms)
    dms.items.clear()
    (folder / CLEANED).write_text('{"cleaning_since": "2026-01-01T00:00:00+00:00", "deleted": 500}')
    row = cleaned(dms, folder)
    assert (row.ok, row.detail) == (True, "0 items deleted, 600 were gone")
    assert "cleaned_at" in clean_mark(folder)


def test_place_that_has_nothing_of_the_run_does_not_count_as_cleaned(tmp_path: Path) -> None:
    folder = loaded(tmp_path, "aaa", FakeDms())
    row = cleaned(FakeDms(), folder)
    assert (row.ok, row.changed) == (None, False)
    assert row.detail == "not one of its 600 items is there: nothing was deleted"
    assert row.mend == f"is {URL} where it ran? Name that environment with --env"
    assert not clean_mark(folder)


def test_runs_of_one_list_are_cleaned_together(tmp_path: Path) -> None:
    dms = FakeDms()
    first = loaded(tmp_path, "aaa", dms)
    second = loaded(tmp_path, "bbb", dms, first)
    assert cleaned(dms, second).detail == "600 items deleted, 0 were gone"
    row = cleaned(dms, first)
    assert (row.ok, row.detail) == (True, "0 items deleted, 600 were gone")
    assert cleaned(dms, first).detail == "cleaned before"


def test_list_that_another_run_is_creating_is_left_alone(tmp_path: Path) -> None:
    dms = FakeDms()
    first = loaded(tmp_path, "aaa", dms)
    me = psutil.Process()
    owner = {"pid": me.pid, "created": me.create_time()}
    (loaded(tmp_path, "bbb", dms, first) / "owner.json").write_text(json.dumps(owner))
    row = cleaned(dms, first)
    assert (row.ok, row.detail) == (False, "run bbb, of the same list, is still under way")
    assert row.mend == "stop it first: dmsperf-tui ctl stop --run bbb"
    assert dms.count("students") == 600


def test_run_of_another_tenant_is_left_alone(tmp_path: Path) -> None:
    dms = FakeDms()
    folder = loaded(tmp_path, "aaa", dms, load_url=f"{URL}/one")
    one, two = (replace(PLACE, load_url=f"{URL}/{name}", tenant=name) for name in ("one", "two"))
    assert (left_at(tmp_path, one), left_at(tmp_path, two)) == ([folder], [])
    row = cleaned(dms, folder, two)
    assert (row.ok, row.detail) == (False, f"it ran against {URL}/one")
    assert not dms.requests


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"url": URL}, Address(URL)),
        ({"url": URL, "tenant": "t 1", "route_qualifiers": ["2026"]}, Address(f"{URL}/t%201/2026")),
        ({"url": ""}, None),
        ({"url": 5}, None),
        ("", None),
    ],
)
def test_address_of_a_run_without_a_list_is_in_its_summary(
    tmp_path: Path, said: Any, found: Address | None
) -> None:
    (tmp_path / "summary.json").write_text(json.dumps({"manifest": {"environment": said}}))
    assert address(tmp_path) == found


def test_older_record_without_a_summary_tells_the_url_only(tmp_path: Path) -> None:
    folder = loaded(tmp_path, "aaa", FakeDms(), load_url=None)
    assert address(folder) == Address(URL, whole=False)
    assert left_at(tmp_path, replace(PLACE, load_url=f"{URL}/one")) == [folder]


def test_record_that_cannot_be_read_is_said_in_a_line(tmp_path: Path) -> None:
    dms = FakeDms()
    folder = loaded(tmp_path, "aaa", dms)
    (folder / "load-phase-data" / "ids.bin").unlink()
    row = cleaned(dms, folder)
    assert row.ok is False
    assert f"its record in {folder} cannot be used: FileNotFoundError" in row.detail
