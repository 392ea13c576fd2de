"""Our sparse histogram against HdrHistogram itself."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given, settings
from hypothesis import strategies as st

from dmsperf_tui.engine.histogram import (
    HIGHEST_US,
    Histogram,
    bucket_of,
    highest_in,
    lowest_in,
    merged,
    values_of,
)

HOUR_US = 3_600_000_000
PERCENTILES = (0, 29, 50, 90, 95, 99, 99.9, 100)

# Evenly over the powers of two, so that long and short values are as likely.
value = st.integers(0, 31).flatmap(lambda bits: st.integers(0, min(2**bits, HOUR_US)))
LAYOUT = HdrHistogram(1, HOUR_US, 3)


def histogram_of(values: Sequence[int]) -> Histogram:
    histogram = Histogram()
    histogram.record_all(values)
    return histogram


def hdr_of(values: Sequence[int]) -> HdrHistogram:
    hdr = HdrHistogram(1, HOUR_US, 3)
    for one in values:
        assert hdr.record_value(one)
    return hdr


@settings(max_examples=500, deadline=None)
@given(value)
def test_buckets_are_those_of_hdrhistogram(value_us: int) -> None:
    bucket = bucket_of(value_us)
    assert lowest_in(bucket) == LAYOUT.get_lowest_equivalent_value(value_us)
    assert highest_in(bucket) == LAYOUT.get_highest_equivalent_value(value_us)
    assert bucket_of(lowest_in(bucket)) == bucket_of(highest_in(bucket)) == bucket
    assert bucket_of(highest_in(bucket) + 1) == bucket + 1


@pytest.mark.parametrize(
    "edge", [1, 1023, 1024, 2047, 2048, 2049, 4095, 4096, 8191, 8192, 2**20, HOUR_US - 1, HOUR_US]
)
def test_buckets_agree_at_the_edges(edge: int) -> None:
    assert lowest_in(bucket_of(edge)) == LAYOUT.get_lowest_equivalent_value(edge)
    assert highest_in(bucket_of(edge)) == LAYOUT.get_highest_equivalent_value(edge)


@settings(max_examples=300)
@given(value)
def test_a_value_is_known_to_a_thousandth(value_us: int) -> None:
    bucket = bucket_of(value_us)
    assert highest_in(bucket) - lowest_in(bucket) <= value_us / 1000


@settings(max_examples=15, deadline=None)
@given(st.lists(value, min_size=1, max_size=60))
def test_percentiles_are_those_of_hdrhistogram(values: list[int]) -> None:
    ours, hdr = histogram_of(values), hdr_of(values)
    expected = [min(hdr.get_value_at_percentile(p), max(values)) for p in PERCENTILES]
    assert ours.percentiles_us(PERCENTILES) == expected


def test_ranks_are_rounded_as_hdrhistogram_rounds_them() -> None:
    """29 % of 50 is rank 14.5, which is rounded up; in floating point 0.29 * 50 is a little less."""
    values = [(number + 1) * 1000 for number in range(50)]
    assert histogram_of(values).percentile_us(29) == hdr_of(values).get_value_at_percentile(29) == 15007


def test_percentiles_come_in_the_order_they_were_asked_for() -> None:
    histogram = histogram_of(range(1, 1001))
    assert histogram.percentiles_us((99, 50, 100, 50, 1)) == [990, 500, 1000, 500, 10]


def test_a_percentile_is_never_above_the_exact_maximum() -> None:
    assert histogram_of([1_000_001]).percentile_us(100) == 1_000_001
    assert hdr_of([1_000_001]).get_value_at_percentile(100) > 1_000_001


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(value, max_size=40), min_size=1, max_size=8))
def test_merging_parts_is_the_same_as_recording_all(parts: list[list[int]]) -> None:
    whole = histogram_of([one for part in parts for one in part])
    assert merged(histogram_of(part) for part in parts) == whole
    assert merged(histogram_of(part) for part in reversed(parts)) == whole
    several = [merged([histogram_of(part) for part in parts[start::3]]) for start in range(3)]
    assert merged(several).percentiles_us(PERCENTILES) == whole.percentiles_us(PERCENTILES)


@settings(max_examples=50)
@given(st.lists(value, min_size=1, max_size=100))
def test_count_mean_smallest_and_largest_are_exact(values: list[int]) -> None:
    histogram = histogram_of(values)
    assert histogram.count == len(values)
    assert histogram.mean_us == sum(values) / len(values)
    assert (histogram.min_us, histogram.max_us) == (min(values), max(values))
    assert sum(histogram.buckets.values()) + histogram.zeros == len(values)


def test_merging_leaves_the_parts_alone() -> None:
    one, other = histogram_of([5, 7]), histogram_of([9])
    merged([one, other])
    assert one == histogram_of([5, 7])
    total = Histogram()
    total.add(one)
    total.add(other)
    assert one == histogram_of([5, 7])


def test_an_empty_histogram_has_nothing_and_changes_nothing() -> None:
    empty = Histogram()
    assert (empty.mean_us, empty.percentiles_us((0, 50, 100))) == (0.0, [0, 0, 0])
    histogram = histogram_of([10])
    histogram.add(empty)
    histogram.record_all([])
    histogram.record_zeros(0)
    assert histogram == histogram_of([10])
    empty.add(histogram)
    assert empty == histogram


def test_zeros_are_counted_and_not_stored() -> None:
    histogram = histogram_of([0, 0, 0, 8])
    histogram.record_zeros(4)
    assert (histogram.count, histogram.zeros, histogram.buckets) == (8, 7, {8: 1})
    assert (histogram.min_us, histogram.max_us, histogram.mean_us) == (0, 8, 1.0)
    assert histogram.percentiles_us((50, 87, 95)) == [0, 0, 8]


def test_recording_zeros_is_the_same_as_recording_values_of_zero() -> None:
    counted = histogram_of([3])
    counted.record_zeros(2)
    assert counted == histogram_of([0, 3, 0])


def test_values_above_an_hour_are_clamped_and_counted() -> None:
    histogram = histogram_of([HOUR_US, HOUR_US + 1, 10 * HOUR_US, 5])
    assert HIGHEST_US == HOUR_US
    assert (histogram.count, histogram.overflow) == (4, 2)
    assert histogram.max_us == HOUR_US
    assert histogram.percentile_us(100) == HOUR_US
    assert histogram.sum_us == 3 * HOUR_US + 5
    assert merged([histogram, histogram]).overflow == 4


@settings(max_examples=30)
@given(st.lists(st.integers(1, HOUR_US), max_size=30))
def test_the_counters_can_be_recorded_anew(values: list[int]) -> None:
    histogram = histogram_of(values)
    again = [low for low, times in values_of(histogram.buckets) for _ in range(times)]
    assert histogram_of(again).buckets == histogram.buckets
