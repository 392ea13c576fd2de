"""What the terminal app costs a run: p99 with it on a terminal of 120x40, beside the same run in batch.

1,000 requests a second go to a server that answers after 5 ms. The server has a core of its own as far as
pinning goes; host, worker and terminal app may use every core, as on anyone's machine.
"""

from __future__ import annotations

from tests.benchmarks import ours, servers
from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import Row, Spread

LATENCY_MS = 5
METRICS = {"http_req_response_time": "response time", "http_req_duration": "service time"}


def measure(bench: Bench) -> list[Row]:
    seconds = bench.seconds + 2
    batch: dict[str, list[float]] = {metric: [] for metric in METRICS}
    watched: dict[str, list[float]] = {metric: [] for metric in METRICS}
    with servers.fixed_latency(LATENCY_MS, (bench.server_core,)) as server:
        for _ in range(bench.rounds):
            for found, run in (
                (batch, ours.batch(bench, "latency", server, cores=bench.cores, seconds=seconds)),
                (watched, ours.in_terminal(bench, "latency", server, cores=bench.cores, seconds=seconds)),
            ):
                for metric in METRICS:
                    found[metric].append(run.p99_ms(metric))
    rows: list[Row] = []
    for metric, words in METRICS.items():
        without, with_app = batch[metric], watched[metric]
        added = [b - a for a, b in zip(without, with_app, strict=True)]
        rows += [
            Row(f"p99 {words}, batch", Spread.of(without), "ms"),
            Row(f"p99 {words}, terminal app on", Spread.of(with_app), "ms"),
            Row(f"p99 {words}, added by the app", Spread.of(added), "ms", at_most=1.0),
        ]
    return rows
