"""What a run's own record says about the next one of its kind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dmsperf_tui.run.estimate import estimate
from dmsperf_tui.settings.config import Options, resolve
from tests.e2e.conftest import PASSED, Standin, in_process

SCENARIO = """
system = "dms"

[workloads.ramp]
executor = "ramping-vus"
start_vus = 2
stages = [{ duration = "2s", target = 8 }, { duration = "1s", target = 8 }]
flow = "dms.enroll_student"
think_time = "50ms"

[workloads.arrive]
executor = "constant-arrival-rate"
rate = 20
duration = "3s"
pre_allocated_vus = 10
flow = "dms.create_school"
"""


def test_the_estimate_from_a_runs_own_record_is_what_it_made(
    standin: Standin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in standin.variables.items():
        monkeypatch.setenv(name, value)
    Path("mine.toml").write_text(SCENARIO)
    options = Options(scenario="mine.toml", environment=standin.url)
    guess = estimate(resolve(options))
    assert guess.basis == "if an answer takes 50 ms"
    run = in_process("--batch", "--in-process", "--scenario", "mine.toml", "--env", standin.url)
    assert run.code in PASSED, run.err
    found = estimate(resolve(options))
    (folder,) = Path("results").iterdir()
    # A generator that could not keep up says so, and its users came round less often than their time tells.
    rel = 0.1 if run.code == 0 else 0.3
    assert found.requests == pytest.approx(standin.requests, rel=rel)
    assert found.basis == f"as in run {folder.name.rpartition('-')[2]}"
    # At twice the rate it makes another 60, and the users what they made.
    faster = resolve(replace(options, settings={"workloads.arrive.rate": "40"}))
    assert estimate(faster).requests == pytest.approx(found.requests + 60, rel=0.02)
