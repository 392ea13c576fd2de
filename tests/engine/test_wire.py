"""What host and worker say to each other comes over as it was."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_args

import pytest

from dmsperf_tui.engine.histogram import Histogram
from dmsperf_tui.engine.messages import (
    DOWN,
    UP,
    Down,
    ErrorInterval,
    Gauges,
    Grant,
    Interval,
    MetricInterval,
    OperationInterval,
    Prepare,
    Sample,
    Surrender,
    Up,
    WorkloadGauge,
)
from dmsperf_tui.plan.scenario import Plan, parse_plan

PLAN = {
    "system": "http",
    "workloads": {
        "open": {
            "executor": "ramping-arrival-rate",
            "stages": [{"duration": "3s", "target": 40}, {"duration": "0s", "target": 7}],
            "pre_allocated_vus": 2,
            "mix": {
                "a": {"flow": "http.request", "request": {"path": "/a", "json": {"deep": [1, None, "ü"]}}},
                "b": {"flow": "dms.create", "weight": 0.5},
            },
            "tags": {"team": "x"},
        },
        "closed": {"executor": "constant-vus", "vus": 3, "duration": "2s", "flow": "dms.query"},
    },
    "thresholds": {"http_req_duration{scenario:open}": ["p(99.9)<3.5 over 3s"], "own": ["count>1"]},
    "metrics": {"own": "counter"},
}
HISTOGRAM = Histogram({1: 2, 70_000: 1}, 4, 1, 12_345, 0, 9_999, 0)
GAUGES = Gauges({"open": WorkloadGauge(vus=3, done=True)}, 4, 5)
MESSAGES: list[tuple[Any, Any]] = [
    (DOWN, Prepare(parse_plan("p", PLAN), 0, 2, "http://h", None, True, 7, {"data.x": 1.5}, "/f", 2.0)),
    (DOWN, Grant("w", 3, 9, again=True)),
    (UP, Surrender("w", [(1, 2), (5, 9)], [6])),
    (UP, GAUGES),
    (
        UP,
        Interval(
            3,
            [
                OperationInterval(
                    "w", "GET x", "GET", 2, {"http_req_waiting": HISTOGRAM}, 200, tags={"a": "b"}
                )
            ],
            [MetricInterval("m", {}, HISTOGRAM), MetricInterval("n", {"a": "b"}, total=0.1, least=-1e-300)],
            [ErrorInterval("GET x", "status", "409", 1, 2, 3, [Sample("GET /x", 409, "said", at_s=0.25)])],
            GAUGES,
            *(1, 2, 0.5, 0.75),
        ),
    ),
]


@pytest.mark.parametrize(("wire", "message"), MESSAGES, ids=lambda part: getattr(part, "kind", ""))
def test_a_message_comes_over_as_it_was(wire: Any, message: Any) -> None:
    assert wire.validate_json(wire.dump_json(message)) == message


def test_a_plan_that_came_over_plans_the_same() -> None:
    prepare = MESSAGES[0][1]
    plan: Plan = DOWN.validate_json(DOWN.dump_json(prepare)).plan  # type: ignore[union-attr]
    assert [plan.planned_rate(at) for at in range(0, 3 * 10**9, 10**8)] == [
        prepare.plan.planned_rate(at) for at in range(0, 3 * 10**9, 10**8)
    ]
    assert plan.thresholds[0].holds(3.4)
    assert not plan.thresholds[0].holds(3.5)


@pytest.mark.parametrize(("wire", "union"), [(DOWN, Down), (UP, Up)])
def test_every_kind_of_message_can_come_over(wire: Any, union: Any) -> None:
    kinds = [{field.name: field.default for field in fields(each)}["kind"] for each in get_args(union)]
    assert len(set(kinds)) == len(kinds)
    for kind, each in zip(kinds, get_args(union), strict=True):
        needed = [field.name for field in fields(each) if field.default is field.default_factory]
        if not needed:
            assert wire.validate_json(f'{{"kind": "{kind}"}}'.encode()) == each()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind": "no"}', '{"kind": "ping", "more": 1}'])
def test_what_is_no_message_is_refused(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        DOWN.validate_json(text.encode())
