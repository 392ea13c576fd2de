"""What may stand in a run's way on this machine: open files, disk space."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dmsperf_tui.systems.checks import PreflightRow

SPARE_FILES = 200
"""Open files of a worker that are not connections."""
ENOUGH_BYTES = 1_000_000_000
LEAST_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class MachineNeeds:
    """What a plan asks of this machine."""

    connections: int = 1
    """The most that one worker can have open at a time."""
    vus: int = 1
    """The most of one worker; each keeps at least one connection open."""
    results: Path | None = None
    """Where the record goes."""


def machine_rows(needs: MachineNeeds) -> Iterator[PreflightRow]:
    yield files_row(needs.connections, needs.vus)
    if row := disk_row(needs.results):
        yield row


def files_row(connections: int, vus: int) -> PreflightRow:
    """Whether up to so many connections can be open; workers raise their own limit as far as they may.

    Where not even one for each VU can be, a run is meaningless; otherwise it is a warning: most VUs use one.
    """
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard == resource.RLIM_INFINITY or hard >= connections + SPARE_FILES:
        limit = "no limit" if hard == resource.RLIM_INFINITY else f"{hard} allowed"
        return PreflightRow("open files", True, f"up to {connections} connections of a worker, {limit}")
    return PreflightRow(
        "open files",
        False,
        f"up to {connections} connections of a worker with {vus} VUs, and {hard} open files are allowed",
        mend=f"run: ulimit -Hn {connections + SPARE_FILES} (as root), or use more --workers",
        fatal=hard < vus + SPARE_FILES,
    )


def disk_row(results: Path | None) -> PreflightRow | None:
    """Whether the record has room; None where nothing is written."""
    if results is None:
        return None
    folder = next((path for path in (results, *results.parents) if path.is_dir()), Path.cwd())
    free = shutil.disk_usage(folder).free
    detail = f"{free / 1e9:.1f} GB free for {results}"
    if free >= ENOUGH_BYTES:
        return PreflightRow("disk", True, detail)
    return PreflightRow(
        "disk", False, detail, mend="make room, or name another folder: --results", fatal=free < LEAST_BYTES
    )
