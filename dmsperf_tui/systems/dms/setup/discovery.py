"""What a DMS says of itself at its root, and its vintage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import httpx

from dmsperf_tui.systems.answers import document, explain
from dmsperf_tui.systems.checks import StepError
from dmsperf_tui.systems.dms.place import Place

TIMEOUT_S = 5.0

Vintage = Literal["v0.7", "v8"]


@dataclass(frozen=True, slots=True)
class Discovery:
    """The document at the root (DMS FE/Modules/DiscoveryEndpointModule.cs)."""

    application: str
    version: str
    models: str
    vintage: Vintage
    oauth_url: str | None
    """The token endpoint that it names; before 8.x the provider's own, perhaps out of reach from here."""


def read_discovery(body: Any) -> Discovery | None:
    """None for what is no discovery document."""
    try:
        urls = body["urls"]
        models = ", ".join(f"{model['name']} {model['version']}" for model in body.get("dataModels", []))
        # 8.x added both; the version that people configure may say anything.
        newer = "tokenInfo" in urls or "changeQueries" in urls
        return Discovery(
            application=str(body["applicationName"]),
            version=str(body["version"]),
            models=models,
            vintage="v8" if newer else "v0.7",
            oauth_url=urls.get("oauth"),
        )
    except (KeyError, TypeError, AttributeError):
        return None


async def discover(client: httpx.AsyncClient, place: Place) -> Discovery:
    """Raises StepError where there is no discovery document, httpx.HTTPError where nothing answers."""
    response = await client.get(f"{place.url}/", timeout=TIMEOUT_S)
    if found := read_discovery(document(response)):
        return found
    raise StepError(
        f"{place.url}/ is no DMS: it answered {explain(response)}",
        "does the URL end before /data, as in …/api?",
    )
