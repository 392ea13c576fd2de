"""What a latency must be: closed formulas, with their sources. Times are in the caller's unit throughout.

Percentiles are from 0 to 100. Nothing here is taken from the tool; `test_formulas.py` holds each formula
against a replay of its queue.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction


def nearest_rank(values: Iterable[float], percentile: float) -> float:
    """The exact percentile of a sample: its ceil(p n / 100)-th smallest value (ISO 2602's nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percentile * len(ordered) / 100 - 1e-9) - 1)]


def hdr_rank(values: Iterable[float], percentile: float) -> float:
    """The same as HdrHistogram has it, whose rank is rounded to the nearest instead of up."""
    ordered = sorted(values)
    return ordered[max(1, int(percentile * len(ordered) / 100 + 0.5)) - 1]


# --- a known stall --------------------------------------------------------------------------------


def stall_percentile(percentile: float, delay: float, stall: float, length: float, stalls: int = 1) -> float:
    """P_p = max(b, S + 2b - (1-p) T/k), b being `delay`, S `stall`, T `length` and k `stalls`, equally long.

    For uniform arrivals in T, unlimited concurrency, and answers after b where there is no stall.
    What arrives x before a stall's end waits x + b; what was under way when it began waits for its end, too,
    so arrivals of S + b are slowed and the slowest waits S + 2b. With b << S it is Gil Tene's theorem
    P_p = max(b, S - (1-p) T) ("How NOT to measure latency"; wrk2's README).
    """
    slower = (1 - percentile / 100) * length / stalls
    return max(delay, stall + 2 * delay - slower)


def stall_affected_share(delay: float, stall: float, length: float) -> float:
    """The share of uniform arrivals that a stall slows: (S + b) / T, S/T where b is small."""
    return (stall + delay) / length


def stall_mean(delay: float, stall: float, length: float) -> float:
    """b + (S + b)^2 / 2T: the slowed ones wait between 0 and S + b longer (S^2/2T where b is small)."""
    return delay + (stall + delay) ** 2 / (2 * length)


def stall_dropped(delay: float, stall: float, rate: float, vus: int) -> float:
    """Arrivals dropped by an executor that has no more than `vus` (k6's arrival-rate executors).

    From the first that meets the stall until answers come again (S + 2b) all but the first `vus` are dropped.
    """
    return max(0.0, rate * (stall + 2 * delay) - vus)


def closed_slow_share(delay: float, stall: float, length: float) -> float:
    """The share of a closed loop's samples that a stall slows: one of each user's 1 + (T-S)/b."""
    return 1 / (1 + (length - stall) / delay)


# --- queues ---------------------------------------------------------------------------------------


def md1_mean(service: float, load: float) -> float:
    """M/D/1, mean time in system: D + rho D / 2(1 - rho) (Pollaczek-Khinchine)."""
    return service + load * service / (2 * (1 - load))


def md1_percentile(percentile: float, service: float, load: float) -> float:
    """M/D/1, percentile of the time in system, by bisection of Erlang's waiting time distribution.

    P(W <= t) = (1 - rho) sum_{j <= t/D} (-y_j)^j e^{y_j} / j!, y_j = rho (t/D - j)
    (Erlang 1909; Iversen & Staalhagen 1999, "Waiting time distribution in M/D/1 queueing systems").
    """

    def within(turns: float) -> float:
        terms = []
        for j in range(math.floor(turns) + 1):
            y = load * (turns - j)
            terms.append((-y) ** j * math.exp(y) / math.factorial(j))
        return (1 - load) * math.fsum(terms)

    low, high = 0.0, 1.0
    while within(high) < percentile / 100:
        high *= 2
        # The terms alternate and cancel: beyond this a double no longer holds their sum.
        if high * load > 24:
            raise ValueError(f"the {percentile:g}th percentile at a load of {load:g} is out of reach")
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if within(middle) >= percentile / 100 else (middle, high)
    return service * (1 + high)


def mm1_mean(service: float, load: float) -> float:
    """M/M/1, mean time in system: D / (1 - rho)."""
    return service / (1 - load)


def mm1_percentile(percentile: float, service: float, load: float) -> float:
    """M/M/1, time in system is exponential: D / (1 - rho) ln(1 / (1 - p))."""
    return mm1_mean(service, load) * math.log(1 / (1 - percentile / 100))


def times_in_system(arrivals: Sequence[float], services: Iterable[float]) -> list[float]:
    """Each customer's time in a first-come-first-served queue with one server (Lindley's recursion)."""
    free = -math.inf
    found = []
    for arrival, service in zip(arrivals, services, strict=False):
        free = max(free, arrival) + service
        found.append(free - arrival)
    return found


def overload_percentile(percentile: float, service: float, rate: float, length: float) -> float:
    """D/D/1 above its capacity: arrival i of n = rate T comes at i/rate and leaves at (i+1) D.

    So it waits D + i (D - 1/rate), which grows with i: percentile p is that of the p n-th arrival.
    """
    count = round(rate * length)
    index = max(0, math.ceil(percentile * count / 100 - 1e-9) - 1)
    return service + index * (service - 1 / rate)


def closed_loop_vus(throughput: float, response: float, think: float) -> float:
    """N = X (R + Z): Little's law of an interactive system (Lazowska et al. 1984, section 3.3)."""
    return throughput * (response + think)


def closed_loop_response(vus: int, service: float, think: float) -> float:
    """R = max(D, N D - Z): N users of one serial server, evenly spaced (asymptotic bounds, ibid. 5.2)."""
    return max(service, vus * service - think)


# --- arrivals -------------------------------------------------------------------------------------

Stages = Sequence[tuple[int, int]]
"""(duration in ns, target rate a second): a straight line from the rate before."""
_NS_PER_S = 1_000_000_000


def area(start: int, stages: Stages, until_ns: int) -> Fraction:
    """How many arrivals are due by `until_ns`: the rate's area, in exact trapezoids; none after its end."""
    total = Fraction(0)
    level, at_ns = start, 0
    for length_ns, target in stages:
        within = min(length_ns, max(0, until_ns - at_ns))
        if length_ns and within:
            reached = level + Fraction((target - level) * within, length_ns)
            total += (level + reached) / 2 * Fraction(within, _NS_PER_S)
        level, at_ns = target, at_ns + length_ns
    return total


def area_by_parts(start: int, stages: Stages, until_ns: int, parts: int = 2000) -> float:
    """The same by the midpoint rule, which knows no trapezoids; on straight lines only rounding errs."""
    total = 0.0
    level, at_ns = float(start), 0
    for length_ns, target in stages:
        within = min(length_ns, max(0, until_ns - at_ns))
        for part in range(parts if within else 0):
            middle = (part + 0.5) / parts * within / length_ns
            total += (level + (target - level) * middle) * within / parts / _NS_PER_S
        level, at_ns = float(target), at_ns + length_ns
    return total


def due_times_ns(start: int, stages: Stages) -> list[int]:
    """When arrival n = 1, 2, ... of a ramping rate is due: the first nanosecond at which its area reaches n.

    The rule is k6's (lib/executor/ramping_arrival_rate.go). By bisection of the area, not by its inverse.
    """
    end_ns = sum(length_ns for length_ns, _ in stages)
    found: list[int] = []
    for number in range(1, math.floor(area(start, stages, end_ns)) + 1):
        low = found[-1] if found else 0
        found.append(_first(lambda at_ns, n=number: area(start, stages, at_ns) >= n, low, end_ns))  # type: ignore[misc]
    return found


def _first(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The first whole number from `low` to `high` for which `holds`, which stays true from there on."""
    return low + bisect_left(range(low, high), True, key=holds)
