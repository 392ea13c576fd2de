"""The calendar of a school."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms.generators import school_year_types, schools
from dmsperf_tui.systems.dms.generators._descriptors import uri
from dmsperf_tui.systems.dms.generators._generator import Body, Generator

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population

_TYPE = "School"
_TYPE_URI = uri("calendarTypeDescriptors", _TYPE)


def reference(population: Population, school: int) -> Body:
    return {
        "calendarCode": f"CAL-{population.school_year}",
        "schoolId": population.first_school_id + school,
        "schoolYear": population.school_year,
    }


def body(population: Population, index: int) -> Body:
    return {
        "calendarCode": f"CAL-{population.school_year}",
        "calendarTypeDescriptor": _TYPE_URI,
        "schoolReference": schools.reference(population, index),
        "schoolYearTypeReference": school_year_types.reference(population),
    }


GENERATOR = Generator(
    "calendars",
    count=lambda sizes: sizes.schools,
    body=body,
    references=("schools", "schoolYearTypes"),
    descriptors={"calendarTypeDescriptors": (_TYPE,)},
)
