"""Renders `screenshots/` from real runs against the embedded DMS: `make screenshots`.

Each size has runs of its own: before, during (after live changes of load) and after one, and during a load
phase.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from dmsperf_tui.run.snapshot import RunState
from dmsperf_tui.settings.config import Options
from dmsperf_tui.tui import DmsPerfApp
from dmsperf_tui.tui.header import WIDE

SHOTS = Path(__file__).resolve().parent.parent / "screenshots"
SIZES = ((120, 40), (80, 24))
SPEEDUP = 30
PATIENCE_S = 120.0
# Fonts are the reader's own: a picture in a repository asks no server for anything.
_FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}\s*")
_FONT = "Fira Code, DejaVu Sans Mono, Menlo, Consolas, monospace"


def save(app: DmsPerfApp, name: str) -> None:
    svg = _FONT_FACE.sub("", app.export_screenshot(title="dmsperf-tui"))
    svg = re.sub(r"font-family: ?Fira Code, monospace", f"font-family: {_FONT}", svg)
    svg = re.sub(r"terminal-\d+", "terminal", svg)
    (SHOTS / f"{name}.svg").write_text(svg, encoding="utf-8")
    sys.stderr.write(f"screenshots/{name}.svg\n")


async def shoot_load(width: int, height: int) -> None:
    """A load phase, where one panel is shown at a time with the entities in it."""
    sizes = {"data.schools": "20", "data.students": "600", "load.vus": "20"}
    app = DmsPerfApp(Options(scenario="dms/load", speedup=20, seed=1, settings=sizes))
    async with app.run_test(size=(width, height)) as pilot:
        await pilot.pause(1.5)
        await pilot.press("s")
        await _until_s(pilot, app, 14)
        if width < WIDE:
            await pilot.press("tab")
            await pilot.pause(1)
        save(app, f"load-{width}x{height}")
        await pilot.press("S", "y", "S", "y")
        async with asyncio.timeout(PATIENCE_S):
            while app.snapshot is None or not app.snapshot.state.over:
                await pilot.pause(0.2)


async def _until_s(pilot: Pilot[Any], app: DmsPerfApp, elapsed_s: float) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while app.snapshot is None or app.snapshot.elapsed_s < elapsed_s:
            await pilot.pause(0.1)


async def shoot(width: int, height: int) -> None:
    size = f"{width}x{height}"
    app = DmsPerfApp(Options(scenario="dms/concurrent", speedup=SPEEDUP, seed=1))
    async with app.run_test(size=(width, height)) as pilot:
        await pilot.pause(1.5)
        save(app, f"setup-{size}")
        await pilot.press("s")
        await _until_s(pilot, app, 9)
        for key in ("right_square_bracket", "right_square_bracket"):
            await pilot.press(key)
        await _until_s(pilot, app, 15)
        await pilot.press("v", *"60 over 4s", "enter")
        await _until_s(pilot, app, 24)
        save(app, f"running-{size}")
        await pilot.press("v")
        await pilot.pause(0.5)
        save(app, f"prompt-{size}")
        await pilot.press("escape", "l")
        async with asyncio.timeout(PATIENCE_S):
            while app.snapshot is None or app.snapshot.state is not RunState.FINISHED:
                await pilot.pause(0.2)
        await pilot.pause(1.5)
        save(app, f"finished-{size}")


def main() -> int:
    SHOTS.mkdir(exist_ok=True)
    for width, height in SIZES:
        # The screens name the record's folder below the working one.
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            asyncio.run(shoot(width, height))
            asyncio.run(shoot_load(width, height))
    return 0


if __name__ == "__main__":
    sys.exit(main())
