"""k6's threshold grammar."""

from __future__ import annotations

import pytest

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.metrics import MetricType
from dmsperf_tui.plan.thresholds import Scope, parse_threshold

TREND, RATE, COUNTER, GAUGE = "http_req_duration", "http_req_failed", "http_reqs", "vus"


@pytest.mark.parametrize(
    ("metric", "kind", "methods"),
    [
        (TREND, MetricType.TREND, ["avg", "min", "max", "med", "p(0)", "p(95)", "p(99.9)", "p(100)"]),
        ("iteration_duration", MetricType.TREND, ["avg", "p(99.99)"]),
        (RATE, MetricType.RATE, ["rate"]),
        ("checks", MetricType.RATE, ["rate"]),
        (COUNTER, MetricType.COUNTER, ["count", "rate"]),
        ("dropped_iterations", MetricType.COUNTER, ["count", "rate"]),
        (GAUGE, MetricType.GAUGE, ["value"]),
    ],
)
def test_each_metric_type_has_its_methods(metric: str, kind: MetricType, methods: list[str]) -> None:
    for method in methods:
        threshold = parse_threshold(metric, f"{method}<5")
        assert threshold.type is kind
        assert threshold.bound == 5
        percentile = float(method[2:-1]) if method.startswith("p(") else None
        assert (threshold.method, threshold.percentile) == (
            "p" if method.startswith("p(") else method,
            percentile,
        )


@pytest.mark.parametrize(
    ("comparison", "below", "equal", "above"),
    [
        ("<", True, False, False),
        ("<=", True, True, False),
        (">", False, False, True),
        (">=", False, True, True),
        ("==", False, True, False),
        ("===", False, True, False),
        ("!=", True, False, True),
    ],
)
def test_holds_on_both_sides_of_the_bound(comparison: str, below: bool, equal: bool, above: bool) -> None:
    threshold = parse_threshold(TREND, f"avg{comparison}200.5")
    assert (threshold.holds(200.4), threshold.holds(200.5), threshold.holds(200.6)) == (below, equal, above)


@pytest.mark.parametrize("expression", ["p(95) < 500", " p(95)<500 ", "p(95)\t<\t500", "p(95)<500.0"])
def test_spaces_around_the_operator_do_not_matter(expression: str) -> None:
    threshold = parse_threshold(TREND, expression)
    assert (threshold.percentile, threshold.comparison, threshold.bound) == (95, "<", 500)
    assert threshold.expression == expression.strip()


