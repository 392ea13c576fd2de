"""A recorded run as a front end sees it: the one reader of results folders for screens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import orjson
from pydantic import TypeAdapter, ValidationError

from dmsperf_tui.engine.messages import Sample
from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.scenario import Plan, WorkloadPlan, parse_plan
from dmsperf_tui.report.summary import Rate, Summary, Trend, WorkloadPart
from dmsperf_tui.run.commands import Command, Reply
from dmsperf_tui.run.link import RunLink, SocketLink
from dmsperf_tui.run.registry import find_live, live_runs
from dmsperf_tui.run.snapshot import (
    CheckRow,
    EntityRow,
    ErrorRow,
    EventRow,
    FailureRow,
    HealthRow,
    ListRow,
    ObjectiveRow,
    OperationRow,
    RunInfo,
    RunSnapshot,
    RunState,
    ThresholdRow,
    TimelineRow,
    WorkloadRow,
)
from dmsperf_tui.run.statistics import ERROR_SAMPLES, FAILURE_ROWS, FAILURE_TEXT, said_of
from dmsperf_tui.settings.origin import host_alive
from dmsperf_tui.systems.checks import PreflightRow


def recorded_runs(results: Path) -> list[Path]:
    """The folders of all recorded runs, oldest first."""
    return sorted(path.parent for path in results.glob("*/summary.json"))


def find_recorded(reference: str | None, results: Path) -> Path:
    """The folder of a recorded run: a path, an id, or `last` (also where None is given).

    Raises ConfigError where there is none.
    """
    if reference and (Path(reference) / "summary.json").is_file():
        return Path(reference)
    folders = recorded_runs(results)
    if reference in (None, "last") and folders:
        return folders[-1]
    for folder in folders:
        if reference and folder.name.endswith(f"-{reference}"):
            return folder
    wanted = f"no run {reference!r}" if reference else "no run"
    raise ConfigError(f"{wanted} is active or recorded in {results}", mend="see: dmsperf-tui list runs")


_TIMELINE_ROW = TypeAdapter(TimelineRow)
"""Knows each key and its kind; keys that it does not know, of a newer version, are passed over."""


def _timeline(path: Path) -> Iterator[TimelineRow]:
    """The rows that can be read: a line may be torn off, or not ours."""
    if path.is_file():
        for line in path.read_bytes().splitlines():
            try:
                yield _TIMELINE_ROW.validate_json(line)
            except ValidationError:
                continue


_SAMPLES_FILE = "errors.jsonl"
_SAMPLE_TEXTS = ("request", "detail", "body", "sent")
_LONGEST_LINE = 1 << 18
"""A sample's texts are cut at 4,096 characters each: a longer line is none of ours."""


def _sample_lines(path: Path) -> Iterator[tuple[tuple[str, str, str], Sample]]:
    """Each whole line of `errors.jsonl`: operation, phase and kind, and the sample; one at a time."""
    with path.open("rb") as file:
        while line := file.readline(_LONGEST_LINE):
            try:
                found = orjson.loads(line)
                key = (str(found["operation"]), str(found["phase"]), str(found["kind"]))
                request, detail, body, sent = (str(found[name]) for name in _SAMPLE_TEXTS)
                sample = Sample(request, int(found["status"]), detail, body, sent, at_s=float(found["at_s"]))
            except (KeyError, TypeError, ValueError):
                continue  # torn off by the host's end, or not ours
            yield key, sample


def read_samples(folder: Path, operation: str, phase: str, kind: str) -> list[Sample]:
    """The samples of one kind of failure, oldest first: five at most, of a live run those that there are yet.

    Raises ConfigError where the record's file of them cannot be read.
    """
    path, wanted = folder / _SAMPLES_FILE, (operation, phase, kind)
    try:
        found = islice((sample for key, sample in _sample_lines(path) if key == wanted), ERROR_SAMPLES)
        return sorted(found, key=lambda sample: sample.at_s)
    except FileNotFoundError:
        raise ConfigError("is not there: the record has no samples", file=str(path)) from None
    except OSError as fault:
        raise ConfigError(f"cannot be read ({fault.strerror})", file=str(path)) from None


def _failures(folder: Path) -> tuple[FailureRow, ...]:
    """The recorded samples in the order of time: all that is left of the failures as they came."""
    path = folder / _SAMPLES_FILE
    counted: dict[tuple[int, str, str, str], FailureRow] = {}
    try:
        for (operation, phase, kind), sample in _sample_lines(path):
            key = (int(sample.at_s), operation, phase, kind)
            text = said_of(kind, sample)[:FAILURE_TEXT]
            row = counted.get(key) or FailureRow(sample.at_s, operation, kind, 0, text)
            counted[key] = replace(row, count=row.count + 1)
    except OSError:
        return ()
    return tuple(sorted(counted.values(), key=lambda row: row.at_s)[-FAILURE_ROWS:])


_UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError)
"""What reading a summary of another version, or of another hand, can come to."""


def _plan(summary: Summary) -> Plan | None:
    """The scenario's own plan; None where this version cannot read it any more.

    Not for VUs and times: a flag may have set others for the run.
    """
    run, manifest = summary.run, summary.manifest
    try:
        return parse_plan(run.scenario, manifest["scenario"], speedup=float(manifest.get("speedup", 1.0)))
    except (ConfigError, KeyError, TypeError, ValueError):
        return None


def read_snapshot(folder: Path) -> RunSnapshot:
    """The last state of a recorded run; `crashed` where its host is gone and left no ending.

    Raises ConfigError for a folder that holds no readable record.
    """
    path = folder / "summary.json"
    try:
        return _snapshot(folder, Summary.model_validate_json(path.read_bytes()))
    except _UNREADABLE as fault:
        why = str(fault).splitlines()[0] if str(fault) else type(fault).__name__
        raise ConfigError(f"is no readable record: {why}", file=str(path)) from None


def _snapshot(folder: Path, summary: Summary) -> RunSnapshot:
    rows = tuple(_timeline(folder / "timeline.jsonl"))
    state = RunState(summary.run.state)
    message = summary.run.message
    if not state.over and not host_alive(folder):
        state = RunState.CRASHED
        message = "its host ended without a word; this is what it had recorded"
    events = tuple(
        EventRow(row.at_s, row.kind, row.text, max(0, int(row.at_s)), row.applied_s) for row in summary.events
    )
    manifest, run, plan = summary.manifest, summary.run, _plan(summary)
    planned = {workload.name: workload for workload in plan.workloads} if plan else {}
    objectives = manifest.get("objectives") or {}
    failed = summary.metrics.get("http_req_failed")
    durations = summary.metrics.get("http_req_duration")
    responses = summary.metrics.get("http_req_response_time")
    measured_s = run.duration_s - run.warm_up_s
    requests = sum(operation.count for operation in summary.operations)
    return RunSnapshot(
        info=RunInfo(
            id=run.id,
            scenario=run.scenario,
            title=plan.title if plan else run.scenario,
            profile=run.profile,
            environment=run.environment,
            url=str(manifest.get("environment", {}).get("url", "")),
            try_out=bool(manifest.get("try_out")),
            insecure=bool(manifest.get("insecure")),
            results=str(folder),
            planned_s=run.duration_s if run.planned_s is None else run.planned_s,
            speedup=float(manifest.get("speedup", 1.0)),
            open=bool(summary.workloads) and all(w.max_vus for w in summary.workloads.values()),
            warm_up_s=run.warm_up_s,
            objectives=str(objectives.get("name", "")),
            objectives_gate=bool(objectives.get("gate")),
        ),
        state=state,
        elapsed_s=max(run.duration_s, float(len(rows)) - run.paused_s if state is RunState.CRASHED else 0.0),
        requests=requests,
        requests_sent=int(summary.generator.get("requests_sent", 0)),
        failed=failed.passes if isinstance(failed, Rate) else 0,
        rate=requests / measured_s if measured_s > 0 else 0.0,
        iterations=sum(workload.completed for workload in summary.workloads.values()),
        interrupted=sum(workload.interrupted for workload in summary.workloads.values()),
        dropped=sum(workload.dropped for workload in summary.workloads.values()),
        p95_ms=durations.p95 if isinstance(durations, Trend) else None,
        response_p95_ms=responses.p95 if isinstance(responses, Trend) else None,
        cut=sum(workload.cut for workload in summary.workloads.values()),
        health=HealthRow(
            verdict=summary.validity.verdict,
            reasons=tuple(summary.validity.reasons),
            loop_lag_p99_ms=float(summary.generator.get("loop_lag_p99_ms", 0.0)),
            cpu_share=float(summary.generator.get("cpu_share", 0.0)),
            workers=int(summary.generator.get("workers", 1)),
            workers_alive=int(summary.generator.get("workers_alive", 1)),
            start_slip_p99_ms=float(summary.generator.get("start_slip_p99_ms", 0.0)),
            findings=tuple(summary.validity.findings),
        ),
        workloads=tuple(
            _workload(name, workload, planned.get(name)) for name, workload in summary.workloads.items()
        ),
        lists=_lists(summary),
        operations=tuple(
            OperationRow(
                name=operation.name,
                workload=operation.workload,
                count=operation.count,
                failed=operation.failed,
                rate=operation.rate,
                avg_ms=operation.avg,
                p50_ms=operation.med,
                p95_ms=operation.p95,
                p99_ms=operation.p99,
                max_ms=operation.max,
                r95_ms=operation.response.p95 if operation.response else None,
                r99_ms=operation.response.p99 if operation.response else None,
                p90_ms=operation.p90,
                r50_ms=operation.response.med if operation.response else None,
            )
            for operation in summary.operations
        ),
        thresholds=tuple(
            ThresholdRow(
                row.metric,
                row.expression,
                # One that judged nothing passes, and is no more than undecided.
                None if row.ok and row.value is None else row.ok,
                row.value,
                row.broken_s,
            )
            for row in summary.thresholds
        ),
        objectives=tuple(
            ObjectiveRow(
                group=row.group,
                title=row.title,
                metric=row.metric,
                expression=row.expression,
                value=row.value,
                ok=row.ok,
                level=row.level,
                level_expression=row.level_expression,
                unit=row.unit,
            )
            for row in summary.objectives
        ),
        checks=tuple(CheckRow(row.name, row.passes, row.fails) for row in summary.checks),
        errors=tuple(
            ErrorRow(row.operation, row.phase, row.kind, row.count, row.first_s, row.last_s, row.sample)
            for row in summary.errors
        ),
        failures=_failures(folder),
        events=events,
        preflight=tuple(
            PreflightRow(
                row["name"],
                row["ok"],
                row["detail"],
                row["seconds"],
                row.get("mend", ""),
                row.get("fatal", True),
            )
            for row in manifest.get("preflight", [])
        ),
        rows=rows,
        exit_code=run.exit_code,
        message=message,
    )


