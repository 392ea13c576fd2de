"""What may stand in a run's way on either side: the DMS's rate limit, open files, disk space."""

from __future__ import annotations

import resource
import shutil
from pathlib import Path

from dmsperf_tui.systems.checks import PreflightRow

USUAL_RATE = 500
"""Requests a second that v0.7 and v8.0.0 let through: 5,000 in 10 s for each Host header."""
SPARE_FILES = 200
"""Open files of a worker that are not connections."""
ENOUGH_BYTES = 1_000_000_000
LEAST_BYTES = 50_000_000


def rate_row(planned_rate: float | None) -> PreflightRow | None:
    """A warning where the plan is above what a DMS usually lets through; its setting cannot be asked for."""
    if planned_rate is None:
        return None
    if planned_rate <= USUAL_RATE:
        return PreflightRow(
            "rate limit", True, f"{planned_rate:.0f}/s planned, {USUAL_RATE}/s are usual for a DMS"
        )
    return PreflightRow(
        "rate limit",
        False,
        f"{planned_rate:.0f}/s planned, and a DMS answers 429 above {USUAL_RATE}/s unless told otherwise",
        mend=f"give it RateLimit__PermitLimit={10 * round(1.2 * planned_rate)}, or no RateLimit section",
        fatal=False,
    )


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
