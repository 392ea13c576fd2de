"""Renders `screenshots/` from real runs against the embedded DMS: `make screenshots`, some four minutes.

Each size has runs of its own: one of VUs from set-up to its end, one of rates, one of both with failures in
it, a load phase, and a term's end with objectives.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from textual.pilot import Pilot

from dmsperf_tui.run.snapshot import RunSnapshot
from dmsperf_tui.settings.config import Options
from dmsperf_tui.tui import DmsPerfApp
from dmsperf_tui.tui.layout import WIDE
from dmsperf_tui.tui.run_view import RunView
from dmsperf_tui.tui.theme import DARK, LIGHT

SHOTS = Path(__file__).resolve().parent.parent / "screenshots"
SIZES = ((120, 40), (80, 24))
PATIENCE_S = 180.0
# Fonts are the reader's own: a picture in a repository asks no server for anything.
_FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}\s*")
_FONT = "Fira Code, DejaVu Sans Mono, Menlo, Consolas, monospace"
_OPEN = """
title = "Enrolments arrive"
description = "Twenty a second at first, sixty at noon: does response time hold?"
system = "dms"
setup = "dms.populate"

[workloads.enrolments]
executor = "ramping-arrival-rate"
start_rate = 20
stages = [
  { duration = "10s", target = 20 },
  { duration = "10s", target = 60 },
  { duration = "20s", target = 60 },
]
pre_allocated_vus = 10
max_vus = 40
flow = "dms.enroll_student"

[metrics]
student_creates = "counter"

[thresholds]
http_req_response_time = ["p(95)<500"]
http_req_failed = ["rate<0.01"]
"""
_MIXED = """
title = "A day at school"
description = "Teachers look pages up while enrolments arrive; one page is gone."
system = "dms"

[workloads.teachers]
executor = "constant-vus"
vus = 8
duration = "40s"
flow = "day.py:look_up"
think_time = "200ms"

[workloads.office]
executor = "constant-arrival-rate"
rate = 12
duration = "40s"
pre_allocated_vus = 5
max_vus = 20
flow = "day.py:file"

[thresholds]
http_req_duration = ["p(95)<200"]
http_req_failed = ["rate<0.05"]
"""
_DAY = """
async def look_up(vu):
    answer = await vu.get("/data/ed-fi/schools?limit=5", name="GET schools")
    vu.check("schools are listed", answer.status == 200)
    await vu.get("/data/ed-fi/students?limit=25", name="GET students")
    if vu.iteration % 8 == 0:
        await vu.get("/data/ed-fi/timetables", name="GET timetables")


async def file(vu):
    body = {"gradingPeriodDescriptor": "", "schoolReference": {"schoolId": 1}}
    if vu.iteration % 5 == 0:
        await vu.post("/data/ed-fi/gradingPeriods", name="POST gradingPeriods", json=body)
    await vu.get("/data/ed-fi/courses?limit=5", name="GET courses")
