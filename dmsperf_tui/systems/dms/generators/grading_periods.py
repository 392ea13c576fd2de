"""The four quarters of a school's year."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms.generators import school_year_types, schools
from dmsperf_tui.systems.dms.generators._descriptors import uri
from dmsperf_tui.systems.dms.generators._generator import Body, Generator
from dmsperf_tui.systems.dms.generators._year import GRADING_PERIODS

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population

_URIS = tuple(uri("gradingPeriodDescriptors", period) for period in GRADING_PERIODS)


def reference(population: Population, school: int, number: int) -> Body:
    return {
        "gradingPeriodDescriptor": _URIS[number],
        "gradingPeriodName": population.year.term_names[number],
        "schoolId": population.first_school_id + school,
        "schoolYear": population.school_year,
    }


def body(population: Population, index: int) -> Body:
    school, number = divmod(index, len(GRADING_PERIODS))
    term = population.year.terms[number]
    return {
        "gradingPeriodDescriptor": _URIS[number],
        "gradingPeriodName": population.year.term_names[number],
        "schoolReference": schools.reference(population, school),
        "schoolYearTypeReference": school_year_types.reference(population),
        "beginDate": term.first,
        "endDate": term.last,
        "totalInstructionalDays": term.days,
        "periodSequence": number + 1,
    }


GENERATOR = Generator(
    "gradingPeriods",
    count=lambda sizes: len(GRADING_PERIODS) * sizes.schools,
    body=body,
    references=("schools", "schoolYearTypes"),
    descriptors={"gradingPeriodDescriptors": GRADING_PERIODS},
)
