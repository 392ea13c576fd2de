"""Events on the screen: the marks that explain a bend in a chart, and the newest change."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from dmsperf_tui.run.snapshot import EventRow
from dmsperf_tui.tui.picture import Mark
from dmsperf_tui.tui.wording import STEERING, rate_number

_SHOWN = {
    *STEERING,
    "pause",
    "resume",
    "worker-lost",
    "note",
    "stop",
    "abort",
    "undo",
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
    "undo": "▲ undo",
    "pause": "‖ pause",
    "resume": "▶",
    "worker-lost": "✗ worker",
    "busy": "◆ VUs busy",
    "stop": "■ stop",
    "abort": "■ abort",
    "note": "✎",
}
_RANKS = {
    **dict.fromkeys(("worker-lost", "outage", "stop", "abort"), 0),
    **dict.fromkeys((*STEERING, "undo"), 1),
    "note": 3,
}
"""Which marks stay where not all fit; 2 for the others."""
_MEASURED_RANK, _QUIET_RANK = 3, 4
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
_QUIET = {
    "stage": ((re.compile(r"stage (\d+)/"), "│{}"), (re.compile(r"(\S+) (?:starts|has ended)"), "│{}")),
    "order": ((re.compile(r": order (\d+) begins"), "│order {}"),),
}
_SERVICE = {
    "rate-limit": (
        (re.compile(r"answers (\d+)"), "◆ {}"),
        (re.compile(r"no more (\d+)"), "◇ no {}"),
    ),
    "outage": (
        (re.compile(r"is answered (\d+)"), "✗ {}"),
        (re.compile(r"is (without an answer)"), "✗ no answer"),
        (re.compile(r"(answers) again"), "✓ {}"),
    ),
}
"""What the service did, as run/plateaus.py tells it."""
_AFTER_NAME = (": ", " starts", " has ended")
_SINCE = re.compile(r"since (?:(\d+):)?(\d+):(\d+)")


def newest_change(events: Sequence[EventRow]) -> EventRow | None:
    """The last event that a person or a fault caused."""
    return next((event for event in reversed(events) if event.kind in _SHOWN), None)


def parts_of(event: EventRow) -> list[str]:
    """What a change says of each workload that it is for."""
    return event.text.removeprefix("undo: ").split("; ")


def named(event: EventRow, names: Collection[str]) -> set[str]:
    """Those of the workloads `names` that an event is of; none where it is the run's."""
    if event.kind == "note":
        return set()
    parts = parts_of(event)
    starts = {name: tuple(name + word for word in _AFTER_NAME) for name in names}
    return {name for name in names if any(part.startswith(starts[name]) for part in parts)}


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
            found.append(Mark(step.at_s, step.text, _RANKS[event.kind]))
        elif (mark := _mark(event)) is not None:
            found.append(mark)
        last = step
    if measured_from_s is not None:
        found.append(Mark(measured_from_s, "│measured", _MEASURED_RANK))
    return sorted(found, key=lambda mark: mark.at)


def _mark(event: EventRow) -> Mark | None:
    if words := _first(_QUIET.get(event.kind, ()), event.text):
        return Mark(event.at_s, words, _QUIET_RANK, quiet=True)
    rank = _RANKS.get(event.kind, 2)
    if words := _first(_SERVICE.get(event.kind, ()), event.text):
        return Mark(_since(event), words, rank)
    details = [_DETAILS[event.kind]] if event.kind in _DETAILS else []
    words = _first(details, event.text) or _SIGNS.get(event.kind, "")
    return Mark(event.at_s, words, rank) if words else None


def _first(patterns: Sequence[tuple[re.Pattern[str], str]], text: str) -> str:
    """The words of the first pattern that is found."""
    found = (words.format(match[1]) for pattern, words in patterns if (match := pattern.search(text)))
    return next(found, "")


def _since(event: EventRow) -> float:
    """When it began, where its text says so: what takes seconds to be sure of is told late."""
    match = _SINCE.search(event.text)
    if match is None:
        return event.at_s
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return min(event.at_s, 3600.0 * hours + 60 * minutes + seconds)


_CAP = re.compile(r"most VUs (\d+) → (\d+)")


def caps(events: Sequence[EventRow], now: int, start_s: float, end_s: float) -> list[tuple[float, float]]:
    """The most VUs of open workloads over time, as a line from `start_s` to `end_s`; `now` is the newest."""
    changes = [
        (min(event.at_s, end_s), int(match[2]) - int(match[1]))
        for event in events
        for match in _CAP.finditer(event.text)
    ]
    level, points = float(now), [(end_s, float(now))]
    for at_s, by in reversed(changes):
        if at_s <= start_s:
            break
        points.append((at_s, level))
        level -= by
        points.append((at_s, level))
    points.append((start_s, level))
    return points[::-1]
