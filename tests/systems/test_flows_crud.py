"""The read-write flows over small data: nothing they send is refused, and the data stays whole."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlsplit

import pytest

from dmsperf_tui.engine.http import Response
from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.systems.dms.catalog import Catalog
from dmsperf_tui.systems.dms.flows import crud, queries
from dmsperf_tui.systems.dms.flows.changes import changed
from dmsperf_tui.systems.dms.flows.journeys import enroll_student
from dmsperf_tui.systems.dms.flows.populate import MOST, PopulateError, populate
from dmsperf_tui.systems.dms.flows.ramp import growing_district
from dmsperf_tui.systems.dms.flows.resources import CREATED, DELETED
from dmsperf_tui.systems.dms.flows.supply import Supply
from dmsperf_tui.systems.dms.generators import uri
from dmsperf_tui.systems.dms.generators._levels import GRADE_LEVELS
from dmsperf_tui.systems.dms.listing import FLOWS
from dmsperf_tui.systems.dms.order import referred
from dmsperf_tui.systems.dms.population import Population
from dmsperf_tui.systems.dms.uses import descriptors, uses
from tests.systems.fake_vu import KEYS, FakeDms, FakeVu, run
from tests.systems.shared_data import shared
from tests.systems.test_generators import SCHEMA, faults, our_schema


def populated(profile: dict[str, Any] | None = None) -> tuple[FakeDms, Any]:
    dms, made = FakeDms(), []

    async def prepare(vu: VirtualUser) -> None:
        made.append(await populate(vu))

    run(prepare, FakeVu(dms, profile=profile or {}))
    dms.sent.clear()
    return dms, made[0]


def vu_of(dms: FakeDms, setup: Any, **options: Any) -> FakeVu:
    return FakeVu(dms, setup=setup, **{"profile": {}, **options})


def as_vu(vu: FakeVu) -> VirtualUser:
    return cast("VirtualUser", vu)


# --- set-up ---------------------------------------------------------------------------------------


def test_populate_is_small_and_comes_in_order() -> None:
    dms = FakeDms()
    vu = FakeVu(dms, profile={"data.schools": 130, "data.students": 75_000, "data.staff": 12_000})
    made: list[Any] = []

    async def prepare(vu: VirtualUser) -> None:
        made.append(await populate(vu))

    run(prepare, vu)
    assert not dms.failed
    assert len(dms.items["students"]) == MOST.students
    assert len(dms.items["schools"]) == MOST.schools
    sent = [one.resource for one in dms.sent[1:]]
    for resource in set(sent):
        first = sent.index(resource)
        assert not referred(resource) & set(sent[first:]), "what it refers to is there"
    assert set(CREATED) <= set(sent)
    assert len(vu.made_items) == Catalog.from_json(made[0]["catalog"]).total == len(sent)


def test_populate_takes_the_servers_order() -> None:
    _, setup = populated()
    catalog = Catalog.from_json(setup["catalog"])
    listed = [
        {"resource": f"/ed-fi/{part.resource}", "order": 90 - part.order, "operations": ["Create", "Update"]}
        for part in catalog.parts
    ]
    dms = FakeDms(dependencies=listed)
    with pytest.raises(PopulateError, match=r"POST \w+: was|POST \w+ was answered 409: Unresolved"):
        run(populate, FakeVu(dms, profile={}))
    assert dms.sent[1].resource in {"grades", "studentAssessments", "staffSchoolAssociations"}


def test_populate_does_nothing_where_there_is_data() -> None:
    dms, setup = populated()
    run(populate, FakeVu(dms, context={"prefix": "ab12cd", **setup}))
    assert not dms.sent


def test_populate_says_what_the_server_has_refused() -> None:
    body = b'{"detail":"Data validation failed.","errors":["no school year 2026"]}'
    dms = FakeDms(odd={"POST schools": [Response.make(400, body=body)]})
    with pytest.raises(PopulateError) as raised:
        run(populate, FakeVu(dms, profile={}))
    said = str(raised.value)
    assert said.startswith("POST schools was answered 400: Data validation failed.")
    assert "no school year 2026" in said
    assert "setup check" in said
    assert "\n" not in said


# --- read-write -----------------------------------------------------------------------------------

MIX = (crud.create, crud.read, crud.update, crud.delete, queries.query)


@pytest.mark.parametrize("profile", [{}, {"data.students": 2, "data.staff": 2, "data.schools": 2}])
def test_nothing_that_a_mix_sends_is_refused(profile: dict[str, Any]) -> None:
    dms, setup = populated(profile)
    vu = vu_of(dms, setup, profile=profile)
    for flow in MIX:
        run(flow, vu, times=300)
    assert [(sent.name, sent.status, sent.json) for sent in dms.failed] == []
    assert all(all(results) for results in vu.checks.values())
    created = Counter(sent.resource for sent in dms.sent if sent.method == "POST")
    assert set(created) == set(CREATED)
    assert {sent.resource for sent in dms.sent if sent.method == "PUT"} == set(CREATED)
    assert {sent.resource for sent in dms.sent if sent.method == "DELETE"} == set(DELETED)


@pytest.mark.parametrize("schema", [our_schema, lambda: shared(SCHEMA)], ids=["ours", "data standard"])
def test_every_body_that_is_sent_is_valid(schema: Callable[[], Any]) -> None:
    schemas = schema()["projectSchema"]["resourceSchemas"]
    dms, setup = populated()
    vu = vu_of(dms, setup)
    run(crud.create, vu, times=400)
    run(crud.update, vu, times=400)
    run(growing_district, vu, times=50)
    run(enroll_student, vu, times=5)
    checked = set()
    for sent in dms.sent:
        if sent.json is not None:
            body = {name: value for name, value in sent.json.items() if name != "id"}
            assert list(faults(schemas[sent.resource]["jsonSchemaForInsert"], body)) == []
            checked.add((sent.method, sent.resource))
    assert checked == {(method, name) for method in ("POST", "PUT") for name in CREATED} | {
        ("POST", "schools")
    }


def test_many_users_at_once_and_two_workers_meet_no_item_that_is_gone_or_taken() -> None:
    dms, setup = populated()
    workers = [{}, {}]  # type: list[dict[str, Any]]
    users = [
        vu_of(dms, setup, worker=(number % 2, 2), shared=workers[number % 2], number=number)
        for number in range(20)
    ]

    async def live(vu: FakeVu) -> None:
        vu.random.seed(vu.number)
        for turn in range(100):
            await MIX[turn % len(MIX)](as_vu(vu))

    async def together() -> None:
        await asyncio.gather(*(live(vu) for vu in users))

    asyncio.run(together())
    assert [(sent.name, sent.status) for sent in dms.failed] == []
    assert sum(sent.method == "DELETE" for sent in dms.sent) > 150


def test_shares_of_creates_keep_up_with_a_tenth_of_deletes() -> None:
    dms, setup = populated()
    vu = vu_of(dms, setup)
    for _ in range(300):
        run(crud.create, vu, times=2)
        run(crud.delete, vu)
    deletes = sum(sent.method == "DELETE" for sent in dms.sent)
    assert deletes > 0.95 * 300


def test_the_data_of_a_load_phase_stays_whole() -> None:
    dms, setup = populated()
    before = {resource: set(items) for resource, items in dms.items.items()}
    vu = vu_of(dms, setup)
    run(crud.create, vu, times=200)
    run(crud.delete, vu, times=200)
    assert all(ids <= dms.items[resource].keys() for resource, ids in before.items())
    again = vu_of(dms, setup, context={"prefix": "zz99zz", "vintage": "v8"})
    for flow in MIX:
        run(flow, again, times=100)
    assert not dms.failed, "another run works on the same data"


def test_a_new_student_goes_to_the_grade_of_its_age() -> None:
    dms, setup = populated()

    async def enrol(vu: VirtualUser) -> None:
        await Supply.of(vu).make(vu, "studentSchoolAssociations")

    run(enrol, vu_of(dms, setup, profile={"data.schools": 5}), times=60)
    born = {body["studentUniqueId"]: int(body["birthDate"][:4]) for body in dms.created("students")}
    enrolments = dms.created("studentSchoolAssociations")
    assert len(enrolments) == 60
    levels = [uri("gradeLevelDescriptors", level) for level in GRADE_LEVELS]
    for body in enrolments:
        grade = levels.index(body["entryGradeLevelDescriptor"])
        assert 2025 - 5 - grade - born[body["studentReference"]["studentUniqueId"]] in (0, 1)
    assert len({body["entryGradeLevelDescriptor"] for body in enrolments}) > 6


def test_deletes_begin_with_the_oldest() -> None:
    dms, setup = populated()
    vu = vu_of(dms, setup)
    made: list[str] = []

    async def make(vu: VirtualUser) -> None:
        item = await Supply.of(vu).make(vu, "grades")
        assert item is not None
        made.append(item.identity.hex())

    run(make, vu, times=9)
    run(crud.delete, vu, times=9)
    gone = [sent.path.rpartition("/")[2].replace("-", "") for sent in dms.sent if sent.method == "DELETE"]
    assert gone == made


def test_before_anything_was_made_a_delete_is_a_read() -> None:
    dms, setup = populated()
    run(crud.delete, vu_of(dms, setup), times=20)
    assert {sent.method for sent in dms.sent} == {"GET"}


def test_without_any_data_reads_are_lists_and_nothing_is_refused() -> None:
    dms = FakeDms()
    vu = vu_of(dms, None)
    run(crud.read, vu, times=10)
    assert all("limit=10" in sent.path for sent in dms.sent)
    for flow in MIX:
        run(flow, vu, times=50)
    assert not dms.failed


@pytest.mark.parametrize("resource", CREATED)
def test_a_change_is_real_each_time_and_leaves_the_key_alone(resource: str) -> None:
    dms, _ = populated()
    body = next(iter(dms.items[resource].values()))
    before = body
    for turn in range(1, 30):
        after = changed(resource, body, turn)
        assert after != before
        assert after != body or resource in ("staffSchoolAssociations", "grades")
        assert {name: after[name] for name in KEYS[resource]} == {name: body[name] for name in KEYS[resource]}
        before = after


def test_operations_are_measured_by_kind_resource_and_success() -> None:
    dms, setup = populated()
    dms.odd = {"GET students/{id}": [Response.make(500)] * 1000}
    vu = run(crud.read, vu_of(dms, setup), times=100)
    failed = vu.metrics.values("crud_operation_duration", resource_type="students", success="false")
    assert len(failed) == len(dms.failed) > 0
    assert vu.metrics.values("errors").count(1.0) == len(failed) == sum(vu.metrics.values("api_errors"))
    assert sum(vu.metrics.values("crud_operations", operation="read")) == 100
    assert set(vu.metrics.tags("crud_operations", "resource_type")) <= set(CREATED)


def test_users_think_as_the_workload_says() -> None:
    dms, setup = populated()
    vu = run(crud.read, vu_of(dms, setup, env={"PAUSE_S": "0.5-2"}), times=50)
    assert len(vu.slept_s) == 50
    assert 0.5 <= min(vu.slept_s) < 0.8 < 1.7 < max(vu.slept_s) <= 2
    assert not run(crud.read, vu_of(dms, setup), times=5).slept_s
    with pytest.raises(SystemExit, match="PAUSE_S of w is 'soon'; write seconds"):
        run(crud.read, vu_of(dms, setup, env={"PAUSE_S": "soon"}))


# --- queries and the ramp -------------------------------------------------------------------------


def test_each_kind_of_query_is_one_that_a_dms_answers() -> None:
    dms, setup = populated()
    vu = run(queries.query, vu_of(dms, setup), times=200)
    assert not dms.failed
    assert all(all(results) for results in vu.checks.values())
    assert set(vu.checks) == {"query successful", "has results", "has Total-Count"}
    assert vu.metrics.tags("query_count", "query").keys() == set(queries.KINDS)
    assert len(vu.metrics.values("query_response_time")) == 200
    sizes = vu.metrics.values("query_result_size")
    assert len(sizes) == 200
    assert max(sizes) == 20
    assert {sent.resource for sent in dms.sent} == {"students", "studentSchoolAssociations"}


def test_a_range_is_an_expected_400() -> None:
    dms, setup = populated()
    vu = run(queries.query_by_range, vu_of(dms, setup))
    (sent,) = dms.sent
    assert urlsplit(sent.path).query == "birthDate%3E=2010-01-01&limit=25"
    assert (sent.status, sent.expect) == (400, (400,))
    assert vu.checks == {"range query is refused": [True]}
    assert vu.metrics.values("errors") == [0.0]


@pytest.mark.parametrize("body", [b"<html>", b'{"a":1}'])
def test_a_page_that_is_no_list_fails_its_check(body: bytes) -> None:
    dms, setup = populated()
    dms.odd = {f"GET {resource}": [Response.make(200, body=body)] * 9 for resource in KEYS}
    vu = run(queries.query, vu_of(dms, setup))
    assert vu.checks == {"query successful": [False]}
    assert not vu.metrics.values("query_result_size")


def test_a_ramp_fills_first_and_then_works() -> None:
    dms = FakeDms()
    vu = run(growing_district, vu_of(dms, None), times=100)
    filling = Counter(sent.method for sent in dms.sent)
    assert filling.keys() == {"POST", "GET"}
    assert 25 <= filling["POST"] <= 55
    run(growing_district, vu, times=400)
    assert not dms.failed
    working = Counter(sent.method for sent in dms.sent[100:])
    assert 60 <= working["PUT"] <= 100
    assert 90 <= working["POST"] <= 150
    assert vu.metrics.values("query_count")
    assert vu.metrics.values("school_creates")


# --- what they need -------------------------------------------------------------------------------


def test_uses_name_all_that_the_flows_do() -> None:
    dms, setup = populated()
    for name in ("create", "read", "update", "delete", "query", "query_by_range"):
        dms.sent.clear()
        module = queries if name.startswith("query") else crud
        vu = vu_of(dms, setup)
        if name == "delete":
            run(crud.create, vu, times=200)
            dms.sent.clear()
        run(getattr(module, name), vu, times=300)
        named = {
            (resource, action) for resource, actions in uses([f"dms.{name}"]).items() for action in actions
        }
        assert dms.taken() <= named, name
        assert named - dms.taken() <= {(resource, "Read") for resource in CREATED}, name


def test_each_flow_that_ships_has_its_uses() -> None:
    assert [name for name in FLOWS if not uses([name])] == []
    assert uses(["my_flows.py:go"]) == {}
    everything = uses(FLOWS)
    assert set(Population.resources) <= set(everything)
    assert everything["grades"] == {"Create", "Read", "Update", "Delete"}
    assert everything["assessments"] == {"Create"}


def test_descriptors_are_those_of_what_is_written() -> None:
    assert descriptors(["dms.query"]) == {}
    assert descriptors(["dms.create_school"]).keys() == {
        "educationOrganizationCategoryDescriptors",
        "gradeLevelDescriptors",
    }
    assert "Grading Period" in descriptors(["dms.create"])["gradeTypeDescriptors"]
