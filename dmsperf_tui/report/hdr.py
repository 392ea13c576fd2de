"""Our sparse histograms as HdrHistogram's own: the form of the record.

HdrHistogram's compressed V2 encoding is written from the counters in use, without the 188 kB array that
its library fills first. Source: `encodeIntoByteBuffer` and `ZigZagEncoding` of the reference
implementation, whose log format (1.2) is `HistogramLogWriter`'s.
"""

from __future__ import annotations

import re
import struct
import zlib
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime

from dmsperf_tui.engine.histogram import HIGHEST_US, Histogram

_COMPRESSED_COOKIE = 0x1C849314
_COUNTERS_COOKIE = 0x1C849313
_COMPRESSED_HEAD = struct.Struct(">II")
"""Cookie, bytes that follow."""
_COUNTERS_HEAD = struct.Struct(">IIIIQQd")
"""Cookie, bytes that follow, index offset, significant digits, lowest and highest value, value ratio."""
_WINDOW_BITS = 12
"""4 kB hold the counters of most intervals, and zlib need not clear 256 kB for each."""

LOG_LEGEND = '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"\n'


def encoded(histogram: Histogram, strategy: int = zlib.Z_DEFAULT_STRATEGY) -> str:
    """HdrHistogram's compressed V2 form (1 us to 1 h, 3 significant digits) in base64.

    `HdrHistogram.decode` and other tools read it. `strategy` is zlib's.
    """
    counters = {0: histogram.zeros, **histogram.buckets} if histogram.zeros else histogram.buckets
    counts = _counts(counters)
    head = _COUNTERS_HEAD.pack(_COUNTERS_COOKIE, len(counts), 0, 3, 1, HIGHEST_US, 1.0)
    deflate = zlib.compressobj(wbits=_WINDOW_BITS, strategy=strategy)
    data = deflate.compress(head + counts) + deflate.flush()
    return b64encode(_COMPRESSED_HEAD.pack(_COMPRESSED_COOKIE, len(data)) + data).decode()


def _counts(counters: Mapping[int, int]) -> bytes:
    """Counts in the order of their index, a run of n unused counters as -n; zigzag, then LEB128."""
    out = bytearray()
    following = 0
    for index in sorted(counters):
        if index > following:
            _put(out, 2 * (index - following) - 1)
        _put(out, 2 * counters[index])
        following = index + 1
    return bytes(out)


def _put(out: bytearray, number: int) -> None:
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def log_line(
    tag: str,
    start_s: float,
    length_s: float,
    histogram: Histogram,
    strategy: int = zlib.Z_DEFAULT_STRATEGY,
) -> str:
    """One interval of an HdrHistogram log; the largest value is exact and told in milliseconds.

    White space and commas end a field of the log: in a tag they become `_` and `;`.
    """
    safe = re.sub(r"\s", "_", tag).replace(",", ";")
    text = encoded(histogram, strategy)
    return f"Tag={safe},{start_s:.10g},{length_s:.10g},{histogram.max_us / 1000:.10g},{text}\n"


def log_header(started_at_s: float | None = None) -> str:
    """An HdrHistogram log's first lines.

    With `started_at_s`, seconds since the epoch, intervals count from it: readers then know their date.
    """
    lines = "#[Histogram log format version 1.2]\n"
    if started_at_s is not None:
        date = datetime.fromtimestamp(started_at_s, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")
        lines += f"#[StartTime: {started_at_s:.3f} (seconds since epoch), {date}]\n"
        lines += f"#[BaseTime: {started_at_s:.3f} (seconds since epoch)]\n"
    return lines + LOG_LEGEND
