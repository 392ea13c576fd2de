"""k6's threshold grammar."""

from __future__ import annotations

import pytest

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.metrics import MetricType
from dmsperf_tui.plan.thresholds import parse_threshold

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
