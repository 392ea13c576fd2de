"""Numbers and states as the screen spells them: fixed widths, units, and a glyph with every word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.content import Content

from dmsperf_tui.plan.units import format_duration
from dmsperf_tui.run.snapshot import EventRow, RunInfo, RunSnapshot, RunState
from dmsperf_tui.settings.environment import EMBEDDED
from dmsperf_tui.settings.toml_file import shown


@dataclass(frozen=True, slots=True)
class Tone:
    """A state said three ways: glyph, word and colour."""

    glyph: str
    word: str
    style: str

    def content(self) -> Content:
        return Content.styled(f"{self.glyph} {self.word}", self.style)


STATES = {
    RunState.PREPARING: Tone("◌", "PREPARING", "bold $primary"),
    RunState.RUNNING: Tone("●", "RUNNING", "bold $success"),
    RunState.PAUSING: Tone("‖", "PAUSING", "bold $warning"),
    RunState.PAUSED: Tone("‖", "PAUSED", "bold $warning"),
    RunState.STOPPING: Tone("■", "STOPPING", "bold $warning"),
    RunState.FINISHED: Tone("✓", "FINISHED", "bold $success"),
    RunState.STOPPED: Tone("■", "STOPPED", "bold $warning"),
    RunState.ABORTED: Tone("✗", "ABORTED", "bold $error"),
    RunState.FAILED: Tone("✗", "FAILED", "bold $error"),
    RunState.CRASHED: Tone("✗", "CRASHED", "bold $error"),
}
LOST = Tone("✗", "HOST GONE", "bold $error")
WARMING_UP = Tone("◌", "WARMING UP", "bold $accent")
VERDICTS = {
    "valid": Tone("✓", "valid", "$success"),
    "suspect": Tone("▲", "suspect", "$warning"),
    "invalid": Tone("✗", "invalid", "bold $error"),
}


STEERING = ("vus", "rate", "scale", "hold", "release", "skip", "extend", "weights", "undo")
"""Events that the workers acknowledge."""
JUDGED = {True: ("✓", "$success"), False: ("✗", "bold $error"), None: ("◌", "$foreground-muted")}
"""Glyph and colour of a check or a threshold: holds, fails, nothing to judge yet."""


def state_tone(snapshot: RunSnapshot, *, lost: bool) -> Tone:
    """The run's state now; `lost` when its host has gone since."""
    if lost:
        return LOST
    if snapshot.warming_up and snapshot.state is RunState.RUNNING:
        return WARMING_UP
    return STATES[snapshot.state]


def outcome(snapshot: RunSnapshot) -> Tone:
    """How a run that is over ended, in one word group."""
    failing = sum(row.ok is False for row in snapshot.thresholds)
    return ending(snapshot.state, snapshot.exit_code, snapshot.health.verdict, failing)


def ending(state: RunState, exit_code: int | None, verdict: str, failing: int = 0) -> Tone:
    """The same of a record's head; `failing` thresholds, where their number is known."""
    if state is RunState.FAILED:
        return Tone("✗", "FAILED BEFORE LOAD STARTED", "bold $error")
    if state is RunState.CRASHED:
        return Tone("✗", "CRASHED", "bold $error")
    if state is RunState.ABORTED:
        return Tone("✗", "ABORTED", "bold $error")
    if exit_code == 96 or verdict == "invalid":
        return Tone("✗", "INVALID: the load generator could not keep up", "bold $error")
    if failing:
        noun = "THRESHOLD" if failing == 1 else "THRESHOLDS"
        return Tone("✗", f"{failing} {noun} FAILED", "bold $error")
    if exit_code == 99:
        return Tone("✗", "THRESHOLDS FAILED", "bold $error")
    if state is RunState.STOPPED:
        return Tone("■", "STOPPED BY HAND", "bold $warning")
    if exit_code not in (0, None):
        return Tone("✗", f"ENDED WITH EXIT CODE {exit_code}", "bold $error")
    return Tone("✓", "PASSED", "bold $success")


def findings_word(findings: int) -> str:
    """`1 finding`, `2 findings`."""
    return f"{findings} finding" + ("" if findings == 1 else "s")


