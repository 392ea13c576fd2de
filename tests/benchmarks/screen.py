"""What the terminal app itself costs: processor time at 120x40, bytes drawn at 80x24, a chart's frame."""

from __future__ import annotations

from dmsperf_tui.tui.chart import View
from dmsperf_tui.tui.charts import LatencyChart, LoadChart, ThroughputChart
from dmsperf_tui.tui.timeline import Timeline
from tests.benchmarks import ours, servers
from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import Row, Spread
from tests.benchmarks.meter import FRONT
from tests.tui.bench_chart import frame_ms
from tests.tui.fakes import running

FRAME = (80, 20)
TIMELINE_S = 3600


def measure(bench: Bench) -> list[Row]:
    seconds = 5 if bench.quick else 15
    cpu_percent, kb_per_s = [], []
    with servers.nginx(bench, (bench.server_core,)) as server:
        for _ in range(bench.rounds):
            run = ours.in_terminal(bench, "screen", server, cores=bench.cores, seconds=seconds)
            cpu_percent.append(100 * run.meter.cores_used(FRONT, run.steady))
            run = ours.in_terminal(
                bench, "screen", server, cores=bench.cores, seconds=seconds, columns=80, lines=24
            )
            kb_per_s.append(run.bytes_per_s / 1000)
    return [
        Row("terminal app at 120x40, of a core", Spread.of(cpu_percent), "%", at_most=8),
        Row("drawn at 80x24", Spread.of(kb_per_s), "kB/s", at_most=20),
        *_frames(bench),
    ]


def _frames(bench: Bench) -> list[Row]:
    snapshot = running(TIMELINE_S)
    timeline = Timeline()
    timeline.extend(snapshot.rows)
    view = View(timeline, snapshot, None)
    return [
        Row(
            f"{kind.__name__}, a frame at {FRAME[0]}x{FRAME[1]}",
            Spread.of(frame_ms(kind(id="bench"), view, *FRAME) for _ in range(bench.rounds)),
            "ms",
            at_most=10,
        )
        for kind in (LoadChart, LatencyChart, ThroughputChart)
    ]
