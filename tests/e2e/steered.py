"""A batch run on a server that stamps what arrives, and `ctl` told to it at planned instants.

`ctl` runs in this process, through the command's own `main`: a process for each would take longer than what
is measured. That it works as a process is proven in `test_command`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from unittest.mock import patch

import orjson
import tomli_w

import dmsperf_tui.run.ctl  # noqa: F401 - imported now, not with the first command
from tests.e2e.conftest import PASSED, Command, Finished, in_process
from tests.truth.bench import Stamps, TruthServer

BUSY_LAG_MS = 100.0
"""A generator that lagged so much was kept from its work by this machine."""
TRIES = 3


def requests(paths: str | Mapping[str, str], executor: str, **options: Any) -> dict[str, Any]:
    """A workload of the generic flow: one request to a path, or a mix of them by name."""
    if isinstance(paths, str):
        return {"executor": executor, "flow": "http.request", "request": {"path": paths}, **options}
    mix = {name: {"flow": "http.request", "request": {"path": path}} for name, path in paths.items()}
    return {"executor": executor, "mix": mix, **options}


def hold_conserved(summary: Mapping[str, Any], served: int) -> None:
    """Each planned iteration and each request is accounted for."""
    for name, counts in summary["workloads"].items():
        ways = {key: counts[key] for key in ("started", "dropped", "cut", "waiting")}
        assert counts["planned"] == sum(ways.values()), (name, counts)
        assert counts["started"] == counts["completed"] + counts["interrupted"], (name, counts)
        assert counts["running"] == counts["waiting"] == 0, (name, counts)
    assert summary["generator"]["requests_sent"] == served


@dataclass(frozen=True)
class Answer:
    """What the command said, and when it was asked and had answered, in seconds of `perf_counter`."""

    code: int
    text: str
    given_s: float
    answered_s: float


def tell(*words: str) -> Answer:
    """The command with these words, in this process."""
    given_s = time.perf_counter()
    done = in_process(*words)
    return Answer(done.code, (done.out + done.err).strip(), given_s, time.perf_counter())


class SteeredRun:
    """One run of the command in a folder, and with a registry, of its own."""

    def __init__(
        self,
        folder: Path,
        url: str,
        workloads: Mapping[str, Any],
        *flags: str,
        files: Mapping[str, str] | None = None,
        **scenario: Any,
    ) -> None:
        """`scenario` are its top level's other keys; `files` are put beside it."""
        self._temporary = folder / "t"
        self._temporary.mkdir(parents=True)
        (folder / "run.toml").write_text(tomli_w.dumps({**scenario, "workloads": dict(workloads)}))
        for name, text in (files or {}).items():
            (folder / name).write_text(text)
        self.command = Command(folder)
        self.process = self.command.start(
            *("--batch", "--scenario", "run.toml", "--env", url, *flags), TMPDIR=str(self._temporary)
        )

    def ctl(self, *words: str) -> Answer:
        """Tells the run something."""
        with (
            patch.dict(os.environ, TMPDIR=str(self._temporary)),
            patch("tempfile.tempdir", None),
        ):
            return tell("ctl", *words)

    @property
    def status(self) -> dict[str, Any]:
        """The run's present snapshot."""
        found: dict[str, Any] = orjson.loads(self.ctl("status", "--json").text)
        return found

    def finish(self, codes: Iterable[int] = PASSED) -> Finished:
        """Waits for its end."""
        finished = self.command.finish(self.process)
        assert finished.code in codes, finished.err
        return finished

    @property
    def summary(self) -> dict[str, Any]:
        return self.command.summary

    @property
    def record_text(self) -> str:
        """All that the run left, as one text."""
        return "".join(path.read_text() for path in sorted(self.command.record.iterdir()))

    def __enter__(self) -> SteeredRun:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.command.close()


# --- a script of commands -------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One cell of the matrix: a command to one workload, and the level that has to follow."""

    at_s: float
    workload: str
    command: str
    level: float | None = None
    """VUs, or iterations a second; None: it is refused."""
    said: str = ""
    over_s: float = 0.0

    def __str__(self) -> str:
        return f"{self.workload}-{self.command}".replace(" ", "_")


@dataclass(frozen=True)
class Told:
    step: Step
    answer: Answer


