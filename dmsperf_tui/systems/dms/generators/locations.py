"""Classrooms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms.generators import schools
from dmsperf_tui.systems.dms.generators._generator import Body, Generator

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population

ROOMS = 10


def _room(number: int) -> str:
    floor, door = divmod(number, 5)
    return f"{floor + 1}{door + 1:02}"


def reference(population: Population, school: int, number: int) -> Body:
    return {
        "classroomIdentificationCode": _room(number),
        "schoolId": population.first_school_id + school,
    }


def body(population: Population, index: int) -> Body:
    school, number = divmod(index, ROOMS)
    return {
        "classroomIdentificationCode": _room(number),
        "schoolReference": schools.reference(population, school),
        "maximumNumberOfSeats": 30,
        "optimalNumberOfSeats": 24,
    }


GENERATOR = Generator(
    "locations",
    count=lambda sizes: ROOMS * sizes.schools,
    body=body,
    references=("schools",),
)
