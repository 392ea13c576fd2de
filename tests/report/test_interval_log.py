"""The thinned log: nothing is lost, everything is readable by HdrHistogram's own reader, at every instant."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from io import FileIO
from pathlib import Path

import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
from hypothesis import given
from hypothesis import strategies as st

from dmsperf_tui.engine.histogram import HIGHEST_US, Histogram, bucket_of, lowest_in, merged
from dmsperf_tui.report import interval_log
from dmsperf_tui.report.interval_log import IntervalLog, coarse, with_largest

TAGS = ("load/GET students", "load/POST a,b", "setup/GET x")
SAFE_TAGS = ("load/GET_students", "load/POST_a;b", "setup/GET_x")
PERCENTILES = (1, 50, 90, 99, 99.9)
value = st.integers(0, 32).flatmap(lambda bits: st.integers(0, min(2**bits, HIGHEST_US)))


def histogram_of(*values: int) -> Histogram:
    histogram = Histogram()
    histogram.record_all(values)
    return histogram


def _measured(seconds: int, requests: int = 3) -> list[dict[str, Histogram]]:
    """Log-normal latencies with a median of 15 ms, and now and then one of zero."""
    draw = random.Random(seconds)
    return [
        {
            tag: histogram_of(
                *(int(draw.lognormvariate(9.6, 0.5)) * (draw.random() > 0.01) for _ in range(requests))
            )
            for tag in TAGS
        }
        for _ in range(seconds)
    ]


def _read(path: Path) -> list[HdrHistogram]:
    reader = HistogramLogReader(str(path), HdrHistogram(1, HIGHEST_US, 3))
    try:
        return list(iter(reader.get_next_interval_histogram, None))
    finally:
        reader.close()


def _intervals(path: Path) -> list[tuple[float, float]]:
    """(start, length) of each interval in seconds, once for all tags, in the order of the file."""
    lines = [line.split(",") for line in path.read_text().splitlines() if line.startswith("Tag=")]
    return list(dict.fromkeys((float(start), float(length)) for _, start, length, _, _ in lines))


def _counts(path: Path) -> Counter[str]:
    counts: Counter[str] = Counter()
    for read in _read(path):
        counts[read.get_tag()] += read.get_total_count()
    return counts


def _write(log: IntervalLog, measured: list[dict[str, Histogram]], first: int = 0) -> None:
    for number, histograms in enumerate(measured, first):
        log.second(number, histograms)


@contextmanager
def _room_for(limit_bytes: int) -> Iterator[None]:
    """A write beyond the limit stops half way and the next one fails, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_the_last_ten_minutes_are_seconds_and_what_is_older_ten_seconds(tmp_path: Path) -> None:
    path = tmp_path / "intervals.hlog"
    log = IntervalLog(path)
    _write(log, _measured(1237, requests=1))
    while_open = _intervals(path)
    log.close()
    closed = _intervals(path)
    assert closed == [(start, 10) for start in range(0, 630, 10)] + [(s, 1) for s in range(630, 1237)]
    seconds = [start for start, length in while_open if length == 1]
    assert seconds == list(range(int(seconds[0]), 1237))
    assert 600 <= len(seconds) <= 600 + 120 + 10


def test_what_is_older_than_an_hour_is_minutes(tmp_path: Path) -> None:
    path = tmp_path / "intervals.hlog"
    log = IntervalLog(path)
    one = {"x": histogram_of(1000)}
    _write(log, [one] * 5003)
    while_open = _intervals(path)
    log.close()
    minutes = [(start, 60) for start in range(0, 1380, 60)]
    spans = [(start, 10) for start in range(1380, 4400, 10)]
    assert _intervals(path) == minutes + spans + [(second, 1) for second in range(4400, 5003)]
    spans_while_open = sum(length == 10 for _, length in while_open)
    assert 300 <= spans_while_open <= 300 + 12 + 6


def test_read_back_it_adds_up_to_all_that_was_measured(tmp_path: Path) -> None:
    path = tmp_path / "intervals.hlog"
    measured = _measured(4600, requests=1)
    log = IntervalLog(path, 1_700_000_000)
    _write(log, measured)
    log.close()
    assert {length for _, length in _intervals(path)} == {1, 10, 60}
    totals = {safe: HdrHistogram(1, HIGHEST_US, 3) for safe in SAFE_TAGS}
    for read in _read(path):
        totals[read.get_tag()].add(read)
    for tag, total in zip(TAGS, totals.values(), strict=True):
        expected = merged(second[tag] for second in measured)
        assert total.get_total_count() == expected.count
        assert total.get_count_at_value(0) == expected.zeros
        assert bucket_of(total.get_max_value()) == bucket_of(expected.max_us)
        for percentile, exact in zip(PERCENTILES, expected.percentiles_us(PERCENTILES), strict=True):
            assert total.get_value_at_percentile(percentile) == pytest.approx(exact, rel=0.01)