def milliseconds(value: float | None) -> str:
    """A latency in milliseconds, at most six characters: `0.84`, `41`, `1,204`, `61.2k`."""
    if value is None:
        return "-"
    if value < 9.95:
        return f"{value:.1f}"
    if value < 99_999.5:
        return f"{value:,.0f}"
    return f"{value / 1000:,.0f}k"


def count(value: float) -> str:
    """A count with thousands apart; from ten million on in millions, so that a column never overflows."""
    return f"{value:,.0f}" if value < 9_999_999.5 else f"{value / 1e6:,.1f}M"


def rate(value: float) -> str:
    """Events a second: one decimal only where it tells something."""
    return f"{value:.1f}" if 0 < value < 9.95 else f"{value:,.0f}"


def per(unit_s: float) -> str:
    """What a rate is per, as its scenario has it: `/s`, `/m`, `/10s`."""
    return "/" + ({1.0: "s", 60.0: "m", 3600.0: "h"}.get(unit_s) or format_duration(unit_s))


def rate_number(value: float) -> str:
    """A rate that is set, rather than counted: `1,200`, `57.3`, `0.25`."""
    return f"{value:,.0f}" if value >= 99.95 else f"{value:.3g}"


def rate_words(per_second: float, unit_s: float) -> str:
    """A rate in the unit of its scenario: `120/s`, `90/m`."""
    return rate_number(per_second * unit_s) + per(unit_s)


def rate_unit_s(snapshot: RunSnapshot) -> float:
    """What the run's rates are per: the open workloads' own unit where they agree, else a second."""
    units = {row.time_unit_s for row in snapshot.workloads if row.open}
    return units.pop() if len(units) == 1 else 1.0


def percent(part: int, whole: int) -> str:
    """A share of 100: `0.2`; never 0.0 where there was one."""
    if not whole or not part:
        return "0.0"
    share = 100 * part / whole
    return "<0.1" if share < 0.05 else f"{share:.1f}" if share < 99.95 else "100"


def environment_name(name: str, *, try_out: bool) -> str:
    """The environment as the header names it."""
    if not try_out:
        return name
    return "embedded try-out" if name == EMBEDDED else f"{name} try-out"


def applied(event: EventRow) -> str:
    """How far a change of the load has come."""
    if event.applied_s is None:
        return "… being applied" if event.kind in STEERING else ""
    return "✓ applied at once" if event.applied_s < 0.05 else f"✓ applied in {event.applied_s:.1f} s"


def middle_cut(text: str, width: int) -> str:
    """A name in at most `width` cells; what is left out is in its middle, for names differ at both ends."""
    if len(text) <= width or width < 8:
        return text[:width]
    tail = (width - 1) // 2
    return f"{text[: width - 1 - tail]}…{text[-tail:]}"


def cut_apart(names: Sequence[str], width: int) -> dict[str, str]:
    """Each name in at most `width` cells, so that no two of them look alike.

    `studentSchoolAssociations` beside `studentSectionAssociations` is cut where they are the same, and keeps
    `…School…` and `…Section…`.
    """
    cut = {name: middle_cut(name, width) for name in names}
    alike: dict[str, list[str]] = {}
    for name, short in cut.items():
        alike.setdefault(short, []).append(name)
    for group in alike.values():
        if len(group) < 2 or width < 8:
            continue
        first, last = min(group), max(group)
        differ = next(at for at, letter in enumerate(last) if first[at : at + 1] != letter)
        # From the start of the word in which they differ.
        start = max(
            (at for at in range(differ + 1) if last[at].isupper() or last[at - 1 : at] in (" ", "/")),
            default=0,
        )
        start = max(start, differ - width // 4)
        for name in group:
            room = width - 1 - len(name[start:])
            if room >= width // 4:
                cut[name] = f"{name[:room]}…{name[start:]}"
            else:
                cut[name] = f"{name[: width // 4]}…{name[start : start + width - width // 4 - 2]}…"
    return cut


def shorten(text: str, width: int) -> str:
    """`text` in at most `width` cells, cut between words where that loses less than half of it."""
    if len(text) <= width:
        return text
    if width < 2:
        return "…"[:width]
    cut = text[: width - 1]
    at = cut.rfind(" ")
    return (cut[:at] if at > width // 2 else cut).rstrip(" ,;:.") + "…"


def record_of(info: RunInfo) -> str:
    """The run's folder, below the working directory where it is there."""
    return shown(Path(info.results))
