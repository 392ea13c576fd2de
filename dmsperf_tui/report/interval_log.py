"""A run's latencies over time in HdrHistogram's log format, thinned as they age.

The last ten minutes are a line a second and operation, with 3 significant digits. What is older is a
line for ten seconds, and what is older than an hour a line a minute: the merge of their histograms,
rounded to 2 significant digits (the largest value keeps 3). All lines have one layout, so that readers
add them counter by counter.

The file is appended each second and, every two minutes, replaced by a thinned one. It is complete at
every instant, whenever the process is killed.
"""

from __future__ import annotations

import errno
import os
import zlib
from collections import deque
from collections.abc import Iterable, Mapping, MutableSequence, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from io import FileIO
from pathlib import Path

from dmsperf_tui.engine.histogram import Histogram, bucket_of
from dmsperf_tui.report.hdr import log_header, log_line

SPAN_S = 10
MINUTE_S = 60
_SECONDS_KEPT_S = 600
_SPANS_KEPT_S = 3600
_THINNED_EVERY_S = 120
_MOST_MINUTES = 120
"""Where the disk is full for so long, lines stay as they are and memory stays flat."""
_COPIED_BYTES = 1 << 20


def rounded(bucket: int) -> int:
    """The counter in the middle of the group that stands for `bucket`: less than 1 % away from it.

    64 groups for each doubling of the value; values up to 127 us stay.
    """
    shift = 4 if bucket >= 1024 else bucket.bit_length() - 7
    return bucket if shift <= 0 else (bucket >> shift << shift) + (1 << shift - 1)


def coarse(histogram: Histogram) -> Histogram:
    """The same values in rounded counters."""
    buckets: dict[int, int] = {}
    for bucket, times in histogram.buckets.items():
        group = rounded(bucket)
        buckets[group] = buckets.get(group, 0) + times
    return replace(histogram, buckets=buckets)


def with_largest(histogram: Histogram) -> Histogram:
    """A coarse histogram whose largest value is in its own counter again, and none above it."""
    top = bucket_of(histogram.max_us)
    group = rounded(top)
    buckets = dict(histogram.buckets)
    others = buckets.pop(group, 0) - 1
    if others > 0:
        buckets[min(group, top)] = others
    if top:
        buckets[top] = buckets.get(top, 0) + 1
    return replace(histogram, buckets=buckets)


@dataclass(slots=True)
class _Span:
    """Ten seconds or a minute: one line of each tag once it is old enough, finer lines until then."""

    start_s: int
    end_s: int
    size: int = 0
    """Bytes of its lines in the file."""
    merged: dict[str, Histogram] = field(default_factory=dict)
    """What of it was measured so far, coarse; empty once it is over."""
    line: bytes = b""
    """What its lines will be replaced by, once it is over; empty again when they are."""
    parts: list[_Span] = field(default_factory=list)
    """The ten seconds of a minute."""

    def add(self, histograms: Mapping[str, Histogram]) -> None:
        for tag, histogram in histograms.items():
            self.merged.setdefault(tag, Histogram()).add(histogram)

    def end(self) -> None:
        if self.parts:
            self.parts[-1].end()
        length_s = self.end_s - self.start_s
        lines = (
            log_line(tag, self.start_s, length_s, with_largest(histogram))
            for tag, histogram in self.merged.items()
        )
        self.line = "".join(lines).encode()
        self.merged = {}


def _under_way(spans: MutableSequence[_Span], second: int, length_s: int) -> _Span:
    """The span of `second`, which is the last; where it is the first of it, ends the span before."""
    if not spans or second >= spans[-1].end_s:
        if spans:
            spans[-1].end()
        start_s = second - second % length_s
        spans.append(_Span(start_s, start_s + length_s))
    return spans[-1]


def _size_of(spans: Iterable[_Span]) -> int:
    return sum(span.size for span in spans)


