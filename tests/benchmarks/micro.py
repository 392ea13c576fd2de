"""Costs of small things in this very process, beside a loop that says how fast the machine is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter

from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import Row, Spread

CALIBRATION = "calibration: 100 dict increments"

Calls = Mapping[str, tuple[Callable[[], object], int]]
"""By name: what to call, and how many things one call does."""


def _calibrate() -> None:
    counts = {0: 0}
    for _ in range(100):
        counts[0] += 1


def cost_us(call: Callable[[], object], seconds: float) -> float:
    """Microseconds a call, over `seconds` of calls or a little more."""
    calls = 0
    start_s = perf_counter()
    until_s = start_s + seconds
    batch = 1
    while (now_s := perf_counter()) < until_s:
        for _ in range(batch):
            call()
        calls += batch
        batch = min(batch * 2, 1000)
    return (now_s - start_s) / calls * 1e6


def rows(bench: Bench, calls: Calls, at_most: Mapping[str, float] | None = None) -> list[Row]:
    """The calibration's row and one for each call, in turns; `at_most` are budgets in microseconds."""
    seconds = 0.05 if bench.quick else 0.3
    timed: dict[str, list[float]] = {}
    for _ in range(bench.rounds):
        for name, (call, things) in {CALIBRATION: (_calibrate, 1), **calls}.items():
            timed.setdefault(name, []).append(cost_us(call, seconds) / things)
    budgets = at_most or {}
    return [Row(name, Spread.of(found), "us", at_most=budgets.get(name)) for name, found in timed.items()]
