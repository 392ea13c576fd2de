"""One session a school: the whole year."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms.generators import school_year_types, schools
from dmsperf_tui.systems.dms.generators._descriptors import uri
from dmsperf_tui.systems.dms.generators._generator import Body, Generator
from dmsperf_tui.systems.dms.generators._year import SCHOOL_DAYS

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population

_TERM = "Year Round"
_TERM_URI = uri("termDescriptors", _TERM)


def reference(population: Population, school: int) -> Body:
    return {
        "schoolId": population.first_school_id + school,
        "schoolYear": population.school_year,
        "sessionName": population.year.session,
    }


def body(population: Population, index: int) -> Body:
    return {
        "sessionName": population.year.session,
        "schoolReference": schools.reference(population, index),
        "schoolYearTypeReference": school_year_types.reference(population),
        "beginDate": population.year.first,
        "endDate": population.year.last,
        "termDescriptor": _TERM_URI,
        "totalInstructionalDays": SCHOOL_DAYS,
    }


GENERATOR = Generator(
    "sessions",
    count=lambda sizes: sizes.schools,
    body=body,
    references=("schools", "schoolYearTypes"),
    descriptors={"termDescriptors": (_TERM,)},
)