def _of_each_age(path: Path) -> dict[int, dict[str, Histogram]]:
    """Logs seconds that end up as minutes, as ten seconds and as they are."""
    numbers = [*range(130), *range(3000, 3055), *range(3990, 4020)]
    measured = dict(zip(numbers, _measured(len(numbers)), strict=True))
    log = IntervalLog(path)
    for number, histograms in measured.items():
        log.second(number, histograms)
    log.close()
    return measured


def test_the_reader_adds_lines_of_all_kinds_to_one_histogram(tmp_path: Path) -> None:
    path = tmp_path / "intervals.hlog"
    measured = _of_each_age(path)
    assert {length for _, length in _intervals(path)} == {1, 10, 60}
    total = HdrHistogram(1, HIGHEST_US, 3)
    reader = HistogramLogReader(str(path), total)
    try:
        while reader.add_next_interval_histogram():
            assert reader.reference_histogram is total
    finally:
        reader.close()
    expected = merged(histogram for second in measured.values() for histogram in second.values())
    assert total.get_total_count() == expected.count
    assert total.get_value_at_percentile(95) == pytest.approx(expected.percentile_us(95), rel=0.01)


def test_each_line_tells_its_exact_largest_value_and_decodes_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "intervals.hlog"
    measured = _of_each_age(path)
    lengths = Counter(length for _, length in _intervals(path))
    assert lengths == {60: 3, 10: 6, 1: 30}
    for line in path.read_text().splitlines():
        if not line.startswith("Tag="):
            continue
        tag, start, length, largest_ms, text = line.removeprefix("Tag=").split(",")
        seconds = range(int(start), int(start) + int(length))
        expected = merged(
            measured[second][TAGS[SAFE_TAGS.index(tag)]] for second in seconds if second in measured
        )
        assert float(largest_ms) * 1000 == pytest.approx(expected.max_us, abs=1e-6)
        decoded = HdrHistogram.decode(text)
        assert decoded.get_total_count() == expected.count
        assert bucket_of(decoded.get_max_value()) == bucket_of(expected.max_us)
        if length == "1":
            assert bucket_of(decoded.get_value_at_percentile(50)) == bucket_of(expected.percentile_us(50))


@given(st.lists(value, min_size=1, max_size=60))
def test_coarse_counters_keep_every_value_within_one_per_cent_and_the_largest(values: list[int]) -> None:
    exact = histogram_of(*values)
    rounded = with_largest(coarse(exact))
    assert (rounded.count, rounded.zeros, rounded.max_us) == (exact.count, exact.zeros, exact.max_us)
    assert sum(rounded.buckets.values()) == sum(exact.buckets.values())
    assert max(rounded.buckets, default=0) == bucket_of(exact.max_us)
    in_order = [sorted(h.buckets.items()) for h in (exact, rounded)]
    before, after = ([lowest_in(b) for b, times in items for _ in range(times)] for items in in_order)
    assert all(abs(a - b) <= 0.01 * b for a, b in zip(after, before, strict=True))


@pytest.mark.parametrize("length_s", [10, 60])
def test_merging_coarse_seconds_is_the_same_as_rounding_their_merge(length_s: int) -> None:
    seconds = [second[TAGS[0]] for second in _measured(length_s, requests=100)]
    apart = merged(coarse(second) for second in seconds)
    assert with_largest(apart) == with_largest(coarse(merged(seconds)))


