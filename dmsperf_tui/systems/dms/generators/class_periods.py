"""The periods of a school's day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms.generators import schools
from dmsperf_tui.systems.dms.generators._generator import Body, Generator

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population

PERIODS = 8


def reference(population: Population, school: int, number: int) -> Body:
    return {
        "classPeriodName": f"{number + 1:02} - Traditional",
        "schoolId": population.first_school_id + school,
    }


def body(population: Population, index: int) -> Body:
    school, number = divmod(index, PERIODS)
    return {
        "classPeriodName": f"{number + 1:02} - Traditional",
        "schoolReference": schools.reference(population, school),
        "officialAttendancePeriod": number == 0,
    }


GENERATOR = Generator(
    "classPeriods",
    count=lambda sizes: PERIODS * sizes.schools,
    body=body,
    references=("schools",),
)
