"""Commands and snapshots on the wire."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from dmsperf_tui.run.commands import (
    COMMAND,
    Command,
    Extend,
    HoldLevel,
    Note,
    Pause,
    Release,
    Resume,
    Scale,
    SetRate,
    SetVus,
    Skip,
    Status,
    Stop,
    Watch,
    Weights,
)
from dmsperf_tui.run.snapshot import (
    SNAPSHOT,
    EventRow,
    RunInfo,
    RunSnapshot,
    RunState,
    ThresholdRow,
    TimelineRow,
)


@pytest.mark.parametrize(
    "command",
    [
        SetVus(amount=20, unit="percent", over_s=10, workload="w"),
        SetRate(amount=90, per_s=60, over_s=5, workload="w"),
        Scale(factor=1.5, over_s=3),
        HoldLevel(workload="w"),
        Release(),
        Skip(stage=2),
        Skip(),
        Extend(by_s=30),
        Weights(weights={"read": 80, "write": 20}),
        Pause(),
        Resume(),
        Stop(at_once=True, signal=True),
        Note(text="deployed build 42"),
        Status(),
        Watch(),
    ],
)
def test_a_command_survives_the_wire(command: Command) -> None:
    assert COMMAND.validate_json(COMMAND.dump_json(command)) == command


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        '{"command": "explode"}',
        '{"command": "vus"}',
        '{"command": "vus", "amount": 5, "unit": "times"}',
        '{"command": "vus", "amount": 5, "over_s": -1}',
        '{"command": "rate", "amount": 5, "per_s": 0}',
        '{"command": "rate", "amount": 1e12}',
        '{"command": "scale", "factor": -1}',
        '{"command": "scale"}',
        '{"command": "hold", "over_s": 5}',
        '{"command": "skip", "stage": 0}',
        '{"command": "extend", "by_s": 0}',
        '{"command": "weights", "weights": {}}',
        '{"command": "weights", "weights": {"read": -1}}',
        '{"command": "pause", "why": "lunch"}',
        '{"command": "note", "text": ""}',
        json.dumps({"command": "note", "text": "x" * 501}),
    ],
)
def test_what_is_no_command_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        COMMAND.validate_json(text)


def test_a_snapshot_survives_the_wire() -> None:
    snapshot = RunSnapshot(
        info=RunInfo("id", "s", "t", "p", "e", "http://h", True, False, "results/x", 30.0),
        state=RunState.PAUSING,
        elapsed_s=1.5,
        thresholds=(ThresholdRow("http_req_duration", "p(95)<5", None, None),),
        events=(EventRow(0.5, "vus", "VUs to 5", 0, 0.01),),
        rows=(TimelineRow(0, 1, 2, 3, 4, 5, 6, None, 1.0, 2.0, 3.0, False),),
    )
    assert SNAPSHOT.validate_json(SNAPSHOT.dump_json(snapshot)) == snapshot


def test_five_states_are_the_end_of_a_run() -> None:
    over = {state.value for state in RunState if state.over}
    assert over == {"finished", "stopped", "aborted", "failed", "crashed"}
