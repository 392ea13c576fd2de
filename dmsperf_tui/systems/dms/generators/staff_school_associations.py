"""Which school the staff belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms.generators import schools, staffs
from dmsperf_tui.systems.dms.generators._descriptors import uri
from dmsperf_tui.systems.dms.generators._generator import Body, Generator

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population

_PROGRAMS = ("Regular Education", "Special Education")
_PROGRAM_URIS = tuple(uri("programAssignmentDescriptors", program) for program in _PROGRAMS)


def body(population: Population, index: int) -> Body:
    school, place = population.staff.place(index)
    return {
        "staffReference": staffs.reference(population, index),
        "schoolReference": schools.reference(population, school),
        "programAssignmentDescriptor": _PROGRAM_URIS[place % 8 == 7],
    }


GENERATOR = Generator(
    "staffSchoolAssociations",
    count=lambda sizes: sizes.staff,
    body=body,
    references=("staffs", "schools"),
    descriptors={"programAssignmentDescriptors": _PROGRAMS},
)
