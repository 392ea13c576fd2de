"""One worker's statistics of each second, and how well it kept up itself."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from time import perf_counter_ns

from dmsperf_tui.engine.load import Load
from dmsperf_tui.engine.messages import Gauges, Interval, MetricInterval
from dmsperf_tui.engine.workload import WorkloadRunner
from dmsperf_tui.plan.metrics import START_SLIP
from dmsperf_tui.plan.units import NS_PER_S

_LEAST_S = 0.5


class Reporter:
    """Takes what came since the last interval, all in the same instant."""

    def __init__(self, load: Load, runners: Mapping[str, WorkloadRunner], warm_up_ns: int) -> None:
        self.second = 0
        """The one that the next interval is of."""
        self.lags_ms: list[float] = []
        """How late the loop was at each tick."""
        self._load = load
        self._runners = runners
        self._warm_up_ns = warm_up_ns
        self._cpu_s, self._cpu_at_ns = time.process_time(), perf_counter_ns()
        self._sent_bytes = 0
        self._received_bytes = 0
        self._warm = warm_up_ns > 0

    def interval(self) -> Interval:
        load, now_ns, cpu_s = self._load, perf_counter_ns(), time.process_time()
        length_s = (now_ns - self._cpu_at_ns) / NS_PER_S
        # What is left of a second at the end is too short to tell: clocks tick in steps.
        share = (cpu_s - self._cpu_s) / length_s if length_s >= _LEAST_S else 0.0
        lags = sorted(self.lags_ms)
        wire, recorder = load.wire, load.recorder
        slips = {name: runner.slips.take() for name, runner in self._runners.items()}
        measured = recorder.take_metrics()
        measured += [
            MetricInterval(START_SLIP, {"scenario": name}, histogram)
            for name, (histogram, _) in slips.items()
            if histogram.count
        ]
        interval = Interval(
            second=self.second,
            operations=recorder.take_operations(),
            metrics=measured,
            errors=recorder.take_errors(),
            gauges=Gauges(
                workloads={name: replace(runner.gauge) for name, runner in self._runners.items()},
                in_flight=wire.in_flight,
                requests_sent=wire.requests_sent,
            ),
            data_sent=wire.data_sent - self._sent_bytes,
            data_received=wire.data_received - self._received_bytes,
            lag_p99_ms=lags[min(len(lags) - 1, int(len(lags) * 0.99))] if lags else 0.0,
            cpu_share=share,
            slip_p99_ms=max((slip.percentile_us(99) / 1000 for slip, _ in slips.values()), default=0.0),
            due_free=sum(slip.count for slip, _ in slips.values()),
            due_prompt=sum(prompt for _, prompt in slips.values()),
            warm_up=self._warm,
        )
        self.second += 1
        if self._warm:
            # The next second lies in the warm-up if it begins within it, paused time left out.
            begins_ns = self.second * NS_PER_S - load.clock.paused_ns
            self._warm = begins_ns < self._warm_up_ns
        self._cpu_s, self._cpu_at_ns = cpu_s, now_ns
        self._sent_bytes, self._received_bytes = wire.data_sent, wire.data_received
        self.lags_ms.clear()
        return interval
