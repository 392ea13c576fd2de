"""Our histograms in HdrHistogram's own forms, compared with and read back by its own library."""

from __future__ import annotations

import zlib
from base64 import b64decode
from pathlib import Path

import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dmsperf_tui.engine.histogram import HIGHEST_US, Histogram
from dmsperf_tui.report.hdr import encoded, log_header, log_line

PERCENTILES = (50, 90, 95, 99, 99.9, 100)
value = st.integers(0, 32).flatmap(lambda bits: st.integers(0, min(2**bits, HIGHEST_US)))
recorded = st.dictionaries(value, st.integers(1, 2**40) | st.integers(1, 100), max_size=60)


def histogram_of(*values: int) -> Histogram:
    histogram = Histogram()
    histogram.record_all(values)
    return histogram


def _both(recorded: dict[int, int]) -> tuple[Histogram, HdrHistogram]:
    """The same values in ours and in HdrHistogram's, which records each itself."""
    ours, theirs = Histogram(), HdrHistogram(1, HIGHEST_US, 3)
    for one, times in recorded.items():
        single = histogram_of(one)
        single.count = times
        single.zeros *= times
        single.buckets = dict.fromkeys(single.buckets, times)
        ours.add(single)
        theirs.record_value(one, times)
    return ours, theirs


def _payload(text: str | bytes) -> bytes:
    head, data = b64decode(text)[:8], b64decode(text)[8:]
    assert head == bytes.fromhex("1c849314") + len(data).to_bytes(4, "big")
    return zlib.decompress(data)


@settings(max_examples=150, deadline=None)
@given(recorded, st.sampled_from([zlib.Z_DEFAULT_STRATEGY, zlib.Z_RLE]))
@example({}, zlib.Z_RLE)
@example({0: 7}, zlib.Z_RLE)
@example({0: 1, 2: 1, HIGHEST_US: 64}, zlib.Z_RLE)
def test_what_is_compressed_is_byte_for_byte_that_of_hdrhistogram(
    recorded: dict[int, int], strategy: int
) -> None:
    ours, theirs = _both(recorded)
    assert _payload(encoded(ours, strategy)) == _payload(theirs.encode())


@settings(max_examples=15, deadline=None)
@given(st.lists(value, min_size=1, max_size=60))
def test_it_decodes_to_the_same_percentiles(values: list[int]) -> None:
    histogram = histogram_of(*values)
    decoded = HdrHistogram.decode(encoded(histogram))
    assert decoded.get_total_count() == len(values)
    found = [min(decoded.get_value_at_percentile(p), histogram.max_us) for p in PERCENTILES]
    assert found == histogram.percentiles_us(PERCENTILES)


def test_a_log_is_read_by_hdrhistograms_own_reader(tmp_path: Path) -> None:
    parts = [
        ("load/GET students", 0.0, [1000, 2000]),
        ("load/POST a,b", 1.5, [7_000_000]),
        ("x", 1_234_567.0, [0, 5]),
    ]
    path = tmp_path / "intervals.hlog"
    lines = [log_line(tag, start, 1.0, histogram_of(*values)) for tag, start, values in parts]
    path.write_text(log_header() + "".join(lines), encoding="utf-8")
    reader = HistogramLogReader(str(path), HdrHistogram(1, HIGHEST_US, 3))
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
    line = log_line("w/GET x", 12.0, 1.0, histogram_of(1500, 2501))
    assert line.startswith("Tag=w/GET_x,12,1,2.501,HISTF")
    assert line.endswith("\n")
    assert line.count(",") == 4
    assert log_line("w", 0, 1, histogram_of(HIGHEST_US - 1)).split(",")[3] == "3599999.999"


@pytest.mark.parametrize("end", list(" ,\t\n\r\v\f\x1c\x85\u2028\u2029"))
def test_nothing_in_a_tag_ends_its_field_or_its_line(end: str) -> None:
    line = log_line(f"w/a{end}b", 0, 1, histogram_of(1))
    assert line.count(",") == 4
    assert len(line.split()) == 1
    assert len(line.splitlines()) == 1


def test_the_header_dates_the_intervals(tmp_path: Path) -> None:
    path = tmp_path / "intervals.hlog"
    header = log_header(1_700_000_000.25)
    path.write_text(header + log_line("x", 3, 1, histogram_of(1)), encoding="utf-8")
    assert header.splitlines() == [
        "#[Histogram log format version 1.2]",
        "#[StartTime: 1700000000.250 (seconds since epoch), Tue Nov 14 22:13:20 UTC 2023]",
        "#[BaseTime: 1700000000.250 (seconds since epoch)]",
        '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
    ]
    reader = HistogramLogReader(str(path), HdrHistogram(1, HIGHEST_US, 3))
    try:
        read = reader.get_next_interval_histogram(range_start_time_sec=3, range_end_time_sec=4)
        assert read.get_start_time_stamp() == 1_700_000_003_250
        assert reader.get_start_time_sec() == 1_700_000_000.25
    finally:
        reader.close()