@pytest.mark.parametrize("rewritten_at", [720, 4320])
def test_the_file_is_complete_before_after_and_in_the_middle_of_every_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rewritten_at: int
) -> None:
    path = tmp_path / "intervals.hlog"
    measured = _measured(rewritten_at + 3, requests=1)
    log = IntervalLog(path)
    _write(log, measured[:rewritten_at])
    real, thinned = interval_log._write, 0
    decoded = cache(HdrHistogram.decode)

    def requests() -> int:
        lines = [line for line in path.read_text().splitlines()[2:] if not line.startswith("#")]
        return sum(decoded(line.split(",")[-1]).get_total_count() for line in lines)

    def watched(file: FileIO, data: bytes) -> None:
        nonlocal thinned
        thinned += not os.path.samestat(os.fstat(file.fileno()), path.stat())
        before = requests()
        assert before in (3 * number, 3 * (number + 1))
        for part in (data[: len(data) // 2], data[len(data) // 2 :]):
            real(file, part)
            assert before <= requests() <= 3 * (number + 1)

    monkeypatch.setattr(interval_log, "_write", watched)
    monkeypatch.setattr(interval_log, "_COPIED_BYTES", 40_000)
    for number in range(rewritten_at, rewritten_at + 3):
        log.second(number, measured[number])
        assert requests() == 3 * (number + 1)
    assert thinned > 3, "in several writes"
    log.close()
    assert "#ag=" not in path.read_text()


KILLED = """
import os, signal, sys
from pathlib import Path
from dmsperf_tui.engine.histogram import Histogram
from dmsperf_tui.report import interval_log

real = interval_log._write
def write(file, data):
    global whole_writes
    new = not os.path.samestat(os.fstat(file.fileno()), log.path.stat())
    if new and number == int(sys.argv[2]):
        whole_writes -= 1
        if whole_writes < 0:
            real(file, data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
    real(file, data)
interval_log._write = write
whole_writes = int(sys.argv[3])
log = interval_log.IntervalLog(Path(sys.argv[1]))
histogram = Histogram()
histogram.record_all([1000, 2000])
for number in range(5000):
    log.second(number, {"load/GET x": histogram})
"""


@pytest.mark.parametrize(("rewritten_at", "whole_writes"), [(720, 0), (720, 3), (4320, 1), (4320, 4)])
def test_killed_in_the_middle_of_a_rewrite_it_lacks_nothing(
    tmp_path: Path, rewritten_at: int, whole_writes: int
) -> None:
    path = tmp_path / "intervals.hlog"
    arguments = [sys.executable, "-c", KILLED, str(path), str(rewritten_at), str(whole_writes)]
    ended = subprocess.run(arguments, check=False, timeout=30)
    assert ended.returncode == -signal.SIGKILL
    assert _counts(path) == {"load/GET_x": 2 * (rewritten_at + 1)}
    lengths = {length for _, length in _intervals(path)}
    assert lengths == ({1} if rewritten_at == 720 else {1, 10, 60})


def test_what_a_full_disk_refused_is_missing_until_its_ten_seconds_are_merged(tmp_path: Path) -> None:
    path = tmp_path / "intervals.hlog"
    measured = _measured(760, requests=1)
    log = IntervalLog(path)
    _write(log, measured[:20])
    whole = path.read_bytes()
    with _room_for(len(whole) + 100):
        for number in (20, 21):
            with pytest.raises(OSError, match="File too large"):
                log.second(number, measured[number])
            assert path.read_bytes() == whole, "no half a line"
    _write(log, measured[22:700], first=22)
    assert [start for start, _ in _intervals(path)] == [*range(20), *range(22, 700)]
    _write(log, measured[700:], first=700)
    log.close()
    assert _counts(path) == dict.fromkeys(SAFE_TAGS, 760)


def test_a_disk_that_is_full_from_the_start_may_have_room_later(tmp_path: Path) -> None:
    path = tmp_path / "intervals.hlog"
    log = IntervalLog(path)
    with _room_for(20), pytest.raises(OSError, match="File too large"):
        log.second(0, {"x": histogram_of(1)})
    log.second(1, {"x": histogram_of(1)})
    log.close()
    assert path.read_text().startswith("#[Histogram log format version 1.2]\n")
    assert _intervals(path) == [(1, 1)]


def _refuse(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_rewrite_that_fails_leaves_the_old_file_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "intervals.hlog"
    measured = _measured(860, requests=1)
    log = IntervalLog(path)
    _write(log, measured[:720])
    with monkeypatch.context() as full:
        full.setattr(Path, "replace", _refuse)
        with pytest.raises(OSError, match="No space left"):
            log.second(720, measured[720])
        _write(log, measured[721:840], first=721)
    assert _intervals(path) == [(number, 1) for number in range(840)]
    assert [file.name for file in tmp_path.iterdir()] == ["intervals.hlog"]
    _write(log, measured[840:], first=840)
    assert _intervals(path)[0] == (0, 10)
    log.close()
    assert _counts(path) == dict.fromkeys(SAFE_TAGS, 860)


def test_seconds_that_could_not_be_thinned_for_two_hours_stay_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "intervals.hlog"
    one = {"x": histogram_of(1000)}
    log = IntervalLog(path)
    with monkeypatch.context() as full:
        full.setattr(Path, "replace", _refuse)
        refused = 0
        for number in range(9010):
            try:
                log.second(number, one)
            except OSError:
                refused += 1
    assert refused == (9010 - 720) // 120 + 1
    log.close()
    lengths = [length for _, length in _intervals(path)]
    # The last 120 minutes were remembered, and 60 of them and the one under way are not an hour old.
    assert lengths == [1] * 1860 + [60] * 59 + [10] * 300 + [1] * 610
    assert _counts(path) == {"x": 9010}


def test_seconds_without_requests_have_no_line(tmp_path: Path) -> None:
    path = tmp_path / "intervals.hlog"
    log = IntervalLog(path)
    empty: list[Mapping[str, Histogram]] = [{}, {"x": Histogram()}]
    for number in range(1500):
        log.second(number, {"x": histogram_of(5)} if number in (3, 700) else empty[number % 2])
    log.close()
    assert _intervals(path) == [(0, 10), (700, 10)]


def test_a_run_without_load_has_a_log_without_intervals(tmp_path: Path) -> None:
    path = tmp_path / "intervals.hlog"
    log = IntervalLog(path, 1_700_000_000)
    assert not path.exists()
    log.close()
    log.close()
    assert _read(path) == []
    assert "#[StartTime: 1700000000.000 (seconds since epoch), " in path.read_text()
    with pytest.raises(ValueError, match="closed"):
        log.second(0, {})