@pytest.mark.parametrize(
    ("metric", "expression", "has"),
    [
        (TREND, "rate<0.1", "avg, min, max, med, p(N)"),
        (TREND, "count>1", "avg, min, max, med, p(N)"),
        (TREND, "value<1", "avg, min, max, med, p(N)"),
        (TREND, "p<1", "avg, min, max, med, p(N)"),
        (TREND, "avg(95)<1", "avg, min, max, med, p(N)"),
        (TREND, "mean<1", "avg, min, max, med, p(N)"),
        (RATE, "count<1", "rate"),
        (RATE, "p(95)<1", "rate"),
        (RATE, "value<1", "rate"),
        (COUNTER, "value>1", "count, rate"),
        (COUNTER, "avg>1", "count, rate"),
        (COUNTER, "p(95)>1", "count, rate"),
        (GAUGE, "rate>1", "value"),
        (GAUGE, "count>1", "value"),
        (GAUGE, "max>1", "value"),
    ],
)
def test_a_method_of_another_type_is_refused_with_those_it_has(
    metric: str, expression: str, has: str
) -> None:
    with pytest.raises(ConfigError, match="does not fit") as caught:
        parse_threshold(metric, expression)
    assert caught.value.mend == f"it has {has}"


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "p(95)",
        "<500",
        "p(95)<",
        "p(95)=500",
        "p(95)=<500",
        "p(95)<500ms",
        "p(95)<5e2",
        "p()<500",
        "p(-1)<500",
        "p(nan)<500",
        "p(95)<500, p(99)<900",
        "p(95)<.5",
        "P(95)<500",
        "avg < two",
    ],
)
def test_what_is_no_threshold_is_refused_with_the_forms_that_work(expression: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_threshold(TREND, expression)
    assert "is not a threshold" in str(caught.value)
    assert "p(95)<500" in str(caught.value)


def test_a_percentile_goes_no_further_than_100() -> None:
    with pytest.raises(ConfigError, match=r"p\(100.1\) is not a percentile"):
        parse_threshold(TREND, "p(100.1)<500")


@pytest.mark.parametrize(
    ("metric", "says"),
    [
        ("http_req_durations", "did you mean 'http_req_duration'?"),
        ("http_request_failed", "did you mean 'http_req_failed'?"),
        ("dropped_iteration", "did you mean 'dropped_iterations'?"),
        ("vus_maximum", "did you mean 'vus_max'?"),
    ],
)
def test_an_unknown_metric_names_the_nearest(metric: str, says: str) -> None:
    with pytest.raises(ConfigError, match="unknown metric") as caught:
        parse_threshold(metric, "p(95)<500")
    assert caught.value.mend is not None
    assert caught.value.mend.startswith(says)
    assert "[metrics]" in caught.value.mend


@pytest.mark.parametrize("tag", ["vu", "iter", "url"])
def test_what_has_too_many_values_is_no_tag_and_the_others_are_named(tag: str) -> None:
    with pytest.raises(ConfigError, match=f"^{tag} .* cannot be selected by") as caught:
        parse_threshold(f"http_req_duration{{{tag}:1}}", "p(95)<500")
    assert caught.value.mend is not None
    assert "name, scenario, group, status" in caught.value.mend


@pytest.mark.parametrize(
    "metric", ["http_req_duration{name}", "http_req_duration{name:}", "http_req_duration{}"]
)
def test_half_a_tag_is_refused(metric: str) -> None:
    with pytest.raises(ConfigError, match="is not a tag"):
        parse_threshold(metric, "p(95)<500")


def test_a_metric_without_tags_cannot_be_selected_from() -> None:
    with pytest.raises(ConfigError, match="vus has no tags to select by"):
        parse_threshold("vus{scenario:smoke}", "value<5")


@pytest.mark.parametrize(
    ("metric", "tags"),
    [
        ("http_reqs", ()),
        ("http_reqs{name:POST students}", (("name", "POST students"),)),
        ("http_reqs{name:GET students/{id}}", (("name", "GET students/{id}"),)),
        (
            "http_req_duration{ scenario:load , name:GET students }",
            (("scenario", "load"), ("name", "GET students")),
        ),
        (
            "http_req_failed{name:DELETE students/{id},scenario:a}",
            (("name", "DELETE students/{id}"), ("scenario", "a")),
        ),
    ],
)
def test_tags_select_the_operation_and_the_workload(metric: str, tags: tuple[tuple[str, str], ...]) -> None:
    method = "rate" if "failed" in metric else "p(95)" if "duration" in metric else "count"
    assert parse_threshold(metric, f"{method}<5").tags == tags


@pytest.mark.parametrize(
    "metric", ["", "http_req_duration{", "http_req_duration}", "http req duration", "a{b}c"]
)
def test_what_is_no_metric_is_refused(metric: str) -> None:
    with pytest.raises(ConfigError, match="is not a metric"):
        parse_threshold(metric, "p(95)<500")


# --- windows, segments, tags of one's own, custom metrics ----------------------------------------

CUSTOM = {"orders": MetricType.COUNTER, "found": MetricType.RATE, "search_time": MetricType.TREND}


@pytest.mark.parametrize(
    ("expression", "scope", "window_s"),
    [
        ("p(95)<500", Scope.RUN, 0),
        ("p(95)<500 for 10s", Scope.FOR, 10),
        ("p(95)<500 over 1m30s", Scope.OVER, 90),
        ("p(95) < 500   over   5s", Scope.OVER, 5),
        ("p(95)<500 per segment", Scope.SEGMENT, 0),
    ],
)
def test_the_scope_of_a_threshold(expression: str, scope: Scope, window_s: int) -> None:
    threshold = parse_threshold(TREND, expression)
    assert (threshold.scope, threshold.window_s, threshold.bound) == (scope, window_s, 500)
    assert threshold.expression == expression


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("p(95)<500 over 500ms", "'500ms' is no window; windows are whole seconds, 1s or more"),
        ("p(95)<500 for 0s", "'0s' is no window"),
        ("p(95)<500 over 1500ms", "'1500ms' is no window"),
        ("p(95)<500 over soon", "'soon' is not a duration"),
        ("p(95)<500 per stage", "is not a threshold; write p(95)<500 per segment"),
        ("p(95)<500 during 5s", "is not a threshold"),
        ("p(95)<500 over", "is not a threshold"),
        ("p(95)<500over 5s", "is not a threshold"),
    ],
)
def test_what_is_no_window_is_refused(expression: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_threshold(TREND, expression)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("metric", "expression", "kind"),
    [
        ("orders", "count>10", MetricType.COUNTER),
        ("found{kind:book}", "rate>0.9", MetricType.RATE),
        ("search_time", "p(95)<30", MetricType.TREND),
    ],
)
def test_custom_metrics_have_the_methods_of_their_type(
    metric: str, expression: str, kind: MetricType
) -> None:
    threshold = parse_threshold(metric, expression, CUSTOM)
    assert threshold.type is kind


def test_a_custom_metric_is_known_only_where_it_is_declared() -> None:
    with pytest.raises(ConfigError, match="unknown metric 'orders'"):
        parse_threshold("orders", "count>10")
    with pytest.raises(ConfigError, match="did you mean 'orders'"):
        parse_threshold("order", "count>10", CUSTOM)
    with pytest.raises(ConfigError, match="'rate' does not fit search_time, a trend"):
        parse_threshold("search_time", "rate>1", CUSTOM)


@pytest.mark.parametrize(
    "tag", ["group:::login", "status:500", "method:POST", "expected_response:true", "team:x"]
)
def test_system_tags_and_ones_own_select(tag: str) -> None:
    name, _, value = tag.partition(":")
    assert parse_threshold(f"http_req_duration{{{tag}}}", "avg<1").tags == ((name, value),)


def test_speedup_shortens_windows_to_no_less_than_a_second() -> None:
    threshold = parse_threshold(TREND, "avg<5 over 30s").aborting(True, 20)
    assert threshold.sped_up(1) == threshold
    assert (threshold.sped_up(10).window_s, threshold.sped_up(10).delay_abort_s) == (3, 2)
    assert threshold.sped_up(1000).window_s == 1
    assert parse_threshold(TREND, "avg<5").sped_up(10).window_s == 0