class IntervalLog:
    """The log of one run. Nothing is written before the first second, or `close`.

    After an OSError (a full disk) the log goes on: seconds that could not be written are missing for ten
    minutes, and part of their ten seconds' line, then of their minute's, from then on.
    """

    def __init__(self, path: Path, started_at_s: float | None = None) -> None:
        """`started_at_s`: when second 0 began, in seconds since the epoch."""
        self.path = path
        self._header = log_header(started_at_s).encode()
        self._file: FileIO | None = None
        self._closed = False
        self._size = self._old_size = len(self._header)
        """Bytes of whole lines, and those among them that do not change any more."""
        self._minutes: deque[_Span] = deque()
        self._thin_at_s = _SECONDS_KEPT_S + _THINNED_EVERY_S

    def second(self, number: int, histograms: Mapping[str, Histogram]) -> None:
        """Writes one second of each tag (`workload/operation`). Seconds come in order.

        Raises OSError when that fails, ValueError when the log is closed.
        """
        if self._closed:
            raise ValueError("the interval log is closed")
        measured = {tag: histogram for tag, histogram in histograms.items() if histogram.count}
        minute = _under_way(self._minutes, number, MINUTE_S)
        span = _under_way(minute.parts, number, SPAN_S)
        if len(self._minutes) > _MOST_MINUTES:
            self._old_size += self._minutes.popleft().size
        rough = {tag: coarse(histogram) for tag, histogram in measured.items()}
        lines = [log_line(tag, number, 1, histogram, zlib.Z_RLE) for tag, histogram in measured.items()]
        size = self._size
        for each in (minute, span):
            each.add(rough)
        self._append([line.encode() for line in lines])
        for each in (minute, span):
            each.size += self._size - size
        if span.start_s >= self._thin_at_s:
            # Set ahead: where it fails, it is not tried again each second.
            self._thin_at_s = span.start_s + _THINNED_EVERY_S
            self._thin(span.start_s)

    def close(self) -> None:
        """Thins the log a last time. Raises OSError when that fails; it is closed nevertheless."""
        if self._closed:
            return
        self._closed = True
        try:
            self._opened()
            if self._minutes:
                self._thin(self._minutes[-1].parts[-1].start_s)
        finally:
            if self._file is not None:
                self._file.close()

    def _opened(self) -> FileIO:
        if self._file is None:
            file = FileIO(self.path, "w+")
            try:
                _write(file, self._header)
            except OSError:
                file.close()
                raise
            self._file = file
        return self._file

    def _append(self, lines: Sequence[bytes]) -> None:
        """All of the lines, or none.

        A kill can stop a write between two pages: a line is a comment until all of it is there.
        """
        file = self._opened()
        end = self._size
        try:
            _write(file, b"".join(b"#" + line[1:] for line in lines))
            for line in lines:
                os.pwrite(file.fileno(), line[:1], end)
                end += len(line)
        except OSError:
            with suppress(OSError):
                file.seek(self._size)
                file.truncate()
            raise
        self._size = end

    def _thin(self, now_s: int) -> None:
        """Replaces the file by one in which what is old enough by `now_s` is one line."""
        minutes = [minute for minute in self._minutes if minute.end_s <= now_s - _SPANS_KEPT_S]
        later = list(self._minutes)[len(minutes) :]
        old = [span for minute in later for span in minute.parts if span.end_s <= now_s - _SECONDS_KEPT_S]
        spans = [span for span in old if span.line]
        if not minutes and not spans:
            return
        # In the file: lines that stay, minutes to thin, lines of ten seconds, spans to thin, seconds.
        kept_from = self._old_size + _size_of(minutes)
        seconds_from = kept_from + _size_of(old)
        spans_from = seconds_from - _size_of(spans)
        temporary = self.path.with_name(f".{self.path.name}.new")
        file = FileIO(temporary, "w+")
        try:
            self._copy(0, self._old_size, file)
            _write(file, b"".join(minute.line for minute in minutes))
            old_size = file.tell()
            self._copy(kept_from, spans_from, file)
            _write(file, b"".join(span.line for span in spans))
            self._copy(seconds_from, self._size, file)
            temporary.replace(self.path)
        except OSError:
            file.close()
            temporary.unlink(missing_ok=True)
            raise
        self._opened().close()
        self._file = file
        self._old_size, self._size = old_size, file.tell()
        self._minutes = deque(later)
        for span in spans:
            span.size, span.line = len(span.line), b""
        for minute in later:
            minute.size = _size_of(minute.parts)

    def _copy(self, start: int, end: int, into: FileIO) -> None:
        source = self._opened().fileno()
        while start < end:
            data = os.pread(source, min(_COPIED_BYTES, end - start), start)
            if not data:
                raise OSError(errno.EIO, "somebody else has cut it short", str(self.path))
            _write(into, data)
            start += len(data)


def _write(file: FileIO, data: bytes) -> None:
    """All of it: on a disk that is nearly full, a write stops half way and only the next one fails."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
