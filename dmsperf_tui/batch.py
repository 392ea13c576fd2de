"""The plain-lines front end: a progress line a second on standard error, the summary on standard output."""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import TextIO

import uvloop

from dmsperf_tui.plan.units import format_clock
from dmsperf_tui.report.summary import Summary
from dmsperf_tui.report.text import text_summary
from dmsperf_tui.run.host import RunHost, local_worker, process_worker
from dmsperf_tui.run.server import ControlServer
from dmsperf_tui.run.snapshot import RunSnapshot, RunState
from dmsperf_tui.settings.config import RunConfig


def _load(snapshot: RunSnapshot) -> list[str]:
    """VUs of closed workloads, and the rate of open ones."""
    parts: list[str] = []
    closed = [row for row in snapshot.workloads if not row.open]
    if closed or not snapshot.workloads:
        parts.append(f"VUs {sum(row.vus for row in closed)}/{snapshot.target}")
    if any(row.open for row in snapshot.workloads):
        parts.append(f"rate {snapshot.starts_rate:.0f}/{snapshot.target_rate:.4g}/s")
    for row in snapshot.lists:
        left = row.total - row.created - row.failed
        eta = f" eta {format_clock(row.eta_s)}" if row.eta_s is not None and left else ""
        failed = f" ({row.failed:,} failed)" if row.failed else ""
        parts.append(f"entities {row.created:,}/{row.total:,}{failed}{eta}")
    if snapshot.waiting or snapshot.dropped:
        parts.append(f"waiting {snapshot.waiting} dropped {snapshot.dropped}")
    return parts


def progress_line(snapshot: RunSnapshot) -> str:
    """One second of a run in words: no redraw, no colour."""
    info = snapshot.info
    latency = snapshot.response_p95_ms if info.open else snapshot.p95_ms
    p95 = "-" if latency is None else f"{latency:.0f} ms" if latency >= 1 else "<1 ms"
    errors = snapshot.failed / snapshot.requests if snapshot.requests else 0.0
    failing = sum(row.ok is False for row in snapshot.thresholds)
    parts = [
        f"{format_clock(snapshot.elapsed_s)}/{format_clock(info.planned_s)}",
        "warming up" if snapshot.warming_up else snapshot.state.value,
        *_load(snapshot),
        f"{snapshot.rate:.0f} req/s",
        f"response p95 {p95}" if info.open else f"p95 {p95}",
        f"failed {errors:.2%}",
    ]
    raised = sum(row.count for row in snapshot.errors if row.phase == "flow")
    if raised:
        parts.append(f"flow errors {raised}")
    if snapshot.thresholds:
        parts.append("thresholds ok" if not failing else f"thresholds {failing} failing")
    if snapshot.health.verdict != "valid":
        parts.append(f"verdict {snapshot.health.verdict}")
    return "  ".join(parts)


class LinePrinter:
    """Follows a run and tells it in lines: each event and each check once, the state once a second."""

    def __init__(self, host: RunHost, descriptor: int = 2) -> None:
        self._host = host
        self._lines: queue.Queue[str | None] = queue.Queue(maxsize=1000)
        # A terminal that does not read (Ctrl-S, a pager) must not hold up the run: it holds up a thread.
        self._writing = threading.Thread(target=self._write, args=(descriptor,), name="printer", daemon=True)
        self._writing.start()
        self._events = 0
        self._checks = 0
        self._second = -1

    async def follow(self) -> None:
        """Until cancelled."""
        while True:
            self.news()
            await asyncio.sleep(0.1)

    def news(self) -> None:
        """Prints what has come since the last call."""
        run = self._host.run
        for row in run.preflight[self._checks :]:
            mark = "✓" if row.ok else "-" if row.ok is None else "✗" if row.fatal else "▲"
            mend = f"; {row.mend}" if row.ok is False and row.mend else ""
            self.say(f"{mark} {row.name}: {row.detail}{mend}")
        self._checks = len(run.preflight)
        for event in run.events[self._events :]:
            if event.kind != "stage" or run.info.speedup == 1:
                self.say(f"{format_clock(event.at_s)}  {event.text}")
        self._events = len(run.events)
        second = len(run.timeline.rows)
        if second != self._second and run.state not in (RunState.PREPARING, RunState.FAILED):
            self._second = second
            self.say(progress_line(run.snapshot(first_row=second)))

    def say(self, text: str) -> None:
        """One line; dropped when a thousand wait already."""
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(text)

    def close(self) -> None:
        """Waits a moment for what is not yet written."""
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(None)
            self._writing.join(2.0)

    def _write(self, descriptor: int) -> None:
        # Not through sys.stderr: a write that never returns would hold its lock when the process ends.
        while (text := self._lines.get()) is not None:
            data = f"{text}\n".encode()
            with contextlib.suppress(OSError):
                # A closed terminal or pipe is no reason to end a run.
                while data:
                    data = data[os.write(descriptor, data) :]


class Signals:
    """SIGINT, SIGTERM and SIGHUP: they drain the run under way. To be made in the event loop."""

    def __init__(self) -> None:
        self.heard = asyncio.Event()
        """Set by the first of them: no other run is to begin."""
        self.host: RunHost | None = None
        """Of the run under way."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._hear)

    def _hear(self) -> None:
        self.heard.set()
        if self.host is not None:
            self.host.helm.signalled()


async def execute(config: RunConfig, signals: Signals | None = None) -> tuple[int, Path]:
    """Runs to the end, told in lines; the exit code, and the record's folder.

    Signals drain the run; `signals` are those of a caller that listens to them, too. Raises ConfigError
    for what stops the run before it starts.
    """
    signals = signals or Signals()
    host = RunHost(config, local_worker if config.in_process else process_worker)
    signals.host = host
    server = ControlServer(host)
    await server.open()
    info = host.run.info
    printer = LinePrinter(host)
    printer.say(f"run {info.id}: {info.scenario}, profile {info.profile}, environment {info.environment}")
    change = "rate +10%" if info.open else "vus 20"
    printer.say(f"steer it from another terminal: dmsperf-tui ctl {change} --over 10s --run {info.id}")
    following = asyncio.create_task(printer.follow(), name="printer")
    try:
        code = await host.execute()
    finally:
        following.cancel()
        await server.close()
    printer.news()
    if host.run.state is RunState.FAILED:
        printer.say(f"dmsperf-tui: load did not start: {host.run.message}")
    printer.close()
    return code, host.record.folder


def tell(text: str, stream: TextIO) -> None:
    """Writes `text` at once; a closed terminal or pipe is no reason to end."""
    with contextlib.suppress(OSError):
        stream.write(text)
        # Here rather than when the interpreter ends, which would make exit code 120 of a failure.
        stream.flush()


def show(folder: Path) -> Summary | None:
    """Writes what came of a run; its summary, where the record has one."""
    path = folder / "summary.json"
    summary = Summary.model_validate_json(path.read_bytes()) if path.is_file() else None
    if summary is not None and summary.run.state != "failed":
        tell(f"{text_summary(summary)}  record: {folder}\n", sys.stdout)
    return summary


def run_batch(config: RunConfig) -> int:
    """Runs to the end and returns the exit code. Raises ConfigError for what stops it before it starts."""
    code, folder = uvloop.run(execute(config))
    show(folder)
    return code
