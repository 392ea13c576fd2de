"""Scenario files for the record: as they ran, but for what may be a secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dmsperf_tui.plan.secrecy import REMOVED, sounds_secret, without_secret_fields

_NAMES_OF_METRICS = frozenset({"thresholds", "metrics"})
"""The tables of a scenario whose keys are metrics: `http_req_duration{name:POST token}` holds no secret."""


def masked(scenario: Mapping[str, Any]) -> dict[str, Any]:
    """`scenario` without secrets: the content of headers and keys that sound like one is replaced, and in
    texts (bodies, paths) the values of such fields and parameters."""
    return {
        key: item if key in _NAMES_OF_METRICS else _item(str(key), item) for key, item in scenario.items()
    }


def _item(key: str, item: Any) -> Any:
    return _hidden(item) if sounds_secret(key) else _masked(item)


def _masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _item(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item) for item in value]
    return without_secret_fields(value) if isinstance(value, str) else value


def _hidden(value: Any) -> Any:
    """Of a key that sounds secret: a table may be a workload of that name, and is looked into."""
    if isinstance(value, Mapping):
        return _masked(value)
    if isinstance(value, list | tuple):
        return [_hidden(item) for item in value]
    return value if isinstance(value, bool) or value is None else REMOVED
