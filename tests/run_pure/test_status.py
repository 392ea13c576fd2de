"""`ctl status`: a run in a few lines."""

from __future__ import annotations

from dmsperf_tui.run.ctl import status_lines
from dmsperf_tui.run.snapshot import ObjectiveRow, RunInfo, RunSnapshot, RunState, ThresholdRow

AUTH = "http_req_duration{category:auth}"
INFO = RunInfo(
    id="7f3a10",
    scenario="k12/load",
    title="Load",
    profile="dev",
    environment="k12",
    url="http://127.0.0.1:4000",
    try_out=False,
    insecure=False,
    results="results/x",
    planned_s=540.0,
    objectives="k12",
    objectives_gate=True,
)


def test_objectives_are_counted_and_the_missed_ones_told() -> None:
    snapshot = RunSnapshot(
        INFO,
        RunState.RUNNING,
        12.0,
        thresholds=(
            ThresholdRow(AUTH, "p(95)<300", False, 412.5),
            ThresholdRow("x", "p(95)<500", None, None),
        ),
        objectives=(
            ObjectiveRow("Response times", "Auth", AUTH, "p(50)<100", 80.0, True),
            ObjectiveRow("Response times", "Auth", AUTH, "p(95)<300", 412.5, False),
            ObjectiveRow("Response times", "Search", "x", "p(95)<500", None, None),
        ),
    )
    lines = status_lines(snapshot)
    assert lines[-3:] == [
        f"threshold  ✗ {AUTH} p(95)<300",
        "objectives k12: 1 met, 1 missed, 1 not measured",
        "missed     Auth: p(95)<300, measured 412.5",
    ]


def test_one_of_which_all_failed_is_missed_and_its_title_is_words() -> None:
    row = ObjectiveRow("Response times", "\x1b[31mAuth", AUTH, "p(95)<300", None, False)
    missed = ThresholdRow(AUTH, "p(95)<300", False, None)
    lines = status_lines(RunSnapshot(INFO, RunState.RUNNING, 12.0, thresholds=(missed,), objectives=(row,)))
    assert lines[-3:] == [
        f"threshold  ✗ {AUTH} p(95)<300",
        "objectives k12: 0 met, 1 missed, 0 not measured",
        "missed     ␛[31mAuth: p(95)<300, all failed",
    ]


def test_a_run_without_objectives_says_nothing_of_them() -> None:
    assert not any(
        line.startswith("objectives") for line in status_lines(RunSnapshot(INFO, RunState.RUNNING, 1))
    )
