"""The weeks of school: five school days each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms.generators import schools
from dmsperf_tui.systems.dms.generators._generator import Body, Generator
from dmsperf_tui.systems.dms.generators._year import WEEKS

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population


def body(population: Population, index: int) -> Body:
    school, number = divmod(index, WEEKS)
    week = population.year.weeks[number]
    return {
        "weekIdentifier": f"Week {number + 1:02}",
        "schoolReference": schools.reference(population, school),
        "beginDate": week.first,
        "endDate": week.last,
        "totalInstructionalDays": week.days,
    }


GENERATOR = Generator(
    "academicWeeks",
    count=lambda sizes: WEEKS * sizes.schools,
    body=body,
    references=("schools",),
)
