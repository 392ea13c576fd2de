"""Our histograms in HdrHistogram's own forms, read back with its own library."""

from __future__ import annotations

from pathlib import Path

import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
from hypothesis import given, settings
from hypothesis import strategies as st

from dmsperf_tui.engine.histogram import Histogram
from dmsperf_tui.report.hdr import LOG_LEGEND, encoded, log_line, to_hdr

HOUR_US = 3_600_000_000
PERCENTILES = (50, 90, 95, 99, 99.9, 100)
value = st.integers(0, 31).flatmap(lambda bits: st.integers(0, min(2**bits, HOUR_US)))


def histogram_of(*values: int) -> Histogram:
    histogram = Histogram()
    histogram.record_all(values)
    return histogram


@settings(max_examples=15, deadline=None)
@given(st.lists(value, min_size=1, max_size=60))
def test_the_encoded_form_decodes_to_the_same_percentiles(values: list[int]) -> None:
    histogram = histogram_of(*values)
    decoded = HdrHistogram.decode(encoded(histogram))
    assert decoded.get_total_count() == len(values)
    found = [min(decoded.get_value_at_percentile(p), histogram.max_us) for p in PERCENTILES]
    assert found == histogram.percentiles_us(PERCENTILES)


def test_it_has_the_counters_of_one_that_recorded_the_values() -> None:
    values = [0, 0, 1, 2047, 2048, 5_000_000, HOUR_US]
    direct = HdrHistogram(1, HOUR_US, 3)
    for one in values:
        direct.record_value(one)
    ours = to_hdr(histogram_of(*values))
    for one in (0, 1, 2047, 2048, 5_000_000, HOUR_US):
        assert ours.get_count_at_value(one) == direct.get_count_at_value(one)
    assert ours.get_total_count() == direct.get_total_count()


def test_an_empty_histogram_can_be_encoded() -> None:
    assert HdrHistogram.decode(encoded(Histogram())).get_total_count() == 0


def test_a_log_is_read_by_hdrhistograms_own_reader(tmp_path: Path) -> None:
    parts = [
        ("load/GET students", 0.0, [1000, 2000]),
        ("load/POST a,b", 1.0, [7_000_000]),
        ("x", 2.0, [0, 5]),
    ]
    path = tmp_path / "intervals.hlog"
    lines = [log_line(tag, start, 1.0, histogram_of(*values)) for tag, start, values in parts]
    path.write_text(LOG_LEGEND + "".join(lines), encoding="utf-8")
    reader = HistogramLogReader(str(path), HdrHistogram(1, HOUR_US, 3))
    try:
        for tag, start, values in parts:
            read = reader.get_next_interval_histogram()
            assert read.get_tag() == tag.replace(" ", "_").replace(",", ";")
            assert read.get_total_count() == len(values)
            assert read.get_start_time_stamp() == start * 1000
            assert read.get_end_time_stamp() == (start + 1) * 1000
            assert read.get_value_at_percentile(100) == pytest.approx(max(values), rel=0.001)
        assert reader.get_next_interval_histogram() is None
    finally:
        reader.close()


def test_a_log_line_tells_tag_start_length_and_the_largest_in_milliseconds() -> None:
    line = log_line("w/GET x", 12.0, 1.0, histogram_of(1500, 2500))
    assert line.startswith("Tag=w/GET_x,12.000,1.000,2.500,HISTF")
    assert line.endswith("\n")
    assert line.count(",") == 4
