"""What recorded runs left at a place, and its deletion, once for each run."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from dmsperf_tui.run.leftovers import leftovers, runs_with_leftovers
from dmsperf_tui.run.registry import live_runs
from dmsperf_tui.systems.checks import StepRow
from dmsperf_tui.systems.dms.place import Place
from dmsperf_tui.systems.dms.setup.cleaning import delete_items

CLEANED = "cleaned.json"
"""In a run's folder: what it created has been deleted."""
_ADDRESSES = (
    ("load-phase-data/manifest.json", ("url",)),
    ("summary.json", ("manifest", "environment", "url")),
)
"""The files that tell where a run's load went, and the keys to it."""


def address(folder: Path) -> str | None:
    """Where the load of the run in `folder` went; None where its record does not tell."""
    for name, keys in _ADDRESSES:
        try:
            found: Any = json.loads((folder / name).read_text(encoding="utf-8"))
            for key in keys:
                found = found[key]
            return str(found)
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


def left_at(results: Path, url: str) -> list[Path]:
    """The folders of runs that created anything at `url`, newest first, also those cleaned before."""
    return [folder for folder in runs_with_leftovers(results) if address(folder) == url]


async def clean_run(client: httpx.AsyncClient, place: Place, folder: Path) -> AsyncIterator[StepRow]:
    """Deletes what the run in `folder` created and marks it; a second call asks the server nothing.

    Nothing is deleted where the run's address is another one, or while it is under way.
    """
    name = f"run {folder.name.rpartition('-')[2]}"
    if (folder / CLEANED).is_file():
        yield StepRow(name, True, "cleaned before")
        return
    if address(folder) != place.url:
        yield StepRow(name, False, f"it ran against {address(folder)}", mend="name that environment")
        return
    if any(run.alive and folder.name.endswith(f"-{run.id}") for run in live_runs()):
        mend = f"stop it first: dmsperf-tui ctl stop --run {name.partition(' ')[2]}"
        yield StepRow(name, False, "is still under way", mend=mend)
        return
    async for row in delete_left(client, place, folder):
        yield StepRow(name, row.ok, row.detail, row.changed, row.mend)


async def delete_left(client: httpx.AsyncClient, place: Place, folder: Path) -> AsyncIterator[StepRow]:
    """Deletes what the run in `folder` created there, and marks it when all is gone."""
    async for row in delete_items(client, place, leftovers(folder)):
        yield row
        if row.ok is False:
            return
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    (folder / CLEANED).write_text(json.dumps({"cleaned_at": stamp}) + "\n", encoding="utf-8")
