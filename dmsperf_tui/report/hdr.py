"""Our sparse histograms as HdrHistogram's own: the form of the record."""

from __future__ import annotations

from hdrh.histogram import HdrHistogram

from dmsperf_tui.engine.histogram import HIGHEST_US, Histogram, values_of


def to_hdr(histogram: Histogram) -> HdrHistogram:
    """An HdrHistogram (1 us to 1 h, 3 significant digits) with the same counters."""
    hdr = HdrHistogram(1, HIGHEST_US, 3)
    for value, times in values_of(histogram.buckets):
        hdr.record_value(value, times)
    if histogram.zeros:
        hdr.record_value(0, histogram.zeros)
    return hdr


def encoded(histogram: Histogram) -> str:
    """HdrHistogram's compressed V2 form in base64: `HdrHistogram.decode` and other tools read it."""
    text: bytes = to_hdr(histogram).encode()
    return text.decode()


def log_line(tag: str, start_s: float, length_s: float, histogram: Histogram) -> str:
    """One interval of an HdrHistogram log (version 1.2); the largest value is told in milliseconds."""
    safe = tag.replace(" ", "_").replace(",", ";")
    return f"Tag={safe},{start_s:.3f},{length_s:.3f},{histogram.max_us / 1000:.3f},{encoded(histogram)}\n"


LOG_LEGEND = (
    "#[Histogram log format version 1.2]\n"
    '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"\n'
)
