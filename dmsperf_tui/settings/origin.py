"""Runs whose load phase left data: what `--data RUN` works on and `--resume RUN` goes on with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict

from dmsperf_tui.plan.errors import ConfigError

MANIFEST = "load-phase-data/manifest.json"


class Origin(BaseModel):
    """One such run."""

    model_config = ConfigDict(frozen=True)

    folder: Path
    run: str
    scenario: str
    url: str
    seed: int
    resume: bool
    """The list is gone on with; otherwise its data is worked on."""
    sizes: dict[str, Any] = {}
    """The profile's values that the list was made from."""


def find_origin(reference: str, results: Path, key: str, *, resume: bool) -> Origin:
    """The run that `reference` names: a path, an id, or `last`. Raises ConfigError at `key`."""
    folder = _folder(reference, results, key)
    try:
        manifest = orjson.loads((folder / MANIFEST).read_bytes())
        return Origin(folder=folder.resolve(), resume=resume, **{n: manifest[n] for n in _KEPT})
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise ConfigError(
            f"cannot be read ({type(fault).__name__})", file=str(folder / MANIFEST), key=key
        ) from None


_KEPT = ("run", "scenario", "url", "seed", "sizes")


def _folder(reference: str, results: Path, key: str) -> Path:
    if (Path(reference) / MANIFEST).is_file():
        return Path(reference)
    folders = sorted(path.parents[1] for path in results.glob(f"*/{MANIFEST}"))
    if reference == "last" and folders:
        return folders[-1]
    for folder in folders:
        if folder.name == reference or folder.name.endswith(f"-{reference}"):
            return folder
    known = ", ".join(folder.name.rpartition("-")[2] for folder in folders[-5:])
    raise ConfigError(
        f"no run {reference!r} with data of a load phase is in {results}",
        key=key,
        mend=f"there are: {known}" if known else "make one: dmsperf-tui --batch --scenario dms/load",
    )
