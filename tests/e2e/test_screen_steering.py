"""Steering from the screen, by keys, against a real host: what the server sees is what the screen says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
import tomli_w
from textual.pilot import Pilot
from textual.widgets import Input

from dmsperf_tui.run.launch import launch
from dmsperf_tui.run.snapshot import EventRow, RunState
from dmsperf_tui.settings.config import Options, resolve
from dmsperf_tui.tui import DmsPerfApp
from dmsperf_tui.tui.dialogs import StopDialog
from dmsperf_tui.tui.prompts import LevelPrompt, NotePrompt
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.steer import SteerPanel
from tests.e2e.conftest import in_process
from tests.e2e.steered import hold_conserved, most_at_once, requests
from tests.truth.bench import TruthServer

PATIENCE_S = 20.0
DELAY_S = 0.05
WORKLOADS = {
    "users": requests("/users", "constant-vus", vus=4, duration="60s"),
    "orders": requests(
        "/orders", "constant-arrival-rate", rate=60, duration="60s", pre_allocated_vus=40, max_vus=40
    ),
}


class Screen:
    """The app, as a person has it before them."""

    def __init__(self, app: DmsPerfApp, pilot: Pilot[Any]) -> None:
        self.app, self._pilot = app, pilot

    async def until(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                await self._pilot.pause(0.02)

    async def press(self, *keys: str) -> None:
        await self._pilot.press(*keys)

    async def answer(self, key: str, question: type[Any], text: str) -> None:
        await self.press(key)
        await self.until(lambda: isinstance(self.app.screen, question) and self.app.screen.query(Input))
        line = self.app.screen.query_one(Input)
        for end in range(1, len(text) + 1):
            # Each key asks the run anew, before it has answered the last one.
            line.value = text[:end]
        await self.press("enter")

    @property
    def state(self) -> RunState | None:
        return self.app.snapshot.state if self.app.snapshot else None

    @property
    def newest(self) -> EventRow | None:
        return self.app.snapshot.events[-1] if self.app.snapshot else None

    def shown(self, name: str) -> str:
        return self.app.query_one(f"#{name}", Reading).shown

    async def applied(self, text: str) -> None:
        """Waits until the screen says of its newest change, with these words, that it is acknowledged."""

        def said() -> bool:
            words = self.shown("change-line")
            return text in words and "✓ applied" in words

        await self.until(said)


def test_keys_change_the_load_that_the_server_sees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.toml").write_text(tomli_w.dumps({"workloads": WORKLOADS}))
    at: dict[str, float] = {}

    async def main(url: str) -> str:
        options = Options(scenario="run.toml", environment=url, results=str(tmp_path / "results"))
        app = DmsPerfApp(options, link=await launch(resolve(options)), refresh_hz=20)
        async with app.run_test(size=(120, 40)) as pilot:
            screen = Screen(app, pilot)

            async def look(s: float) -> float:
                """Lets some of the run go by; the instant from which on."""
                began_s = time.perf_counter()
                await asyncio.sleep(s)
                return began_s

            await screen.until(lambda: screen.state is RunState.RUNNING)
            # Ten users more, of the one workload that has some.
            await screen.press("g", "right_square_bracket")
            await screen.applied("users: VUs 4 → 14")
            assert str(app.query_one(SteerPanel).border_title) == "Steer · users"
            await screen.until(lambda: app.snapshot is not None and app.snapshot.workloads[0].vus == 14)
            at["more"] = await look(0.3)
            await screen.answer("n", NotePrompt, "deployed")
            await screen.until(lambda: screen.newest and screen.newest.kind == "note")
            await screen.press("u")
            await screen.applied("undo: users: VUs 14 → plan (4)")
            await screen.until(lambda: app.snapshot is not None and app.snapshot.workloads[0].vus == 4)
            at["undone"] = await look(0.3)
            # The other one's rate is doubled on a ramp.
            await screen.press("g")
            await screen.answer("r", LevelPrompt, "+100% over 1s")
            await screen.applied("orders: rate 60/s → 120/s over 1 s")
            await asyncio.sleep(1.0)
            at["doubled"] = await look(0.5)
            # Somebody else takes that back, at another terminal.
            told = await asyncio.to_thread(in_process, "ctl", "undo")
            assert told.out.endswith(": undo: orders: rate 120/s → plan (60/s)\n")
            await screen.applied("undo: orders: rate 120/s → plan (60/s)")
            at["plan"] = await look(0.5)
            # Quiet, and on.
            await screen.press("space")
            await screen.until(lambda: screen.state is RunState.PAUSED)
            at["quiet"] = await look(0.3)
            await screen.press("space")
            await screen.until(lambda: screen.state is RunState.RUNNING)
            at["resumed"] = await look(0.3)
            await screen.press("S")
            await screen.until(lambda: isinstance(app.screen, StopDialog))
            await screen.press("y")
            await screen.until(lambda: screen.state is RunState.STOPPED)
            assert app.snapshot is not None
            return app.snapshot.info.results

    with TruthServer("--delay-ms", str(1000 * DELAY_S)) as server:
        results = asyncio.run(main(server.url))
        stamps = server.stamps
        summary = orjson.loads((Path(results) / "summary.json").read_bytes())
        hold_conserved(summary, server.count)
    users, orders = stamps.of("users"), stamps.of("orders")
    assert most_at_once(users, at["more"], at["more"] + 0.3) == 14
    assert most_at_once(users, at["undone"] + DELAY_S, at["undone"] + 0.3) == 4

    def rate(name: str, length_s: float) -> float:
        return orders.between(at[name], at[name] + length_s) / length_s

    assert rate("doubled", 0.5) == pytest.approx(120, abs=16)
    assert rate("plan", 0.5) == pytest.approx(60, abs=16)
    (ramp,) = [event for event in summary["events"] if event["kind"] == "rate"]
    # The first one is due when the load starts, which is what the record counts from.
    began_s = orders.arrivals_s[0] + ramp["at_s"]
    assert orders.between(began_s, began_s + 1.0) == pytest.approx((60 + 120) / 2, abs=8)
    assert stamps.between(at["quiet"], at["quiet"] + 0.25) == 0
    assert rate("resumed", 0.3) == pytest.approx(60, abs=25)
    kinds = [event["kind"] for event in summary["events"]]
    told = [kind for kind in kinds if kind in ("vus", "note", "undo", "rate", "pause", "resume", "stop")]
    assert told == ["vus", "note", "undo", "rate", "undo", "pause", "resume", "stop"]
    assert summary["run"]["state"] == "stopped"
    assert any("undo: " in segment["why"] for segment in summary["segments"])
