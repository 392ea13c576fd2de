"""What a load phase is to create, and what later phases work on: a population, in the server's order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from dmsperf_tui.plan.entities import ListPart
from dmsperf_tui.systems.dms.catalog import Catalog, catalog
from dmsperf_tui.systems.dms.order import LoadOrder, own_order, parse_dependencies
from dmsperf_tui.systems.dms.population import Population, Sizes

TIMEOUT_S = 15.0
USUAL_LIMIT = 500
"""Requests a second that a DMS lets through by default (v0.7, v8.0.0: 5000 in 10 s)."""


class LoadPhaseError(Exception):
    """The list cannot be made; one line says why."""


@dataclass(frozen=True, slots=True)
class LoadPhase:
    """A population and the order that it is created in."""

    population: Population
    catalog: Catalog

    @property
    def order(self) -> LoadOrder:
        """The order that its parts stand in."""
        return LoadOrder({part.resource: part.order for part in self.catalog.parts})

    @property
    def parts(self) -> tuple[ListPart, ...]:
        return tuple(
            ListPart(part.resource, part.order, part.first, part.count) for part in self.catalog.parts
        )

    def to_json(self) -> dict[str, Any]:
        return {"population": self.population.to_json(), "catalog": self.catalog.to_json()}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> LoadPhase:
        """Of a run's manifest. Raises LoadPhaseError for one that is not as it should be."""
        try:
            population = Population.from_json(document["population"])
            return cls(population, Catalog.from_json(document["catalog"]))
        except (KeyError, TypeError, ValueError) as fault:
            raise LoadPhaseError(
                f"its load-phase-data cannot be read: {type(fault).__name__}: {fault}"
            ) from None


async def load_order(client: httpx.AsyncClient, url: str, population: Population) -> LoadOrder:
    """The server's own order; our references' order where it offers none.

    Raises LoadPhaseError for a server that does not answer, or with something else.
    """
    try:
        response = await client.get(f"{url}/metadata/dependencies", timeout=TIMEOUT_S)
        if response.status_code == 404:
            return own_order(population.resources)
        response.raise_for_status()
        return parse_dependencies(response.json())
    except (httpx.HTTPError, ValueError) as fault:
        raise LoadPhaseError(f"{url}/metadata/dependencies: {str(fault) or type(fault).__name__}") from None


async def make_load_phase(
    client: httpx.AsyncClient, url: str, profile: Mapping[str, Any], seed: int, prefix: str
) -> LoadPhase:
    """A new one, of the profile's sizes. Raises LoadPhaseError."""
    population = Population(
        Sizes.of(profile),
        seed,
        str(profile.get("data.prefix") or prefix),
        profile.get("data.first_school_id") or None,
        int(profile.get("data.school_year") or 2026),
    )
    return LoadPhase(population, catalog(population, await load_order(client, url, population)))
