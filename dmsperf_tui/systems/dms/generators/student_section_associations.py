"""Which sections a student attends: six of its school, or all where there are fewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms.generators import sections, students
from dmsperf_tui.systems.dms.generators._generator import Body, Generator

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population, Sizes

_SECTIONS = 6


def per_student(sizes: Sizes) -> int:
    return min(_SECTIONS, sections.per_school(sizes))


def _place(population: Population, index: int) -> tuple[int, int, int]:
    """School, student and section of that school: of different courses while there are enough."""
    sizes = population.sizes
    student, turn = divmod(index, per_student(sizes))
    school, place = population.students.place(student)
    start = population.random("studentSectionAssociations", student)
    group, course = divmod((start + turn) % sections.per_school(sizes), sizes.courses_per_school)
    return school, place, course * sizes.sections_per_course + group


def reference(population: Population, index: int) -> tuple[int, Body]:
    """The school that it is in, too: what refers to it often refers to something else of that school."""
    school, student, section = _place(population, index)
    found = sections.reference(population, school, section)
    found["studentUniqueId"] = students.unique_id(population, school, student)
    found["beginDate"] = population.year.first
    return school, found


def body(population: Population, index: int) -> Body:
    school, student, section = _place(population, index)
    return {
        "studentReference": {"studentUniqueId": students.unique_id(population, school, student)},
        "sectionReference": sections.reference(population, school, section),
        "beginDate": population.year.first,
        "endDate": population.year.last,
        "homeroomIndicator": index % per_student(population.sizes) == 0,
    }


GENERATOR = Generator(
    "studentSectionAssociations",
    count=lambda sizes: sizes.students * per_student(sizes),
    body=body,
    references=("students", "sections"),
)
