"""Runs whose load phase left data: what `--data RUN` works on and `--resume RUN` goes on with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import psutil
from pydantic import BaseModel, ConfigDict

from dmsperf_tui.plan.errors import ConfigError

MANIFEST = "load-phase-data/manifest.json"
CLEANED = "cleaned.json"
"""In a run's folder: what it created has been deleted, or is being deleted."""
OWNER = "owner.json"
_CREATED_TOLERANCE_S = 60.0
"""A process's start time moves with a stepped system clock; a reused pid is far later."""


class Origin(BaseModel):
    """One such run."""

    model_config = ConfigDict(frozen=True)

    folder: Path
    run: str
    scenario: str
    url: str
    load_url: str = ""
    """`url` with tenant and route qualifiers; older records do not have it."""
    seed: int
    resume: bool
    """The list is gone on with; otherwise its data is worked on."""
    sizes: dict[str, Any] = {}
    """The profile's values that the list was made from."""

    def check(self) -> None:
        """Raises ConfigError where its data is deleted or still being made."""
        key = "--resume" if self.resume else "--data"
        family = kin(self.folder)
        for folder in family:
            if mark := clean_mark(folder):
                done = "cleaned_at" in mark
                finish = f"dmsperf-tui setup clean --run {run_id(folder)}"
                again = f"dmsperf-tui --batch --scenario {self.scenario}"
                raise ConfigError(
                    f"what {self._named(folder)} created {'has been' if done else 'is being'} deleted",
                    key=key,
                    mend=f"make new data: {again}" if done else f"finish it: {finish}; then {again}",
                )
        for folder in family if self.resume else [self.folder]:
            if host_alive(folder):
                stop = f"dmsperf-tui ctl stop --run {run_id(folder)}"
                watch = f"dmsperf-tui attach {run_id(folder)}"
                raise ConfigError(
                    f"{self._named(folder)} is still under way",
                    key=key,
                    mend=f"stop it: {stop}, or watch it: {watch}",
                )

    def _named(self, folder: Path) -> str:
        name = f"run {run_id(folder)}"
        return name if folder == self.folder else f"{name}, of the same list as run {self.run},"


def find_origin(reference: str, results: Path, key: str, *, resume: bool) -> Origin:
    """The run that `reference` names: a path, an id, or `last`.

    Raises ConfigError at `key`, also where its data is deleted or still being made.
    """
    folder = _folder(reference, results, key)
    try:
        manifest = orjson.loads((folder / MANIFEST).read_bytes())
        origin = Origin(
            folder=folder.resolve(),
            resume=resume,
            load_url=manifest.get("load_url") or "",
            **{name: manifest[name] for name in _KEPT},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise ConfigError(
            f"cannot be read ({type(fault).__name__})", file=str(folder / MANIFEST), key=key
        ) from None
    origin.check()
    return origin


_KEPT = ("run", "scenario", "url", "seed", "sizes")


def run_id(folder: Path) -> str:
    """The id of the run in `folder`."""
    return folder.name.rpartition("-")[2]


def kin(folder: Path) -> list[Path]:
    """The run in `folder`, then those beside it of the same list: that it resumed, or that resumed it."""
    folder = folder.resolve()
    origins: dict[Path, tuple[str, str | None]] = {}
    for path in sorted(folder.parent.glob(f"*/{MANIFEST}")):
        try:
            manifest = orjson.loads(path.read_bytes())
            origins[path.parents[1]] = (str(manifest["run"]), manifest.get("origin"))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    if folder not in origins:
        return [folder]
    before = dict(origins.values())

    def first(run: str) -> str:
        seen = {run}
        while (origin := before.get(run)) is not None and origin not in seen:
            run = origin
            seen.add(run)
        return run

    mine = first(origins[folder][0])
    others = [path for path, (run, _) in origins.items() if path != folder and first(run) == mine]
    return [folder, *others]


def clean_mark(folder: Path) -> dict[str, Any]:
    """What the run's clean has noted: `cleaned_at` once it is done; empty where nobody began one."""
    try:
        data = (folder / CLEANED).read_bytes()
    except OSError:
        return {}
    try:
        found = orjson.loads(data)
    except ValueError:
        found = None
    return found if isinstance(found, dict) and found else {"cleaning_since": ""}


def process_alive(pid: int, created: float) -> bool:
    """Whether process `pid` is still the one that started at `created`."""
    try:
        process = psutil.Process(pid)
        return (
            abs(process.create_time() - created) < _CREATED_TOLERANCE_S
            and process.status() != psutil.STATUS_ZOMBIE
        )
    except psutil.Error:
        return False


def host_alive(folder: Path) -> bool:
    """Whether the host of the run in `folder` still runs."""
    try:
        owner = orjson.loads((folder / OWNER).read_bytes())
        return process_alive(int(owner["pid"]), float(owner["created"]))
    except (OSError, ValueError, KeyError, TypeError):
        return False


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
