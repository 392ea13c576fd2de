"""What the tests and the table share: a server of known latency, the tool as a process, and its summary."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson
import psutil
import tomli_w

from tests.e2e.conftest import PASSED, WEB, Command, wait_for

ROOT = Path(__file__).parents[2]
PERCENTILES = (50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 100.0)
_NO_BOUND = 10**9
RESPONSE, SERVICE = "http_req_response_time", "http_req_duration"


@dataclass(frozen=True)
class Stamps:
    """The server's own books, in seconds of `perf_counter`, in the order of arrivals."""

    arrivals_s: list[float]
    answers_s: list[float]
    paths: list[str]

    def __len__(self) -> int:
        return len(self.arrivals_s)

    @property
    def service_s(self) -> list[float]:
        """How long each request was at the server."""
        return [after - before for before, after in zip(self.arrivals_s, self.answers_s, strict=True)]

    def of(self, workload: str) -> Stamps:
        """One workload's: each has a path of its own."""
        rows = zip(self.arrivals_s, self.answers_s, self.paths, strict=True)
        mine = [row for row in rows if row[2] == f"/{workload}"]
        return Stamps([row[0] for row in mine], [row[1] for row in mine], [row[2] for row in mine])

    def after(self, seconds: float) -> Stamps:
        """Without what arrived in the first so many seconds."""
        first = bisect_left(self.arrivals_s, self.arrivals_s[0] + seconds)
        return Stamps(self.arrivals_s[first:], self.answers_s[first:], self.paths[first:])

    def last_answered(self, count: int) -> Stamps:
        """The last so many to be answered: what a tool has measured that counts answers after a warm-up."""
        rows = zip(self.arrivals_s, self.answers_s, self.paths, strict=True)
        newest = sorted(sorted(rows, key=lambda row: row[1])[len(self) - count :])
        return Stamps([row[0] for row in newest], [row[1] for row in newest], [row[2] for row in newest])

    def between(self, begin_s: float, end_s: float) -> int:
        """How many arrived in [begin, end)."""
        return sum(begin_s <= at < end_s for at in self.arrivals_s)

    def start_s(self, due_s: Iterable[float]) -> float:
        """When the load started, given when the first arrivals were due in seconds since then.

        The server cannot know: it is taken to be such that the most punctual was not late at all.
        """
        return min(at - due for at, due in zip(self.arrivals_s, due_s, strict=False))

    def lateness_s(self, due_s: Sequence[float]) -> list[float]:
        """How late each arrival was."""
        start_s = self.start_s(due_s)
        return [at - due - start_s for at, due in zip(self.arrivals_s, due_s, strict=True)]


