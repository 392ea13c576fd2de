"""A run's host in this process, its worker in the same event loop: what viewers may rely on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson
import pytest

from dmsperf_tui.run.host import RunHost
from dmsperf_tui.run.record import Record
from dmsperf_tui.run.workers import LocalWorker, WorkerHandle
from dmsperf_tui.settings.config import Options, resolve
from tests.e2e.conftest import PASSED, Standin


async def local_worker(record: Record, index: int) -> WorkerHandle:
    return LocalWorker()


@pytest.mark.parametrize("environment", ["standin", "embedded"])
def test_run_that_shows_as_over_has_its_final_record(
    standin: Standin, tmp_path: Path, environment: str
) -> None:
    config = resolve(
        Options(
            scenario="http/get",
            environment=standin.url if environment == "standin" else environment,
            vus=2,
            duration_s=3.0,
            results=str(tmp_path),
        )
    )

    async def main() -> None:
        host = RunHost(config, local_worker)
        running = asyncio.create_task(host.execute())
        while not host.run.state.over:
            host.run.changed.clear()
            await host.run.changed.wait()
        summary = orjson.loads((host.record.folder / "summary.json").read_bytes())
        assert summary["run"]["state"] == "finished"
        assert summary["run"]["exit_code"] in PASSED
        assert summary["metrics"]["http_reqs"]["count"] == host.run.statistics.totals.requests > 0
        assert await running in PASSED

    asyncio.run(main())
