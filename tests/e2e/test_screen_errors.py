"""A failing service: its errors and samples are read on the screen, of the live run and of its record."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson
import pytest
from textual.pilot import Pilot

from dmsperf_tui.run.commands import Stop
from dmsperf_tui.run.replay import RecordLink
from dmsperf_tui.run.snapshot import RunState
from dmsperf_tui.settings.config import Options
from dmsperf_tui.tui import DmsPerfApp
from dmsperf_tui.tui.failure_detail import FailureDetail
from dmsperf_tui.tui.run_view import RunView
from dmsperf_tui.tui.tail import Tail
from tests.e2e.conftest import Command, serving

SCENARIO = """
title = "Creating schools"
system = "dms"

[workloads.create]
executor = "constant-vus"
vus = 2
duration = "1m"
flow = "dms.create_school"
think_time = "50ms"
"""


async def _read_a_sample(app: DmsPerfApp, pilot: Pilot[None]) -> str:
    """Errors, the failure at the cursor, its first sample: what stands there."""
    app.query_one(RunView).go_to("errors")
    async with asyncio.timeout(20):
        while not isinstance(app.screen, FailureDetail):
            await pilot.press("enter")
            await pilot.pause(0.05)
        detail = app.screen
        while "sample 1 of" not in detail.shown:
            await pilot.pause(0.05)
    shown = detail.shown
    await pilot.press("y", "escape")
    assert shown.splitlines()[0] in app.clipboard
    return shown


def test_a_sample_is_read_while_the_run_goes_and_afterwards(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    (command.folder / "create.toml").write_text(SCENARIO)
    monkeypatch.chdir(command.folder)

    async def main(url: str) -> None:
        options = Options(scenario="create.toml", environment=url, results=str(command.folder / "results"))
        app = DmsPerfApp(options)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("s")
            async with asyncio.timeout(20):
                while app.snapshot is None or not app.snapshot.failures:
                    await pilot.pause(0.05)
            shown = await _read_a_sample(app, pilot)
            assert app.snapshot.state is RunState.RUNNING
            assert "answered 503" in shown
            assert "POST /data/ed-fi/schools" in shown
            assert '  "schoolId": ' in shown, "what was sent, indented"
            app.tell(Stop())
            async with asyncio.timeout(20):
                while not app.snapshot.state.over:
                    await pilot.pause(0.05)
            over = app.snapshot
        summary = orjson.loads((Path(over.info.results) / "summary.json").read_bytes())
        assert sum(row.count for row in over.errors) == summary["metrics"]["http_req_failed"]["passes"]
        assert sum(row.count for row in over.failures) == sum(row.count for row in over.errors)

        again = DmsPerfApp(Options(), link=RecordLink(Path(over.info.results)))
        async with again.run_test(size=(80, 24)) as pilot:
            async with asyncio.timeout(20):
                while again.snapshot is None:
                    await pilot.pause(0.05)
            assert "answered 503" in await _read_a_sample(again, pilot)
            found = [(row.operation, row.kind, row.count) for row in again.snapshot.errors]
            assert found == [(row.operation, row.kind, row.count) for row in over.errors]
            again.query_one(RunView).go_to("log")
            await pilot.pause()
            assert "503" in again.query_one(Tail).text

    with serving("--error-rate", "0.5", "--error-status", "503") as ready:
        for name in ("client_id", "client_secret"):
            monkeypatch.setenv(name.upper(), ready[name])
        asyncio.run(main(ready["url"]))
