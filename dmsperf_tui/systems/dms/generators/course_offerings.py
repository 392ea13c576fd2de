"""Each course of a school, offered in its session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms.generators import courses, schools, sessions
from dmsperf_tui.systems.dms.generators._generator import Body, Generator

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population


def reference(population: Population, school: int, course: int) -> Body:
    return {
        "localCourseCode": population.course(school, course).code,
        **sessions.reference(population, school),
    }


def body(population: Population, index: int) -> Body:
    school, number = divmod(index, population.sizes.courses_per_school)
    course = population.course(school, number)
    return {
        "localCourseCode": course.code,
        "localCourseTitle": course.title,
        "schoolReference": schools.reference(population, school),
        "sessionReference": sessions.reference(population, school),
        "courseReference": courses.reference(population, school, number),
    }


GENERATOR = Generator(
    "courseOfferings",
    count=courses.GENERATOR.count,
    body=body,
    references=("schools", "sessions", "courses"),
)
