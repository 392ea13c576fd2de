"""The state's education agency."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms.generators._descriptors import uri
from dmsperf_tui.systems.dms.generators._generator import Body, Generator

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population

_CATEGORY = "State Education Agency"


def reference(population: Population) -> Body:
    return {"stateEducationAgencyId": population.state_agency_id}


def body(population: Population, index: int) -> Body:
    return {
        "stateEducationAgencyId": population.state_agency_id,
        "nameOfInstitution": f"Performance Test State {population.prefix}",
        "categories": [
            {
                "educationOrganizationCategoryDescriptor": uri(
                    "educationOrganizationCategoryDescriptors", _CATEGORY
                )
            }
        ],
    }


GENERATOR = Generator(
    "stateEducationAgencies",
    count=lambda sizes: 1,
    body=body,
    descriptors={"educationOrganizationCategoryDescriptors": (_CATEGORY,)},
)
