"""The thresholds with their live values: what the run will be judged by."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.metrics import MetricType
from dmsperf_tui.plan.thresholds import Threshold, parse_threshold
from dmsperf_tui.plan.units import format_clock
from dmsperf_tui.run.snapshot import ThresholdRow
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.wording import JUDGED, milliseconds, shorten

_GAUGE = 8


def threshold_line(row: ThresholdRow, width: int, named: int) -> Content:
    """`✓ http_req_duration  p(95)<2000      183 ms  ━━──────`, or `broken at 04:10` for the bar.

    When it was broken goes on a line of its own where there is no room beside the value.
    """
    glyph, tone = JUDGED[row.ok]
    try:
        threshold = parse_threshold(row.metric, row.expression)
    except ConfigError:
        threshold = None
    value, expression = _value(row, threshold), row.expression
    broken = f"broken at {format_clock(row.broken_s)}" if row.broken_s is not None else ""
    after = broken or (_gauge(row, threshold) if width >= named + 36 else "")
    least = 2 + named + 2 + len(expression) + 1 + len(value)
    if after and least + 2 + len(after) > width:
        after = ""
    room = width - (len(after) + 2 if after else 0)
    name_width = max(8, min(named, room - (least - named)))
    metric = shorten(row.metric, name_width).ljust(name_width)
    room = max(room - 4 - len(metric) - len(expression), len(value) + 1)
    parts: list[str | tuple[str, str]] = [
        (f"{glyph} ", tone),
        metric,
        "  ",
        (expression, "bold"),
        (value.rjust(room), tone),
    ]
    if after:
        parts.append((f"  {after}", tone))
    elif broken:
        parts.append((f"\n{broken:>{width}}", tone))
    return Content.assemble(*parts)


def _value(row: ThresholdRow, threshold: Threshold | None) -> str:
    if row.value is None:
        return "no data yet"
    if threshold is not None and threshold.type is MetricType.TREND:
        return f"{milliseconds(row.value)} ms"
    return f"{row.value:.4g}" if row.value >= 1e-4 or not row.value else f"{row.value:.6f}".rstrip("0")


def _gauge(row: ThresholdRow, threshold: Threshold | None) -> str:
    """How near an upper bound the value is."""
    if (
        row.value is None
        or threshold is None
        or threshold.comparison not in ("<", "<=")
        or threshold.bound <= 0
    ):
        return " " * _GAUGE
    filled = min(_GAUGE, round(_GAUGE * row.value / threshold.bound))
    if row.value > 0:
        filled = max(1, filled)
    return "━" * filled + "─" * (_GAUGE - filled)


class ThresholdsPanel(VerticalScroll):
    """Each threshold: whether it holds, its value now, and how near the bound that is."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="panel")
        self._rows: tuple[ThresholdRow, ...] = ()

    def compose(self) -> ComposeResult:
        yield Reading(id="threshold-lines")

    def on_mount(self) -> None:
        self.border_title = "Thresholds"

    def on_resize(self) -> None:
        self._paint()

    def show(self, rows: tuple[ThresholdRow, ...]) -> None:
        self._rows = rows
        self._paint()

    def _paint(self) -> None:
        width = self.scrollable_content_region.width
        if width < 10:
            return
        if not self._rows:
            text = "No thresholds. A [thresholds] table in the scenario's file sets them."
            self.query_one(Reading).put(Content.styled(text, "$foreground-muted"))
            return
        named = max(len(row.metric) for row in self._rows)
        # Failing ones first, else the order of the file: what matters is seen without scrolling.
        ordered = sorted(self._rows, key=lambda row: row.ok is not False)
        self.query_one(Reading).put(
            Content("\n").join([threshold_line(row, width, named) for row in ordered])
        )
