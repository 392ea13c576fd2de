"""How long a chart's frame at 80x20 takes, from an hour's timeline to styled text."""

from __future__ import annotations

from dmsperf_tui.tui.charts import FailuresChart, LatencyChart, RateChart, ThroughputChart, VusChart
from dmsperf_tui.tui.panel import View
from dmsperf_tui.tui.timeline import Timeline
from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import Row, Spread
from tests.tui.bench_chart import frame_ms
from tests.tui.fakes import running

FRAME = (80, 20)
TIMELINE_S = 3600


def measure(bench: Bench) -> list[Row]:
    snapshot = running(TIMELINE_S)
    timeline = Timeline()
    timeline.extend(snapshot.rows)
    view = View(timeline, snapshot)
    return [
        Row(
            f"{kind.__name__}, a frame at {FRAME[0]}x{FRAME[1]}",
            Spread.of(frame_ms(kind(id="bench"), view, *FRAME) for _ in range(bench.rounds)),
            "ms",
            at_most=10,
        )
        for kind in (VusChart, RateChart, LatencyChart, ThroughputChart, FailuresChart)
    ]
