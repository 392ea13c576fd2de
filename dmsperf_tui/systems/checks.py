"""What a check of an environment, or a step of its set-up, says: one row each."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace

from dmsperf_tui.plan.plain import plain


@dataclass(frozen=True, slots=True)
class PreflightRow:
    """One line of the pre-flight."""

    name: str
    ok: bool | None
    """None: not tried yet, or nothing to judge."""
    detail: str
    seconds: float = 0.0
    mend: str = ""
    fatal: bool = True
    """Whether a failure makes a run meaningless; one that is not fatal is a warning."""

    def __post_init__(self) -> None:
        _clean(self)


@dataclass(frozen=True, slots=True)
class StepRow:
    """One line of a set-up step; a step ends with the first row that has failed."""

    name: str
    ok: bool | None
    """None: on the way, or something to know."""
    detail: str
    changed: bool = False
    """The environment is not as it was before."""
    mend: str = ""
    progress: tuple[int, int] | None = None
    """How many are done, and of how many, while it is on the way."""

    def __post_init__(self) -> None:
        _clean(self)


def _clean(row: PreflightRow | StepRow) -> None:
    """Makes a row's words fit for a terminal: much of them is what a server, or a command, has said."""
    for name in ("name", "detail", "mend"):
        object.__setattr__(row, name, plain(getattr(row, name)))


def timed(row: PreflightRow, begun: float) -> PreflightRow:
    """`row` with the time that it took since `begun`, a reading of `time.perf_counter`."""
    return replace(row, seconds=time.perf_counter() - begun)


def at_environment(mend: str, name: str) -> str:
    """A mend's `dmsperf-tui setup` commands with the environment that they are to be aimed at."""
    return re.sub(r"dmsperf-tui setup (\w+)\b(?! --env)", rf"dmsperf-tui setup \1 --env {name}", mend)


class StepError(Exception):
    """A step cannot go on: what happened, and the mend."""

    def __init__(self, detail: str, mend: str = "") -> None:
        self.detail = detail
        self.mend = mend
        super().__init__(f"{detail}; {mend}" if mend else detail)
