"""Objectives as data: what their files may say, what each becomes, and every complaint about one."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.metrics import MetricType
from dmsperf_tui.plan.objectives import Objective, ObjectiveSet
from dmsperf_tui.plan.objectives_reader import parse_objectives
from dmsperf_tui.plan.thresholds import parse_threshold, room

FILE = """\
title = "Shop"
system = "http"
[metrics]
orders = "counter"
basket = "trend"
[levels]
scale = "buy machines"
alert = "call somebody"

[categories.list]
title = "Lists"
objectives = ["p(50)<200", " p(95) < 500 "]
scale = "p(95)>400"
alert = ["p(95)>=750", "p(50)>900"]

[concurrency.day]
title = "A day"
scenario = "shop/day"
vus = 30
objectives = { http_req_failed = ["rate<0.05"] }

[measures.orders]
title = "Orders"
metric = "orders"
value = "rate"
per = "1m"

[measures.pool]
title = "Pool"
objectives = ["< 80 %"]
alert = "> 95 %"

[measures.users]
title = "Users"
metric = "vus_max"
objectives = ["value>=100"]
alert = { words = "nobody comes" }
"""

LIST = "http_req_duration{category:list,expected_response:true}"


def parsed(text: str = FILE) -> ObjectiveSet:
    return parse_objectives("shop", tomllib.loads(text))


def told(one: Objective) -> tuple[str, str, str, str, str, list[tuple[str, str]]]:
    metric = one.measure.metric if one.measure else ""
    levels = [(level.name, level.expression) for level in one.levels]
    return one.group, one.title, metric, one.expression, one.unit, levels


def test_each_entry_becomes_its_objectives_in_the_order_of_the_groups() -> None:
    assert [told(one) for one in parsed().objectives] == [
        (
            "Response times",
            "Lists",
            LIST,
            "p(50)<200",
            "ms",
            [("alert", "p(50)>900")],
        ),
        (
            "Response times",
            "Lists",
            LIST,
            "p(95) < 500",
            "ms",
            [("scale", "p(95)>400"), ("alert", "p(95)>=750")],
        ),
        ("Concurrency", "A day", "vus_max", "value>=30", "VUs", []),
        ("Concurrency", "A day", "http_req_failed", "rate<0.05", "share", []),
        ("Measures", "Orders", "orders", "", "/min", []),
        ("Measures", "Pool", "", "< 80 %", "", [("alert", "> 95 %")]),
        ("Measures", "Users", "vus_max", "value>=100", "VUs", [("alert", "nobody comes")]),
    ]


def test_only_what_is_measured_and_bounded_is_a_threshold() -> None:
    found = [one.threshold.expression for one in parsed().objectives if one.threshold]
    assert found == ["p(50)<200", "p(95) < 500", "value>=30", "rate<0.05", "value>=100"]


def test_levels_stand_in_the_files_order_whatever_the_entrys() -> None:
    text = FILE.replace('scale = "p(95)>400"\n', "").replace(
        '"p(50)>900"]', '"p(50)>900"]\nscale = "p(95)>400"'
    )
    assert [level.name for level in parsed(text).objectives[1].levels] == ["scale", "alert"]


def test_a_target_concerns_the_runs_of_its_scenario() -> None:
    metrics = {"orders": MetricType.COUNTER}
    here, there = (parsed().of_run(name, metrics) for name in ("shop/day", "shop/night"))
    assert [one.title for one in here.objectives].count("A day") == 2
    assert [one.title for one in there.objectives].count("A day") == 0
    assert len(there.objectives) == len(here.objectives) - 2


def test_what_the_scenario_does_not_measure_is_measured_by_nothing() -> None:
    orders = next(one for one in parsed().of_run("x", {}).objectives if one.title == "Orders")
    assert (orders.measure, orders.unit) == (None, "")
    orders = next(
        one
        for one in parsed().of_run("x", {"orders": MetricType.COUNTER}).objectives
        if one.title == "Orders"
    )
    assert orders.measure is not None


def test_a_metric_of_another_type_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"metrics.orders: is a counter here, and a rate in scenario x"):
        parsed().of_run("x", {"orders": MetricType.RATE})


def test_beside_the_scenarios_thresholds_each_judgement_stands_once() -> None:
    own = (
        parse_threshold(LIST, "p(95)<500.0").aborting(True, 0),
        parse_threshold("http_req_duration", "p(95)<500"),
        parse_threshold("vus_max", "value>=30 over 5s"),
    )
    found = parsed().of_run("shop/day", {}).beside(own)
    assert found[:3] == own
    assert [(one.metric, one.expression) for one in found[3:]] == [
        (LIST, "p(50)<200"),
        ("vus_max", "value>=30"),
        ("http_req_failed", "rate<0.05"),
        ("vus_max", "value>=100"),
    ]


WRONG: dict[str, tuple[tuple[str, str], str]] = {
    "unknown table": (("[categories.list]", "[categorys.list]"), "categorys: unknown key .*'categories'"),
    "unknown key": (("per =", "pre ="), "measures.orders.pre: unknown key 'pre'; did you mean 'per'"),
    "unknown level": (('scale = "p', 'scal = "p'), "categories.list.scal: unknown key .*'scale'"),
    "a level's name is taken": (('scale = "buy', 'per = "buy'), "levels.per: is a key of objectives"),
    "no title": (('title = "Lists"\n', ""), "categories.list.title: is missing; add title"),
    "another system": (('"http"', '"smtp"'), "system: .*'http'"),
    "a built-in metric": (('orders = "counter"', 'checks = "rate"'), "metrics.checks: is a built-in metric"),
    "no such type": (('"counter"', '"number"'), "metrics.orders: "),
    "no number": (("p(50)<200", "p(50)<2oo"), "categories.list.objectives: 'p.50.<2oo' is not a threshold"),
    "a window": (("p(50)<200", "p(50)<200 for 5s"), "categories.list.objectives: .* not over the whole run"),
    "no objectives": (
        ('objectives = ["p(50)<200", " p(95) < 500 "]', "objectives = []"),
        "categories.list.obj",
    ),
    "no metric": (('metric = "vus_max"', 'metric = "vus_most"'), "measures.users.objectives: unknown metric"),
    "no method": (('value = "rate"', 'value = "p(95)"'), "measures.orders.value: .* does not fit orders"),
    "per of a sum": (
        ('value = "rate"', 'value = "count"'),
        "measures.orders.per: is for the rate of a counter",
    ),
    "per of another time": (('"1m"', '"1h"'), "measures.orders.per: .*'1s' or '1m'"),
    "per of a bound": (
        ('objectives = ["value>=100"]', 'objectives = ["value>=100"]\nper = "1m"'),
        "measures.users.per: is for what is only shown",
    ),
    "both": (
        ('value = "rate"', 'value = "rate"\nobjectives = ["rate>1"]'),
        "measures.orders.value: is for what",
    ),
    "neither": (('value = "rate"\n', ""), "measures.orders.value: has nothing to show"),
    "words with a value": (
        ('objectives = ["< 80 %"]', 'value = "rate"'),
        "measures.pool.value: needs a metric; add metric",
    ),
    "a level of what is shown": (
        ('per = "1m"', 'alert = "rate<1"'),
        "measures.orders.alert: needs an objective",
    ),
    "a level of no figure": (
        ("p(95)>400", "p(99)>400"),
        "categories.list.scale: 'p.99.>400' is of no objective",
    ),
    "a level that is good": (("p(95)>400", "p(95)<400"), "categories.list.scale: .* turn its sign"),
    "a level of a target": (
        ("vus = 30", 'vus = 30\nscale = "rate>1"'),
        "concurrency.day.scale: is for categor",
    ),
    "a level of numbers": (('"p(95)>400"', "400"), "categories.list.scale: is no level"),
    "words of a word": (("words =", "word ="), "measures.users.alert: is no level; write { words"),
    "words in words": (('"> 95 %"', '{ words = "> 95 %" }'), "measures.pool.alert: is no level"),
    "a share of percent": (("rate<0.05", "rate<5"), "objectives.http_req_failed: 'rate<5' .* 0 to 1"),
    "a share below none": (("rate<0.05", "rate<0"), "http_req_failed: 'rate<0' has an impossible bound"),
    "a share above all": (("rate<0.05", "rate>1"), "http_req_failed: 'rate>1' has an impossible bound"),
    "a time below none": (("p(50)<200", "p(50)<0"), "categories.list.objectives: 'p.50.<0' .* never below"),
    "a negative time": (("p(50)<200", "p(50)>-1"), "categories.list.objectives: 'p.50.>-1' has an imposs"),
    "a level below none": (("p(50)>900", "p(50)>-900"), "categories.list.alert: .* impossible bound"),
    "a bound again": (("p(50)<200", "p(95)<500.0"), "categories.list.objectives: 'p.95. < 500' bounds what"),
    "two bounds": (("p(50)<200", "p(95)<=300"), "'p.95. < 500' bounds what another .* 'Lists' .* keep one"),
    "users again": (
        ('http_req_failed = ["rate<0.05"]', 'vus_max = ["value>=50"]'),
        "concurrency.day.objectives: 'value>=50' bounds what another objective of 'A day' does",
    ),
    "users at the end": (
        ('metric = "vus_max"', 'metric = "vus"'),
        "measures.users.objectives: vus is 0 when a run is over; vus_max has the most",
    ),
    "users that are true": (("vus = 30", "vus = true"), "concurrency.day.vus: .*integer"),
    "no users": (("vus = 30", "vus = 0"), "concurrency.day.vus: "),
    "no target": (
        ('vus = 30\nobjectives = { http_req_failed = ["rate<0.05"] }', ""),
        "concurrency.day: has nothing to reach",
    ),
    "a target's typo": (
        ("http_req_failed =", "http_req_fail ="),
        "concurrency.day.objectives.http_req_fail: unkn",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_fit_is_told_in_one_line(case: str) -> None:
    (old, new), message = WRONG[case]
    assert FILE.count(old) == 1
    with pytest.raises(ConfigError, match=message) as caught:
        parsed(FILE.replace(old, new))
    assert "\n" not in str(caught.value)


def test_a_file_without_objectives_is_refused() -> None:
    with pytest.raises(ConfigError, match="has no objective; add"):
        parsed('title = "x"\nsystem = "dms"\n')


def changed(**values: Any) -> dict[str, Any]:
    return {**tomllib.loads(FILE), **values}


def test_an_entry_that_is_no_table_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"categories.list: .*dictionary"):
        parse_objectives("shop", changed(categories={"list": 5}))


@pytest.mark.parametrize(
    ("expression", "value", "share"),
    [
        ("p(95)<300", 150, 0.5),
        ("p(95)<=300", 300, 0.0),
        ("p(95)<300", 750, -1.5),
        ("rate>100", 150, 0.5),
        ("value>=130", 65, -0.5),
        ("rate<0", 0.1, None),
        ("rate==5", 5, None),
        ("rate!=5", 5, None),
        ("< 80 % utilized", 5, None),
        ("", 5, None),
    ],
)
def test_the_room_is_a_share_of_the_bound(expression: str, value: float, share: float | None) -> None:
    assert room(expression, value) == (None if share is None else pytest.approx(share))


@pytest.mark.parametrize("expressions", [["p(95)>10", "p(95)<500"], ["p(95)<500", "p(99)<500", "max<500"]])
def test_bounds_of_other_figures_and_from_both_sides_stand_together(expressions: list[str]) -> None:
    found = parsed(
        FILE.replace('"p(50)<200", " p(95) < 500 "', str(expressions)[1:-1]).replace("p(50)>900", "p(95)>800")
    )
    there = [one for one in found.objectives if one.title == "Lists"]
    assert [one.expression for one in there] == expressions
    assert [one.expression for one in there if one.levels] == ["p(95)<500"], "levels stand on its other side"


def test_the_scenarios_own_metrics_may_be_below_0_and_shares_at_their_ends() -> None:
    found = parsed(
        FILE.replace('["rate<0.05"]', '["rate<=0", "rate>=0"]').replace(
            'metric = "vus_max"\nobjectives = ["value>=100"]', 'metric = "basket"\nobjectives = ["min>-5"]'
        )
    )
    assert [one.expression for one in found.objectives][3:5] == ["rate<=0", "rate>=0"]
    assert found.objectives[-1].expression == "min>-5"


def test_the_failed_share_belongs_to_what_leaves_failures_out() -> None:
    of = {one.title: one.failed for one in parsed().objectives}
    assert {title: one.metric for title, one in of.items() if one} == {
        "Lists": "http_req_failed{category:list}"
    }
    whole = FILE.replace('metric = "vus_max"', 'metric = "http_req_duration{expected_response:true}"')
    last = parsed(whole.replace('"value>=100"', '"p(95)<5"')).objectives[-1].failed
    assert last is not None
    assert (last.metric, last.tags) == ("http_req_failed", ())
