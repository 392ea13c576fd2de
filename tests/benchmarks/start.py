"""How long the command takes to answer `--help`, and the terminal app to be on screen: five times each."""

from __future__ import annotations

import subprocess
from time import perf_counter

from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import Row, Spread
from tests.benchmarks.ours import COMMAND
from tests.benchmarks.terminal import Terminal

TIMES = 5
FIRST_PAINT = "Environment"
"""A panel's title: there from the first frame on."""
READY = "as its files say"
"""Said once the chosen files are read and Start works."""


def measure(bench: Bench) -> list[Row]:
    help_s, paint_s, paint_cpu_s, ready_s = [], [], [], []
    for _ in range(TIMES):
        start_s = perf_counter()
        subprocess.run(
            [*COMMAND, "--help"], cwd=bench.folder, env=bench.variables, capture_output=True, check=True
        )
        help_s.append(perf_counter() - start_s)
        with Terminal(bench, COMMAND) as terminal:
            paint_s.append(terminal.wait_for(FIRST_PAINT))
            paint_cpu_s.append(terminal.cpu_s)
            ready_s.append(terminal.wait_for(READY))
    return [
        Row("--help", Spread.of(help_s), "s", at_most=0.3),
        Row("terminal app: first paint", Spread.of(paint_s), "s", at_most=1.0),
        Row("processor time until then", Spread.of(paint_cpu_s), "s"),
        Row("terminal app: ready to start a run", Spread.of(ready_s), "s"),
    ]
