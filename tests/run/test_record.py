"""The record: whole lines as the run goes, and one clear word when the disk says no."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from hdrh.histogram import HdrHistogram

from dmsperf_tui.engine.histogram import Histogram
from dmsperf_tui.engine.messages import OperationInterval, Sample
from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.run.record import Record
from dmsperf_tui.run.snapshot import EventRow, TimelineRow
from dmsperf_tui.run.statistics import ErrorGroup, Second


def _row(second: int) -> TimelineRow:
    return TimelineRow(second, 1, 1, 1, 10, 0, 1, 1.0, 2.0, 3.0, 4.0)


def _second(number: int) -> Second:
    histogram = Histogram()
    histogram.record_all([1000, 2000, 3000])
    second = Second(number)
    done = OperationInterval("load", "POST students", "POST", 3, {"http_req_duration": histogram}, 201)
    second.totals.take([done], [], 0, 0)
    return second


def test_every_second_is_on_disk_before_the_next(tmp_path: Path) -> None:
    record = Record.create(tmp_path, "abc123", "dms/smoke")
    for number in range(3):
        record.second(_second(number), _row(number))
        lines = (record.folder / "timeline.jsonl").read_bytes().splitlines()
        assert [orjson.loads(line)["second"] for line in lines] == list(range(number + 1))
    intervals = [
        line
        for line in (record.folder / "intervals.hlog").read_text().splitlines()
        if line.startswith("Tag=")
    ]
    tag, start_s, length_s, max_ms, encoded = intervals[2].split(",")
    assert (tag, float(start_s), float(length_s), float(max_ms)) == ("Tag=load/POST_students", 2, 1, 3)
    assert HdrHistogram.decode(encoded).get_total_count() == 3
    record.close()


def test_folder_is_named_by_time_scenario_and_id(tmp_path: Path) -> None:
    record = Record.create(tmp_path, "abc123", "dms/smoke")
    assert record.folder.name.endswith("Z-dms-smoke-abc123")
    record.close()


def test_full_disk_is_complained_of_once_and_never_raised(tmp_path: Path) -> None:
    record = Record.create(tmp_path, "abc123", "x")
    complaints: list[str] = []
    record.complain = complaints.append
    (record.folder / "timeline.jsonl").symlink_to("/dev/full")
    (record.folder / "events.jsonl").symlink_to("/dev/full")
    for number in range(3):
        record.second(_second(number), _row(number))
    record.event(EventRow(1.0, "note", "still there"))
    assert len(complaints) == 1
    assert "No space left on device" in complaints[0]
    record.error(ErrorGroup("POST x", "status", "500"), Sample("POST /x", 500, "oops"))
    assert (record.folder / "errors.jsonl").read_bytes().count(b"\n") == 1, "other files go on"
    record.close()


def test_results_that_cannot_be_made_are_a_configuration_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(ConfigError, match="--results DIR"):
        Record.create(blocked, "abc123", "x")
