"""The checks of a DMS before load starts: reachable, what it is, and whether it lets us in."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx

from dmsperf_tui.systems.checks import PreflightRow
from dmsperf_tui.systems.dms.token import AccessToken, TokenError

TIMEOUT_S = 5.0


async def reachable(client: httpx.AsyncClient, url: str) -> PreflightRow:
    """Anything that answers HTTP is reachable."""
    begun = time.perf_counter()
    try:
        response = await client.get(f"{url}/", timeout=TIMEOUT_S)
    except httpx.HTTPError as fault:
        why = str(fault) or type(fault).__name__
        mend = "is the service running?"
        if "CERTIFICATE" in why:
            mend = "check the certificate, or set ca_file"
        elif "not known" in why or "resolution" in why:
            mend = "check the host's name"
        return PreflightRow("reachable", False, f"{url}: {why}", time.perf_counter() - begun, mend)
    return PreflightRow("reachable", True, f"answers {response.status_code}", time.perf_counter() - begun)


async def discovery(client: httpx.AsyncClient, url: str) -> PreflightRow:
    """What the DMS says of itself; a missing discovery document is no reason to stop."""
    begun = time.perf_counter()
    try:
        document = (await client.get(f"{url}/", timeout=TIMEOUT_S)).json()
        name, version = document["applicationName"], document["version"]
        models = ", ".join(f"{model['name']} {model['version']}" for model in document.get("dataModels", []))
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return PreflightRow("discovery", None, "no discovery document", time.perf_counter() - begun)
    return PreflightRow("discovery", True, f"{name} {version}, {models}", time.perf_counter() - begun)


async def preflight(
    client: httpx.AsyncClient, url: str, obtain: Callable[[], Awaitable[AccessToken]] | None, *, dms: bool
) -> AsyncIterator[PreflightRow]:
    """Each check as it is done; stops at the first one that makes the rest meaningless.

    `obtain` gets a token, None where there are no credentials; only a DMS (`dms`) needs one.
    """
    first = await reachable(client, url)
    yield first
    if first.ok is False or not dms:
        return
    yield await discovery(client, url)
    if obtain is None:
        yield PreflightRow(
            "token", False, "no client credentials", mend="set CLIENT_ID and CLIENT_SECRET, or .env.load-test"
        )
        return
    begun = time.perf_counter()
    try:
        token = await obtain()
    except TokenError as fault:
        yield PreflightRow("token", False, str(fault), time.perf_counter() - begun, "see the message")
        return
    yield PreflightRow("token", True, f"valid for {token.expires_in_s:.0f} s", time.perf_counter() - begun)