def _workload(name: str, part: WorkloadPart, plan: WorkloadPlan | None) -> WorkloadRow:
    """What a workload had done in the end."""
    arrival = plan.arrival if plan else None
    return WorkloadRow(
        name=name,
        executor=part.executor,
        flow=part.flow,
        planned=0,
        target=0,
        vus=0,
        leaving=0,
        by_hand=False,
        peak=part.vus_max,
        iterations=part.completed,
        interrupted=part.interrupted,
        dropped=part.dropped,
        total_iterations=part.planned_iterations,
        open=part.max_vus is not None,
        time_unit_s=arrival.time_unit_s if arrival else 1.0,
        max_vus=part.max_vus or 0,
        planned_starts=part.planned,
        started=part.started,
        running=part.running,
        waiting=part.waiting,
        cut=part.cut,
        stages=len(plan.shape.stages) if plan else 1,
        weights=part.flows,
    )


def _lists(summary: Summary) -> tuple[ListRow, ...]:
    """What load phases had created in the end."""
    found: list[ListRow] = []
    for workload in dict.fromkeys(part.workload for part in summary.entities):
        parts = [part for part in summary.entities if part.workload == workload]
        rows = tuple(
            EntityRow(part.name, part.order, part.total, part.created, part.failed) for part in parts
        )
        open_ = [row.order for row in rows if row.created + row.failed < row.total]
        total, created, failed = (
            sum(getattr(row, key) for row in rows) for key in ("total", "created", "failed")
        )
        planned = summary.workloads[workload].planned_iterations
        found.append(
            ListRow(
                workload=workload,
                total=total,
                before=total - planned if planned is not None else 0,
                created=created,
                failed=failed,
                order=min(open_, default=None),
                rate=0.0,
                eta_s=None,
                rows=rows,
            )
        )
    return tuple(found)


class RecordLink:
    """A link to a run that is over: one snapshot, and no commands."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, command: Command) -> Reply:
        return Reply(ok=False, text=f"the run is over: {command.command} has nothing to act on")

    async def snapshots(self) -> AsyncIterator[RunSnapshot]:
        # Hours of timeline take a while: the screen goes on meanwhile.
        yield await asyncio.to_thread(read_snapshot, self._folder)

    async def close(self) -> None:
        """There is nothing to let go of."""


async def open_run(reference: str | None, results: Path) -> RunLink:
    """A link to the run named by an id, a path or `last`: a live one first, else a recorded one.

    Raises ConfigError where there is none, or several live ones to choose from.
    """
    if live_runs():
        try:
            return await SocketLink.connect(find_live(reference).socket)
        except (ConfigError, ConnectionError, FileNotFoundError):
            if reference is None:
                raise
    return RecordLink(find_recorded(reference, results))
