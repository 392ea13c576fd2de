"""Durations as people write them: `30s`, `1h30m`, `250ms`."""

from __future__ import annotations

import re

from dmsperf_tui.plan.errors import ConfigError

NS_PER_S = 1_000_000_000

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


def parse_duration_s(text: str | float) -> float:
    """Seconds from k6's duration syntax; a bare number is seconds.

    Raises ConfigError for an unknown unit, a negative or an empty value.
    """
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        seconds = float(text)
    else:
        compact = str(text).strip().replace(" ", "")
        parts = _PART.findall(compact)
        if parts and "".join(number + unit for number, unit in parts) == compact:
            seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
        else:
            try:
                seconds = float(compact)
            except ValueError:
                raise ConfigError(
                    f"{text!r} is not a duration", mend="write it as 30s, 5m, 1h30m or 250ms"
                ) from None
    if not 0 <= seconds < float("inf"):
        raise ConfigError(f"{text!r} is not a duration", mend="it must be 0 or more")
    return seconds


def format_duration(seconds: float) -> str:
    """The shortest k6-style spelling: 90 -> `1m30s`, 0.25 -> `250ms`, 3600 -> `1h`."""
    if seconds < 1:
        return f"{seconds * 1000:.3g}ms" if seconds else "0s"
    seconds = round(seconds, 3)
    whole = int(seconds)
    fraction = seconds - whole
    hours, rest = divmod(whole, 3600)
    minutes, secs = divmod(rest, 60)
    text = f"{hours}h" if hours else ""
    text += f"{minutes}m" if minutes else ""
    if secs or fraction or not text:
        text += f"{secs + fraction:g}s"
    return text


def format_clock(seconds: float) -> str:
    """Elapsed time for a screen: `04:12`, or `1:04:12` from an hour on."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, secs = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{secs:02}" if hours else f"{minutes:02}:{secs:02}"
