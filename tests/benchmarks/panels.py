"""What single panels cost where they have most to do: a scripted run, every number new at each painting."""

from __future__ import annotations

import sys
import time

from tests.benchmarks.bench import Bench, BenchError, pinned
from tests.benchmarks.figures import Row, Spread
from tests.benchmarks.meter import EVERY_S, FRONT, Meter
from tests.benchmarks.terminal import Terminal

HZ = 2.0
SETTLE_S = 5.0
CASES = (
    ("all panels at 120x40, 2 Hz, of a core", "-", ()),
    ("40 operations sorted, whole screen", "operations", ("o",)),
    ("failure log at 50 failures/s", "log", ()),
    ("30 kinds of errors", "errors", ()),
)


def measure(bench: Bench) -> list[Row]:
    rows = []
    for what, panel, keys in CASES:
        rounds = [_round(bench, panel, *keys) for _ in range(bench.rounds)]
        rows += [
            Row(what, Spread.of(percent for percent, _ in rounds), "%", at_most=8),
            Row("    drawn", Spread.of(kilobytes for _, kilobytes in rounds), "kB/s"),
        ]
    return rows


def _round(bench: Bench, panel: str, *keys: str) -> tuple[float, float]:
    """The share of a core, in percent, and the kB drawn a second."""
    script = (sys.executable, "-m", "tests.benchmarks.watched", panel, str(HZ), *keys)
    with Terminal(bench, pinned(bench.cores, *script)) as terminal:
        terminal.wait_for("RUNNING")
        terminal.read(SETTLE_S)
        meter, from_s = Meter(terminal.process.pid), time.time()
        while time.time() < from_s + bench.seconds:
            meter.look()
            terminal.read(EVERY_S)
        if terminal.process.poll() is not None:
            raise BenchError("the terminal app has ended")
        window = (from_s, time.time())
        return 100 * meter.cores_used(FRONT, window), terminal.bytes_per_s(window) / 1000
