"""A population: counts, keys and references of every body, and that nothing is kept for an item."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.systems.dms.generators import GENERATORS, Body
from dmsperf_tui.systems.dms.population import Population, Shares, Sizes

PROD = Sizes(130, 75_000, 12_000, 50, 4)

NATURAL_KEYS = {
    "academicWeeks": "schoolId weekIdentifier",
    "assessments": "assessmentIdentifier namespace",
    "bellSchedules": "bellScheduleName schoolId",
    "calendarDates": "calendarCode schoolId schoolYear date",
    "calendars": "calendarCode schoolId schoolYear",
    "classPeriods": "classPeriodName schoolId",
    "contacts": "contactUniqueId",
    "courseOfferings": "localCourseCode schoolId schoolYear sessionName",
    "courses": "courseCode educationOrganizationId",
    "grades": "gradeTypeDescriptor gradingPeriodDescriptor gradingPeriodName schoolId schoolYear beginDate "
    "localCourseCode sectionIdentifier sessionName studentUniqueId",
    "gradingPeriods": "gradingPeriodDescriptor gradingPeriodName schoolId schoolYear",
    "localEducationAgencies": "localEducationAgencyId",
    "locations": "classroomIdentificationCode schoolId",
    "programs": "educationOrganizationId programName programTypeDescriptor",
    "schools": "schoolId",
    "sections": "localCourseCode schoolId schoolYear sessionName sectionIdentifier",
    "sessions": "schoolId schoolYear sessionName",
    "staffEducationOrganizationAssignmentAssociations": "beginDate educationOrganizationId "
    "staffClassificationDescriptor staffUniqueId",
    "staffEducationOrganizationEmploymentAssociations": "educationOrganizationId "
    "employmentStatusDescriptor staffUniqueId",
    "staffSchoolAssociations": "programAssignmentDescriptor schoolId staffUniqueId",
    "staffSectionAssociations": "beginDate localCourseCode schoolId schoolYear sectionIdentifier "
    "sessionName staffUniqueId",
    "staffs": "staffUniqueId",
    "stateEducationAgencies": "stateEducationAgencyId",
    "studentAssessments": "assessmentIdentifier namespace studentAssessmentIdentifier studentUniqueId",
    "studentContactAssociations": "contactUniqueId studentUniqueId",
    "studentEducationOrganizationAssociations": "educationOrganizationId studentUniqueId",
    "studentSchoolAssociations": "entryDate schoolId studentUniqueId",
    "studentSectionAssociations": "beginDate localCourseCode schoolId schoolYear sectionIdentifier "
    "sessionName studentUniqueId",
    "students": "studentUniqueId",
}

TARGETS = {
    "academicWeekReference": ("academicWeeks",),
    "assessmentReference": ("assessments",),
    "calendarReference": ("calendars",),
    "classPeriodReference": ("classPeriods",),
    "contactReference": ("contacts",),
    "courseOfferingReference": ("courseOfferings",),
    "courseReference": ("courses",),
    "educationOrganizationReference": ("schools", "localEducationAgencies"),
    "gradingPeriodReference": ("gradingPeriods",),
    "localEducationAgencyReference": ("localEducationAgencies",),
    "locationReference": ("locations",),
    "schoolReference": ("schools",),
    "schoolYearTypeReference": ("schoolYearTypes",),
    "sectionReference": ("sections",),
    "sessionReference": ("sessions",),
    "staffReference": ("staffs",),
    "stateEducationAgencyReference": ("stateEducationAgencies",),
    "studentReference": ("students",),
    "studentSectionAssociationReference": ("studentSectionAssociations",),
}

sizes = st.builds(
    Sizes, st.integers(1, 4), st.integers(0, 13), st.integers(0, 25), st.integers(0, 9), st.integers(0, 3)
)
prefixes = st.text("abcdefghijklmnopqrstuvwxyzPERF0123456789-_", min_size=1, max_size=8)
seeds = st.integers(0, 2**63 - 1)
few = settings(max_examples=15, deadline=None)


def bodies(population: Population, resource: str) -> Iterator[Body]:
    return (population.body(resource, index) for index in range(population.count(resource)))


def flat(body: Body) -> dict[str, Any]:
    """Scalars of the body and of its references, by name."""
    found = {name: value for name, value in body.items() if not isinstance(value, (dict, list))}
    for name, value in body.items():
        if name.endswith("Reference") and name not in ("locationReference", "calendarReference"):
            found.update(value)
    return found


def key(resource: str, body: Body) -> tuple[Any, ...]:
    source = (
        {**flat(body), **body.get("calendarReference", {})} if resource == "calendarDates" else flat(body)
    )
    return tuple(source[name] for name in NATURAL_KEYS[resource].split())


def references(body: Body) -> Iterator[tuple[str, Body]]:
    for name, value in body.items():
        if name.endswith("Reference"):
            yield name, value
        elif isinstance(value, list):
            for item in value:
                yield from references(item)


def keys_of(resource: str, body: Body, names: tuple[str, ...]) -> tuple[Any, ...]:
    """What a reference with those names must say to mean this body."""
    known = flat(body)
    known.setdefault("educationOrganizationId", known.get("schoolId", known.get("localEducationAgencyId")))
    return tuple(known[name] for name in names)


@few
@given(sizes, seeds, prefixes)
def test_every_reference_is_to_a_body_of_the_population_and_is_declared(
    sizes: Sizes, seed: int, prefix: str
) -> None:
    population = Population(sizes, seed, prefix)
    known: dict[tuple[str, tuple[str, ...]], set[tuple[Any, ...]]] = {}
    for resource in population.resources:
        generator = GENERATORS[resource]
        declared = {*generator.references, *generator.optional}
        used = set()
        for body in bodies(population, resource):
            for name, reference in references(body):
                names = tuple(sorted(reference))
                wanted = tuple(reference[field] for field in names)
                for target in TARGETS[name]:
                    if (target, names) not in known:
                        known[target, names] = {
                            keys_of(target, other, names) for other in bodies(population, target)
                        }
                found = [target for target in TARGETS[name] if wanted in known[target, names]]
                assert found, f"{resource}: {name} {reference} is nowhere"
                used |= set(found)
        if population.count(resource):
            assert used == declared


@few
@given(sizes, seeds, prefixes, prefixes)
def test_natural_keys_are_distinct_in_a_population_and_between_prefixes(
    sizes: Sizes, seed: int, prefix: str, other_prefix: str
) -> None:
    population, other = Population(sizes, seed, prefix), Population(sizes, seed, other_prefix)
    organizations: list[int] = []
    for resource in population.resources:
        keys = [key(resource, body) for body in bodies(population, resource)]
        assert len(set(keys)) == len(keys), resource
        if prefix != other_prefix:
            assert not set(keys) & {key(resource, body) for body in bodies(other, resource)}, resource
        if resource in ("schools", "localEducationAgencies", "stateEducationAgencies"):
            organizations += [identity for (identity,) in keys]
    assert len(set(organizations)) == len(organizations), "one id space for all education organizations"
    assert max(organizations) < 2**53


def test_test_knows_the_natural_key_of_every_resource() -> None:
    assert set(NATURAL_KEYS) == set(Population.resources)


@few
@given(sizes, seeds, prefixes, st.data())
def test_bodies_follow_from_sizes_seed_and_prefix_alone(
    sizes: Sizes, seed: int, prefix: str, data: st.DataObject
) -> None:
    population = Population(sizes, seed, prefix)
    again = Population.from_json(orjson.loads(orjson.dumps(population.to_json())))
    filled = [name for name in population.resources if population.count(name)]
    resource = data.draw(st.sampled_from(filled))
    index = data.draw(st.integers(0, population.count(resource) - 1))
    first = population.body(resource, index)
    wanted = orjson.dumps(first)
    first.clear()
    assert orjson.dumps(population.body(resource, index)) == wanted, "a body is the caller's own"
    assert orjson.dumps(again.body(resource, index)) == wanted


def digest() -> str:
    population = Population(Sizes(3, 20, 12, 8, 2), 5, "PERF")
    documents = [list(bodies(population, name)) for name in population.resources]
    return hashlib.sha256(orjson.dumps([documents, population.descriptors()])).hexdigest()


def test_another_process_makes_the_same_bodies() -> None:
    code = "from tests.systems.test_population import digest; print(digest())"
    environment = {**os.environ, "PYTHONHASHSEED": "4711"}
    answer = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == digest()


def test_another_seed_makes_other_people_with_the_same_keys() -> None:
    one, two = (Population(Sizes(), seed, "PERF") for seed in (1, 2))
    pairs = list(zip(bodies(one, "students"), bodies(two, "students"), strict=True))
    assert all(a["studentUniqueId"] == b["studentUniqueId"] for a, b in pairs)
    assert sum(a["firstName"] == b["firstName"] for a, b in pairs) < 10


def test_shape_of_the_performance_strategy() -> None:
    population = Population(Sizes(100, 50_000, 5_000, 0, 0), 1, "PERF", 100_000)
    schools = list(bodies(population, "schools"))
    assert [school["schoolId"] for school in schools] == list(range(100_000, 100_100))
    assert all(
        f"Performance Test School {index}" in school["nameOfInstitution"]
        for index, school in enumerate(schools)
    )
    students = {body["studentUniqueId"] for body in bodies(population, "students")}
    assert students == {f"PERF{school}S{place}" for school in range(100_000, 100_100) for place in range(500)}
    staff = {body["staffUniqueId"] for body in bodies(population, "staffs")}
    assert staff == {f"PERFSTAFF{number}" for number in range(5_000)}
    enrolments = bodies(population, "studentSchoolAssociations")
    assert all(
        body["studentReference"]["studentUniqueId"].startswith(f"PERF{body['schoolReference']['schoolId']}S")
        for body in enrolments
    )


def test_counts_of_the_largest_profile() -> None:
    population = Population(PROD, 1, "0123456789")
    counts = {name: population.count(name) for name in population.resources}
    assert counts == {
        "academicWeeks": 36 * 130,
        "assessments": 50,
        "bellSchedules": 130,
        "calendarDates": 180 * 130,
        "calendars": 130,
        "classPeriods": 8 * 130,
        "contacts": 112_500,
        "courseOfferings": 130 * 50,
        "courses": 130 * 50,
        "grades": 24 * 75_000,
        "gradingPeriods": 4 * 130,
        "localEducationAgencies": 1,
        "locations": 10 * 130,
        "programs": 4,
        "schools": 130,
        "sections": 130 * 50 * 4,
        "sessions": 130,
        "staffEducationOrganizationAssignmentAssociations": 12_000,
        "staffEducationOrganizationEmploymentAssociations": 12_000,
        "staffSchoolAssociations": 12_000,
        "staffSectionAssociations": 130 * 50 * 4,
        "staffs": 12_000,
        "stateEducationAgencies": 1,
        "studentAssessments": 22_500,
        "studentContactAssociations": 112_500,
        "studentEducationOrganizationAssociations": 75_000,
        "studentSchoolAssociations": 75_000,
        "studentSectionAssociations": 6 * 75_000,
        "students": 75_000,
    }
    assert sum(counts.values()) == 2_867_016


def test_population_keeps_nothing_for_an_item() -> None:
    def size(sizes: Sizes) -> int:
        tracemalloc.start()
        population = Population(sizes, 1, "PERF")
        for name in population.resources:
            count = population.count(name)
            for index in range(0, count, max(1, count // 200)):
                population.body(name, index)
        kept, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return kept

    small, large = size(Sizes(5, 100, 20, 50, 4)), size(PROD)
    assert large - small < 20_000, "750 times the students take no more memory"


@given(st.integers(0, 60), st.integers(1, 9))
def test_shares_deal_every_item_once_and_evenly(total: int, parts: int) -> None:
    shares = Shares(total, parts)
    places = [shares.place(index) for index in range(total)]
    assert places == [(part, place) for part in range(parts) for place in range(shares.size(part))]
    assert {shares.size(part) for part in range(parts)} <= {total // parts, -(-total // parts)}
    assert [shares.first(part) + place for part, place in places] == list(range(total))


def test_sizes_come_from_the_profile_and_dev_fills_what_is_missing() -> None:
    assert Sizes.of({"data.schools": 2, "data.students": 5, "load.vus": 7}) == Sizes(2, 5, 20, 10, 3)


@pytest.mark.parametrize(
    ("name", "value", "least"),
    [("schools", 0, 1), ("students", -1, 0), ("staff", 1.5, 0), ("schools", True, 1), ("students", "10", 0)],
)
def test_size_that_is_no_count_is_one_clear_line(name: str, value: object, least: int) -> None:
    with pytest.raises(ConfigError) as caught:
        Sizes.of({f"data.{name}": value})
    assert str(caught.value) == f"data.{name}: {value!r} is no count; use a whole number from {least}"


@pytest.mark.parametrize(
    ("prefix", "first_school_id", "schools", "said"),
    [
        ("", None, 1, "prefix: '' is no prefix for keys; use letters, digits, - and _"),
        ("a b", None, 1, "prefix: 'a b' is no prefix for keys; use letters, digits, - and _"),
        (
            "0123456789abc",
            None,
            1,
            "prefix: '0123456789abc' makes ids of more than 32 characters; use at most 12 characters",
        ),
        (
            "a",
            2,
            1,
            "data.first_school_id: 2 cannot be the first school's id; use a number above 2, where the "
            "agencies are, and well below 2^53",
        ),
        (
            "a",
            2**53 - 2,
            3,
            "data.first_school_id: 9007199254740990 cannot be the first school's id; use a number above 2, "
            "where the agencies are, and well below 2^53",
        ),
        ("a", None, 9_999, "data.schools: 9999 schools are more than a prefix has ids for; use at most 9998"),
    ],
)
def test_prefix_or_id_that_cannot_be_is_one_clear_line(
    prefix: str, first_school_id: int | None, schools: int, said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        Population(Sizes(schools, 100 * schools), 1, prefix, first_school_id)
    assert str(caught.value) == said


@pytest.mark.parametrize("year", [26, 1899, 2101])
def test_what_is_no_school_year_is_one_clear_line(year: int) -> None:
    with pytest.raises(ConfigError) as caught:
        Population(Sizes(), 1, "PERF", school_year=year)
    assert str(caught.value) == (
        f"data.school_year: {year} is no school year; use 1900 to 2100, the year in which it ends"
    )


def test_item_beyond_the_count_is_refused() -> None:
    population = Population(Sizes(), 1, "PERF")
    with pytest.raises(IndexError, match="students has 100 items, no item 100"):
        population.body("students", 100)
    with pytest.raises(IndexError):
        population.body("students", -1)
