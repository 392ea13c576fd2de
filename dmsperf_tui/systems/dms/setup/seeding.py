"""`setup seed`: what the bodies of a load phase refer to and no run creates. What exists is left alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import httpx

from dmsperf_tui.systems.answers import explain, told
from dmsperf_tui.systems.checks import StepError, StepRow
from dmsperf_tui.systems.dms.generators import descriptor_body
from dmsperf_tui.systems.dms.order import SCHOOL_YEAR_TYPES
from dmsperf_tui.systems.dms.place import Place
from dmsperf_tui.systems.dms.population import Population, Sizes
from dmsperf_tui.systems.dms.setup.data_api import DataApi, mend_of
from dmsperf_tui.systems.dms.setup.together import for_each

PREFIX = "DMSPERF"
"""Of the keys of the state and the district that set-up makes."""
AGENCIES = {
    "stateEducationAgencies": "stateEducationAgencyId",
    "localEducationAgencies": "localEducationAgencyId",
}


def reference_population(school_year: int) -> Population:
    """Whose reference data set-up makes."""
    return Population(Sizes(), 0, PREFIX, school_year=school_year)


@told("seed")
async def seed(
    client: httpx.AsyncClient,
    place: Place,
    population: Population,
    descriptors: Mapping[str, Sequence[str]] | None = None,
) -> AsyncIterator[StepRow]:
    """Descriptors (those that `population` uses, or `descriptors`: endpoint -> code values), then
    schoolYearTypes, then the population's state and district."""
    api = await DataApi.open(client, place)
    wanted = population.descriptors() if descriptors is None else descriptors
    created = there = 0
    for number, (endpoint, values) in enumerate(wanted.items(), start=1):
        missing = await missing_values(api, endpoint, values)
        await _create(api, endpoint, [descriptor_body(endpoint, value) for value in missing])
        created, there = created + len(missing), there + len(values) - len(missing)
        if missing or number % 20 == 0:
            yield StepRow(
                "descriptors",
                None,
                f"{number} of {len(wanted)} types: {endpoint}, {len(missing)} of {len(values)} new",
                progress=(number, len(wanted)),
            )
    yield StepRow(
        "descriptors",
        True,
        f"{created} made, {there} left as they were, in {len(wanted)} types",
        changed=created > 0,
    )
    yield await _present(api, SCHOOL_YEAR_TYPES, "schoolYear", population)
    for endpoint, key in AGENCIES.items():
        yield await _present(api, endpoint, key, population)


async def missing_values(api: DataApi, endpoint: str, values: Sequence[str]) -> list[str]:
    """Those code values that the DMS does not have in Ed-Fi's namespace. Raises StepError."""
    namespace = str(descriptor_body(endpoint, "")["namespace"]).lower()
    known: set[str] = set()
    async for items in api.pages(endpoint):
        # A descriptor's URI is compared without regard to case.
        known |= {
            str(item.get("codeValue")).lower()
            for item in items
            if str(item.get("namespace")).lower() == namespace
        }
    return [value for value in dict.fromkeys(values) if value.lower() not in known]


async def _create(api: DataApi, endpoint: str, bodies: Sequence[Mapping[str, Any]]) -> None:
    async def post(body: Mapping[str, Any]) -> None:
        response = await api.send("POST", endpoint, json=dict(body))
        if response.status_code not in (200, 201):
            raise StepError(f"POST {endpoint}: {explain(response)}", mend_of(response))

    await for_each(bodies, post)


async def _present(api: DataApi, endpoint: str, key: str, population: Population) -> StepRow:
    """Makes the population's items of `endpoint` that are not there.

    All are read: a query by `localEducationAgencyId` means the parent's in Ed-Fi's schema.
    """
    known: set[Any] = set()
    async for items in api.pages(endpoint):
        known |= {item.get(key) for item in items}
    bodies = [population.body(endpoint, index) for index in range(population.count(endpoint))]
    missing = [body for body in bodies if body[key] not in known]
    await _create(api, endpoint, missing)
    detail = f"{len(missing)} made, {len(bodies) - len(missing)} left as they were"
    return StepRow(endpoint, True, detail, changed=bool(missing))
