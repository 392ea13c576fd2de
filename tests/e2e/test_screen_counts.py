"""The screen, `ctl status`, the record and the server's own count agree, for 1 and 3 workers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest
from textual.pilot import Pilot

from dmsperf_tui.run.snapshot import RunSnapshot, RunState
from dmsperf_tui.settings.config import Options
from dmsperf_tui.tui import DmsPerfApp
from tests.e2e.conftest import Command, Standin

PATIENCE_S = 20.0


async def _until(
    pilot: Pilot[Any], app: DmsPerfApp, state: RunState, *, settled: bool = False
) -> RunSnapshot:
    """Waits for `state`, and with `settled` for the last second's statistics as well."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            await pilot.pause(0.05)
            snapshot = app.snapshot
            if snapshot is None or snapshot.state is not state:
                continue
            if not settled or (snapshot.requests and snapshot.requests == snapshot.requests_sent):
                return snapshot


@pytest.mark.parametrize("workers", [1, 3])
def test_screen_and_status_and_record_and_server_agree(
    command: Command, standin: Standin, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in standin.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(command.folder)
    options = Options(
        scenario="dms/concurrent",
        environment=standin.url,
        vus=10,
        workers=workers,
        speedup=200,
        results=str(command.folder / "results"),
    )

    async def main() -> None:
        app = DmsPerfApp(options)
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.press("s")
            await _until(pilot, app, RunState.RUNNING)
            async with asyncio.timeout(PATIENCE_S):
                while app.snapshot is None or app.snapshot.requests < 50:
                    await pilot.pause(0.05)
            await pilot.press("right_square_bracket")
            await pilot.press("space")
            shown = await _until(pilot, app, RunState.PAUSED, settled=True)
            told = orjson.loads((await asyncio.to_thread(command.run, "ctl", "status", "--json")).out)
            counted = await asyncio.to_thread(lambda: standin.requests)
            assert shown.requests == told["requests"] == counted
            assert sum(value or 0 for value in app.timeline.requests) == counted, "what the chart draws"
            assert any(event.kind == "vus" for event in shown.events)
            await pilot.press("space")
            over = await _until(pilot, app, RunState.FINISHED)
            operations = {row.name: row.count for row in over.operations}
            summary = orjson.loads((Path(over.info.results) / "summary.json").read_bytes())
            stats = await asyncio.to_thread(standin.stats)
            assert over.requests == summary["metrics"]["http_reqs"]["count"] == stats["requests"]
            assert operations == stats["operations"]

    asyncio.run(main())
