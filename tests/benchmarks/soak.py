"""Whether a screen that is watched for hours stays flat in memory: a scripted run, as fast as it is painted.

Two minutes, or half an hour with `--long`, in which a person opens and changes all that there is, again and
again. What Textual keeps in its bounded caches is in it: it levels off after some dozens of dialogs.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import linear_regression

import orjson

from tests.benchmarks.bench import HERE, Bench, BenchError, pinned, say
from tests.benchmarks.figures import Row, Spread

_WATCHED_S = 600.0


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the app, after another round of everything."""

    at_s: float
    """Since it was started."""
    ticks: int
    resident_mb: float
    objects: int


def measure(bench: Bench) -> list[Row]:
    seconds = 60 if bench.quick else 1800 if bench.long else 120
    script = pinned((bench.load_core,), sys.executable, "-m", "tests.benchmarks.soaking", str(seconds))
    done = subprocess.run(
        script, capture_output=True, env=bench.variables, cwd=HERE.parent.parent, check=False
    )
    looks = [Look(**orjson.loads(line)) for line in done.stdout.splitlines()]
    if done.returncode or len(looks) < 4:
        raise BenchError((done.stderr.decode().strip().splitlines() or ["the soak ended early"])[-1])
    settled = looks[len(looks) // 2 :]
    ticks_per_s = (looks[-1].ticks - looks[0].ticks) / (looks[-1].at_s - looks[0].at_s)
    for look in looks[:: max(1, len(looks) // 12)]:
        size = f"{look.resident_mb:6.1f} MB  {look.objects:9,} objects"
        say(f"    {look.at_s:6.0f} s  {look.ticks:7,} ticks  {size}")
    return [
        Row("seconds of the run a second", Spread.of([ticks_per_s]), "/s"),
        Row("resident at the end", Spread.of([settled[-1].resident_mb]), "MB"),
        Row(
            "growth in 10 min, in the second half",
            Spread.of([_slope(settled, [look.resident_mb for look in settled])]),
            "MB",
            at_most=1.0 if bench.long else None,
        ),
        Row(
            "objects more in 10 min",
            Spread.of([_slope(settled, [float(look.objects) for look in settled])]),
        ),
    ]


def _slope(looks: Sequence[Look], values: Sequence[float]) -> float:
    """What `values` grow by in ten minutes."""
    slope, _ = linear_regression([look.at_s for look in looks], values)
    return slope * _WATCHED_S
