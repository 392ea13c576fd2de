"""Schools: high, elementary and middle schools in turn, with the grades they teach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms.generators import local_education_agencies
from dmsperf_tui.systems.dms.generators._descriptors import uri
from dmsperf_tui.systems.dms.generators._generator import Body, Generator
from dmsperf_tui.systems.dms.generators._levels import GRADE_LEVEL_URIS, GRADE_LEVELS

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population

_CATEGORY = "School"
_CATEGORY_URI = uri("educationOrganizationCategoryDescriptors", _CATEGORY)
_PLACES = (
    "Cedar Ridge", "Lincoln", "Oak Hill", "Riverside", "Washington", "Maple Grove", "Jefferson", "Lakeview",
    "Sunset Valley", "Roosevelt", "Pine Creek", "Franklin", "Highland Park", "Madison", "Willow Springs",
    "Kennedy", "Eagle Pass", "Monroe", "Stony Brook", "Garfield", "Prairie View", "Jackson", "Blue Mountain",
)  # fmt: skip


def reference(population: Population, school: int) -> Body:
    return {"schoolId": population.first_school_id + school}


def organization(population: Population, school: int) -> Body:
    """The reference where any education organization may stand."""
    return {"educationOrganizationId": population.first_school_id + school}


def body(population: Population, index: int) -> Body:
    kind = population.kind(index)
    place = _PLACES[index % len(_PLACES)]
    return {
        "schoolId": population.first_school_id + index,
        "nameOfInstitution": f"{place} {kind.name} (Performance Test School {index})",
        "educationOrganizationCategories": [{"educationOrganizationCategoryDescriptor": _CATEGORY_URI}],
        "gradeLevels": [{"gradeLevelDescriptor": GRADE_LEVEL_URIS[grade]} for grade in kind.grades],
        "localEducationAgencyReference": local_education_agencies.reference(population),
    }


GENERATOR = Generator(
    "schools",
    count=lambda sizes: sizes.schools,
    body=body,
    optional=("localEducationAgencies",),
    descriptors={
        "educationOrganizationCategoryDescriptors": (_CATEGORY,),
        "gradeLevelDescriptors": GRADE_LEVELS,
    },
)
