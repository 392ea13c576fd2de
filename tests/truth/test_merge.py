"""T9: histograms of many workers and seconds, merged, are one histogram of all values, byte for byte."""

from __future__ import annotations

from collections import Counter

import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
from hypothesis import given, settings
from hypothesis import strategies as st

from dmsperf_tui.engine.histogram import Histogram, merged
from dmsperf_tui.report.hdr import encoded
from tests.truth import formulas
from tests.truth.bench import Measured, open_load
from tests.truth.conftest import StartRun, StartServer

HOUR_US = 3_600_000_000
PERCENTILES = (0.0, 50.0, 90.0, 95.0, 99.0, 99.9, 100.0)
latency_us = st.integers(0, 31).flatmap(lambda bits: st.integers(0, min(2**bits, HOUR_US)))


def histogram_of(values_us: list[int]) -> Histogram:
    histogram = Histogram()
    histogram.record_all(values_us)
    return histogram


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(latency_us, max_size=40), min_size=1, max_size=8))
def test_merged_parts_are_the_whole(parts: list[list[int]]) -> None:
    values = [value for part in parts for value in part]
    whole, together = histogram_of(values), merged(histogram_of(part) for part in parts)
    assert together == whole
    assert encoded(together) == encoded(whole)
    assert together.percentiles_us(PERCENTILES) == whole.percentiles_us(PERCENTILES)
    assert together.sum_us == sum(values)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(latency_us, min_size=1, max_size=40), min_size=1, max_size=8))
def test_merged_percentiles_are_those_of_the_sorted_values(parts: list[list[int]]) -> None:
    """Within three significant digits; the maximum and the minimum exactly."""
    values = [value for part in parts for value in part]
    together = merged(histogram_of(part) for part in parts)
    assert (together.min_us, together.max_us) == (min(values), max(values))
    for percentile in PERCENTILES[1:]:
        expected_us = formulas.hdr_rank(values, percentile)
        assert together.percentile_us(percentile) == pytest.approx(expected_us, rel=0.001, abs=1)


def counts(histogram: HdrHistogram) -> Counter[int]:
    """How many values each counter of an HdrHistogram holds."""
    return Counter(
        {
            item.value_iterated_to: item.count_at_value_iterated_to
            for item in histogram.get_recorded_iterator()
        }
    )


def seconds(measured: Measured) -> dict[str, list[HdrHistogram]]:
    """The intervals of the record's log by their tag, as HdrHistogram's own reader has them."""
    reader = HistogramLogReader(str(measured.record / "intervals.hlog"), HdrHistogram(1, HOUR_US, 3))
    found: dict[str, list[HdrHistogram]] = {}
    while (interval := reader.get_next_interval_histogram()) is not None:
        found.setdefault(interval.get_tag(), []).append(interval)
    reader.close()
    return found


def test_log_of_three_workers_seconds_adds_up_to_the_summary(serve: StartServer, run: StartRun) -> None:
    server = serve("--serial-exponential-ms", 3, "--seed", 8)
    loads = {"a": open_load(150, 1.2), "b": open_load(100, 1.2, arrivals="poisson")}
    measured = run(server, loads, "--workers", "3", "--seed", "8").finish()
    intervals, histograms = seconds(measured), measured.summary["histograms"]
    whole = {key: histograms[key] for key in ("a/GET /a", "b/GET /b")}
    total: Counter[int] = Counter()
    for key, text in whole.items():
        of_summary = counts(HdrHistogram.decode(text))
        parts = intervals[key.replace(" ", "_")]
        assert len(parts) >= 2
        assert sum((counts(part) for part in parts), Counter()) == of_summary
        total += of_summary
    assert total.total() == server.count
    trend = measured.summary["metrics"]["http_req_duration"]
    values_ms = [value / 1000 for value in total.elements()]
    for percentile, name in ((50.0, "med"), (95.0, "p(95)"), (99.0, "p(99)")):
        assert trend[name] == pytest.approx(formulas.hdr_rank(values_ms, percentile), rel=0.001)
    # And the server, which sees no network, agrees.
    at_server_ms = 1000 * formulas.nearest_rank(server.stamps.service_s, 95)
    assert trend["p(95)"] == pytest.approx(at_server_ms, abs=1.5)
