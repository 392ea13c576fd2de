"""A scenario's data files: read once per worker, shared by all VUs, read-only."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from dmsperf_tui.plan.errors import ConfigError


def load_files(files: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """The content of each: a CSV file's rows as dicts by its header, a JSON file's value.

    Raises ConfigError for a file that cannot be read, and one that is neither.
    """
    return {name: _load(name, folder / file) for name, file in files.items()}


def _load(name: str, path: Path) -> Any:
    try:
        match path.suffix.lower():
            case ".csv":
                with path.open(encoding="utf-8-sig", newline="") as file:
                    return tuple(csv.DictReader(file))
            case ".json":
                return orjson.loads(path.read_bytes())
    except OSError as fault:
        raise ConfigError(f"cannot be read ({fault.strerror})", file=str(path), key=f"data.{name}") from None
    except (ValueError, csv.Error) as fault:
        raise ConfigError(f"is not what its name says: {fault}", file=str(path), key=f"data.{name}") from None
    raise ConfigError("is neither .csv nor .json", file=str(path), key=f"data.{name}")
