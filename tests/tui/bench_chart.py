"""How long a chart's frame takes: `python -m tests.tui.bench_chart`. Printed, never asserted."""

from __future__ import annotations

import sys
from statistics import median
from time import process_time

from dmsperf_tui.tui.chart import RunChart
from dmsperf_tui.tui.charts import FailuresChart, LatencyChart, ThroughputChart, VusChart
from dmsperf_tui.tui.panel import View
from dmsperf_tui.tui.plot import draw
from dmsperf_tui.tui.timeline import Timeline
from tests.tui.fakes import running

_ROUNDS = 40


def frame_ms(chart: RunChart, view: View, width: int, height: int) -> float:
    """The median processor time from rows of the timeline to rows of styled text."""
    times = []
    chart.view = view
    for _ in range(_ROUNDS):
        start = process_time()
        picture = chart.picture(width, height)
        assert picture is not None
        draw(picture, width, height)
        times.append((process_time() - start) * 1000)
    return median(times)


def main() -> None:
    for seconds in (300, 3600, 28_800):
        snapshot = running(seconds)
        timeline = Timeline()
        timeline.extend(snapshot.rows)
        view = View(timeline, snapshot)
        for width, height in ((58, 11), (80, 20), (160, 40)):
            for kind in (VusChart, LatencyChart, ThroughputChart, FailuresChart):
                cost = frame_ms(kind(id="bench"), view, width, height)
                sys.stdout.write(
                    f"{seconds:>6} s  {width:>3}x{height:<3} {kind.__name__:<16} {cost:5.1f} ms\n"
                )


if __name__ == "__main__":
    main()
