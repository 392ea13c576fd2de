"""Figures as people write them."""

from __future__ import annotations

from dmsperf_tui.plan.units import format_duration

NOT_MEASURED, ALL_FAILED = "not measured", "all failed"
"""In place of an objective's value: it had no request; it had requests, and all of them failed."""


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


def no_value(ok: bool | None) -> str:
    """What stands in place of an objective's value."""
    return ALL_FAILED if ok is False else NOT_MEASURED


def in_unit(value: float, unit: str) -> tuple[float, str]:
    """A figure of an objective as people count it, and in what: a share in percent, others as they are."""
    return (100 * value, "%") if unit == "share" else (value, unit)


def measured(value: float, unit: str) -> tuple[str, str]:
    """An objective's value, and the unit where it has none yet: 148.21ms, 0.25%, 96.4 /min, 133 VUs."""
    value, unit = in_unit(value, unit)
    if unit == "ms":
        return duration(value), ""
    return (f"{value:.2f}%", "") if unit == "%" else (number(value), unit)


def asked(bound: float, unit: str) -> tuple[str, str]:
    """An objective's bound in the same way, in as few digits as it has: 1.5s, 5%, 100 /s, 130 VUs."""
    value, unit = in_unit(bound, unit)
    if unit == "ms":
        return format_duration(bound / 1000), ""
    return (f"{value:g}%", "") if unit == "%" else (number(value), unit)
