"""T11: a step of the system's clock in the middle of a run moves no figure; the record tells of it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import orjson
import pytest
import tomli_w

from dmsperf_tui.plan.units import NS_PER_S
from dmsperf_tui.run.host import RunHost
from dmsperf_tui.settings.config import Options, resolve
from tests.e2e.conftest import PASSED
from tests.e2e.test_host import local_worker
from tests.truth.bench import open_load, scenario_of
from tests.truth.conftest import StartServer

RATE, LENGTH_S, DELAY_MS = 100, 3.0, 20.0


def test_stepped_clock_moves_no_figure(
    serve: StartServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour ahead after a second, and two back after the next."""
    server = serve("--delay-ms", DELAY_MS)
    file = tmp_path / "truth.toml"
    file.write_text(tomli_w.dumps(scenario_of({"load": open_load(RATE, LENGTH_S)})))
    config = resolve(Options(scenario=str(file), environment=server.url, results=str(tmp_path / "results")))
    right, offset_s = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: right() + offset_s[0])

    async def main() -> Path:
        host = RunHost(config, local_worker)
        running = asyncio.create_task(host.execute())
        for second, step_s in ((1, 3600.0), (2, -7200.0)):
            while host.run.elapsed_ns < second * NS_PER_S:
                host.run.changed.clear()
                await host.run.changed.wait()
            offset_s[0] += step_s
        assert await running in PASSED
        return host.record.folder

    summary = orjson.loads((asyncio.run(main()) / "summary.json").read_bytes())
    counts = summary["workloads"]["load"]
    assert counts["planned"] == counts["completed"] == server.count == RATE * LENGTH_S
    assert summary["run"]["duration_s"] == pytest.approx(LENGTH_S, abs=0.5)
    assert summary["metrics"]["http_req_response_time"]["max"] < 1000
    assert summary["metrics"]["http_req_response_time"]["med"] == pytest.approx(DELAY_MS, abs=10)
    assert sum(point["requests"] for point in summary["timeline"]) == RATE * LENGTH_S
    assert [point["second"] for point in summary["timeline"]] == list(range(len(summary["timeline"])))
    at_s = [event["at_s"] for event in summary["events"]]
    assert at_s == sorted(at_s)
    assert at_s[-1] < 10
    assert any("clock" in reason for reason in summary["validity"]["reasons"])
