"""Figures as people write them."""

from __future__ import annotations


def number(value: float) -> str:
    """A count or rate without noise: 9812, 96.4, 0.08."""
    return f"{value:.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.4g}"


def duration(value_ms: float) -> str:
    """k6's spelling, in whole microseconds below a millisecond: 437µs, 148.21ms, 2.03s."""
    if round(value_ms, 2) >= 1000:
        return f"{value_ms / 1000:.2f}s"
    if round(value_ms, 3) >= 1:
        return f"{value_ms:.2f}ms"
    return f"{value_ms * 1000:.0f}µs" if value_ms else "0s"


def size(value: float) -> str:
    """Bytes in powers of 1000, three digits of them: 999 B, 1.23 kB, 50 MB, 1234 GB."""
    unit, *larger = ("B", "kB", "MB", "GB")
    while larger and round(value) >= 1000:
        unit, *larger = larger
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.3g} {unit}"
