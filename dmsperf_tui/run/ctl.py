"""`dmsperf-tui ctl`: one command to a live run, its answer in a line."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.plain import line
from dmsperf_tui.plan.units import format_clock
from dmsperf_tui.report.figures import no_value
from dmsperf_tui.run.commands import Command, Reply
from dmsperf_tui.run.control import rate_text
from dmsperf_tui.run.link import SocketLink
from dmsperf_tui.run.registry import find_live, live_runs
from dmsperf_tui.run.replay import find_recorded, read_snapshot, recorded_runs
from dmsperf_tui.run.snapshot import SNAPSHOT, RunSnapshot

_GONE = "the run's host is gone"


async def _send(socket: str, command: Command) -> Reply:
    link = await SocketLink.connect(socket)
    try:
        return await link.send(command)
    finally:
        await link.close()


def tell(reference: str | None, command: Command) -> int:
    """Exit code 0 when the run did it, 1 when it refused. Raises ConfigError where there is no such run."""
    run = find_live(reference)
    try:
        reply = asyncio.run(_send(run.socket, command))
    except (ConnectionError, FileNotFoundError):
        reply = Reply(ok=False, text=_GONE)
    if reply.ok:
        sys.stdout.write(f"{run.id}: {reply.text}\n")
        return 0
    sys.stderr.write(f"dmsperf-tui: {run.id}: {reply.text}\n")
    return 1


async def _status(socket: str) -> RunSnapshot:
    link = await SocketLink.connect(socket)
    try:
        return await link.status()
    finally:
        await link.close()


def _load_lines(snapshot: RunSnapshot) -> list[str]:
    lines: list[str] = []
    if any(not row.open for row in snapshot.workloads) or not snapshot.workloads:
        lines.append(f"VUs        {snapshot.vus} (target {snapshot.target}, plan {snapshot.planned})")
    for row in snapshot.workloads:
        if row.open:
            target, plan = (rate_text(rate, row.time_unit_s) for rate in (row.target_rate, row.planned_rate))
            lines.append(
                f"rate       {row.name}: target {target}, plan {plan}; {row.vus} of {row.max_vus} VUs busy"
            )
            lines.append(
                f"starts     {row.planned_starts} due = {row.started} started + {row.dropped} dropped + "
                f"{row.cut} cut + {row.waiting} waiting"
            )
    if snapshot.response_p95_ms is not None:
        lines.append(f"response   p95 {snapshot.response_p95_ms:.1f} ms from the planned start")
    return lines


def status_lines(snapshot: RunSnapshot) -> list[str]:
    """A run in a few lines."""
    info, health = snapshot.info, snapshot.health
    share = snapshot.failed / snapshot.requests if snapshot.requests else 0.0
    p95 = f"{snapshot.p95_ms:.1f} ms" if snapshot.p95_ms is not None else "-"
    newest = "whole run" if snapshot.state.over else "last 1 s"
    state = "warming up" if snapshot.warming_up else snapshot.state.value
    clock = f"{format_clock(snapshot.elapsed_s)} of {format_clock(info.planned_s)}"
    lines = [
        f"run        {info.id}  {info.scenario}, profile {info.profile}, {info.environment} {info.url}",
        f"state      {state}  {clock}",
        *_load_lines(snapshot),
        f"requests   {snapshot.requests} counted, {snapshot.requests_sent} sent in full",
        f"{newest:<10} {snapshot.rate:.0f} req/s, p95 {p95}",
        f"failed     {snapshot.failed} ({share:.2%})",
        f"iterations {snapshot.iterations} completed, {snapshot.interrupted} interrupted",
        f"verdict    {health.verdict}" + "".join(f"; {reason}" for reason in health.reasons),
        *(f"finding    {finding}" for finding in health.findings),
        f"record     {info.results}",
    ]
    marks = {True: "✓", False: "✗", None: "-"}
    if snapshot.message:
        lines.append(f"note       {snapshot.message}")
    absent = {
        (row.metric, row.expression) for row in snapshot.objectives if row.value is None and row.ok is None
    }
    lines += [
        f"threshold  {marks[row.ok]} {row.metric} {row.expression}"
        for row in snapshot.thresholds
        if (row.metric, row.expression) not in absent
    ]
    if snapshot.objectives:
        met, missed = (sum(row.ok is ok for row in snapshot.objectives) for ok in (True, False))
        lines.append(f"objectives {info.objectives}: {met} met, {missed} missed, {len(absent)} not measured")
        lines += [
            f"missed     {line(row.title)}: {row.expression}, "
            + (no_value(row.ok) if row.value is None else f"measured {row.value:.6g}")
            for row in snapshot.objectives
            if row.ok is False
        ]
    return lines


def show_runs(results: str) -> None:
    """Prints the active runs, then the recorded ones, newest last."""
    active = live_runs()
    for run in active:
        sys.stdout.write(f"{run.id}  active    {run.results}\n")
    for folder in recorded_runs(Path(results)):
        if str(folder.resolve()) not in {run.results for run in active}:
            sys.stdout.write(f"{folder.name[-6:]}  recorded  {folder}\n")


def show_status(reference: str | None, as_json: bool) -> int:
    """Prints the present snapshot of a live run, or the last one of a recorded run that is named.

    Raises ConfigError where there is no such run.
    """
    try:
        run = find_live(reference)
        snapshot = asyncio.run(_status(run.socket))
    except (ConfigError, ConnectionError, FileNotFoundError):
        if reference is None:
            raise
        snapshot = read_snapshot(find_recorded(reference, Path("results")))
    if as_json:
        sys.stdout.write(SNAPSHOT.dump_json(snapshot, indent=2).decode() + "\n")
    else:
        sys.stdout.write("\n".join(status_lines(snapshot)) + "\n")
    return 0
