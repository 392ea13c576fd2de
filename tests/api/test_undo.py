"""A change taken back from Python."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from dmsperf_tui.api import CommandRefusedError, LoadRun
from tests.truth.bench import TruthServer


def test_undo_goes_back_one_change_after_the_other(server: TruthServer, tmp_path: Path) -> None:
    load_spec: dict[str, Any] = {"flow": "http.request", "request": {"path": "/w"}, "duration": "30s"}
    workloads = {"w": {**load_spec, "executor": "constant-arrival-rate", "rate": 20, "pre_allocated_vus": 5}}

    async def main() -> None:
        scenario = {"system": "http", "workloads": workloads}
        async with LoadRun(scenario, environment=server.url, results=tmp_path) as load:
            await load.rate(50)
            await load.rate(80)
            assert await load.undo() == "undo: rate 80/s → 50/s"
            assert load.snapshot.target_rate == 50
            assert await load.undo() == "undo: rate 50/s → plan (20/s)"
            assert load.snapshot.target_rate == 20
            with pytest.raises(CommandRefusedError, match="there is nothing to undo"):
                await load.undo()
        kinds = [event.kind for event in load.summary.events]
        assert kinds.count("undo") == 2

    asyncio.run(main())
