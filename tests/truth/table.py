"""Prints what the tool measured beside what closed formulas expect: `python -m tests.truth.table`."""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.truth import formulas
from tests.truth.bench import (
    PERCENTILES,
    RESPONSE,
    SERVICE,
    Session,
    TruthServer,
    closed_load,
    open_load,
)

SEED = "1"


@dataclass(frozen=True)
class Row:
    """One figure."""

    test: str
    figure: str
    expected: float
    measured: float
    late_ms: float
    """What the tool says that it was late itself."""
    unit: str = "ms"

    def __str__(self) -> str:
        share = (self.measured / self.expected - 1) if self.expected else 0.0
        return (
            f"{self.test:<42} {self.figure:<20} {self.expected:>9.1f} {self.measured:>9.1f} {self.unit:<4}"
            f" {share:>+7.1%} {self.late_ms:>8.1f}"
        )


HEADER = f"{'test':<42} {'figure':<20} {'expected':>9} {'measured':>9} {'':<4} {'apart':>7} {'late, ms':>8}"


def constant(folder: Path) -> Iterator[Row]:
    """T1."""
    with TruthServer("--delay-ms", "50") as server:
        measured = Session(folder / "constant", server.url, {"load": open_load(200, 5)}).finish()
    late_ms = measured.admitted_ms
    for percentile in (50.0, 99.0, 99.9):
        yield Row(
            "T1 server of 50 ms, 200/s", f"p{percentile:g}", 50, measured.ms(SERVICE, percentile), late_ms
        )


def stall(folder: Path) -> Iterator[Row | str]:
    """T2, and beside it what other models of load make of the same stall."""
    delay_s, stall_s, length_s, rate, few = 0.01, 1.0, 10.0, 200, 8
    loads = {
        "open": open_load(rate, length_s),
        "drop": open_load(rate, length_s, few, late="drop"),
        "closed": closed_load(few, length_s),
    }
    with TruthServer("--delay-ms", "10", "--stall", f"4:{stall_s}") as server:
        measured = Session(folder / "stall", server.url, loads).finish()
    late_ms = measured.admitted_ms
    test = "T2 stall of 1 s in 10 s, 200/s, 10 ms"
    for percentile in (50.0, 95.0, 99.0, 99.9):
        expected_s = formulas.stall_percentile(percentile, delay_s, stall_s, length_s)
        yield Row(
            test, f"p{percentile:g}", 1000 * expected_s, measured.ms(RESPONSE, percentile, "open"), late_ms
        )
    mean_s = formulas.stall_mean(delay_s, stall_s, length_s)
    yield Row(test, "mean", 1000 * mean_s, measured.mean_ms(RESPONSE, "open"), late_ms)
    expected = formulas.stall_dropped(delay_s, stall_s, rate, few)
    dropped = measured.counts("drop")["dropped"]
    yield Row(f'T2 the same, {few} VUs, late = "drop"', "dropped", expected, dropped, late_ms, "")
    shown = {
        "this tool: open, from the planned start": (RESPONSE, "open"),
        "open, from the send, drops when late (k6)": (SERVICE, "drop"),
        f"closed loop, {few} users (k6, Locust)": (SERVICE, "closed"),
    }
    yield "\n".join(
        [
            f"{'the same stall as seen by':<42}" + "".join(f"{f'p{p:g} ms':>9}" for p in PERCENTILES),
            *(
                f"{name:<42}" + "".join(f"{measured.ms(metric, p, load):>9.1f}" for p in PERCENTILES)
                for name, (metric, load) in shown.items()
            ),
            f"The second has dropped {dropped} of {round(rate * length_s)}.",
        ]
    )


