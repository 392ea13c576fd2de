"""What recorded runs left at a place, and its deletion, once for each run."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from dmsperf_tui.run.leftovers import count_left, leftovers, runs_with_leftovers
from dmsperf_tui.settings.environment import Environment
from dmsperf_tui.settings.origin import CLEANED, MANIFEST, clean_mark, host_alive, kin, run_id
from dmsperf_tui.systems.checks import StepRow
from dmsperf_tui.systems.dms.place import Place
from dmsperf_tui.systems.dms.setup.cleaning import Sweep, delete_items


@dataclass(frozen=True, slots=True)
class Address:
    """Where a run's load went, by its record."""

    url: str
    whole: bool = True
    """Tenant and route qualifiers are in it; older records of load phases leave them out."""

    def is_at(self, place: Place) -> bool:
        return self.url == (place.load_url if self.whole else place.url)


def address(folder: Path) -> Address | None:
    """Where the load of the run in `folder` went; None where its record does not tell."""
    manifest = _document(folder / MANIFEST)
    if load_url := manifest.get("load_url"):
        return Address(str(load_url))
    if load_url := _summarized(folder):
        return Address(load_url)
    return Address(str(manifest["url"]), whole=False) if "url" in manifest else None


def _summarized(folder: Path) -> str:
    """Where its summary says that the load went; empty for a run that was killed before it had one."""
    try:
        said = _document(folder / "summary.json")["manifest"]["environment"]
        kept = {key: said[key] for key in ("url", "tenant", "route_qualifiers") if key in said}
        environment = Environment.model_validate({"name": "recorded", **kept})
    except (ValueError, KeyError, TypeError):
        return ""
    return environment.load_url if environment.url else ""


def _document(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def left_at(results: Path, place: Place) -> list[Path]:
    """The folders of runs that created anything at `place`, newest first, also those cleaned before."""
    folders = runs_with_leftovers(results)
    return [folder for folder in folders if (found := address(folder)) is not None and found.is_at(place)]


async def clean_run(client: httpx.AsyncClient, place: Place, folder: Path) -> AsyncIterator[StepRow]:
    """Deletes what the run in `folder` created and marks it; a second call asks the server nothing.

    Nothing is deleted where the run's address is another one, or while it or another run of its list is
    under way.
    """
    name = f"run {run_id(folder)}"
    if "cleaned_at" in clean_mark(folder):
        yield StepRow(name, True, "cleaned before")
        return
    found = address(folder)
    if found is None or not found.is_at(place):
        detail = f"it ran against {found.url}" if found else "its record does not say where it ran"
        yield StepRow(name, False, detail, mend="name that environment")
        return
    for other in filter(host_alive, kin(folder)):
        who = "is" if other.name == folder.name else f"run {run_id(other)}, of the same list, is"
        mend = f"stop it first: dmsperf-tui ctl stop --run {run_id(other)}"
        yield StepRow(name, False, f"{who} still under way", mend=mend)
        return
    try:
        async for row in delete_left(client, place, folder):
            yield replace(row, name=name)
    except (OSError, ValueError, KeyError) as fault:
        yield StepRow(name, False, f"its record in {folder} cannot be used: {type(fault).__name__}: {fault}")


async def delete_left(client: httpx.AsyncClient, place: Place, folder: Path) -> AsyncIterator[StepRow]:
    """Deletes what the run in `folder` created there, and marks it when all is gone.

    The mark is there before the first item goes, since from then on nobody may work on the run's data. It
    is taken back where nothing was deleted after all.
    """
    begun = any(clean_mark(one) for one in kin(folder))
    own = bool(clean_mark(folder))
    sweep, since = Sweep(total=await asyncio.to_thread(count_left, folder)), _now()
    _mark(folder, cleaning_since=since, deleted=0)
    async for row in delete_items(client, place, leftovers(folder), sweep, begun=begun):
        touched = own or sweep.deleted > 0
        if row.ok and (touched or (begun and sweep.gone)):
            _mark(folder, cleaned_at=_now(), deleted=sweep.deleted)
        elif touched or (row.ok is None and not row.mend):
            _mark(folder, cleaning_since=since, deleted=sweep.deleted, reached=row.detail)
        else:
            (folder / CLEANED).unlink(missing_ok=True)
        yield row


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _mark(folder: Path, **said: Any) -> None:
    """Writes the mark in one step."""
    made = (folder / CLEANED).with_suffix(".tmp")
    made.write_text(json.dumps(said) + "\n", encoding="utf-8")
    made.replace(folder / CLEANED)
