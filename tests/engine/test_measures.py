"""What is measured beside requests: each metric type, by its tags."""

from __future__ import annotations

import pytest

from dmsperf_tui.engine.measures import MOST_SERIES, OTHER_NAMES, CustomMetrics, Measures
from dmsperf_tui.engine.messages import MetricInterval
from dmsperf_tui.plan.metrics import MetricType

TAGS = (("scenario", "a"),)
DECLARED = {
    "orders": MetricType.COUNTER,
    "queue_length": MetricType.GAUGE,
    "found": MetricType.RATE,
    "search_time": MetricType.TREND,
}


def by_name(measures: Measures) -> dict[str, MetricInterval]:
    return {interval.metric: interval for interval in measures.take()}


def test_a_trend_counts_every_value_whatever_the_batches() -> None:
    measures = Measures()
    for value in range(1, 2001):
        measures.trend("iteration_duration", TAGS, value)
    taken = by_name(measures)["iteration_duration"]
    assert taken.tags == {"scenario": "a"}
    assert taken.trend is not None
    assert (taken.trend.count, taken.trend.sum_us, taken.trend.max_us) == (2000, 2001000, 2000)
    assert measures.take() == []


def test_a_trend_and_a_rate_held_on_to_go_on_after_an_interval() -> None:
    measures = Measures()
    trend, rate = measures.trend_of("t", TAGS), measures.rate_of("checks", TAGS)
    for _ in range(2):
        trend.add(7)
        rate[0] += 1
        taken = by_name(measures)
        assert taken["t"].trend is not None
        assert taken["t"].trend.count == 1
        assert (taken["checks"].passes, taken["checks"].fails) == (1, 0)
    assert measures.take() == []


def test_checks_are_counted_by_their_tags() -> None:
    measures = Measures()
    for ok in (True, True, False):
        measures.rate("checks", (("check", "status is 201"),), ok)
    measures.rate("checks", (("check", "has location"),), ok=True)
    assert [(one.tags["check"], one.passes, one.fails) for one in measures.take()] == [
        ("status is 201", 2, 1),
        ("has location", 1, 0),
    ]


def test_each_custom_metric_is_of_its_type() -> None:
    measures = Measures()
    metrics = CustomMetrics(measures, DECLARED, {"scenario": "a"})
    for amount in (1, 2.5):
        metrics.add("orders", amount)
    for length in (5, 9, 2, 3):
        metrics.add("queue_length", length)
    for ok in (True, False, 1):
        metrics.add("found", ok)
    metrics.add("search_time", 12.3456)
    taken = by_name(measures)
    assert taken["orders"].total == 3.5
    assert (taken["queue_length"].value, taken["queue_length"].least, taken["queue_length"].most) == (3, 2, 9)
    assert (taken["found"].passes, taken["found"].fails) == (2, 1)
    assert taken["search_time"].trend is not None
    assert taken["search_time"].trend.sum_us == 12_346, "a trend's milliseconds are kept to the microsecond"


def test_a_value_has_the_workloads_tags_and_its_own() -> None:
    measures = Measures()
    metrics = CustomMetrics(measures, DECLARED, {"scenario": "a", "team": "x"})
    metrics.add("orders", 1, kind="book")
    metrics.add("orders", 2, kind="book", team="y")
    assert [(one.tags, one.total) for one in measures.take()] == [
        ({"scenario": "a", "team": "x", "kind": "book"}, 1),
        ({"scenario": "a", "team": "y", "kind": "book"}, 2),
    ]


@pytest.mark.parametrize("name", ["order", "http_reqs"])
def test_a_metric_that_is_not_declared_is_refused_with_the_mend(name: str) -> None:
    with pytest.raises(KeyError, match=r"add it to \[metrics\] of the scenario"):
        CustomMetrics(Measures(), DECLARED, {}).add(name, 1)


@pytest.mark.parametrize(("name", "value"), [("orders", -1), ("search_time", -0.5)])
def test_a_counter_or_trend_does_not_go_below_nothing(name: str, value: float) -> None:
    measures = Measures()
    with pytest.raises(ValueError, match="below 0"):
        CustomMetrics(measures, DECLARED, {}).add(name, value)
    assert measures.take() == []


@pytest.mark.parametrize("name", sorted(DECLARED))
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_finite_number_is_refused(name: str, value: float) -> None:
    measures = Measures()
    with pytest.raises(ValueError, match="not a finite number"):
        CustomMetrics(measures, DECLARED, {}).add(name, value)
    assert measures.take() == []


def test_tags_become_text_that_can_be_sent() -> None:
    measures = Measures()
    CustomMetrics(measures, DECLARED, {"scenario": "a"}).add("orders", 1, region=3, town="\ud800K\u00f6ln")
    (orders,) = measures.take()
    assert orders.tags == {"scenario": "a", "region": "3", "town": "?K\u00f6ln"}


def test_beyond_a_thousand_tags_a_metric_has_one_more_series_and_it_is_told() -> None:
    told: list[tuple[str, str]] = []
    measures = Measures(lambda metric, tags: told.append((metric, tags)))
    metrics = CustomMetrics(measures, DECLARED, {"scenario": "a"})
    for number in range(MOST_SERIES + 50):
        metrics.add("orders", 1, number=number)
        metrics.add("found", True)
    metrics.add("orders", 1, number=3)
    taken = measures.take()
    orders = [one for one in taken if one.metric == "orders"]
    assert len(orders) == MOST_SERIES + 1
    assert sum(one.total for one in orders) == MOST_SERIES + 51
    (other,) = [one for one in orders if OTHER_NAMES in one.tags.values()]
    assert (other.total, other.tags["scenario"]) == (50, "a")
    assert told == [("orders", f"number={number}") for number in range(MOST_SERIES, MOST_SERIES + 50)]
