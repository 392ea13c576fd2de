"""`${...}` in files: the profile's values in scenarios, environment variables in environments."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from dmsperf_tui.plan.errors import ConfigError, nearest

_REFERENCE = re.compile(r"\$\{(?P<name>[A-Za-z0-9_.]+)(?::-(?P<default>[^}]*))?\}")


def fill(value: Any, lookup: Callable[[str, str | None], Any], key: str = "") -> Any:
    """`value` with each `${name}` replaced by `lookup(name, default)`; a lone reference keeps its type."""
    if isinstance(value, Mapping):
        return {name: fill(item, lookup, f"{key}.{name}".lstrip(".")) for name, item in value.items()}
    if isinstance(value, list):
        return [fill(item, lookup, f"{key}.{index}") for index, item in enumerate(value)]
    if not isinstance(value, str):
        return value
    try:
        if whole := _REFERENCE.fullmatch(value):
            return lookup(whole["name"], whole["default"])
        return _REFERENCE.sub(lambda match: str(lookup(match["name"], match["default"])), value)
    except ConfigError as error:
        raise ConfigError(error.what, key=key, mend=error.mend) from None


def lone_reference(value: Any) -> bool:
    """Whether `value` is `${name}` and nothing else: no text beside it, no default."""
    match = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    return match is not None and match["default"] is None


def referred(value: Any) -> str | None:
    """The name in a value that is `${name}` and nothing else."""
    match = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    return match["name"] if match else None


def from_mapping(values: Mapping[str, Any], what: str) -> Callable[[str, str | None], Any]:
    """A lookup in `values`; raises ConfigError with the nearest name where it has none."""

    def lookup(name: str, default: str | None) -> Any:
        if name in values:
            return values[name]
        if default is not None:
            return default
        raise ConfigError(f"unknown {what} {name!r}", mend=nearest(name, values))

    return lookup


def assign(data: dict[str, Any], dotted: str, text: str) -> None:
    """Sets `data[a][b]` for `a.b`, reading `text` as a number or boolean where it is one."""
    *tables, last = dotted.split(".")
    for name in tables:
        found = data.setdefault(name, {})
        if not isinstance(found, dict):
            raise ConfigError(f"{name!r} is not a table", key=dotted)
        data = found
    data[last] = scalar(text)


def scalar(text: str) -> int | float | bool | str:
    """`5` -> 5, `0.5` -> 0.5, `true` -> True, anything else as it is."""
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
