"""The thresholds with their live values: what the run will be judged by, and how far it is from failing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from dmsperf_tui.plan.metrics import BUILT_IN, MetricType
from dmsperf_tui.plan.plain import line
from dmsperf_tui.plan.thresholds import Threshold
from dmsperf_tui.plan.units import format_clock
from dmsperf_tui.report.figures import ALL_FAILED
from dmsperf_tui.run.snapshot import RunSnapshot, ThresholdRow
from dmsperf_tui.tui.margin import gauge, margin, nearness, read_threshold
from dmsperf_tui.tui.names import distinct_cuts
from dmsperf_tui.tui.panel import RunPanel, View
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.wording import JUDGED, milliseconds

_GAUGES = (16, 8)
"""Lengths of the gauge, in cells: the longest that there is room for."""
_LEAST_METRIC = 17
"""Room for `http_req_duration`: where there is less, it takes two lines."""
_ENOUGH = 40
"""A metric may be cut to so many cells for the gauge's sake."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One threshold in words."""

    row: ThresholdRow
    metric: str
    expression: str
    value: str
    margin: str
    nearness: float | None

    @classmethod
    def of(cls, row: ThresholdRow) -> Judged:
        threshold = read_threshold(row.metric, row.expression)
        said = margin(threshold, row.value) if threshold and row.value is not None else ""
        if row.value is None:
            said = ALL_FAILED if row.ok is False else "no data yet"
        if row.broken_s is not None:
            # It was broken for good: how it stands by now does not matter any more.
            said = f"broken at {format_clock(row.broken_s)}"
        near = nearness(threshold, row.value) if threshold and row.value is not None else None
        broken = row.broken_s is not None or row.ok is False
        return cls(
            row, line(row.metric), line(row.expression), _value(row, threshold), said, 1.0 if broken else near
        )


def _value(row: ThresholdRow, threshold: Threshold | None) -> str:
    if row.value is None:
        return "-"
    if threshold is not None and threshold.type is MetricType.TREND:
        # The scenario's own trends may be of anything.
        return f"{_precise(row.value)} ms" if threshold.name in BUILT_IN else _precise(row.value)
    return f"{row.value:.4g}" if row.value >= 1e-4 or not row.value else f"{row.value:.6f}".rstrip("0")


def _precise(value: float) -> str:
    """Three digits, or the whole: `43.7`, `100`."""
    return f"{value:.1f}" if value < 99.95 else milliseconds(value)


@dataclass(frozen=True, slots=True)
class _Columns:
    """Widths of the columns, in cells."""

    metric: int
    expression: int
    value: int
    margin: int
    gauge: int = 0

    @classmethod
    def fitting(cls, judged: Sequence[Judged], width: int) -> _Columns:
        """For those of the thresholds whose line is no longer than `width`; all 0 where they do not align."""
        short = [one for one in judged if cls.of([one]).least <= width]
        columns = cls.of(short)
        if not short or columns.least > width:
            return cls(0, 0, 0, 0)
        room = width - columns.least + min(columns.metric, _LEAST_METRIC)
        gauge = next((each for each in _GAUGES if room - each - 2 >= min(columns.metric, _ENOUGH)), 0)
        return replace(columns, metric=room - (gauge + 2 if gauge else 0), gauge=gauge)

    @classmethod
    def of(cls, judged: Sequence[Judged]) -> _Columns:
        texts = [(one.metric, one.expression, one.value, one.margin) for one in judged]
        return (
            cls(*(max(map(len, column), default=0) for column in zip(*texts, strict=True)))
            if texts
            else cls(0, 0, 0, 0)
        )

    @property
    def least(self) -> int:
        """How long a line is at least, with the metric cut."""
        return 2 + min(self.metric, _LEAST_METRIC) + 2 + self.expression + 2 + self.value + 2 + self.margin

    def take(self, one: Judged) -> bool:
        """Whether its line fits into them."""
        return (
            self.metric > 0
            and len(one.expression) <= self.expression
            and len(one.value) <= self.value
            and len(one.margin) <= self.margin
        )


def threshold_lines(rows: Sequence[ThresholdRow], width: int) -> list[Content]:
    """`✓ http_req_duration  p(95)<2000   43.7 ms  97 % to spare  ━───────`, failing ones first.

    In columns; where they do not fit the gauge goes, then a word, then metrics are cut in their middle, then
    one that is too long takes two lines. No line is longer than `width`.
    """
    # Else in the order of the file: what matters is seen without scrolling.
    judged = [Judged.of(row) for row in sorted(rows, key=lambda row: row.ok is not False)]
    columns = _Columns.fitting(judged, width)
    if columns.metric < max((len(one.metric) for one in judged if "{" not in one.metric), default=0):
        judged = [replace(one, margin=one.margin.replace(" to spare", " spare")) for one in judged]
        columns = _Columns.fitting(judged, width)
    metrics = [one.metric for one in judged]
    cuts = distinct_cuts(metrics, columns.metric)
    whole = distinct_cuts(metrics, width - 2)
    lines: list[Content] = []
    for one in judged:
        glyph, tone = JUDGED[one.row.ok]
        if columns.take(one):
            lines.append(
                Content.assemble(
                    (f"{glyph} ", tone),
                    cuts[one.metric].ljust(columns.metric),
                    (f"  {one.expression:<{columns.expression}}", "bold"),
                    (f"  {one.value:>{columns.value}}  {one.margin:<{columns.margin}}", tone),
                    (f"  {gauge(one.nearness, columns.gauge)}" if columns.gauge else "", tone),
                )
            )
        else:
            lines += [
                Content.assemble((f"{glyph} ", tone), whole[one.metric]),
                Content.assemble("  ", (one.expression, "bold"), (f"  {one.value}  {one.margin}", tone)),
            ]
    return [each.truncate(width, ellipsis=True) for each in lines]


class ThresholdsPanel(VerticalScroll, RunPanel):
    """Each threshold: whether it holds, its value now, and how near the bound that is."""

    TITLE: ClassVar = "Thresholds"
    SHORT: ClassVar = "Thresholds"
    ABOUT: ClassVar = (
        "what the run is judged by: ✓ holds, ✗ fails, ◌ nothing to judge yet; the value now, and how far "
        "it is from its bound; ━ how near"
    )

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="panel")
        self._rows: tuple[ThresholdRow, ...] = ()

    def compose(self) -> ComposeResult:
        yield Reading(id="threshold-lines", classes="lines")

    def on_resize(self) -> None:
        self._paint()

    def show(self, view: View) -> None:
        self._rows = view.snapshot.thresholds
        self._paint()

    def badge(self, snapshot: RunSnapshot) -> str:
        failing = sum(row.ok is False for row in snapshot.thresholds)
        return f"✗{failing}" if failing else ""

    def _paint(self) -> None:
        width = self.scrollable_content_region.width
        failing = sum(row.ok is False for row in self._rows)
        state = (
            f" · {failing} of {len(self._rows)} ✗"
            if failing
            else f" · {len(self._rows)}"
            if self._rows
            else ""
        )
        self.border_title = Content(f"{self.TITLE}{state}")
        if width < 4:
            return
        if not self._rows:
            text = "No thresholds. A [thresholds] table in the scenario's file sets them."
            self.query_one(Reading).put(Content.styled(text, "$foreground-muted"))
            return
        self.query_one(Reading).put(Content("\n").join(threshold_lines(self._rows, width)))
