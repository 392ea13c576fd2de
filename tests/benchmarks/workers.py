"""Whether workers scale: two on two cores beside one on one, and what limited them.

Each worker comes with a server process of its own, so that the server is never the limit: on a core of its
own where the machine has four, else on the worker's. Two pairs on two cores against one pair on one core is
then the honest question on a small machine, where workers and server must share; two workers that share
their cores with one server could at most reach the ratio that the processor time of both leaves, which is
measured against nginx and shown beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks import ours, servers
from tests.benchmarks.bench import Bench, BenchError, say
from tests.benchmarks.figures import Row, Spread
from tests.benchmarks.meter import HOST, SERVER, WORKER

LATENCY_MS = 5
ROLES = (WORKER, HOST, SERVER)


@dataclass(frozen=True, slots=True)
class Cost:
    """One run: requests a second, and the cores that each role used."""

    rate: float
    cores: dict[str, float]

    @classmethod
    def of(cls, run: ours.Run) -> Cost:
        return cls(run.rate, {role: run.meter.cores_used(role, run.steady) for role in ROLES})

    def us(self, role: str) -> float:
        """Processor microseconds a request."""
        return self.cores[role] / self.rate * 1e6


def measure(bench: Bench) -> list[Row]:
    if len(bench.cores) < 2:
        raise BenchError("one core: nothing can scale")
    return [*_pairs(bench), *_one_server(bench)]


def _run(bench: Bench, server: servers.Server, workers: int, cores: Sequence[int]) -> Cost:
    flags = ("--workers", str(workers))
    return Cost.of(ours.batch(bench, "workers", server, *flags, cores=cores, seconds=bench.seconds))


def _pairs(bench: Bench) -> list[Row]:
    """A server process for each worker."""
    roomy = len(bench.cores) >= 4
    load, each = (bench.cores[2:4], 2) if roomy else (bench.cores[:2], 1)
    found: dict[int, list[Cost]] = {1: [], 2: []}
    for _ in range(bench.rounds):
        for workers in found:
            with servers.fixed_latency(LATENCY_MS, bench.cores[:workers]) as server:
                found[workers].append(_run(bench, server, workers, load[:workers]))
    beside = "on a core of its own" if roomy else "on the worker's core"
    say(f"    a {LATENCY_MS} ms server process {beside} for each worker:")
    for workers, costs in found.items():
        _tell(workers, costs, workers * each)
    ratio = Spread.of_ratios([cost.rate for cost in found[2]], [cost.rate for cost in found[1]])
    return [
        *_throughput("5 ms", found),
        Row("5 ms: throughput, 2 workers / 1", ratio, at_least=1.7),
        *(
            Row(f"5 ms: {role} a request, {workers} worker(s)", _us(costs, role), "us")
            for workers, costs in found.items()
            for role in ROLES
        ),
    ]


def _one_server(bench: Bench) -> list[Row]:
    """One nginx on one core; the first worker has the other core, and the second shares the server's."""
    alone, both = (bench.load_core,), (bench.server_core, bench.load_core)
    found: dict[int, list[Cost]] = {1: [], 2: []}
    with servers.nginx(bench, (bench.server_core,)) as server:
        for _ in range(bench.rounds):
            for workers, cores in ((1, alone), (2, both)):
                found[workers].append(_run(bench, server, workers, cores))
    say("    nginx on one core, which the second worker shares:")
    for workers, costs in found.items():
        _tell(workers, costs, 2)
    rates = {workers: [cost.rate for cost in costs] for workers, costs in found.items()}
    # All of two cores, at what a request had cost with one worker.
    possible = [2e6 / sum(cost.us(role) for role in ROLES) / cost.rate for cost in found[1]]
    return [
        *_throughput("nginx", found),
        Row("nginx: throughput, 2 workers / 1", Spread.of_ratios(rates[2], rates[1])),
        Row("nginx: most that 2 cores would allow", Spread.of(possible)),
    ]


def _throughput(server: str, found: dict[int, list[Cost]]) -> list[Row]:
    return [
        Row(f"{server}: {workers} worker(s), throughput", Spread.of(cost.rate for cost in costs), "/s")
        for workers, costs in found.items()
    ]


def _us(costs: Sequence[Cost], role: str) -> Spread:
    return Spread.of(cost.us(role) for cost in costs)


def _tell(workers: int, costs: Sequence[Cost], cores: int) -> None:
    """Which of the roles used the cores, and so what the limit was."""
    shares = {role: Spread.of(cost.cores[role] for cost in costs).median for role in ROLES}
    used = ", ".join(f"{role} {share:.2f}" for role, share in shares.items())
    busy = sum(shares.values()) / cores
    worker = shares[WORKER] / workers
    limit = "neither workers nor cores"
    if max(busy, worker) > 0.9:
        limit = "the workers" if worker > busy else "the cores"
    say(f"      {workers} worker(s): cores used: {used}; {busy:.0%} of {cores} core(s); limit: {limit}")
