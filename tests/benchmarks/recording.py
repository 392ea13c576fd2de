"""What a request costs to record, its second's fold included: microseconds, in this process."""

from __future__ import annotations

from random import Random

from dmsperf_tui.engine.histogram import Histogram
from dmsperf_tui.engine.http import Response
from dmsperf_tui.engine.recorder import Recorder
from tests.benchmarks import micro
from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import Row

BATCH = 1000
TAGS = (("scenario", "workload"),)


def _answers() -> list[Response]:
    """Responses as a service of a few milliseconds gives them, in every phase a little different."""
    random = Random(1)
    answers = []
    for _ in range(BATCH):
        response = Response.make(201)
        response.sending_ns = random.randrange(10_000, 40_000)
        response.waiting_ns = int(random.lognormvariate(15, 0.5))
        response.receiving_ns = random.randrange(20_000, 90_000)
        response.duration_ns = response.sending_ns + response.waiting_ns + response.receiving_ns
        answers.append(response)
    return answers


def measure(bench: Bench) -> list[Row]:
    recorder = Recorder(0)
    stats = recorder.operation("workload", "POST data", "POST")
    measures = recorder.measures
    answers = _answers()
    durations_us = [answer.duration_ns // 1000 for answer in answers]
    interval, total = Histogram(), Histogram()
    interval.record_all(durations_us)

    def record_closed() -> None:
        for answer in answers:
            stats.record(answer, False)
        stats.take()

    def record_open() -> None:
        for answer in answers:
            stats.record(answer, False, 20_000)
        stats.take()

    def check() -> None:
        for answer in answers:
            measures.rate("checks", TAGS, answer.status == 201)
        measures.take()

    def iterate() -> None:
        for duration_us in durations_us:
            measures.trend("iteration_duration", TAGS, duration_us)
        measures.take()

    calls: micro.Calls = {
        "recorder: one request": (record_closed, BATCH),
        "recorder: one request, open workload": (record_open, BATCH),
        "recorder: one check": (check, BATCH),
        "recorder: one iteration": (iterate, BATCH),
        "histogram: fold one value": (lambda: Histogram().record_all(durations_us), BATCH),
        "histogram: merge 1,000 values": (lambda: total.add(interval), 1),
        "histogram: four percentiles": (lambda: interval.percentiles_us((50, 90, 95, 99)), 1),
    }
    return micro.rows(bench, calls)