class Script:
    """What was done to a run, what its server saw of it, and what its record says."""

    def __init__(self, stamps: Stamps, summary: dict[str, Any], told: Sequence[Told]) -> None:
        self.stamps = stamps
        self.summary = summary
        self.told = told
        obeyed = [each for each in told if each.answer.code == 0]
        kinds = {each.step.command.split()[0] for each in obeyed}
        events = [event for event in summary["events"] if event["kind"] in kinds]
        assert len(events) == len(obeyed), "an event for each command, and for no refused one"
        self._events = {each.step: event for each, event in zip(obeyed, events, strict=True)}
        # The record counts from the start of load: each command was taken between question and answer.
        earliest_s = max(each.answer.given_s - self._events[each.step]["at_s"] for each in obeyed)
        latest_s = min(each.answer.answered_s - self._events[each.step]["at_s"] for each in obeyed)
        assert earliest_s - latest_s < 0.005, "the record's times are not those of the commands"
        self.start_s = float(earliest_s + latest_s) / 2
        """When load started, in seconds of `perf_counter`."""

    @property
    def lag_ms(self) -> float:
        return float(self.summary["generator"]["loop_lag_p99_ms"])

    def answer(self, step: Step) -> Answer:
        return next(each.answer for each in self.told if each.step == step)

    def given_s(self, step: Step) -> float:
        """When the host took it, as its record says."""
        return self.start_s + float(self._events[step]["at_s"])

    def acknowledged_s(self, step: Step) -> float:
        """When all workers had acknowledged it."""
        return self.given_s(step) + float(self._events[step]["applied_s"])

    def before(self, step: Step) -> Step | None:
        """The change of the same workload before it."""
        mine = [each for each in self._events if each.workload == step.workload and each.at_s < step.at_s]
        return mine[-1] if mine else None

    def until_s(self, step: Step, end_s: float) -> float:
        """When the next other level of its workload came, or its plan ended, so long after the start."""
        later = [
            each
            for each in self._events
            if each.workload == step.workload and each.at_s > step.at_s and each.level != step.level
        ]
        return self.given_s(later[0]) if later else self.start_s + end_s


def perform(
    server: TruthServer, run: SteeredRun, steps: Sequence[Step], codes: Iterable[int] = PASSED
) -> Script:
    """Does the steps at their times after the first arrival, and waits for the run's end."""
    server.wait_for_load()
    start_s = server.stamps.arrivals_s[0]
    told: list[Told] = []
    for step in sorted(steps, key=lambda step: step.at_s):
        time.sleep(max(0.0, start_s + step.at_s - time.perf_counter()))
        words = [*step.command.split(), *(("--workload", step.workload) if step.workload else ())]
        told.append(Told(step, run.ctl(*words)))
    run.finish(codes)
    hold_conserved(run.summary, server.count)
    return Script(server.stamps, run.summary, told)


def unhindered(attempt: Callable[[], Script]) -> Script:
    """A script's outcome. It is done again, twice at most, where the generator says that this machine kept
    it from its work: the bounds of the matrix are for one that runs."""
    script = attempt()
    for _ in range(TRIES - 1):
        if script.lag_ms <= BUSY_LAG_MS:
            break
        script = attempt()
    return script


def played(
    folders: Callable[[], Path],
    server_flags: Sequence[str],
    workloads: Mapping[str, Any],
    steps: Sequence[Step],
    *flags: str,
) -> Iterator[Script]:
    """One script for all tests of a module."""

    def attempt() -> Script:
        with (
            TruthServer(*server_flags) as server,
            SteeredRun(folders(), server.url, workloads, *flags) as run,
        ):
            return perform(server, run, steps)

    yield unhindered(attempt)


def most_at_once(stamps: Stamps, begin_s: float, end_s: float) -> int:
    """The most requests that were at the server at the same instant within [begin, end)."""
    moves: list[tuple[float, int]] = []
    for arrival_s, answer_s in zip(stamps.arrivals_s, stamps.answers_s, strict=True):
        if arrival_s < end_s and answer_s > begin_s:
            moves += [(max(arrival_s, begin_s), 1), (answer_s, -1)]
    most = now = 0
    for _, move in sorted(moves):
        now += move
        most = max(most, now)
    return most
