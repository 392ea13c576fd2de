"""What was measured, selected by tags and merged."""

from __future__ import annotations

import pytest

from dmsperf_tui.engine.messages import MetricInterval
from dmsperf_tui.run.totals import MetricTotals, Totals, gauge_of
from tests.run_pure.measured import check, histogram_of, iterations, operation, rate, totals_of, trend


@pytest.fixture
def totals() -> Totals:
    return totals_of(
        operation([1000], name="GET a", workload="w", group="::login", tags={"team": "x"}),
        operation([2000, 2000], name="POST a", workload="w", method="POST", status=201),
        operation([3000] * 4, name="POST a", workload="w", method="POST", status=409, failed=True),
        operation([4000] * 8, name="GET a", workload="v", status=404, tags={"team": "x", "kind": "list"}),
        operation([], name="GET a", workload="v", unsent=16, failed=True, status=0),
    )


@pytest.mark.parametrize(
    ("tags", "requests"),
    [
        ({}, 31),
        ({"name": "GET a"}, 25),
        ({"name": "GET b"}, 0),
        ({"scenario": "v"}, 24),
        ({"method": "POST"}, 6),
        ({"group": "::login"}, 1),
        ({"group": ""}, 30),
        ({"status": "409"}, 4),
        ({"status": "0"}, 16),
        ({"expected_response": "true"}, 11),
        ({"expected_response": "false"}, 20),
        ({"expected_response": "maybe"}, 0),
        ({"team": "x"}, 9),
        ({"team": "y"}, 0),
        ({"kind": "list"}, 8),
        ({"team": "x", "scenario": "w"}, 1),
        ({"scenario": "v", "expected_response": "true"}, 8),
        ({"name": "POST a", "status": "201", "method": "POST"}, 2),
    ],
)
def test_tags_select_the_requests_that_carry_all_of_them(
    totals: Totals, tags: dict[str, str], requests: int
) -> None:
    found = totals.select(tuple(tags.items()))
    assert sum(one.requests for one in found) == requests
    unsent = sum(one.requests for one in found if not one.status)
    assert totals.trend("http_req_duration", tuple(tags.items())).count == requests - unsent


def test_metrics_are_selected_by_their_tags() -> None:
    totals = totals_of(
        metrics=[
            check("ok", 3, 1, "w"),
            check("ok", 1, 1, "v"),
            rate("found", 9, 1, scenario="w", kind="book"),
            iterations("w", [1, 2]),
            iterations("v", [3]),
            trend("group_duration", [5], group="::login", scenario="w"),
        ]
    )
    assert totals.checks() == {"ok": (4, 2)}
    assert [one.passes for one in totals.of("checks", [("scenario", "v")])] == [1]
    assert [one.passes for one in totals.of("found", [("kind", "book")])] == [9]
    assert totals.of("found", [("kind", "film")]) == []
    assert totals.trend("iteration_duration", [("scenario", "w")]) == histogram_of([1, 2])
    assert totals.trend("group_duration", [("group", "::login")]).count == 1
    assert totals.trend("group_duration", [("group", "::pay")]).count == 0


def test_merged_totals_share_nothing_with_what_they_were_made_of(totals: Totals) -> None:
    one, two = Totals(), Totals()
    for each in (one, two):
        each.add(totals)
        each.add(totals)
    assert one.requests == two.requests == 2 * totals.requests
    assert totals.requests == 31
    assert totals.trend("http_req_duration").count == 15


def test_a_gauge_keeps_its_newest_value_and_its_extremes_over_all() -> None:
    totals = Totals()
    for value, least, most in ((5.0, 2.0, 9.0), (3.0, 3.0, 4.0)):
        totals.take([], [MetricInterval("queue", {}, value=value, least=least, most=most)], 0, 0)
    (queue,) = totals.of("queue")
    assert (queue.value, queue.least, queue.most) == (3, 2, 9)


def test_a_row_of_the_table_is_an_operation_whatever_its_outcomes(totals: Totals) -> None:
    rows = {key: sum(one.requests for one in found) for key, found in totals.by_name().items()}
    assert rows == {("w", "GET a"): 1, ("w", "POST a"): 6, ("v", "GET a"): 24}
    assert (totals.requests, totals.failed) == (31, 20)


def test_a_gauge_of_workers_is_added_up_and_another_is_the_newest() -> None:
    def series(worker: str | None, least: float, value: float, most: float) -> MetricTotals:
        tags = {"worker": worker} if worker else {"kind": str(value)}
        return MetricTotals("active_connections", tags, value=value, least=least, most=most)

    assert gauge_of([series("0", 1, 3, 4), series("1", 2, 2, 5)]) == (5, 3, 9)
    assert gauge_of([series(None, 1, 3, 4), series(None, 2, 2, 5)]) == (2, 1, 5)
