"""A scripted run before a real terminal: `python -m tests.benchmarks.watched PANEL HZ [KEY ...]`.

Every number on the screen changes HZ times a second. PANEL, where it is not `-`, has the whole screen, and
gets the keys.
"""

from __future__ import annotations

import asyncio
import sys

from dmsperf_tui.settings.config import Options
from dmsperf_tui.tui.app import DmsPerfApp
from dmsperf_tui.tui.run_view import RunView
from tests.tui.fakes import FakeLink
from tests.tui.hours import second

OPERATIONS = 40
BEGUN_S = 600
"""The run has been under way for so long when it comes to the screen."""


async def watch(panel: str, hz: float, keys: list[str]) -> None:
    link = FakeLink()
    app = DmsPerfApp(Options(), link=link, refresh_hz=hz)

    async def run() -> None:
        at = BEGUN_S
        while True:
            link.push(second(at, OPERATIONS))
            await asyncio.sleep(1 / hz)
            at += 1
            if at == BEGUN_S + 2 and panel != "-":
                app.query_one(RunView).go_to(panel)
                app.action_zoom()
            elif at == BEGUN_S + 3:
                await app._press_keys(keys)

    running = asyncio.create_task(run())
    await app.run_async()
    running.cancel()


if __name__ == "__main__":
    panel, hz, *keys = sys.argv[1:]
    asyncio.run(watch(panel, float(hz), keys))
