"""A run's folder under `results/`: appended as the run goes; a killed host leaves a readable record."""

from __future__ import annotations

import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Any

import orjson
import psutil
import tomli_w

from dmsperf_tui.engine.messages import Sample
from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.report.interval_log import IntervalLog
from dmsperf_tui.report.markdown import markdown_summary
from dmsperf_tui.report.summary import Summary
from dmsperf_tui.report.text import text_summary
from dmsperf_tui.report.written import check_writable, in_form, replace_file
from dmsperf_tui.run.entity_store import EntityStore
from dmsperf_tui.run.snapshot import EventRow, TimelineRow
from dmsperf_tui.run.statistics import ErrorGroup, Second

SUMMARY_EVERY_S = 30.0
LEAST_FREE_BYTES = 50_000_000
"""Less room than that, and the run does not start."""


def new_run_id() -> str:
    """Six hexadecimal digits: short enough to type."""
    return secrets.token_hex(3)


class Record:
    """The files of one run. A failed write (a full disk) is told once and never ends the run."""

    def __init__(self, folder: Path, complain: Callable[[str], None]) -> None:
        self.folder = folder
        self.complain = complain
        self._complained = False
        self._files: dict[str, IO[bytes]] = {}
        self._intervals = IntervalLog(folder / "intervals.hlog")
        self._summary_at = 0.0
        self.entities = EntityStore(folder, self._guard)

    @classmethod
    def create(cls, results: Path, run_id: str, scenario: str, copies: Iterable[Path] = ()) -> Record:
        """Makes the run's folder. `copies` are where else the summary will go.

        Raises ConfigError when one of them cannot be written, or the disk is full.
        """
        for copy in copies:
            check_writable(copy)
        started = datetime.now(UTC).strftime("%Y-%m-%dT%H%M%SZ")
        folder = results / f"{started}-{re.sub(r'[^0-9A-Za-z]+', '-', scenario)}-{run_id}"
        try:
            folder.mkdir(parents=True)
            if shutil.disk_usage(folder).free < LEAST_FREE_BYTES:
                raise ConfigError(
                    "the disk is full",
                    file=str(results),
                    mend="make room, or name another folder: --results DIR",
                )
            me = psutil.Process()
            owner = {"id": run_id, "pid": me.pid, "created": me.create_time(), "scenario": scenario}
            (folder / "owner.json").write_bytes(orjson.dumps(owner))
        except OSError as fault:
            raise ConfigError(
                f"cannot be written ({fault.strerror})",
                file=str(results),
                mend="name another folder: --results DIR",
            ) from None
        return cls(folder, lambda text: None)

    def load_starts(self, at_s: float) -> None:
        """Second 0 begins at `at_s`, in seconds since the epoch: the interval log's times count from it."""
        self._intervals = IntervalLog(self.folder / "intervals.hlog", at_s)

    def scenario(self, source: dict[str, Any]) -> None:
        """The scenario as it runs, values filled in and overrides applied: it can be run again."""
        self._guard(
            lambda: (self.folder / "scenario.toml").write_text(tomli_w.dumps(source), encoding="utf-8")
        )

    def second(self, second: Second, row: TimelineRow) -> None:
        """One line of the timeline and one interval for each operation."""
        self._append("timeline.jsonl", orjson.dumps(asdict(row)) + b"\n")
        by_operation = second.durations_by_operation().items()
        tagged = {f"{workload}/{name}": histogram for (workload, name), histogram in by_operation}
        self._guard(lambda: self._intervals.second(second.number, tagged))

    def event(self, event: EventRow) -> None:
        self._append("events.jsonl", orjson.dumps(asdict(event)) + b"\n")

    def error(self, group: ErrorGroup, sample: Sample) -> None:
        """One of the first failed requests of a group."""
        line = {"operation": group.operation, "phase": group.phase, "kind": group.failure, **asdict(sample)}
        self._append("errors.jsonl", orjson.dumps(line) + b"\n")

    def summary_due(self) -> bool:
        return time.monotonic() - self._summary_at >= SUMMARY_EVERY_S

    def summary(self, summary: Summary, copies: Iterable[Path] = ()) -> None:
        """Replaces `summary.json` atomically, and writes `copies` too, each in the form of its suffix."""
        self._summary_at = time.monotonic()
        for path in (self.folder / "summary.json", *copies):
            data = in_form(
                path,
                json=summary.to_json,
                text=lambda: text_summary(summary),
                markdown=lambda: markdown_summary(summary),
            )
            self._guard(partial(replace_file, path, data))

    def log(self, name: str) -> IO[bytes]:
        """A file for a worker's standard error."""
        return (self.folder / name).open("ab")

    def close(self) -> None:
        for file in self._files.values():
            self._guard(file.close)
        self._files.clear()
        self._guard(self._intervals.close)
        self.entities.close()
        for log in self.folder.glob("*.log"):
            if not log.stat().st_size:
                log.unlink()

    def _append(self, name: str, data: bytes) -> None:
        def write() -> None:
            if name not in self._files:
                # Unbuffered: a line is on its way to the disk before the next one is made.
                self._files[name] = (self.folder / name).open("ab", buffering=0)
            self._files[name].write(data)

        self._guard(write)

    def _guard(self, write: Callable[[], object]) -> None:
        try:
            write()
        except OSError as fault:
            if not self._complained:
                self._complained = True
                self.complain(f"the record is incomplete: {self.folder} cannot be written ({fault.strerror})")
