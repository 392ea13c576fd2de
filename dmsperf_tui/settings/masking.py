"""Scenario files for the record: as they ran, but for what may be a secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_SECRET = re.compile(r"authorization|cookie|secret|token|password|api[-_]?key", re.IGNORECASE)
REMOVED = "[removed]"


def masked(value: Any) -> Any:
    """`value` with the content of every header or key that sounds like a secret replaced."""
    if isinstance(value, Mapping):
        return {
            key: REMOVED if _SECRET.search(str(key)) and isinstance(item, str) else masked(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [masked(item) for item in value]
    return value
