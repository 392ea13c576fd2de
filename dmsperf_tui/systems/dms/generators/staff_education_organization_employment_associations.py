"""Who employs the staff: the district."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms.generators import local_education_agencies, staffs
from dmsperf_tui.systems.dms.generators._descriptors import uri
from dmsperf_tui.systems.dms.generators._generator import Body, Generator

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population

_STATUSES = ("Tenured or permanent", "Probationary", "Contractual")
_STATUS_URIS = tuple(uri("employmentStatusDescriptors", status) for status in _STATUSES)


def body(population: Population, index: int) -> Body:
    years = population.random("staffEducationOrganizationEmploymentAssociations", index) % 20
    hired = population.school_year - 1 - years
    return {
        "staffReference": staffs.reference(population, index),
        "educationOrganizationReference": local_education_agencies.organization(population),
        "employmentStatusDescriptor": _STATUS_URIS[0 if years > 3 else 1 + years % 2],
        "hireDate": f"{hired}-08-01",
    }


GENERATOR = Generator(
    "staffEducationOrganizationEmploymentAssociations",
    count=lambda sizes: sizes.staff,
    body=body,
    references=("staffs", "localEducationAgencies"),
    descriptors={"employmentStatusDescriptors": _STATUSES},
)
