"""The generators: bodies that a real DMS would take, and that look like a school district."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmsperf_tui.systems.dms import generators, pools
from dmsperf_tui.systems.dms.generators import GENERATORS, Body, descriptor_body, uri
from dmsperf_tui.systems.dms.generators._curriculum import courses
from dmsperf_tui.systems.dms.generators._levels import GRADE_LEVELS, SCHOOL_KINDS
from dmsperf_tui.systems.dms.generators._year import SchoolYear
from dmsperf_tui.systems.dms.population import Population, Sizes
from tests.systems.shared_data import shared

DISTRICT = Sizes(schools=6, students=260, staff=70, courses_per_school=12, sections_per_course=2)
OUR_SCHEMA = Path(__file__).parents[2] / "config" / "performance-test-schema.json"
SCHEMA = "apischema/ApiSchema-ds51-converted-current-format.json"


@pytest.fixture(scope="module")
def district() -> Population:
    return Population(DISTRICT, 7, "PERF")


def bodies(population: Population, resource: str) -> Iterator[Body]:
    return (population.body(resource, index) for index in range(population.count(resource)))


def everything(population: Population) -> Iterator[tuple[str, Body]]:
    for resource in (*population.reference_data, *population.resources):
        for body in bodies(population, resource):
            yield resource, body


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, str):
        yield value


FORMATS = {
    "date": r"\d{4}-\d\d-\d\d",
    "time": r"\d\d:\d\d:\d\d",
    "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
}
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}


def faults(schema: dict[str, Any], value: Any, path: str = "$") -> Iterator[str]:
    """What a JSON schema of an ApiSchema finds wrong with a value. It uses these keywords and no others."""
    kind = schema["type"]
    fits: bool = isinstance(value, TYPES[kind])
    if not fits or (kind in ("integer", "number") and isinstance(value, bool)):
        yield f"{path} is no {kind}"
    elif kind == "object":
        properties = schema["properties"]
        yield from (f"{path}.{name} is required" for name in schema.get("required", ()) if name not in value)
        for name, inner in value.items():
            if name in properties:
                yield from faults(properties[name], inner, f"{path}.{name}")
            else:
                yield f"{path}.{name} is not in the schema"
    elif kind == "array":
        if len(value) < schema.get("minItems", 0):
            yield f"{path} has too few items"
        for number, inner in enumerate(value):
            yield from faults(schema["items"], inner, f"{path}[{number}]")
    elif kind == "string":
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 10**6):
            yield f"{path} has {len(value)} characters"
        if not re.search(schema.get("pattern", ""), value):
            yield f"{path} does not match {schema['pattern']}"
        if not re.fullmatch(FORMATS.get(schema.get("format", ""), ".*"), value):
            yield f"{path} is no {schema['format']}"
    elif kind in ("integer", "number") and not (
        schema.get("minimum", value) <= value <= schema.get("maximum", value)
    ):
        yield f"{path} is out of range"


def our_schema() -> Any:
    return json.loads(OUR_SCHEMA.read_text(encoding="utf-8"))


@pytest.mark.parametrize("schema", [our_schema, lambda: shared(SCHEMA)], ids=["ours", "data standard"])
def test_ten_thousand_bodies_are_valid_against_the_schemas(
    district: Population, schema: Callable[[], Any]
) -> None:
    schemas = schema()["projectSchema"]["resourceSchemas"]
    checked = 0
    for resource, body in everything(district):
        found = list(faults(schemas[resource]["jsonSchemaForInsert"], body))
        assert not found, f"{resource}: {found} in {body}"
        checked += 1
    assert checked > 10_000


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"birthDate": None}, "$.birthDate is no string"),
        ({"birthDate": "1.2.2010"}, "$.birthDate is no date"),
        ({"studentUniqueId": "x" * 33}, "$.studentUniqueId has 33 characters"),
        ({"studentUniqueId": " x"}, r"$.studentUniqueId does not match ^(?!\s)(.*\S)$"),
        ({"shoeSize": 3}, "$.shoeSize is not in the schema"),
    ],
)
def test_the_check_against_schemas_finds_what_is_wrong(
    district: Population, change: dict[str, Any], said: str
) -> None:
    schema = our_schema()["projectSchema"]["resourceSchemas"]["students"]["jsonSchemaForInsert"]
    body = district.body("students", 0)
    assert list(faults(schema, body | change)) == [said]
    del body["birthDate"]
    assert list(faults(schema, body)) == ["$.birthDate is required"]


def test_equal_values_that_a_dms_demands_are_equal(district: Population) -> None:
    schemas = our_schema()["projectSchema"]["resourceSchemas"]
    checked = 0
    for resource, body in everything(district):
        for constraint in schemas[resource]["equalityConstraints"]:
            values = {*at(body, constraint["sourceJsonPath"]), *at(body, constraint["targetJsonPath"])}
            assert len(values) <= 1, f"{resource}: {constraint} in {body}"
            checked += bool(values)
    assert checked


def at(body: Any, path: str) -> list[Any]:
    """The values at a path as `$.classPeriods[*].classPeriodReference.schoolId`."""
    found = [body]
    for name in path.removeprefix("$.").split("."):
        many = name.endswith("[*]")
        values = [value[name.removesuffix("[*]")] for value in found if name.removesuffix("[*]") in value]
        found = [inner for value in values for inner in value] if many else values
    return found


def test_every_resource_of_the_minimal_bodies_has_a_generator_with_its_required_fields() -> None:
    minimal = shared("minimal-bodies.json")
    population = Population(Sizes(), 1, "PERF")
    assert minimal.keys() <= GENERATORS.keys()
    for resource, known in minimal.items():
        body = population.body(resource, 0)
        assert set(known["required"]) <= body.keys(), resource
        assert set(known["body"]) <= body.keys() | {"localEducationAgencyReference"}, resource


CLUBS = """
from dmsperf_tui.systems.dms.generators import Generator, uri

