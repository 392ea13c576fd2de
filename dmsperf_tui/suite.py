"""The front end of suites: scenarios in order, each as `--batch` runs it, and a table at the end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from dmsperf_tui.batch import execute, show
from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.units import format_duration
from dmsperf_tui.report.outcome import worst
from dmsperf_tui.report.suite import StepPart, SuiteSummary, step_of, suite_markdown, suite_text
from dmsperf_tui.report.summary import Summary
from dmsperf_tui.report.written import check_writable, in_form, replace_file
from dmsperf_tui.settings.config import RunConfig
from dmsperf_tui.settings.suite import Suite

_BY_SIGNAL, _NOT_CONFIGURED = 105, 104


def run_suite(suite: Suite, copies: Sequence[Path] = ()) -> int:
    """Runs the steps and returns the worst exit code; the suite's summary goes into `copies`, too.

    Raises ConfigError where one of them cannot be written.
    """
    for copy in copies:
        check_writable(copy)
    running = _Running(suite, copies)
    code = uvloop.run(running.all_steps())
    sys.stdout.write(suite_text(running.summary))
    sys.stdout.flush()
    return code


class _Running:
    """A suite under way."""

    def __init__(self, suite: Suite, copies: Sequence[Path]) -> None:
        self._suite = suite
        self._copies = copies
        self._parts = [StepPart(scenario=config.plan.name) for config in suite.steps]
        self._failed: list[Summary] = []
        self._codes: list[int] = []
        self._interrupted = asyncio.Event()
        self._began = _now()

    @property
    def summary(self) -> SuiteSummary:
        """What has come of it so far."""
        first = self._suite.steps[0]
        return SuiteSummary(
            suite=self._suite.name,
            title=self._suite.title,
            environment=first.environment.name,
            started_at=self._began,
            ended_at=_now(),
            exit_code=worst(self._codes),
            speedup=first.speedup,
            steps=self._parts,
        )

    async def all_steps(self) -> int:
        for at, config in enumerate(self._suite.steps):
            if at and not await self._cool_down(at):
                break
            _say(f"step {at + 1} of {len(self._suite.steps)}: {config.plan.name}")
            self._parts[at] = await self._step(config)
            if self._parts[at].exit_code and self._suite.stops:
                break
        if self._interrupted.is_set():
            self._codes.append(_BY_SIGNAL)
        self._write()
        return worst(self._codes)

    async def _step(self, config: RunConfig) -> StepPart:
        try:
            code, folder = await execute(config)
        except ConfigError as fault:
            self._codes.append(_NOT_CONFIGURED)
            _say(f"dmsperf-tui: {fault}")
            return StepPart(scenario=config.plan.name, exit_code=_NOT_CONFIGURED, message=str(fault))
        finally:
            # The run has listened to the signals until now.
            _listen(self._interrupted.set)
        self._codes.append(code)
        if code == _BY_SIGNAL:
            self._interrupted.set()
        summary = show(folder)
        if summary is None:
            return StepPart(scenario=config.plan.name, folder=str(folder), exit_code=code)
        if code:
            self._failed.append(summary)
        return step_of(str(folder), summary)

    async def _cool_down(self, at: int) -> bool:
        """Between two steps. False: it was ended by a signal, and with it the suite."""
        self._write()
        pause_s = self._suite.cool_down_s
        if pause_s and not self._interrupted.is_set():
            _say(f"cool-down: {format_duration(pause_s)}")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._interrupted.wait(), pause_s)
        return not self._interrupted.is_set()

    def _write(self) -> None:
        """As far as it has come: a suite that is killed leaves what it knew."""
        summary = self.summary
        for path in self._copies:
            data = in_form(
                path,
                json=summary.to_json,
                text=lambda: suite_text(summary),
                markdown=lambda: suite_markdown(summary, self._failed),
            )
            try:
                replace_file(path, data)
            except OSError as fault:
                _say(f"dmsperf-tui: {path} cannot be written ({fault.strerror})")


def _listen(heard: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, heard)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _say(text: str) -> None:
    # A closed terminal or pipe is no reason to end a suite.
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
