"""A screen that is watched for hours stays as large as it was, but for the run's own seconds."""

from __future__ import annotations

import asyncio
import functools
import gc
import subprocess
import sys
import tracemalloc
from contextvars import Context
from dataclasses import fields

from textual._styles_cache import StylesCache
from textual.cache import FIFOCache, LRUCache

from dmsperf_tui.settings.config import Options
from dmsperf_tui.tui.app import DmsPerfApp
from dmsperf_tui.tui.timeline import Timeline
from tests.tui.fakes import FakeLink, running
from tests.tui.hours import Hours

BEGUN_S = 400
"""The charts' windows are full by then, so that more seconds do not make more points."""
SECONDS = 20
SIZE, SIZES = (60, 18), ((20, 5), (60, 18))
"""Small ones: one panel at a time costs least."""
SAME_OBJECTS = 200
"""What differs between two rounds: newest messages, pieces of text. A dialog that stays is more."""
SAME_BYTES = 32 * 1024
_BYTES_A_VALUE = 8 * 9 / 8 + 32
"""Of a list: its pointer, and an eighth in reserve; and a number of its own."""


_KEEPS_DIALOGS = StylesCache.get_inner_outer
"""Bounded too, but each of its entries holds a dialog that has been closed: the app clears it."""


def objects() -> int:
    """How many there are, but for what Textual and Rich keep in caches of bounded size, and the timers with
    which a test gives up waiting."""
    for each in gc.get_objects():
        if isinstance(each, functools._lru_cache_wrapper) and each is not _KEEPS_DIALOGS:
            each.cache_clear()
        elif isinstance(each, (FIFOCache, LRUCache)):
            each.clear()
    gc.collect()
    return sum(not isinstance(each, (asyncio.TimerHandle, Context)) for each in gc.get_objects())


async def _soaked() -> None:
    link = FakeLink(running(BEGUN_S))
    app = DmsPerfApp(Options(), link=link, refresh_hz=0.2)
    async with app.run_test(size=SIZE) as pilot:
        hours = Hours(pilot, app, link, operations=5)
        hours.at = BEGUN_S
        await hours.pass_(1)
        await hours.everything(1, SIZES)
        before = objects()
        await hours.everything(1, SIZES)
        assert objects() - before < SAME_OBJECTS, "dialogs, filters, sizes and panels leave nothing behind"

        await pilot.resize_terminal(20, 5)
        tracemalloc.start()
        try:
            await hours.pass_(SECONDS // 2)
            before, (bytes_before, _) = objects(), tracemalloc.get_traced_memory()
            await hours.pass_(SECONDS)
            after, (bytes_after, _) = objects(), tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert after - before < SECONDS // 2, "a second leaves no object behind"
        columns = [getattr(app.timeline, field.name) for field in fields(Timeline)]
        lists = [column for column in columns if isinstance(column, list)]
        assert {len(column) for column in lists} == {hours.at}
        assert bytes_after - bytes_before < SECONDS * len(lists) * _BYTES_A_VALUE + SAME_BYTES


def test_hours_before_the_screen_leave_nothing_but_the_runs_seconds() -> None:
    """In a process of its own: what other tests have left is neither counted nor waited for."""
    done = subprocess.run([sys.executable, "-m", "tests.tui.test_soak"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


if __name__ == "__main__":
    asyncio.run(_soaked())
