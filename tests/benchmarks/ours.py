"""Runs of this project: in batch or in a terminal, with what they recorded and what they cost."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from tests.benchmarks.bench import Bench, BenchError, pinned, say
from tests.benchmarks.meter import EVERY_S, Meter
from tests.benchmarks.servers import Server
from tests.benchmarks.terminal import FOCUS_LOST, Terminal

COMMAND = (sys.executable, "-m", "dmsperf_tui")
INVALID = 96
"""The exit code of a run whose generator did not keep up, which is what some cases ask it to do: said."""
_READY = "given --"
"""What the set-up screen says of our flags once it can start the run."""
_OVERTIME_S = 60.0


@dataclass(frozen=True, slots=True)
class Run:
    """One finished run."""

    summary: dict[str, Any]
    meter: Meter
    loaded: tuple[float, float]
    """The start and the end of its load, in seconds since the epoch."""
    bytes_per_s: float = 0.0
    """What was drawn on its terminal."""

    @property
    def rate(self) -> float:
        """Requests a second."""
        return float(self.summary["metrics"]["http_reqs"]["rate"])

    @property
    def steady(self) -> tuple[float, float]:
        """The part of its load in which nothing begins or ends."""
        start_s, end_s = self.loaded
        return start_s + 0.25 * (end_s - start_s), start_s + 0.95 * (end_s - start_s)

    def p99_ms(self, metric: str) -> float:
        """Raises BenchError where the run has no such metric."""
        if metric not in self.summary["metrics"]:
            raise BenchError(f"the run has no {metric}")
        return float(self.summary["metrics"][metric]["p(99)"])


def batch(
    bench: Bench, scenario: str, server: Server, *flags: str, cores: Sequence[int], seconds: float
) -> Run:
    """A run with `--batch`, host and workers on `cores`. Raises BenchError when it has no clean record."""
    results = Path(tempfile.mkdtemp(prefix="run-", dir=bench.folder))
    arguments = _arguments(scenario, server, results, seconds, flags)
    with open(results / "stderr.txt", "wb") as narration:
        process = subprocess.Popen(
            pinned(cores, *COMMAND, "--batch", *arguments),
            cwd=bench.folder,
            env=bench.variables,
            stdout=subprocess.DEVNULL,
            stderr=narration,
        )
        meter = Meter(process.pid, server.pids)
        until = time.monotonic() + seconds + _OVERTIME_S
        try:
            while process.poll() is None and time.monotonic() < until:
                meter.look()
                time.sleep(EVERY_S)
        finally:
            if process.poll() is None:
                # Its host drains on the first signal, and leaves no load behind.
                process.terminate()
                process.wait(_OVERTIME_S)
    if process.returncode not in (0, INVALID):
        said = (results / "stderr.txt").read_text().strip().splitlines()
        raise BenchError(said[-1] if said else f"the run's exit code was {process.returncode}")
    return _checked(_summary(results), meter)


def in_terminal(
    bench: Bench,
    scenario: str,
    server: Server,
    *flags: str,
    cores: Sequence[int],
    seconds: float,
    columns: int = 120,
    lines: int = 40,
    over_ssh: bool = False,
    in_front: bool = True,
) -> Run:
    """The same run, started and watched in the terminal app. Raises BenchError as `batch` does.

    `over_ssh` is what the app is told; without `in_front` its terminal says that it has lost the focus.
    """
    results = Path(tempfile.mkdtemp(prefix="run-", dir=bench.folder))
    command = pinned(cores, *COMMAND, *_arguments(scenario, server, results, seconds, flags))
    with Terminal(bench, command, columns=columns, lines=lines, over_ssh=over_ssh) as terminal:
        terminal.wait_for(_READY)
        terminal.press("s" if in_front else f"s{FOCUS_LOST}")
        meter = Meter(terminal.process.pid, server.pids)
        until = time.monotonic() + seconds + _OVERTIME_S
        summary: dict[str, Any] = {}
        try:
            while not _over(summary):
                if terminal.process.poll() is not None or time.monotonic() > until:
                    raise BenchError("the run in the terminal did not finish")
                meter.look()
                terminal.read(EVERY_S)
                summary = _summary(results)
            # The host ends now. Quitting first would leave it to init, and its time to nobody.
            terminal.read(0.5)
        except BaseException:
            # The host would outlive its terminal.
            subprocess.run(
                [*COMMAND, "ctl", "abort"], env=bench.variables, capture_output=True, timeout=20, check=False
            )
            raise
    run = _checked(summary, meter)
    return replace(run, bytes_per_s=terminal.bytes_per_s(run.steady))


def _arguments(
    scenario: str, server: Server, results: Path, seconds: float, flags: Sequence[str]
) -> list[str]:
    where = ("--env", server.url, "--results", str(results))
    return ["--scenario", scenario, *where, "--duration", f"{seconds:g}s", *flags]


def _summary(results: Path) -> dict[str, Any]:
    """The record of the only run in `results`; empty while there is none."""
    for path in results.glob("*/summary.json"):
        with contextlib.suppress(FileNotFoundError):
            found: dict[str, Any] = orjson.loads(path.read_bytes())
            return found
    return {}


def _over(summary: dict[str, Any]) -> bool:
    return bool(summary) and summary["run"]["exit_code"] is not None


def _checked(summary: dict[str, Any], meter: Meter) -> Run:
    if not summary or not summary["run"]["started_at"]:
        raise BenchError(summary["run"]["message"] if summary else "the run left no record")
    failed = summary["metrics"]["http_req_failed"]
    if failed["passes"]:
        raise BenchError(f"{failed['passes']} of {failed['passes'] + failed['fails']} requests failed")
    validity = summary["validity"]
    if validity["verdict"] != "valid":
        say(f"    ours, verdict {validity['verdict']}: {'; '.join(validity['reasons'])}")
    start_s = datetime.fromisoformat(summary["run"]["started_at"]).timestamp()
    return Run(summary, meter, (start_s, start_s + summary["run"]["duration_s"]))
