"""A load phase of the prod profile, all of its list settled: what host and worker hold for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import Row, Spread

MOST_MB = 150.0

_SCRIPT = """
import json, sys, time
from pathlib import Path
import psutil
from dmsperf_tui.engine.ids import IdFile, IdWriter
from dmsperf_tui.engine.outcomes import OutcomeLog, entries
from dmsperf_tui.run.worklist import WorkList
from dmsperf_tui.systems.dms.catalog import catalog
from dmsperf_tui.systems.dms.load_phase import LoadPhase
from dmsperf_tui.systems.dms.order import own_order
from dmsperf_tui.systems.dms.population import Population, Sizes

process = psutil.Process()
bare = process.memory_info().rss
population = Population(Sizes(*json.loads(sys.argv[2])), 1, "bench")
phase = LoadPhase(population, catalog(population, own_order(population.resources)))
work, total = WorkList(phase.parts, 2), phase.catalog.total
writer = IdWriter.create(Path(sys.argv[1]), total)
ids, log, most = IdFile.open(sys.argv[1]), OutcomeLog(), 0
begun = time.perf_counter()
while not work.finished:
    for worker in (0, 1):
        for index in work.lease(worker) or ():
            log.settle("load", index, (index + 1).to_bytes(16, "big"))
        for encoded in log.take().settled.values():
            for index, identity in entries(encoded):
                writer.put(index, identity)
                work.settle(index, True)
seconds = time.perf_counter() - begun
assert all(ids[index] == (index + 1).to_bytes(16, "big") for index in range(total))
print(json.dumps({"total": total, "rss": process.memory_info().rss - bare, "seconds": seconds}))
"""


def measure(bench: Bench) -> list[Row]:
    """In a process of its own: the resident memory that it grew by, the mapped file included."""
    sizes = [13, 7500, 1200, 50, 4] if bench.quick else [130, 75_000, 12_000, 50, 4]
    path = Path(bench.folder) / "ids.bin"
    words = [sys.executable, "-c", _SCRIPT, str(path), json.dumps(sizes)]
    found = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    return [
        Row("entities in the list", Spread.of([found["total"]]), ""),
        Row("its memory, ids included", Spread.of([found["rss"] / 1e6]), "MB", at_most=MOST_MB),
        Row("settled a second", Spread.of([found["total"] / found["seconds"]]), "/s"),
    ]
