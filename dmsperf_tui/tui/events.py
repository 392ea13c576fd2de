"""Events on the screen: the marks that explain a bend in a chart, and the newest change."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dmsperf_tui.run.snapshot import EventRow
from dmsperf_tui.tui.plot import Mark
from dmsperf_tui.tui.wording import STEERING, rate_number

_SHOWN = {
    *STEERING,
    "pause",
    "resume",
    "worker-lost",
    "busy",
    "note",
    "stop",
    "abort",
    "token",
    "record-failed",
    "teardown-failed",
}
_SIGNS = {
    "release": "▲ plan",
    "hold": "▲ hold",
    "weights": "▲ shares",
    "pause": "‖ pause",
    "resume": "▶",
    "worker-lost": "✗ worker",
    "busy": "◆ VUs busy",
    "stop": "■ stop",
}
_VUS = re.compile(r"(most )?VUs (?P<before>\d+) → (?P<after>\d+)")
_RATE = re.compile(r"rate (?P<before>[\d.e+]+)/\w+ → (?P<after>[\d.e+]+)(?P<per>/\w+)")
_FACTOR = re.compile(r"→ (?P<factor>[\d.e+-]+) times the plan")
_STAGE = re.compile(r"skip to (?P<stage>stage \d+)")
_LONGER = re.compile(r"extended by (?P<by>\w+)")


def newest_change(events: Sequence[EventRow]) -> EventRow | None:
    """The last event that a person or a fault caused."""
    return next((event for event in reversed(events) if event.kind in _SHOWN), None)


def marks(events: Sequence[EventRow], measured_from_s: float | None = None) -> list[Mark]:
    """The events that explain a bend in the lines, as short as they can be said.

    `measured_from_s` is when the warm-up was over.
    """
    found = [Mark(event.at_s, text) for event in events if event.at_s >= 0 and (text := _mark(event))]
    if measured_from_s is not None:
        found.append(Mark(measured_from_s, "│measured"))
    return sorted(found, key=lambda mark: mark.at)


def _mark(event: EventRow) -> str:
    text = event.text
    match event.kind:
        case "vus":
            change = _VUS.search(text)
            return f"▲{_step(change)}{' most' if change[1] else ''}" if change else "▲"
        case "rate":
            change = _RATE.search(text)
            return f"▲{_step(change)}{change['per']}" if change else "▲"
        case "scale":
            factor = _FACTOR.search(text)
            return f"▲×{factor['factor']}" if factor else "▲"
        case "skip":
            stage = _STAGE.search(text)
            return f"▲ {stage['stage']}" if stage else "▲"
        case "extend":
            longer = _LONGER.search(text)
            return f"▲ {longer['by']} longer" if longer else "▲"
        case kind:
            return _SIGNS.get(kind, "")


def _step(change: re.Match[str]) -> str:
    """How far a level moved: `+10`, `-2.5`."""
    by = float(change["after"]) - float(change["before"])
    sign = "-" if by < 0 else "+"
    return f"{sign}{rate_number(abs(round(by, 3)))}" if by else ""
