"""The first check of every system: does anything answer, and is its certificate good?"""

from __future__ import annotations

import time

import httpx

from dmsperf_tui.systems.answers import unreachable
from dmsperf_tui.systems.certificate import certificate_row
from dmsperf_tui.systems.checks import PreflightRow, timed

TIMEOUT_S = 5.0


async def reach(
    client: httpx.AsyncClient, url: str, *, insecure: bool, name: str = "reachable"
) -> tuple[httpx.Response | None, list[PreflightRow]]:
    """What `url` answers, and the rows about it; None where nothing does, which is fatal."""
    begun = time.perf_counter()
    try:
        root = await client.get(f"{url}/", timeout=TIMEOUT_S)
    except httpx.HTTPError as fault:
        return None, [timed(_not_reached(name, fault), begun)]
    rows = [timed(PreflightRow(name, True, f"answers {root.status_code}"), begun)]
    if row := certificate_row(root, insecure=insecure):
        rows.append(row)
    return root, rows


def _not_reached(name: str, fault: httpx.HTTPError) -> PreflightRow:
    why = str(fault)
    mend = "is the service running? dmsperf-tui setup prepare starts it, setup wait waits for it"
    if "CERTIFICATE" in why:
        mend = "check the certificate, or set ca_file"
    elif "WRONG_VERSION_NUMBER" in why:
        mend = "that port speaks no TLS: write http://"
    elif "not known" in why or "resolution" in why:
        mend = "check the host's name"
    return PreflightRow(name, False, unreachable(fault), mend=mend)
