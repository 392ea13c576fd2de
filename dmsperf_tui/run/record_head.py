"""The beginning of a recorded run's summary: what a list of many runs shows, without reading all of each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from dmsperf_tui.run.snapshot import RunState
from dmsperf_tui.settings.origin import host_alive, run_id

_HEAD_BYTES = 16_384
"""Run, validity and the metrics of requests stand there, as the schema has them first."""
_RESPONSE, _SERVICE = "http_req_response_time", "http_req_duration"
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class RecordHead:
    """One recorded run in a line."""

    folder: Path
    id: str
    scenario: str = ""
    profile: str = ""
    environment: str = ""
    started: datetime | None = None
    """In UTC; None where load never started."""
    duration_s: float = 0.0
    state: RunState = RunState.CRASHED
    exit_code: int | None = None
    verdict: str = "valid"
    findings: int = 0
    requests: int = 0
    p95_ms: float | None = None
    """As the run's own header has it: response time where all workloads are open, else service time."""
    problem: str = ""
    """Why it cannot be read."""


def read_head(folder: Path) -> RecordHead:
    """What `summary.json` begins with; `crashed` where the run's host left no ending."""
    unread = RecordHead(folder, run_id(folder))
    try:
        with (folder / "summary.json").open("rb") as file:
            text = file.read(_HEAD_BYTES).decode("utf-8", "ignore")
            found = _parts(text)
            if found is None:
                found = _parts(text + file.read().decode("utf-8", "ignore"))
        if found is None:
            return _unreadable(unread, "is no record")
        run, validity, metrics = found
        state = RunState(run["state"])
        return RecordHead(
            folder=folder,
            id=str(run["id"]),
            scenario=str(run["scenario"]),
            profile=str(run["profile"]),
            environment=str(run["environment"]),
            started=datetime.fromisoformat(run["started_at"]) if run["started_at"] else None,
            duration_s=float(run["duration_s"]),
            state=state if state.over or host_alive(folder) else RunState.CRASHED,
            exit_code=run["exit_code"],
            verdict=str(validity["verdict"]),
            findings=len(validity["findings"]),
            requests=int(metrics.get("http_reqs", {}).get("count", 0)),
            p95_ms=metrics.get("p95", {}).get("p(95)"),
        )
    except OSError as fault:
        return _unreadable(unread, fault.strerror or "cannot be read")
    except (KeyError, ValueError, TypeError, AttributeError):
        return _unreadable(unread, "is no record")


def _unreadable(head: RecordHead, problem: str) -> RecordHead:
    return RecordHead(head.folder, head.id, problem=problem)


def _parts(text: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]] | None:
    """Run, validity and requests' metrics of a text cut off somewhere behind them; None: it is too short.

    Its `p95` is the metric that the run's header shows. Only where there is response time do the workloads,
    far behind, have to tell which one that is.
    """
    metrics_end = text.find('"operations":')
    if metrics_end < 0:
        return None
    run, validity = _member(text, "run"), _member(text, "validity")
    if run is None or validity is None:
        return None
    response, service = _member(text, _RESPONSE), _member(text, _SERVICE)
    if response is not None:
        workloads = _member(text, "workloads", metrics_end)
        if workloads is None:
            return None
        if workloads and all(workload.get("max_vus") for workload in workloads.values()):
            service = response
    metrics = {"http_reqs": _member(text, "http_reqs"), "p95": service}
    return run, validity, {name: metric for name, metric in metrics.items() if metric is not None}


def _member(text: str, name: str, begin: int = 0) -> dict[str, Any] | None:
    """The first object of that name, from `begin` on."""
    mark = f'"{name}":'
    at = text.find(mark, begin)
    if at < 0:
        return None
    start = text.find("{", at + len(mark))
    try:
        found, _ = _DECODER.raw_decode(text, start)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


class Heads:
    """Reads those of a folder of results, each once as long as its file stays the same."""

    def __init__(self, results: Path) -> None:
        self._results = results
        self._known: dict[Path, tuple[tuple[int, int], RecordHead]] = {}

    def newest_first(self) -> list[RecordHead]:
        """All of them. For a thread: it reads files."""
        stamped: dict[Path, tuple[tuple[int, int], RecordHead]] = {}
        for path in self._results.glob("*/summary.json"):
            try:
                status = path.stat()
            except OSError:
                continue
            stamp = (status.st_mtime_ns, status.st_size)
            known = self._known.get(path)
            # A host that has died since leaves its file as it was.
            fresh = known is not None and known[0] == stamp and known[1].state.over
            stamped[path] = known if fresh and known is not None else (stamp, read_head(path.parent))
        self._known = stamped
        heads = (head for _, head in stamped.values())
        return sorted(heads, key=lambda head: head.folder.name, reverse=True)
