"""What the district offers beside regular lessons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms.generators import local_education_agencies
from dmsperf_tui.systems.dms.generators._descriptors import uri
from dmsperf_tui.systems.dms.generators._generator import Body, Generator

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population

_TYPES = ("Bilingual", "Gifted and Talented", "Special Education", "Career and Technical Education")


def body(population: Population, index: int) -> Body:
    return {
        "programName": _TYPES[index],
        "programTypeDescriptor": uri("programTypeDescriptors", _TYPES[index]),
        "educationOrganizationReference": local_education_agencies.organization(population),
    }


GENERATOR = Generator(
    "programs",
    count=lambda sizes: len(_TYPES),
    body=body,
    references=("localEducationAgencies",),
    descriptors={"programTypeDescriptors": _TYPES},
)
