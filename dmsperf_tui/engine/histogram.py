"""Latency histograms: HdrHistogram's buckets, kept sparse.

A value in microseconds falls into the counter that HdrHistogram (1 us to 1 h, 3 significant digits)
would use, so merges and percentiles are the same as its own; but only counters in use are kept, so a
second's interval of an operation is a few hundred bytes instead of 188 kB.
Source: HdrHistogram's counts-array layout (sub-bucket count 2048, unit magnitude 0).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

HIGHEST_US = 3_600_000_000
"""One hour; longer values are clamped to it and counted in `overflow`."""
_SUB_BUCKET_BITS = 11
_HALF_BITS = _SUB_BUCKET_BITS - 1


def bucket_of(value_us: int) -> int:
    """The index of the counter that holds `value_us`."""
    shift = value_us.bit_length() - _SUB_BUCKET_BITS
    return value_us if shift <= 0 else (shift << _HALF_BITS) + (value_us >> shift)


def lowest_in(bucket: int) -> int:
    """The smallest value that the counter holds."""
    shift = (bucket >> _HALF_BITS) - 1
    return bucket if shift <= 0 else (bucket - (shift << _HALF_BITS)) << shift


def highest_in(bucket: int) -> int:
    """The largest value that the counter holds."""
    shift = (bucket >> _HALF_BITS) - 1
    return bucket if shift <= 0 else lowest_in(bucket) + (1 << shift) - 1


@dataclass(slots=True)
class Histogram:
    """Values of one trend in microseconds; merged by addition, never averaged.

    Values of zero (a phase that did not happen) are counted and not stored.
    """

    buckets: dict[int, int] = field(default_factory=dict)
    count: int = 0
    """All values, zeros included."""
    zeros: int = 0
    sum_us: int = 0
    """The exact sum, so that the mean is exact and free."""
    min_us: int = 0
    """The exact smallest and largest value; 0 while there is none."""
    max_us: int = 0
    overflow: int = 0

    def record_all(self, values_us: Sequence[int]) -> None:
        """Adds many values at once. A negative one is a bug of the caller."""
        if not values_us:
            return
        low, high = min(values_us), max(values_us)
        if high > HIGHEST_US:
            self.overflow += sum(value > HIGHEST_US for value in values_us)
            values_us = [min(value, HIGHEST_US) for value in values_us]
            high = HIGHEST_US
        self._widen(low, high, len(values_us))
        self.sum_us += sum(values_us)
        buckets = self.buckets
        for value, times in Counter(values_us).items():
            if value == 0:
                self.zeros += times
                continue
            bucket = bucket_of(value)
            buckets[bucket] = buckets.get(bucket, 0) + times

    def record_zeros(self, times: int) -> None:
        """Counts `times` values of zero."""
        if times:
            self._widen(0, 0, times)
            self.zeros += times

    def add(self, other: Histogram) -> None:
        """Merges `other` into this one."""
        if not other.count:
            return
        self._widen(other.min_us, other.max_us, other.count)
        self.zeros += other.zeros
        self.sum_us += other.sum_us
        self.overflow += other.overflow
        buckets = self.buckets
        for bucket, times in other.buckets.items():
            buckets[bucket] = buckets.get(bucket, 0) + times

    def _widen(self, low: int, high: int, times: int) -> None:
        self.min_us = min(self.min_us, low) if self.count else low
        self.max_us = max(self.max_us, high)
        self.count += times

    @property
    def mean_us(self) -> float:
        return self.sum_us / self.count if self.count else 0.0

    def percentiles_us(self, percentiles: Iterable[float]) -> list[int]:
        """The value at each percentile, HdrHistogram's way: nearest rank, the counter's highest value.

        Percentile 0 is the first counter's lowest value. Never above the exact maximum. All 0 where there
        is no value.
        """
        wanted = list(percentiles)
        if not self.count:
            return [0] * len(wanted)
        # In this order of operations, as HdrHistogram: 29 / 100 * 50 falls short of 14.5.
        ranks = sorted((max(1, int(p * self.count / 100 + 0.5)), i) for i, p in enumerate(wanted))
        found = [0] * len(wanted)
        seen = self.zeros
        position = 0
        while position < len(ranks) and ranks[position][0] <= seen:
            position += 1
        for bucket in sorted(self.buckets):
            if position == len(ranks):
                break
            seen += self.buckets[bucket]
            while position < len(ranks) and ranks[position][0] <= seen:
                index = ranks[position][1]
                found[index] = min(highest_in(bucket), self.max_us) if wanted[index] else lowest_in(bucket)
                position += 1
        return found

    def percentile_us(self, percentile: float) -> int:
        return self.percentiles_us([percentile])[0]


def merged(histograms: Iterable[Histogram]) -> Histogram:
    """All of them as one."""
    total = Histogram()
    for histogram in histograms:
        total.add(histogram)
    return total


def values_of(buckets: Mapping[int, int]) -> Iterable[tuple[int, int]]:
    """(lowest value, times) of each counter in use: what HdrHistogram's `record_value` takes."""
    return ((lowest_in(bucket), times) for bucket, times in buckets.items())
