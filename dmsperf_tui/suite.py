"""The front end of suites: scenarios in order, each as `--batch` runs it, and a table at the end."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from dmsperf_tui.batch import Signals, execute, show, tell
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

    Raises ConfigError where one of them, or a record, cannot be written.
    """
    for copy in copies:
        check_writable(copy)
    _check_folder(suite.steps[0].results)
    running = _Running(suite, copies)
    code = uvloop.run(running.all_steps())
    tell(suite_text(running.summary), sys.stdout)
    return code


def _check_folder(results: Path) -> None:
    """All steps have their records there: what is wrong with it is told once, before any of them."""
    try:
        results.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=results):
            return
    except OSError as fault:
        raise ConfigError(
            f"cannot be written ({fault.strerror})",
            file=str(results),
            mend="name another folder: --results DIR",
        ) from None


class _Running:
    """A suite under way."""

    def __init__(self, suite: Suite, copies: Sequence[Path]) -> None:
        self._suite = suite
        self._copies = copies
        self._parts = [StepPart(scenario=config.plan.name) for config in suite.steps]
        self._failed: list[Summary] = []
        self._codes: list[int] = []
        self._ended = False
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
            exit_code=worst(self._codes) if self._ended else None,
            speedup=first.speedup,
            steps=self._parts,
        )

    async def all_steps(self) -> int:
        signals = Signals()
        try:
            for at, config in enumerate(self._suite.steps):
                if at and not await self._cool_down(signals.heard):
                    break
                _say(f"step {at + 1} of {len(self._suite.steps)}: {config.plan.name}")
                self._parts[at] = StepPart(scenario=config.plan.name, started_at=_now())
                self._write()
                self._parts[at] = await self._step(config, signals)
                if self._parts[at].exit_code and self._suite.stops:
                    break
            if signals.heard.is_set():
                self._codes.append(_BY_SIGNAL)
            self._ended = True
        finally:
            self._write()
        return worst(self._codes)

    async def _step(self, config: RunConfig, signals: Signals) -> StepPart:
        try:
            code, folder = await execute(config, signals)
        except ConfigError as fault:
            self._codes.append(_NOT_CONFIGURED)
            _say(f"dmsperf-tui: {fault}")
            return StepPart(scenario=config.plan.name, exit_code=_NOT_CONFIGURED, message=str(fault))
        self._codes.append(code)
        summary = show(folder)
        if summary is None:
            return StepPart(scenario=config.plan.name, folder=str(folder), exit_code=code)
        if code:
            self._failed.append(summary)
        return step_of(str(folder), summary)

    async def _cool_down(self, interrupted: asyncio.Event) -> bool:
        """Between two steps. False: it was ended by a signal, and with it the suite."""
        self._write()
        pause_s = self._suite.cool_down_s
        if pause_s and not interrupted.is_set():
            _say(f"cool-down: {format_duration(pause_s)}")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(interrupted.wait(), pause_s)
        return not interrupted.is_set()

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


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _say(text: str) -> None:
    tell(f"{text}\n", sys.stderr)
