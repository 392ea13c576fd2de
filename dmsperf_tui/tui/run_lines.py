"""A run in a line of the list: a live one as it is now, a recorded one as it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from textual.content import Content

from dmsperf_tui.plan.units import format_clock
from dmsperf_tui.run.record_head import RecordHead
from dmsperf_tui.run.registry import LiveRun
from dmsperf_tui.run.snapshot import RunSnapshot
from dmsperf_tui.tui.wording import (
    VERDICTS,
    Tone,
    count,
    ending,
    findings_word,
    middle_cut,
    milliseconds,
    shorten,
    state_tone,
)

_LEAST_NAME = 10
"""Cells of a name, which may be an address, that still tell it from others."""


@dataclass(frozen=True, slots=True)
class Live:
    """A live run, and how it was when asked last; None: it has not answered yet."""

    run: LiveRun
    snapshot: RunSnapshot | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """Widths in cells, behind the glyph and the id; 0 where there is no room.

    ▲ behind the glyph: there are findings, or a verdict other than valid.
    """

    when: int
    what: int
    numbers: int
    outcome: int

    @classmethod
    def fitting(cls, width: int) -> Columns:
        """Numbers before the outcome's words, which its glyph says too."""
        when = 14 if width >= 50 else 0
        numbers = 28 if width >= 72 else 0
        outcome = 28 if width >= 100 else 0
        return cls(
            when, max(0, width - 11 - when - numbers - outcome - (2 if outcome else 0)), numbers, outcome
        )

    def line(
        self,
        glyph: str,
        style: str,
        run: str,
        when: str,
        what: Sequence[str],
        numbers: str,
        outcome: str,
        verdict: Tone | None = None,
        findings: str = "",
    ) -> Content:
        """One run; a `verdict` stands behind the outcome, or behind `what` where that is left out."""
        room = max(0, self.what - 1)
        judged = f" {verdict.glyph} {verdict.word}" if verdict else ""
        aside = judged if not self.outcome and room >= len(judged) + _LEAST_NAME else ""
        said = shorten(outcome, self.outcome - len(judged)) + judged if self.outcome else ""
        more = f", {findings}" if findings and len(said) + len(findings) + 2 <= self.outcome else ""
        judged_style = verdict.style if verdict else ""
        parts: list[tuple[str, str]] = [
            (f"{glyph:<3}", style),
            (f"{run:<8}", "bold"),
            (f"{when:<{self.when}}"[: self.when], "$foreground-muted"),
            (_named(what, room - len(aside)).ljust(self.what - len(aside) - (1 if aside else 0)), ""),
            (f"{aside} " if aside else "", judged_style),
            (f"{numbers:>{self.numbers}}"[: self.numbers], ""),
            (f"  {said.removesuffix(judged)}" if said else "", style),
            (judged if said else "", judged_style),
            (more, style),
        ]
        return Content.assemble(*[part for part in parts if part[0]])


def _named(parts: Sequence[str], width: int) -> str:
    """Scenario, profile and environment, as many of them as leave the scenario's name to be known."""
    name, *rest = parts
    room, tail = width - min(len(name), _LEAST_NAME), ""
    for part in rest:
        left = room - len(tail) - 3
        if left < min(len(part), _LEAST_NAME):
            break
        tail += f" · {middle_cut(part, left)}"
    return middle_cut(name, width - len(tail)) + tail


def live_line(live: Live, width: int) -> Content:
    """`●  7f3a    RUNNING   dms/concurrent · dev · embedded     38 VUs  04:12 / 23:00`."""
    run, snapshot, columns = live.run, live.snapshot, Columns.fitting(width)
    if snapshot is None:
        return columns.line("◌", "$primary", run.id, "live", [run.scenario], "", "does not answer")
    info, tone = snapshot.info, state_tone(snapshot, lost=False)
    verb = "opens" if snapshot.state.over else "steers"
    planned = format_clock(round(info.planned_s))
    users = f"{snapshot.vus:,} VU" + ("" if snapshot.vus == 1 else "s")
    numbers = f"{users}  {format_clock(snapshot.elapsed_s):>{len(planned)}} / {planned}"
    what = (info.scenario, info.profile, info.environment)
    return columns.line(
        tone.glyph, tone.style, run.id, tone.word, what, numbers, f"{tone.word}: enter {verb} it"
    )


def record_line(head: RecordHead, width: int, now: datetime) -> Content:
    """`✓▲ 7f3a    today 10:15  dms/spike · dev · local     94,992    44 ms    23:00  PASSED ▲ suspect`."""
    columns = Columns.fitting(width)
    if head.problem:
        return columns.line("✗", "$error", head.id, "unreadable", [head.problem], "", "cannot be opened")
    tone = ending(head.state, head.exit_code, head.verdict)
    verdict = None if head.verdict == "valid" else VERDICTS.get(head.verdict, VERDICTS["suspect"])
    p95 = f"{milliseconds(head.p95_ms)} ms" if head.p95_ms is not None else "-"
    return columns.line(
        tone.glyph + ("▲" if head.findings or verdict else ""),
        tone.style,
        head.id,
        when_words(head.started, now),
        (head.scenario, head.profile, head.environment),
        f"{count(head.requests):>10} {p95:>8} {format_clock(head.duration_s):>8}",
        tone.word,
        None if tone.word.startswith("INVALID") else verdict,
        findings_word(head.findings) if head.findings else "",
    )


def columns_line(width: int) -> Content:
    """The names above the columns of recorded runs."""
    numbers = f"{'requests':>10} {'p95':>8} {'length':>8}"
    columns = Columns.fitting(width)
    names = "scenario, profile, environment" if columns.what > 30 else "scenario, profile"
    line = columns.line("", "", "run", "started", [names], numbers, "outcome")
    return Content.styled(line.plain, "$foreground-muted")


def when_words(started: datetime | None, now: datetime) -> str:
    """`today 10:15`, `21 Nov 10:15`, `21 Nov 2025` in this machine's time."""
    if started is None:
        return "never started"
    at, today = started.astimezone(now.tzinfo), now.date()
    if at.date() == today:
        return f"today {at:%H:%M}"
    return f"{at.day} {at:%b %H:%M}" if at.year == today.year else f"{at.day} {at:%b %Y}"
