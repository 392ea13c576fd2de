"""The app that is soaked, in a process of its own: `python -m tests.benchmarks.soaking SECONDS`.

A line of JSON after each round of everything: seconds, seconds of the run, resident MB, objects.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time

import orjson
import psutil

from dmsperf_tui.settings.config import Options
from dmsperf_tui.tui.app import DmsPerfApp
from tests.tui.fakes import FakeLink
from tests.tui.hours import Hours

A_STEP = 2
"""Seconds of the run between one gesture and the next."""


async def soak(seconds: float) -> None:
    link, process = FakeLink(), psutil.Process()
    app = DmsPerfApp(Options(), link=link, refresh_hz=0.2)
    start_s = time.monotonic()
    async with app.run_test(size=(80, 24)) as pilot:
        hours = Hours(pilot, app, link)
        await hours.pass_(1)
        while (at_s := time.monotonic() - start_s) < seconds:
            await hours.everything(A_STEP)
            gc.collect()
            look = {
                "at_s": at_s,
                "ticks": hours.at,
                "resident_mb": process.memory_info().rss / 1e6,
                "objects": len(gc.get_objects()),
            }
            sys.stdout.write(f"{orjson.dumps(look).decode()}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(soak(float(sys.argv[1])))
