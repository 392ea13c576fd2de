"""Scenario files for the record: as they ran, but for what may be a secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dmsperf_tui.plan.secrecy import sounds_secret

REMOVED = "[removed]"


def masked(value: Any) -> Any:
    """`value` with the content of every header or key that sounds like a secret replaced."""
    if isinstance(value, Mapping):
        return {
            key: REMOVED if sounds_secret(str(key)) and isinstance(item, str) else masked(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [masked(item) for item in value]
    return value
