"""Runs are cleaned once, at the place where they ran, and never while they run."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import psutil

from dmsperf_tui.run.cleanup import address, clean_run, left_at
from dmsperf_tui.settings.origin import CLEANED, clean_mark
from dmsperf_tui.systems.checks import StepRow
from tests.systems.fake_dms import PLACE, URL, FakeDms, asked


def recorded(results: Path, name: str, dms: FakeDms, url: str = URL) -> Path:
    """A run that created two students, which the DMS has."""
    folder = results / name
    (folder / "created").mkdir(parents=True)
    ids = [uuid.uuid4(), uuid.uuid4()]
    (folder / "created" / "students.ids").write_bytes(b"".join(one.bytes for one in ids))
    summary = {"manifest": {"environment": {"url": url}}}
    (folder / "summary.json").write_text(json.dumps(summary))
    dms.items.setdefault("students", {}).update({str(one): {} for one in ids})
    return folder


def cleaned(dms: FakeDms, folder: Path) -> list[StepRow]:
    return asked(dms.handler, lambda client: clean_run(client, PLACE, folder))


def test_run_is_cleaned_once(tmp_path: Path) -> None:
    dms = FakeDms()
    folder = recorded(tmp_path, "2026-dms-baseline-abc123", dms)
    assert cleaned(dms, folder)[-1] == StepRow(
        "run abc123", True, "2 items deleted, 0 were gone", changed=True
    )
    assert not dms.count("students")
    asked_before = sum(dms.requests.values())
    assert cleaned(dms, folder) == [StepRow("run abc123", True, "cleaned before")]
    assert sum(dms.requests.values()) == asked_before


def test_run_of_another_place_is_left_alone(tmp_path: Path) -> None:
    dms = FakeDms()
    other = recorded(tmp_path, "2026-a-1", dms, "http://elsewhere/api")
    here = recorded(tmp_path, "2026-b-2", dms)
    assert left_at(tmp_path, PLACE) == [here]
    (row,) = cleaned(dms, other)
    assert (row.ok, row.detail) == (False, "it ran against http://elsewhere/api")
    assert not dms.requests
    (other / "summary.json").write_text("{")
    assert address(other) is None
    assert cleaned(dms, other)[0].ok is False


def test_run_under_way_is_left_alone(tmp_path: Path) -> None:
    dms = FakeDms()
    folder = recorded(tmp_path, "2026-dms-baseline-abc123", dms)
    me = psutil.Process()
    (folder / "owner.json").write_text(json.dumps({"pid": me.pid, "created": me.create_time()}))
    (row,) = cleaned(dms, folder)
    assert (row.ok, row.mend) == (False, "stop it first: dmsperf-tui ctl stop --run abc123")
    assert dms.count("students") == 2


def test_run_that_could_not_be_cleaned_is_tried_again(tmp_path: Path) -> None:
    dms = FakeDms(denied={("students", "Delete")})
    folder = recorded(tmp_path, "2026-dms-baseline-abc123", dms)
    assert cleaned(dms, folder)[-1].ok is False
    assert not (folder / CLEANED).exists(), "nothing was deleted: its data can be worked on"
    dms.denied.clear()
    assert cleaned(dms, folder)[-1].ok
    assert "cleaned_at" in clean_mark(folder)