def body(population, index):
    return {
        "clubIdentifier": f"{population.prefix}-{index}",
        "clubTypeDescriptor": uri("clubTypeDescriptors", "Study Hall"),
        "educationOrganizationReference": {"educationOrganizationId": population.school_id(index)},
    }

GENERATOR = Generator(
    "clubs",
    count=lambda sizes: sizes.schools,
    body=body,
    references=("schools",),
    descriptors={"clubTypeDescriptors": ("Study Hall",)},
)
"""


def test_another_file_is_another_generator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "clubs.py").write_text(CLUBS)
    monkeypatch.setattr(generators, "__path__", [*generators.__path__, str(tmp_path)])
    found = generators.discover()
    assert found.keys() - GENERATORS.keys() == {"clubs", "clubTypeDescriptors"}
    population = Population(Sizes(schools=3), 1, "PERF", 1000)
    assert found["clubs"].count(population.sizes) == 3
    assert found["clubs"].body(population, 2)["educationOrganizationReference"] == {
        "educationOrganizationId": 1002
    }
    (tmp_path / "other_students.py").write_text(CLUBS.replace('"clubs"', '"students"'))
    with pytest.raises(ValueError, match="two modules generate students"):
        generators.discover()


def test_descriptors_are_standard_values() -> None:
    standard = shared("descriptors-ds52.json")
    for endpoint, values in Population(Sizes(), 1, "PERF").descriptors().items():
        known = {(value["namespace"], value["codeValue"]) for value in standard[endpoint]}
        used = {(descriptor_body(endpoint, value)["namespace"], value) for value in values}
        assert used <= known, endpoint


def test_descriptors_that_bodies_use_are_the_declared_ones(district: Population) -> None:
    for resource in district.resources:
        declared = {
            uri(endpoint, value)
            for endpoint, values in GENERATORS[resource].descriptors.items()
            for value in values
        }
        used = {
            text
            for body in bodies(district, resource)
            for text in strings(body)
            if text.startswith("uri://ed-fi.org/") and "#" in text
        }
        assert used == declared, resource


def test_descriptors_of_some_resources_are_theirs_alone(district: Population) -> None:
    assert district.descriptors(["students", "sections"]) == {"sexDescriptors": ("Male", "Female")}


def test_descriptors_and_school_years_are_reference_data_with_bodies(district: Population) -> None:
    assert "schoolYearTypes" in district.reference_data
    assert not set(district.reference_data) & set(district.resources)
    assert [body["codeValue"] for body in bodies(district, "gradeLevelDescriptors")] == list(GRADE_LEVELS)
    assert district.body("sexDescriptors", 1) == {
        "namespace": "uri://ed-fi.org/SexDescriptor",
        "codeValue": "Female",
        "shortDescription": "Female",
        "description": "Female",
    }
    assert district.body("schoolYearTypes", 0)["schoolYearDescription"] == "2025-2026"


def test_students_are_as_old_as_their_grade_and_in_a_grade_of_their_school(district: Population) -> None:
    grades_of = {
        body["schoolId"]: {level["gradeLevelDescriptor"] for level in body["gradeLevels"]}
        for body in bodies(district, "schools")
    }
    grades = set()
    for student, enrolment in zip(
        bodies(district, "students"), bodies(district, "studentSchoolAssociations"), strict=True
    ):
        level = enrolment["entryGradeLevelDescriptor"]
        assert level in grades_of[enrolment["schoolReference"]["schoolId"]]
        grade = GRADE_LEVELS.index(level.partition("#")[2])
        born, start = date.fromisoformat(student["birthDate"]), date(2025, 9, 1)
        age = start.year - born.year - ((start.month, start.day) < (born.month, born.day))
        assert age == 5 + grade, f"{born} in {level}"
        grades.add(grade)
    assert grades == set(range(13))


def test_first_names_fit_the_sex_and_contacts_have_the_name_of_their_student(district: Population) -> None:
    for student in bodies(district, "students"):
        girl = student["birthSexDescriptor"].endswith("#Female")
        assert student["firstName"] in (pools.names()[0 if girl else 1])
    surnames = {body["studentUniqueId"]: body["lastSurname"] for body in bodies(district, "students")}
    parents: dict[str, list[str]] = {}
    contacts = {body["contactUniqueId"]: body for body in bodies(district, "contacts")}
    for association in bodies(district, "studentContactAssociations"):
        contact = contacts.pop(association["contactReference"]["contactUniqueId"])
        mother = contact["sexDescriptor"].endswith("#Female")
        assert association["relationDescriptor"].endswith("#Mother" if mother else "#Father")
        student_id = association["studentReference"]["studentUniqueId"]
        assert contact["lastSurname"] == surnames[student_id]
        parents.setdefault(student_id, []).append(association["relationDescriptor"].partition("#")[2])
    assert not contacts
    assert set(map(tuple, parents.values())) == {("Mother", "Father"), ("Mother",), ("Father",)}
    assert parents.keys() == surnames.keys()


def test_pools_are_large_and_without_repeats() -> None:
    girls, boys, surnames = pools.names()
    for pool, size in ((girls, 512), (boys, 512), (surnames, 1024)):
        assert len(pool) == len(set(pool)) == size
    assert {pools.first_name(True, bits) for bits in range(2**12)} == set(girls)
    assert {pools.surname(bits) for bits in range(2**12)} == set(surnames)


def test_students_attend_six_courses_of_their_school_in_full_but_not_overfull_sections(
    district: Population,
) -> None:
    attended: dict[str, set[str]] = {}
    filled: dict[tuple[int, str], int] = {}
    for body in bodies(district, "studentSectionAssociations"):
        section = body["sectionReference"]
        attended.setdefault(body["studentReference"]["studentUniqueId"], set()).add(
            section["localCourseCode"]
        )
        place = section["schoolId"], section["sectionIdentifier"]
        filled[place] = filled.get(place, 0) + 1
    assert len(attended) == DISTRICT.students
    assert {len(codes) for codes in attended.values()} == {6}
    assert len(filled) == district.count("sections")
    assert max(filled.values()) < 3 * sum(filled.values()) / len(filled)


def test_sections_are_taught_by_teachers_of_the_school(district: Population) -> None:
    roles: dict[tuple[int, str], str] = {}
    for body in bodies(district, "staffEducationOrganizationAssignmentAssociations"):
        school = body["educationOrganizationReference"]["educationOrganizationId"]
        roles[school, body["staffReference"]["staffUniqueId"]] = body["positionTitle"]
    taught = {
        roles[body["sectionReference"]["schoolId"], body["staffReference"]["staffUniqueId"]]
        for body in bodies(district, "staffSectionAssociations")
    }
    assert taught == {"Elementary Teacher", "Secondary Teacher"}
    assert set(roles.values()) == {"Principal", "Counselor", "Elementary Teacher", "Secondary Teacher"}


def test_grades_of_a_section_are_one_a_grading_period_and_letters_fit_numbers(district: Population) -> None:
    letters: dict[str, list[int]] = {}
    for body in bodies(district, "grades"):
        letters.setdefault(body["letterGradeEarned"], []).append(body["numericGradeEarned"])
    assert {letter: (min(found), max(found)) for letter, found in letters.items()} == {
        "A": (90, 100),
        "B": (80, 89),
        "C": (70, 79),
        "D": (60, 69),
        "F": (55, 59),
    }


def test_tests_that_students_took_are_of_their_grade(district: Population) -> None:
    grades = {
        body["assessmentIdentifier"]: body["assessedGradeLevels"][0]["gradeLevelDescriptor"]
        for body in bodies(district, "assessments")
    }
    subjects = set()
    for body in bodies(district, "studentAssessments"):
        identifier = body["assessmentReference"]["assessmentIdentifier"]
        assert grades[identifier] == body["whenAssessedGradeLevelDescriptor"]
        subjects.add(identifier.split("-")[1])
    assert subjects == {"MATH", "ELA", "SCI", "SOC"}


def test_courses_of_a_school_have_titles_of_their_own() -> None:
    for kind in SCHOOL_KINDS:
        found = courses(kind, 50)
        assert len(found) == len({course.code for course in found}) == len({course.title for course in found})
        assert len({course.subject for course in found[:8]}) == 8, "each subject is taught"
    assert courses(SCHOOL_KINDS[0], 0) == ()


@given(st.integers(1950, 2099))
def test_school_year_has_180_weekdays_within_its_bounds_and_without_holidays(year: int) -> None:
    days = [date.fromisoformat(day) for day in SchoolYear(year).days]
    assert len(days) == 180
    assert days == sorted(set(days))
    assert date(year - 1, 8, 15) <= days[0] <= date(year - 1, 8, 21)
    assert date(year, 5, 15) <= days[-1] <= date(year, 6, 15)
    assert all(day.weekday() < 5 for day in days)
    assert not any((day.month, day.day) in {(12, 25), (12, 31), (1, 1)} for day in days)


def test_school_year_2026_keeps_the_holidays_of_the_united_states() -> None:
    days = set(SchoolYear(2026).days)
    for holiday in ("2025-09-01", "2025-11-27", "2025-11-28", "2026-01-19", "2026-02-16", "2026-05-25"):
        assert holiday not in days
    for school_day in ("2025-08-18", "2025-09-02", "2025-12-19", "2026-01-05"):
        assert school_day in days


def test_terms_and_weeks_divide_the_year() -> None:
    year = SchoolYear(2026)
    for spans in (year.terms, year.weeks):
        assert sum(span.days for span in spans) == 180
        assert spans[0].first == year.first
        assert spans[-1].last == year.last
        assert all(before.last < after.first for before, after in pairwise(spans))