"""


class Camera:
    """An app of one size, what a person does in it, and pictures of it."""

    def __init__(self, pilot: Pilot[None], app: DmsPerfApp) -> None:
        self._pilot, self._app = pilot, app
        width, height = app.size
        self.size = f"{width}x{height}"
        self.wide = width >= WIDE

    async def shoot(self, name: str) -> None:
        """Saves `NAME-WIDTHxHEIGHT.svg`, once what is under way has been painted."""
        await self._pilot.pause(0.6)
        svg = _FONT_FACE.sub("", self._app.export_screenshot(title="dmsperf-tui"))
        svg = re.sub(r"font-family: ?Fira Code, monospace", f"font-family: {_FONT}", svg)
        svg = re.sub(r"terminal-\d+", "terminal", svg)
        (SHOTS / f"{name}-{self.size}.svg").write_text(svg, encoding="utf-8")
        sys.stderr.write(f"screenshots/{name}-{self.size}.svg\n")

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self._pilot.press(key)
            await self._pilot.pause(0.15)

    async def type(self, words: str) -> None:
        await self._pilot.press(*("space" if each == " " else each for each in words))

    def look(self, theme: str) -> None:
        self._app.theme = theme

    async def at(self, list_id: str, *keys: str) -> None:
        """Presses keys in one of set-up's lists."""
        self._app.query_one(f"#{list_id}").focus()
        await self.press(*keys)

    async def bring_up(self, panel: str) -> None:
        self._app.query_one(RunView).go_to(panel)
        await self._pilot.pause(0.3)

    async def until(self, true: Callable[[RunSnapshot], bool]) -> None:
        """Waits for the run to be like that. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE_S):
            while self._app.snapshot is None or not true(self._app.snapshot):
                await self._pilot.pause(0.1)

    async def until_s(self, elapsed_s: float) -> None:
        await self.until(lambda snapshot: snapshot.elapsed_s >= elapsed_s)

    async def until_over(self) -> None:
        await self.until(lambda snapshot: snapshot.state.over)

    async def stop(self) -> None:
        await self.press("S", "y")
        await self.until_over()


@contextlib.asynccontextmanager
async def opened(size: tuple[int, int], options: Options) -> AsyncIterator[Camera]:
    app = DmsPerfApp(options)
    async with app.run_test(size=size) as pilot:
        await pilot.pause(2.0)
        yield Camera(pilot, app)


async def set_up_and_users(size: tuple[int, int]) -> None:
    """Set-up and its editors; a run of VUs, steered twice, to its end; the same in light colours."""
    options = Options(scenario="dms/concurrent", environment="embedded", speedup=30, seed=1)
    async with opened(size, options) as camera:
        await camera.shoot("setup")
        await camera.at("environments", "down", "e")
        await camera.shoot("environment-editor")
        await camera.press("escape")
        await camera.at("environments", "up")
        await camera.at("profiles", "e")
        await camera.shoot("profile-editor")
        await camera.press("escape")
        await camera.press("s")
        await camera.until_s(9)
        await camera.press("right_square_bracket", "right_square_bracket")
        await camera.until_s(15)
        await camera.press("v")
        await camera.type("60 over 4s")
        await camera.press("enter")
        await camera.until_s(24)
        await camera.shoot("running")
        camera.look(LIGHT.name)
        await camera.shoot("light")
        camera.look(DARK.name)
        await camera.press("v")
        await camera.shoot("prompt")
        await camera.press("escape", "l")
        await camera.until_over()
        await camera.shoot("finished")


async def rates(size: tuple[int, int]) -> None:
    """A run of rates, doubled by hand."""
    async with opened(size, Options(scenario="arrivals", environment="embedded", seed=1)) as camera:
        await camera.press("s")
        await camera.until_s(12)
        await camera.press("r")
        await camera.type("+100% over 5s")
        await camera.press("enter")
        await camera.until_s(24)
        await camera.shoot("open")
        await camera.stop()


async def both(size: tuple[int, int]) -> None:
    """VUs and rates side by side, with failures: workloads, and the detail of an error."""
    async with opened(size, Options(scenario="day", environment="embedded", seed=1)) as camera:
        await camera.press("s")
        await camera.until_s(12)
        await camera.shoot("mixed")
        await camera.bring_up("workloads")
        await camera.shoot("workloads")
        await camera.bring_up("errors")
        await camera.press("enter")
        await camera.shoot("error")
        await camera.press("escape")
        await camera.stop()


async def load_phase(size: tuple[int, int]) -> None:
    """A list of entities under way; where one panel is shown at a time, the one with the entities."""
    sizes = {"data.schools": "20", "data.students": "600", "load.vus": "20"}
    options = Options(scenario="dms/load", environment="embedded", speedup=20, seed=1, settings=sizes)
    async with opened(size, options) as camera:
        await camera.press("s")
        await camera.until_s(14)
        if not camera.wide:
            await camera.bring_up("entities")
        await camera.shoot("load")
        await camera.stop()


async def end_of_term(size: tuple[int, int]) -> None:
    """Teachers grade on the K-12 platform, beside what the platform should reach."""
    options = Options(
        scenario="k12/grading_rush", environment="embedded", speedup=20, seed=1, objectives="k12"
    )
    async with opened(size, options) as camera:
        await camera.press("s")
        await camera.until_s(22)
        await camera.bring_up("objectives")
        await camera.press("z")
        await camera.shoot("objectives")
        await camera.press("escape")
        await camera.stop()


PARTS = {"users": set_up_and_users, "rates": rates, "both": both, "load": load_phase, "k12": end_of_term}


def main() -> int:
    SHOTS.mkdir(exist_ok=True)
    for variable in ("NO_COLOR", "SSH_CONNECTION", "TEXTUAL_THEME"):
        os.environ.pop(variable, None)
    os.environ["COLORTERM"] = "truecolor"
    for size in SIZES:
        # The screens name files and the record's folder below the working one.
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            shutil.copytree(SHOTS.parent / "profiles", "profiles")
            scenarios = Path("scenarios")
            scenarios.mkdir()
            (scenarios / "arrivals.toml").write_text(_OPEN)
            (scenarios / "day.toml").write_text(_MIXED)
            (scenarios / "day.py").write_text(_DAY)
            for part in sys.argv[1:] or PARTS:
                asyncio.run(PARTS[part](size))
    return 0


if __name__ == "__main__":
    sys.exit(main())