class TruthServer:
    """`tests.truth.server` in a process of its own."""

    def __init__(self, *flags: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.truth.server", "--port", "0", *flags],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        self.port = int(orjson.loads(self._process.stdout.readline())["port"])
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> TruthServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def stamps(self) -> Stamps:
        books = orjson.loads(WEB.get(f"{self.url}/_stamps").content)
        arrivals_s, answers_s = ([at / 1e9 for at in books[key]] for key in ("arrivals_ns", "answers_ns"))
        return Stamps(arrivals_s, answers_s, books["paths"])

    @property
    def count(self) -> int:
        return int(orjson.loads(WEB.get(f"{self.url}/_count").content)["count"])

    def reset(self) -> None:
        WEB.post(f"{self.url}/_reset").raise_for_status()

    def wait_for_load(self, requests: int = 1) -> None:
        wait_for(lambda: self.count >= requests, f"{requests} requests")

    def suspend(self, length_s: float) -> float:
        """Stops the process for so long; returns how long it was."""
        return suspend(self._process.pid, length_s)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


def suspend(pid: int, length_s: float) -> float:
    """SIGSTOP, and SIGCONT after `length_s`; returns the seconds between them."""
    os.kill(pid, signal.SIGSTOP)
    begun_s = time.perf_counter()
    try:
        time.sleep(length_s)
    finally:
        os.kill(pid, signal.SIGCONT)
    return time.perf_counter() - begun_s


# --- the tool -------------------------------------------------------------------------------------


def _workload(executor: str, options: Mapping[str, Any]) -> dict[str, Any]:
    return {"executor": executor, "flow": "http.request", **options}


def scenario_of(workloads: Mapping[str, Any], warm_up_s: float = 0.0) -> dict[str, Any]:
    """A scenario file's content.

    Each workload has a path of its own, and thresholds that nothing breaks: their values are its percentiles.
    """
    methods = ["avg", *(f"p({percentile:g})" for percentile in PERCENTILES)]
    made, thresholds = {}, {}
    for name, load in workloads.items():
        requests = load["flow"] == "http.request"
        made[name] = {**load, "request": {"path": f"/{name}"}} if requests else load
        for metric in (SERVICE, RESPONSE) if requests else ():
            thresholds[f"{metric}{{scenario:{name}}}"] = [f"{method}<{_NO_BOUND}" for method in methods]
    head = {"system": "http", **({"warm_up": f"{warm_up_s}s"} if warm_up_s else {})}
    return {**head, "workloads": made, "thresholds": thresholds}


def open_load(rate: float, length_s: float, vus: int = 400, **options: Any) -> dict[str, Any]:
    """A workload of `rate` iterations a second; with enough VUs for whatever a test makes of it."""
    return _workload(
        "constant-arrival-rate",
        {"rate": rate, "duration": f"{length_s}s", "pre_allocated_vus": vus, "max_vus": vus, **options},
    )


def ramping_load(stages: Iterable[tuple[float, int]], vus: int = 100, **options: Any) -> dict[str, Any]:
    """A workload of a changing rate: (seconds, target rate)."""
    made = [{"duration": f"{length_s}s", "target": target} for length_s, target in stages]
    return _workload(
        "ramping-arrival-rate", {"stages": made, "pre_allocated_vus": vus, "max_vus": vus, **options}
    )


def closed_load(vus: int, length_s: float, **options: Any) -> dict[str, Any]:
    """A workload of VUs that wait for their answers."""
    return _workload("constant-vus", {"vus": vus, "duration": f"{length_s}s", **options})


@dataclass(frozen=True)
class Measured:
    """A run that is over."""

    code: int
    record: Path
    summary: dict[str, Any]
    narration: str

    def ms(self, metric: str, percentile: float, workload: str = "load") -> float:
        """A percentile of one workload's trend in milliseconds."""
        return self._value(metric, f"p({percentile:g})", workload)

    def mean_ms(self, metric: str, workload: str = "load") -> float:
        return self._value(metric, "avg", workload)

    def _value(self, metric: str, method: str, workload: str) -> float:
        wanted = (f"{metric}{{scenario:{workload}}}", f"{method}<{_NO_BOUND}")
        rows = self.summary["thresholds"]
        (value,) = (row["value"] for row in rows if (row["metric"], row["expression"]) == wanted)
        return float(value)

    def counts(self, workload: str = "load") -> dict[str, int]:
        """A workload's iterations: planned, started, completed, dropped and so on."""
        return dict(self.summary["workloads"][workload])

    def requests(self, workload: str = "load") -> int:
        """How many of a workload's requests were measured: those of the warm-up are not."""
        return sum(one["count"] for one in self.summary["operations"] if one["workload"] == workload)

    @property
    def admitted_ms(self) -> float:
        """How late the tool says it was itself, with its starts or in its loop, at the 99th percentile."""
        generator = self.summary["generator"]
        return float(max(generator["start_slip_p99_ms"], generator["loop_lag_p99_ms"]))

    def room_ms(self, percentile: float) -> float:
        """How much longer than at the server a percentile may be on a busy machine.

        A millisecond for the network stack; in the tail what the tool admits, and beyond its 99th percentile
        that twice and 5 ms more.
        """
        if percentile < 90:
            return 1.0
        return 1 + self.admitted_ms if percentile < 99 else 6 + 2 * self.admitted_ms


class Session:
    """One run of the command, in a folder and with a registry of its own."""

    def __init__(
        self,
        folder: Path,
        url: str,
        workloads: Mapping[str, Any],
        *flags: str,
        files: Mapping[str, str] | None = None,
        warm_up_s: float = 0.0,
    ) -> None:
        """`files` are put beside the scenario: flows by their file's name."""
        (folder / "t").mkdir(parents=True)
        (folder / "truth.toml").write_text(tomli_w.dumps(scenario_of(workloads, warm_up_s)))
        for name, text in (files or {}).items():
            (folder / name).write_text(text)
        self.command = Command(folder)
        self._variables = {"TMPDIR": str(folder / "t")}
        self.process = self.command.start(
            *("--batch", "--scenario", "truth.toml", "--env", url, *flags), **self._variables
        )

    def ctl(self, *words: str) -> tuple[float, float]:
        """Steers the run; returns when the command was given and when it had been answered."""
        before_s = time.perf_counter()
        done = self.command.run("ctl", *words, **self._variables)
        assert done.code == 0, done.err
        return before_s, time.perf_counter()

    @property
    def workers(self) -> list[int]:
        """The process ids of its engine workers."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [child.pid for child in children if any("worker" in part for part in child.cmdline())]

    def finish(self, codes: Iterable[int] = PASSED) -> Measured:
        """Waits for its end."""
        finished = self.command.finish(self.process)
        assert finished.code in codes, finished.err
        return Measured(finished.code, self.command.record, self.command.summary, finished.err)

    def close(self) -> None:
        self.command.close()
