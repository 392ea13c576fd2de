"""The live runs of this user, made known in a private folder."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
import psutil

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.settings.origin import process_alive
from dmsperf_tui.settings.private import private_folder


@dataclass(frozen=True, slots=True)
class LiveRun:
    """One run's host."""

    id: str
    pid: int
    created: float
    """The host process's start time by the system's account, so that a reused pid is not taken for it."""
    scenario: str
    results: str
    socket: str
    url: str = ""
    """Where its load goes; empty where its own embedded system was not up yet."""

    @property
    def alive(self) -> bool:
        """Whether its host still runs."""
        return process_alive(self.pid, self.created)


def socket_path(run_id: str) -> Path:
    return private_folder() / f"{run_id}.sock"


def register(run_id: str, scenario: str, results: Path, url: str = "") -> LiveRun:
    """Makes this process known as the host of `run_id`."""
    me = psutil.Process()
    run = LiveRun(run_id, me.pid, me.create_time(), scenario, str(results), str(socket_path(run_id)), url)
    path = private_folder() / f"{run_id}.json"
    path.write_bytes(orjson.dumps(asdict(run)))
    path.chmod(0o600)
    return run


def unregister(run_id: str) -> None:
    for suffix in (".json", ".sock"):
        (private_folder() / f"{run_id}{suffix}").unlink(missing_ok=True)


def live_runs() -> list[LiveRun]:
    """Every run whose host is alive, oldest first; what dead hosts left is removed."""
    runs: list[LiveRun] = []
    for path in private_folder().glob("*.json"):
        try:
            run = LiveRun(**orjson.loads(path.read_bytes()))
        except (orjson.JSONDecodeError, TypeError, OSError):
            # Another run's host is just writing or removing it.
            continue
        if run.alive:
            runs.append(run)
        else:
            unregister(run.id)
    return sorted(runs, key=lambda run: run.created)


def find_live(reference: str | None) -> LiveRun:
    """The live run named by an id, a results path or `last`; the only one where `reference` is None.

    Raises ConfigError where there is none, or more than one to choose from.
    """
    runs = live_runs()
    if reference in (None, "last"):
        if not runs:
            raise ConfigError("no run is active", mend="start one: dmsperf-tui --batch --scenario dms/smoke")
        if reference is None and len(runs) > 1:
            choice = ", ".join(f"{run.id} ({run.scenario})" for run in runs)
            raise ConfigError(f"{len(runs)} runs are active: {choice}", mend="name one of these ids")
        return runs[-1]
    wanted = Path(str(reference)).resolve()
    for run in runs:
        if run.id == reference or Path(run.results) == wanted:
            return run
    known = ", ".join(run.id for run in runs) or "none"
    raise ConfigError(f"no active run {reference!r}", mend=f"active: {known}")
