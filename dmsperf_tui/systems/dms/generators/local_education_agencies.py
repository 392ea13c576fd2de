"""The school district."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms.generators import state_education_agencies
from dmsperf_tui.systems.dms.generators._descriptors import uri
from dmsperf_tui.systems.dms.generators._generator import Body, Generator

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population

_CATEGORY = "Local Education Agency"
_DISTRICT = "Independent"


def reference(population: Population) -> Body:
    return {"localEducationAgencyId": population.local_agency_id}


def organization(population: Population) -> Body:
    """The reference where any education organization may stand."""
    return {"educationOrganizationId": population.local_agency_id}


def body(population: Population, index: int) -> Body:
    return {
        "localEducationAgencyId": population.local_agency_id,
        "nameOfInstitution": f"Performance Test School District {population.prefix}",
        "localEducationAgencyCategoryDescriptor": uri("localEducationAgencyCategoryDescriptors", _DISTRICT),
        "categories": [
            {
                "educationOrganizationCategoryDescriptor": uri(
                    "educationOrganizationCategoryDescriptors", _CATEGORY
                )
            }
        ],
        "stateEducationAgencyReference": state_education_agencies.reference(population),
    }


GENERATOR = Generator(
    "localEducationAgencies",
    count=lambda sizes: 1,
    body=body,
    optional=("stateEducationAgencies",),
    descriptors={
        "educationOrganizationCategoryDescriptors": (_CATEGORY,),
        "localEducationAgencyCategoryDescriptors": (_DISTRICT,),
    },
)
