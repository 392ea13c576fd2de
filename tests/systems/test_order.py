"""The order of a load phase: the server's list with its traps, our own, and the list of items made of it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.systems.dms import generators, order
from dmsperf_tui.systems.dms.catalog import Catalog, catalog
from dmsperf_tui.systems.dms.generators import GENERATORS, Generator
from dmsperf_tui.systems.dms.order import LoadOrder, contradictions, own_order, parse_dependencies
from dmsperf_tui.systems.dms.population import Population, Sizes
from tests.systems.shared_data import shared

ANSWERS = ("dependencies-ds51-emulated.json", "dependencies-core-subset-emulated.json")


def entry(resource: str, number: int, *operations: str) -> dict[str, Any]:
    return {"resource": resource, "order": number, "operations": list(operations or ("Create", "Update"))}


DOCUMENT = [
    entry("/ed-fi/sexDescriptors", 1),
    entry("/ed-fi/students", 3, "Create"),
    entry("/tpdm/candidates", 4),
    entry("/ed-fi/schools", 5),
    entry("/ed-fi/studentSchoolAssociations", 13),
    entry("/ed-fi/students", 14, "Update"),
]


@pytest.mark.parametrize("document", [DOCUMENT, DOCUMENT[::-1]], ids=["sorted", "reversed"])
def test_of_two_entries_the_one_that_creates_counts(document: list[Any]) -> None:
    found = parse_dependencies(document)
    assert found.orders["students"] == 3
    assert found.updates == {"students": 14}


def test_school_year_types_come_first_though_the_server_does_not_name_them() -> None:
    assert parse_dependencies(DOCUMENT).groups()[0] == (0, ("schoolYearTypes",))


def test_another_project_is_kept_apart() -> None:
    found = parse_dependencies([*DOCUMENT, entry("/tpdm/students", 9)])
    assert found.others == {"tpdm/candidates": 4, "tpdm/students": 9}
    assert found.orders["students"] == 3


def test_groups_are_the_orders_of_what_was_asked_for() -> None:
    found = LoadOrder({"schools": 5, "students": 3, "staffs": 3, "grades": 15})
    assert found.groups(["students", "schools", "staffs", "unknown"]) == [
        (3, ("staffs", "students")),
        (5, ("schools",)),
    ]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (
            {"error": "Staff needs both"},
            "no list of dependencies: {'error': 'Staff needs both'}; check the DMS's",
        ),
        ([], "no list of dependencies: []"),
        (None, "no list of dependencies: None"),
        ("<graphml/>", "no list of dependencies: '<graphml/>'"),
        ([entry("/ed-fi/a", 1), {"resource": "/ed-fi/b"}], "[1]: {'resource': '/ed-fi/b'} is no dependency"),
        ([entry("schools", 1)], "[0]: "),
        ([{**entry("/ed-fi/a", 1), "order": "1"}], "[0]: "),
        ([3], "[0]: 3 is no dependency; expected {"),
        (
            [entry("/ed-fi/a", 1), entry("/ed-fi/a", 2)],
            "ed-fi/a is to be created at two orders, 1 and 2",
        ),
    ],
)
def test_what_is_no_dependency_document_is_one_clear_line(document: Any, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_dependencies(document)
    assert said in str(caught.value)
    assert str(caught.value).startswith("/metadata/dependencies")


@pytest.mark.parametrize("name", ANSWERS)
def test_servers_orders_put_what_our_bodies_refer_to_first(name: str) -> None:
    found = parse_dependencies(shared(name))
    assert contradictions(found) == ()
    assert found.updates.keys() == {"students", "staffs", "contacts"}
    assert all(found.orders[person] < found.updates[person] for person in found.updates)
    assert catalog(Population(Sizes(), 1, "PERF"), found).left_out == ()


def test_order_that_contradicts_a_reference_is_told() -> None:
    wrong = LoadOrder(
        {"students": 14, "schools": 5, "studentSchoolAssociations": 13, "localEducationAgencies": 5}
    )
    assert contradictions(wrong) == (
        "schools (order 5) refers to localEducationAgencies (order 5)",
        "studentSchoolAssociations (order 13) refers to students (order 14)",
    )


def test_our_own_order_has_everything_and_contradicts_nothing() -> None:
    found = own_order(Population.resources)
    assert found.orders.keys() == GENERATORS.keys()
    assert contradictions(found) == ()
    assert found.orders["schoolYearTypes"] == 0
    assert {found.orders[name] for name in GENERATORS if name.endswith("Descriptors")} == {1}
    assert min(found.orders[name] for name in Population.resources) == 2


def test_our_own_order_of_some_takes_the_descriptors_that_they_need() -> None:
    found = own_order(["studentSchoolAssociations", "students"])
    assert found.orders == {
        "schoolYearTypes": 0,
        "gradeLevelDescriptors": 1,
        "sexDescriptors": 1,
        "students": 2,
        "studentSchoolAssociations": 3,
    }


def test_resource_without_a_generator_is_one_clear_line() -> None:
    with pytest.raises(ConfigError, match="there is no generator for 'student'; did you mean 'students'"):
        own_order(["student"])


def test_generators_that_refer_in_a_circle_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def made(name: str, reference: str) -> Generator:
        return Generator(name, lambda sizes: 1, lambda population, index: {}, references=(reference,))

    circle = {"a": made("a", "b"), "b": made("b", "a")}
    monkeypatch.setattr(order, "GENERATORS", circle)
    with pytest.raises(ConfigError, match=r"generators refer in a circle: (a -> b -> a|b -> a -> b)"):
        own_order(["a", "b"])
    assert generators.GENERATORS is GENERATORS


@settings(max_examples=40, deadline=None)
@given(
    st.builds(
        Sizes, st.integers(1, 3), st.integers(0, 9), st.integers(0, 9), st.integers(0, 7), st.integers(0, 2)
    ),
    st.data(),
)
def test_list_has_every_item_once_in_the_order_of_its_barriers(sizes: Sizes, data: st.DataObject) -> None:
    population = Population(sizes, 1, "PERF")
    numbers = data.draw(st.lists(st.integers(0, 6), min_size=len(population.resources)))
    given_order = LoadOrder(dict(zip(population.resources, numbers, strict=False)))
    found = catalog(population, given_order)
    located = [found.locate(index) for index in range(found.total)]
    assert [(part.resource, index) for part, index in located] == [
        (part.resource, index) for part in found.parts for index in range(population.count(part.resource))
    ]
    assert {part.resource for part in found.parts} == {
        name for name in population.resources if population.count(name)
    }
    orders = [given_order.orders[part.resource] for part, _ in located]
    assert orders == sorted(orders)
    changes = [index for index in range(1, len(orders)) if orders[index] != orders[index - 1]]
    assert list(found.barriers) == changes


def test_list_survives_json() -> None:
    population = Population(Sizes(), 1, "PERF")
    found = catalog(population, own_order(["students", "schools"]))
    again = Catalog.from_json(orjson.loads(orjson.dumps(found.to_json())))
    assert (again.parts, again.total, again.barriers, again.left_out) == (
        found.parts,
        found.total,
        found.barriers,
        found.left_out,
    )


def test_list_of_a_small_schema_leaves_out_what_it_does_not_know_and_what_needs_that() -> None:
    five = ("schools", "students", "staffs", "studentSchoolAssociations",
            "staffEducationOrganizationAssignmentAssociations")  # fmt: skip
    found = catalog(Population(Sizes(), 1, "PERF"), own_order(five))
    assert {part.resource for part in found.parts} == set(five), "what is optional is no reason to leave out"
    assert "grades" in found.left_out
    without_sections = [name for name in Population.resources if name != "sections"]
    assert catalog(Population(Sizes(), 1, "PERF"), own_order(without_sections)).left_out == (
        "grades",
        "sections",
        "staffSectionAssociations",
        "studentSectionAssociations",
    )


def test_resource_of_which_there_are_no_items_has_no_part() -> None:
    found = catalog(Population(Sizes(students=0), 1, "PERF"), own_order(Population.resources))
    assert "students" not in found
    assert "schools" in found
    assert found.part("schools").count == 10
    with pytest.raises(KeyError):
        found.part("students")
    assert "students" not in found.left_out


def test_index_beyond_the_list_is_refused() -> None:
    found = catalog(Population(Sizes(), 1, "PERF"), own_order(["schools"]))
    for index in (-1, found.total):
        with pytest.raises(IndexError, match=f"the list has 10 items, no item {index}"):
            found.locate(index)
