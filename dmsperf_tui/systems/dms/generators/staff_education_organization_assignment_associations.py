"""What the staff do at their school."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms.generators import schools, staffs
from dmsperf_tui.systems.dms.generators._descriptors import uri
from dmsperf_tui.systems.dms.generators._generator import Body, Generator
from dmsperf_tui.systems.dms.generators._levels import ELEMENTARY, HIGH

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population

_ROLES = ("Principal", "Counselor", ELEMENTARY.teacher, HIGH.teacher)
_ROLE_URIS = {role: uri("staffClassificationDescriptors", role) for role in _ROLES}


def body(population: Population, index: int) -> Body:
    school, place = population.staff.place(index)
    leads = place < staffs.leaders(population, school)
    role = _ROLES[place] if leads else population.kind(school).teacher
    return {
        "staffReference": staffs.reference(population, index),
        "educationOrganizationReference": schools.organization(population, school),
        "staffClassificationDescriptor": _ROLE_URIS[role],
        "beginDate": population.year.contracts_begin,
        "positionTitle": role,
    }


GENERATOR = Generator(
    "staffEducationOrganizationAssignmentAssociations",
    count=lambda sizes: sizes.staff,
    body=body,
    references=("staffs", "schools"),
    descriptors={"staffClassificationDescriptors": _ROLES},
)
