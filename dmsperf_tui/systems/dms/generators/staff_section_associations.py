"""Who teaches a section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms.generators import sections, staffs
from dmsperf_tui.systems.dms.generators._descriptors import uri
from dmsperf_tui.systems.dms.generators._generator import Body, Generator

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population

_POSITION = "Teacher of Record"
_POSITION_URI = uri("classroomPositionDescriptors", _POSITION)


def body(population: Population, index: int) -> Body:
    school, number = divmod(index, sections.per_school(population.sizes))
    teacher = staffs.teacher(population, school, number)
    return {
        "staffReference": staffs.reference(population, teacher),
        "sectionReference": sections.reference(population, school, number),
        "classroomPositionDescriptor": _POSITION_URI,
        "beginDate": population.year.first,
    }


GENERATOR = Generator(
    "staffSectionAssociations",
    count=lambda sizes: sections.GENERATOR.count(sizes) if sizes.staff else 0,
    body=body,
    references=("staffs", "sections"),
    descriptors={"classroomPositionDescriptors": (_POSITION,)},
)
