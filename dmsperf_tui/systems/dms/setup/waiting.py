"""`setup wait` and `setup prepare`: a system that is on its way up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx

from dmsperf_tui.systems.answers import told, unreachable
from dmsperf_tui.systems.checks import StepError, StepRow
from dmsperf_tui.systems.dms.place import Place
from dmsperf_tui.systems.dms.setup.cms import Cms
from dmsperf_tui.systems.dms.setup.discovery import discover

PAUSE_S = 1.0
SAY_EVERY_S = 5.0


@told("wait")
async def wait_for_services(
    client: httpx.AsyncClient,
    place: Place,
    timeout_s: float,
    *,
    dms: bool = True,
    now_s: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> AsyncIterator[StepRow]:
    """Until the DMS has a discovery document and the CMS, where there is one, tells its version; any other
    service (not `dms`) until it answers at all, and not with an error of its own."""
    until_s = now_s() + timeout_s

    async def data_api() -> str:
        found = await discover(client, place)
        return f"{found.application} {found.version} is ready"

    async def cms() -> str:
        return f"version {(await Cms.connect(client, place)).version.path} is ready"

    async def answers() -> str:
        response = await client.get(f"{place.url}/")
        if response.is_server_error:
            raise StepError(f"answers {response.status_code}")
        return f"answers {response.status_code}"

    services = [("dms", data_api)] if dms else [("service", answers)]
    if dms and place.cms_url:
        services.append(("configuration service", cms))
    for name, ready in services:
        said_s = now_s()
        while True:
            try:
                yield StepRow(name, True, await ready())
                break
            except StepError as fault:
                why = fault.detail
            except httpx.HTTPError as fault:
                why = unreachable(fault)
            now = now_s()
            if now >= until_s:
                raise StepError(f"{name} is not ready after {timeout_s:.0f} s: {why}", "see its log")
            if now - said_s >= SAY_EVERY_S:
                said_s = now
                yield StepRow(name, None, why)
            await sleep(PAUSE_S)


@told("prepare")
async def run_command(command: str) -> AsyncIterator[StepRow]:
    """Runs the environment's own command in a shell, its output line by line."""
    process = await asyncio.create_subprocess_shell(
        command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    try:
        async for line in process.stdout:
            yield StepRow("prepare", None, line.decode("utf-8", "replace").rstrip())
        code = await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    if code:
        raise StepError(f"the command ended with {code}", "see what it has written above")
    yield StepRow("prepare", True, "the command has ended well", changed=True)