def queues(folder: Path) -> Iterator[Row]:
    """T3: two runs side by side."""
    service_s, length_s = 0.005, 20.0
    with (
        TruthServer("--serial-ms", "5") as constant_server,
        TruthServer("--serial-exponential-ms", "5", "--seed", SEED) as exponential_server,
    ):
        md1 = {
            "poisson": open_load(160, length_s, arrivals="poisson"),
            "uniform": open_load(100, length_s, 50),
        }
        mm1 = {"poisson": open_load(100, length_s, arrivals="poisson")}
        sessions = (
            Session(folder / "md1", constant_server.url, md1, "--seed", SEED),
            Session(folder / "mm1", exponential_server.url, mm1, "--seed", SEED),
        )
        constant, exponential = (session.finish() for session in sessions)
    test = "T3 M/D/1, 5 ms, load 0.8"
    mean_s, p99_s = formulas.md1_mean(service_s, 0.8), formulas.md1_percentile(99, service_s, 0.8)
    yield Row(test, "mean", 1000 * mean_s, constant.mean_ms(RESPONSE, "poisson"), constant.admitted_ms)
    yield Row(test, "p99", 1000 * p99_s, constant.ms(RESPONSE, 99, "poisson"), constant.admitted_ms)
    test = "T3 M/M/1, 5 ms, load 0.5"
    mean_s, p99_s = formulas.mm1_mean(service_s, 0.5), formulas.mm1_percentile(99, service_s, 0.5)
    yield Row(test, "mean", 1000 * mean_s, exponential.mean_ms(RESPONSE, "poisson"), exponential.admitted_ms)
    yield Row(test, "p99", 1000 * p99_s, exponential.ms(RESPONSE, 99, "poisson"), exponential.admitted_ms)
    yield Row(
        "T3 D/D/1, 5 ms, load 0.5",
        "p50",
        1000 * service_s,
        constant.ms(RESPONSE, 50, "uniform"),
        constant.admitted_ms,
    )


def overload(folder: Path) -> Iterator[Row]:
    """T4."""
    service_s, rate, length_s = 0.01, 120, 6.0
    with TruthServer("--serial-ms", "10") as server:
        loads = {"load": open_load(rate, length_s)}
        measured = Session(folder / "overload", server.url, loads).finish()
        stamps = server.stamps
    late_ms = measured.admitted_ms
    test = "T4 120/s onto a server of 100/s, 6 s"
    for percentile in (50.0, 95.0, 100.0):
        expected_s = formulas.overload_percentile(percentile, service_s, rate, length_s)
        name = "max" if percentile == 100 else f"p{percentile:g}"
        yield Row(test, name, 1000 * expected_s, measured.ms(RESPONSE, percentile), late_ms)
    per_s = len(stamps) / (stamps.answers_s[-1] - stamps.arrivals_s[0])
    yield Row(test, "throughput", 1 / service_s, per_s, late_ms, "/s")


def littles_law(folder: Path) -> Iterator[Row]:
    """T5: N from the server's throughput and the tool's response time."""
    vus, think_s = 20, 0.1
    with TruthServer("--delay-ms", "50") as server:
        loads = {"load": closed_load(vus, 4, think_time="100ms")}
        measured = Session(folder / "law", server.url, loads).finish()
        arrivals_s = server.stamps.arrivals_s
    span_s = statistics.mean(arrivals_s[-vus:]) - statistics.mean(arrivals_s[:vus])
    per_s = (len(arrivals_s) - vus) / span_s
    found = formulas.closed_loop_vus(per_s, measured.mean_ms(SERVICE) / 1000, think_s)
    yield Row("T5 20 users, 50 ms, thinking 100 ms", "N = X (R + Z)", vus, found, measured.admitted_ms, "")


def main() -> None:
    out = sys.stdout
    out.write(HEADER + "\n" + "-" * len(HEADER) + "\n")
    notes = []
    with tempfile.TemporaryDirectory() as name:
        for part in (constant, stall, queues, overload, littles_law):
            for row in part(Path(name)):
                if isinstance(row, str):
                    notes.append(row)
                    continue
                out.write(f"{row}\n")
                out.flush()
    out.write("\n" + "\n".join(notes) + "\n")


if __name__ == "__main__":
    main()
