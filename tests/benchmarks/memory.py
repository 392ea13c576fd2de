"""Whether memory stays flat: worker and host are looked at all through a run at 5,000 requests a second.

One run of a minute, or of ten with `--long`, which is what the budget (flat after the first minute) needs:
a shorter one is plotted, and its slope is that of its second half.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import linear_regression

import plotext

from tests.benchmarks import ours, servers
from tests.benchmarks.bench import Bench, say
from tests.benchmarks.figures import Row, Spread
from tests.benchmarks.meter import HOST, WORKER, Point

FLAT = 0.05
"""Growth within an hour, as a share of the memory, that is still called flat."""
_COLUMNS, _LINES = 100, 16


def measure(bench: Bench) -> list[Row]:
    seconds = 10 if bench.quick else 600 if bench.long else 60
    settle_s = 60 if bench.long else seconds / 2
    with servers.nginx(bench, (bench.server_core,)) as server:
        run = ours.batch(bench, "memory", server, cores=(bench.load_core,), seconds=seconds)
    start_s, end_s = run.loaded
    rows = [Row("requests a second", Spread.of([run.rate]), "/s")]
    for role in (WORKER, HOST):
        track = run.meter.longest(role)
        points = [point for point in track.points if start_s <= point.at_s <= end_s]
        say(_plot(role, points, start_s))
        settled = [point for point in points if point.at_s >= start_s + settle_s]
        last_mb = points[-1].resident_mb
        growth_mb = _slope_mb_per_s(settled) * 3600
        rows += [
            Row(f"{role}, resident at the end", Spread.of([last_mb]), "MB"),
            Row(
                f"{role}, growth an hour after {settle_s:g} s",
                Spread.of([growth_mb]),
                "MB",
                at_most=FLAT * last_mb if bench.long else None,
            ),
        ]
    return rows


def _slope_mb_per_s(points: Sequence[Point]) -> float:
    slope, _ = linear_regression([point.at_s for point in points], [point.resident_mb for point in points])
    return slope


def _plot(role: str, points: Sequence[Point], start_s: float) -> str:
    """Resident MB over seconds, from 0 MB, so that a slope is seen for what it is."""
    plotext.terminal.limit(False, False)
    figure = plotext.figure
    figure.clear.data()
    figure.clear.settings()
    figure.plot_size(_COLUMNS, _LINES)
    figure.title(f"{role}: resident MB over seconds of load")
    figure.ruler("y").lim(0, max(point.resident_mb for point in points) * 1.2)
    signal = figure.signal(
        [point.at_s - start_s for point in points],
        [point.resident_mb for point in points],
        marker=plotext.marker("hd"),
    )
    signal.lines(True)
    figure.draw(signal)
    return str(plotext.uncolorize(figure.build().string()))
