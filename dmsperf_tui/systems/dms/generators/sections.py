"""Sections: the groups in which a course is taught, numbered through a school."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms.generators import class_periods, course_offerings, locations
from dmsperf_tui.systems.dms.generators._generator import Body, Generator

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population, Sizes


def per_school(sizes: Sizes) -> int:
    return sizes.courses_per_school * sizes.sections_per_course


def _identifier(code: str, group: int) -> str:
    return f"{code}-{group + 1:02}"


def reference(population: Population, school: int, number: int) -> Body:
    course, group = divmod(number, population.sizes.sections_per_course)
    code = population.course(school, course).code
    return {
        "localCourseCode": code,
        "schoolId": population.first_school_id + school,
        "schoolYear": population.school_year,
        "sessionName": population.year.session,
        "sectionIdentifier": _identifier(code, group),
    }


def body(population: Population, index: int) -> Body:
    school, number = divmod(index, per_school(population.sizes))
    course, group = divmod(number, population.sizes.sections_per_course)
    period = class_periods.reference(population, school, number % class_periods.PERIODS)
    room = number // class_periods.PERIODS % locations.ROOMS
    return {
        "sectionIdentifier": _identifier(population.course(school, course).code, group),
        "courseOfferingReference": course_offerings.reference(population, school, course),
        "classPeriods": [{"classPeriodReference": period}],
        "locationReference": locations.reference(population, school, room),
    }


GENERATOR = Generator(
    "sections",
    count=lambda sizes: sizes.schools * per_school(sizes),
    body=body,
    references=("courseOfferings",),
    optional=("classPeriods", "locations"),
)
