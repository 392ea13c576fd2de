"""Rows of checks and steps as lines: glyph, name, words, time, and the mend below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar
from urllib.parse import urlsplit

from textual.content import Content

from dmsperf_tui.settings.environment import Environment
from dmsperf_tui.systems.checks import PreflightRow, StepRow, at_environment
from dmsperf_tui.tui.environment import check_line, warns
from dmsperf_tui.tui.wording import Tone

Row = StepRow | PreflightRow
R = TypeVar("R", bound=Row)

_GLYPHS = {True: ("✓", "$success"), False: ("✗", "bold $error"), None: ("•", "$foreground-muted")}
_BAR = 20


def failed(row: Row) -> bool:
    """Whether the step has failed with this row, rather than warned."""
    return row.ok is False and (isinstance(row, StepRow) or row.fatal)


def reference(environment: Environment) -> str:
    """What names the environment on a command line: one that was given by its URL has no file."""
    own_name = environment.name != urlsplit(environment.url).netloc
    return environment.name if own_name else environment.url


def aimed(row: R, environment: Environment) -> R:
    """The row, the commands of its mend aimed at the environment."""
    return replace(row, mend=at_environment(row.mend, reference(environment))) if row.mend else row


def row_line(row: Row) -> Content:
    """`✓ vendor  dmsperf-tui made  changed`, and the mend below."""
    if isinstance(row, PreflightRow):
        return check_line(row)
    glyph, tone = _GLYPHS[row.ok]
    return Content.assemble(
        (f"{glyph} {row.name}", tone),
        f"  {row.detail}",
        ("  changed" if row.changed else "", "bold $accent"),
        (f"\n  → {row.mend}" if row.mend else "", "$warning"),
    )


def row_lines(rows: Sequence[Row]) -> Content:
    """All of them; what mends several in a row is said once, below the last of them."""
    following = [*[row.mend for row in rows[1:]], ""]
    return Content("\n").join(
        row_line(replace(row, mend="") if row.mend == after else row)
        for row, after in zip(rows, following, strict=False)
    )


def worst_first(rows: Sequence[PreflightRow]) -> list[PreflightRow]:
    """What stops a run, then warnings, then the rest as it came."""
    return sorted(rows, key=lambda row: 0 if failed(row) else 1 if warns(row) else 2)


def tally(rows: Sequence[PreflightRow]) -> Content:
    """`12 ✓ 1 ▲ 0 ✗`."""
    stops, warnings = sum(map(failed, rows)), sum(map(warns, rows))
    good = sum(row.ok is True for row in rows)
    return Content.assemble(
        (f"{good} ✓", "$success" if good else "$foreground-muted"),
        (f" {warnings} ▲", "$warning" if warnings else "$foreground-muted"),
        (f" {stops} ✗", "bold $error" if stops else "$foreground-muted"),
    )


def result(rows: Sequence[Row]) -> Tone:
    """How a step has ended."""
    if any(map(failed, rows)):
        return Tone("✗", "failed", "bold $error")
    checks = [row for row in rows if isinstance(row, PreflightRow)]
    if warnings := sum(map(warns, checks)):
        return Tone("▲", f"done, {warnings} warning" + ("s" if warnings > 1 else ""), "$warning")
    changes = sum(isinstance(row, StepRow) and row.changed for row in rows)
    said = "" if checks else f", {changes or 'nothing'} changed"
    return Tone("✓", f"done{said}", "$success")


def bar(done: int, total: int) -> Content:
    """`██████░░░░░░░░░░░░░░ 31 of 104`, in a width that stays."""
    full = _BAR * done // total if total else 0
    figures = f" {done:>{len(f'{total:,}')},} of {total:,}"
    return Content.assemble(("█" * full, "$primary"), ("░" * (_BAR - full), "$foreground-muted"), figures)
