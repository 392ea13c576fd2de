"""T3: Poisson arrivals at a server that takes one request at a time: M/D/1 and M/M/1, and D/D/1 beside them.

Each run is held against two expectations: the theory of an endless run, within what so short a run may stray
from it; and its service times against Lindley's recursion over the server's own arrivals, much closer.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from random import Random

import pytest

from dmsperf_tui.plan.arrivals import Arrivals
from dmsperf_tui.plan.executors import constant
from dmsperf_tui.plan.units import NS_PER_S as S
from tests.truth import formulas
from tests.truth.bench import RESPONSE, SERVICE, Measured, Session, Stamps, TruthServer, open_load

LENGTH_S, SERVICE_S, SEED = 6.0, 0.005, 3
PERCENTILES = (50.0, 90.0, 95.0, 99.0)
VUS = 80
"""More than ever wait."""


@dataclass(frozen=True)
class Queue:
    rate: int
    exponential: bool
    arrivals: str

    @property
    def load(self) -> float:
        return self.rate * SERVICE_S

    def services_s(self, seed: int | str, count: int) -> list[float]:
        dice = Random(seed)
        return [dice.expovariate(1.0) * SERVICE_S if self.exponential else SERVICE_S for _ in range(count)]

    def replay_s(self, seed: int) -> list[float]:
        """Times in system of another run of the same length."""
        dice, at_s, arrivals_s = Random(f"arrivals {seed}"), 0.0, []
        while (at_s := at_s + dice.expovariate(self.rate)) < LENGTH_S:
            arrivals_s.append(at_s)
        return formulas.times_in_system(arrivals_s, self.services_s(f"services {seed}", len(arrivals_s)))


QUEUES = {
    "md1": Queue(160, False, "poisson"),
    "mm1": Queue(100, True, "poisson"),
    "dd1": Queue(100, False, "uniform"),
}


Queued = dict[str, tuple[Measured, Stamps]]
"""By workload: its run, and the server's books of it."""


@pytest.fixture(scope="module")
def queued(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queued]:
    """Two runs side by side, of constant and of exponential services."""
    with ExitStack() as stack:
        running = []
        for law, exponential in (("--serial-ms", False), ("--serial-exponential-ms", True)):
            server = stack.enter_context(TruthServer(law, str(1000 * SERVICE_S), "--seed", str(SEED)))
            loads = {
                name: open_load(queue.rate, LENGTH_S, VUS, arrivals=queue.arrivals)
                for name, queue in QUEUES.items()
                if queue.exponential is exponential
            }
            folder = tmp_path_factory.mktemp("queue")
            session = Session(folder, server.url, loads, "--seed", str(SEED))
            stack.callback(session.close)
            running.append((loads, session, server))
        found: Queued = {}
        for loads, session, server in running:
            measured = session.finish()
            found |= {name: (measured, server.stamps.of(name)) for name in loads}
        yield found


@pytest.mark.parametrize("name", ["md1", "mm1"])
def test_theory(queued: Queued, name: str) -> None:
    queue, (measured, _) = QUEUES[name], queued[name]
    mean_of, percentile_of = (
        (formulas.mm1_mean, formulas.mm1_percentile)
        if queue.exponential
        else (formulas.md1_mean, formulas.md1_percentile)
    )
    others = [queue.replay_s(seed) for seed in range(1, 101)]
    means = [statistics.mean(times) for times in others]
    assert measured.mean_ms(RESPONSE, name) == pytest.approx(
        1000 * mean_of(SERVICE_S, queue.load), abs=1 + measured.admitted_ms + 3000 * statistics.stdev(means)
    )
    for percentile in PERCENTILES:
        spread = statistics.stdev(formulas.nearest_rank(times, percentile) for times in others)
        expected_s = percentile_of(percentile, SERVICE_S, queue.load)
        allowed_ms = 1 + measured.admitted_ms + 3000 * spread
        assert measured.ms(RESPONSE, percentile, name) == pytest.approx(1000 * expected_s, abs=allowed_ms)


@pytest.mark.parametrize("name", QUEUES)
def test_lindleys_recursion_over_the_servers_own_arrivals(queued: Queued, name: str) -> None:
    measured, stamps = queued[name]
    services_s = QUEUES[name].services_s(SEED, len(stamps))
    times_s = formulas.times_in_system(stamps.arrivals_s, services_s)
    assert -0.01 <= measured.mean_ms(SERVICE, name) - 1000 * statistics.mean(times_s) <= 1.5
    for percentile in PERCENTILES:
        expected_ms = 1000 * formulas.hdr_rank(times_s, percentile)
        found_ms = measured.ms(SERVICE, percentile, name)
        assert -0.002 * expected_ms <= found_ms - expected_ms <= 1 + measured.room_ms(percentile)
        assert measured.ms(RESPONSE, percentile, name) >= 0.998 * found_ms


@pytest.mark.parametrize("name", ["md1", "mm1"])
def test_arrivals_at_the_server_vary_as_a_poisson_process(queued: Queued, name: str) -> None:
    """As many as their mean, give or take its root; gaps whose deviation is their mean."""
    rate, (measured, stamps) = QUEUES[name].rate, queued[name]
    mean = rate * LENGTH_S
    assert len(stamps) == measured.counts(name)["planned"] == pytest.approx(mean, abs=3 * math.sqrt(mean))
    gaps = [after - before for before, after in pairwise(stamps.arrivals_s)]
    # The coefficient of variation of n exponential gaps strays by 1 / sqrt(n).
    assert statistics.stdev(gaps) / statistics.mean(gaps) == pytest.approx(1, abs=3 / math.sqrt(mean) + 0.02)


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_planned_gaps_are_exponential(seed: str) -> None:
    """Kolmogorov and Smirnov's test at the 1 % level, over 20,000 planned starts."""
    arrivals = Arrivals(constant(100, 200 * S).curve(), 200 * S, 0, 1, seed=seed)
    planned_ns = []
    while arrivals.next_ns is not None:
        planned_ns.append(arrivals.take())
    levels = sorted(1 - math.exp(-100 * (after - before) / S) for before, after in pairwise(planned_ns))
    count = len(levels)
    apart = max(max(i / count - level, level - (i - 1) / count) for i, level in enumerate(levels, 1))
    assert apart < 1.63 / math.sqrt(count)


def test_even_arrivals_never_queue(queued: Queued) -> None:
    measured, _ = queued["dd1"]
    for percentile in (50.0, 90.0):
        allowed_ms = 2 + (measured.admitted_ms if percentile > 75 else 0)
        assert measured.ms(RESPONSE, percentile, "dd1") == pytest.approx(1000 * SERVICE_S, abs=allowed_ms)
