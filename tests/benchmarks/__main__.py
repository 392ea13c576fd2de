"""Every budget beside what this machine reaches: `python -m tests.benchmarks [CASE ...]`.

All cases one after the other, which takes about sixteen minutes, or the named ones; then one table. Ratios
come from rounds of one run in which the contestants take turns. What is not installed is left out and said:
nginx and wrk are packages of most systems, Locust is `pip install locust` (name its command with LOCUST), k6
is taken from the path. Nothing here asserts a time: the last column says whether the median kept the budget,
or `?` where other processes were so busy meanwhile that nobody can tell.
"""

from __future__ import annotations

import argparse
import importlib
import shutil
import sys
import tempfile
import textwrap
import time
import traceback
from pathlib import Path

from tests.benchmarks import peers
from tests.benchmarks.bench import HERE, Bench, BenchError, allow_many_connections, say, usable_cores
from tests.benchmarks.figures import Row, table
from tests.benchmarks.meter import Others

CASES = (
    "start",
    "students",
    "entities",
    "recording",
    "post",
    "workers",
    "latency",
    "charts",
    "panels",
    "screen",
    "soak",
    "users",
    "memory",
)
"""Modules beside this one, each with `measure(bench)`; short ones first."""
QUIET = 0.2
"""Cores that other processes may use before what was measured beside them is called noise."""


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Budgets, measured.")
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}; all by default")
    parser.add_argument("--quick", action="store_true", help="short rounds: to see that it works")
    parser.add_argument("--long", action="store_true", help="memory takes ten minutes, soak half an hour")
    options = parser.parse_args()
    unknown = [case for case in options.cases if case not in CASES]
    if unknown:
        parser.error(f"unknown case {unknown[0]!r}; known: {', '.join(CASES)}")
    return options


def _surroundings(bench: Bench) -> None:
    cores = ", ".join(str(core) for core in bench.cores)
    pinning = "pinned with taskset" if shutil.which("taskset") else "not pinned: there is no taskset here"
    say(f"cores {cores}, {pinning}; rounds: {bench.rounds} of {bench.seconds} s")
    for name in peers.missing():
        say(f"{name} is not installed: left out")


def main() -> int:
    options = _parsed()
    allow_many_connections()
    found: list[tuple[str, Row]] = []
    unmeasured: list[str] = []
    noisy: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        shutil.copytree(HERE / "scenarios", folder / "scenarios")
        bench = Bench(folder, usable_cores(), options.quick, options.long)
        _surroundings(bench)
        for case in options.cases or CASES:
            say(f"{case}:")
            others, start_s = Others(), time.monotonic()
            try:
                module = importlib.import_module(f"tests.benchmarks.{case}")
                say(f"    {(module.__doc__ or case).splitlines()[0]}")
                found += [(case, row) for row in module.measure(bench)]
            except BenchError as fault:
                unmeasured.append(f"{case} was not measured: {fault}")
                say(f"    {fault}")
            except Exception as fault:  # hours of figures are not lost to a mistake in one case
                traceback.print_exc()
                unmeasured.append(f"{case} was not measured: {type(fault).__name__}: {fault}")
            taken = others.cores()
            say(f"    {time.monotonic() - start_s:.0f} s; other processes used {taken:.2f} cores")
            if taken > QUIET:
                noisy[case] = f"{case}: other processes used {taken:.2f} cores, so its figures are noise"
    say()
    say(table(found, noisy))
    for remark in (*unmeasured, *noisy.values()):
        say(textwrap.fill(remark, 110))
    return 1 if unmeasured else 0


if __name__ == "__main__":
    sys.exit(main())
