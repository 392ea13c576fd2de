"""Events on the screen: the marks that explain a bend in a chart, and the newest change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dmsperf_tui.run.snapshot import EventRow
from dmsperf_tui.tui.plot import Mark
from dmsperf_tui.tui.wording import STEERING, rate_number

_SHOWN = {
    *STEERING,
    "pause",
    "resume",
    "worker-lost",
    "note",
    "stop",
    "abort",
    "token",
    "record-failed",
    "teardown-failed",
}
_TOGETHER_S = 2.0
"""Changes so near each other share a segment, and a mark."""
_SIGNS = {
    **dict.fromkeys(STEERING, "▲"),
    "release": "▲ plan",
    "hold": "▲ hold",
    "weights": "▲ shares",
    "pause": "‖ pause",
    "resume": "▶",
    "worker-lost": "✗ worker",
    "busy": "◆ VUs busy",
    "stop": "■ stop",
}
_NUMBER = r"\d+(?:\.\d+)?(?:e[+-]?\d+)?"
_STEP = re.compile(
    rf"(?P<what>(?:[^;]*: )?(?P<most>most )?(?:VUs|rate)) (?P<before>{_NUMBER})(?P<per>/\w+)? → "
    rf"(?P<after>{_NUMBER})"
)
_DETAILS = {
    "scale": (re.compile(rf"→ ({_NUMBER}) times the plan"), "▲×{}"),
    "skip": (re.compile(r"skip to (stage \d+)"), "▲ {}"),
    "extend": (re.compile(r"extended by (\w+)"), "▲ {} longer"),
}


def newest_change(events: Sequence[EventRow]) -> EventRow | None:
    """The last event that a person or a fault caused."""
    return next((event for event in reversed(events) if event.kind in _SHOWN), None)


@dataclass(frozen=True, slots=True)
class _Step:
    """A level set by hand: from where to where."""

    at_s: float
    newest_s: float
    what: str
    before: float
    after: float
    unit: str

    @classmethod
    def of(cls, event: EventRow) -> _Step | None:
        match = _STEP.match(event.text) if event.kind in ("vus", "rate") else None
        if match is None:
            return None
        unit = match["per"] or (" most" if match["most"] else "")
        before, after = float(match["before"]), float(match["after"])
        return cls(event.at_s, event.at_s, match["what"], before, after, unit)

    def after_all(self, earlier: _Step | None) -> _Step:
        """Both as one, where this one goes on with an earlier one: a key pressed again and again."""
        if earlier is None or earlier.what != self.what or self.at_s - earlier.newest_s > _TOGETHER_S:
            return self
        return replace(self, at_s=earlier.at_s, before=earlier.before)

    @property
    def text(self) -> str:
        by = round(self.after - self.before, 3)
        return f"▲{'-' if by < 0 else '+'}{rate_number(abs(by))}{self.unit}" if by else "▲"


def marks(events: Sequence[EventRow], measured_from_s: float | None = None) -> list[Mark]:
    """The events that explain a bend in the lines, as short as they can be said.

    `measured_from_s` is when the warm-up was over.
    """
    found: list[Mark] = []
    last: _Step | None = None
    for event in events:
        if event.at_s < 0:
            continue
        step = _Step.of(event)
        if step is not None:
            whole = step.after_all(last)
            if whole is not step:
                found.pop()
            step = whole
        text = step.text if step else _sign(event)
        if text:
            found.append(Mark(step.at_s if step else event.at_s, text))
        last = step
    if measured_from_s is not None:
        found.append(Mark(measured_from_s, "│measured"))
    return sorted(found, key=lambda mark: mark.at)


def _sign(event: EventRow) -> str:
    if event.kind in _DETAILS:
        pattern, words = _DETAILS[event.kind]
        if match := pattern.search(event.text):
            return words.format(match[1])
    return _SIGNS.get(event.kind, "")
