"""The DMS flows: what they send, what they expect, and what they make of odd answers."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from random import Random
from typing import Any, cast

import orjson
import pytest

from dmsperf_tui.engine.answers import gist
from dmsperf_tui.engine.http import Response
from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.systems.dms import data, flows


@dataclass
class Sent:
    method: str
    path: str
    name: str
    json: Any
    expect: Collection[int]


@dataclass
class FakeVu:
    """Records what a flow asks for and answers as a DMS would, but for `odd`."""

    number: int = 3
    iteration: int = 0
    seed: int = 7
    profile: dict[str, Any] = field(default_factory=lambda: {"data.schools": 10})
    memory: dict[str, Any] = field(default_factory=dict)
    odd: dict[str, Response] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    checks: dict[str, bool] = field(default_factory=dict)
    failures: list[tuple[str, str]] = field(default_factory=list)
    random: Random = field(default_factory=lambda: Random(1))

    async def _request(
        self, method: str, path: str, name: str, json: Any, expect: Collection[int]
    ) -> Response:
        self.sent.append(Sent(method, path, name, json, expect))
        if name in self.odd:
            return self.odd[name]
        if method == "POST":
            return Response.make(201, [(b"Location", f"http://dms{path}/an-id".encode())])
        created: Any = next((sent.json for sent in self.sent if sent.method == "POST"), {})
        return Response.make(200 if method == "GET" else 204, body=orjson.dumps(created))

    async def post(self, path: str, *, name: str, json: Any, expect: Collection[int] = ()) -> Response:
        return await self._request("POST", path, name, json, expect)

    async def get(self, path: str, *, name: str, expect: Collection[int] = (200,)) -> Response:
        return await self._request("GET", path, name, None, expect)

    async def put(self, path: str, *, name: str, json: Any, expect: Collection[int] = (204,)) -> Response:
        return await self._request("PUT", path, name, json, expect)

    async def delete(self, path: str, *, name: str, expect: Collection[int] = (204,)) -> Response:
        return await self._request("DELETE", path, name, None, expect)

    def check(self, name: str, ok: bool) -> bool:
        self.checks[name] = ok
        return ok

    def fail(self, operation: str, failure: str, detail: str) -> None:
        self.failures.append((operation, failure))


def run(flow: Any, vu: FakeVu) -> FakeVu:
    asyncio.run(flow(cast("VirtualUser", vu)))
    return vu


def test_lifecycle_creates_reads_changes_and_deletes_one_descriptor_and_reads_two_lists() -> None:
    vu = run(flows.descriptor_lifecycle, FakeVu())
    assert [(sent.method, sent.path.removeprefix("/data/ed-fi")) for sent in vu.sent] == [
        ("POST", "/gradeLevelDescriptors"),
        ("GET", "/gradeLevelDescriptors/an-id"),
        ("PUT", "/gradeLevelDescriptors/an-id"),
        ("DELETE", "/gradeLevelDescriptors/an-id"),
        ("GET", "/academicWeeks?limit=5"),
        ("GET", "/courses?limit=5"),
    ]
    assert vu.sent[2].json["id"] == "an-id", "a DMS answers 400 to a PUT without the id in its body"
    assert len(vu.sent[0].json["codeValue"]) <= 50
    assert all(vu.checks.values())


def test_answer_that_is_no_json_is_a_failure_of_its_kind_and_the_flow_goes_on() -> None:
    odd = {"GET gradeLevelDescriptors/{id}": Response.make(200, body=b"<html>login</html>")}
    vu = run(flows.descriptor_lifecycle, FakeVu(odd=odd))
    assert vu.failures == [("GET gradeLevelDescriptors/{id}", "not JSON")]
    assert vu.checks["GET returns what was sent"] is False
    assert len(vu.sent) == 6


def test_create_that_failed_is_not_followed_by_requests_to_nowhere() -> None:
    odd = {"POST gradeLevelDescriptors": Response.make(500)}
    vu = run(flows.descriptor_lifecycle, FakeVu(odd=odd))
    assert [sent.name for sent in vu.sent] == [
        "POST gradeLevelDescriptors",
        "GET academicWeeks",
        "GET courses",
    ]
    assert vu.checks["POST has location header"] is False


def test_enrolment_makes_its_school_once_and_each_student_new() -> None:
    vu = FakeVu()
    for vu.iteration in range(3):
        run(flows.enroll_student, vu)
    names = [sent.name for sent in vu.sent]
    assert names[0] == "POST schools"
    assert names.count("POST schools") == 1
    ids = [sent.json["studentUniqueId"] for sent in vu.sent if sent.name == "POST students"]
    assert len(set(ids)) == 3
    assert all(len(unique_id) <= 32 for unique_id in ids)
    associations = [sent.json for sent in vu.sent if sent.name == "POST studentSchoolAssociations"]
    assert {body["schoolReference"]["schoolId"] for body in associations} == {vu.memory["school"]}


def test_enrolment_uses_as_many_schools_as_the_profile_says() -> None:
    schools = set()
    for number in range(1, 41):
        schools.add(run(flows.enroll_student, FakeVu(number=number)).memory["school"])
    assert len(schools) == 10


def test_ids_are_distinct_over_seeds_vus_and_iterations_and_fit_json() -> None:
    ids = {
        data.school_id(seed, number, index)
        for seed in range(20)
        for number in range(1, 40)
        for index in range(40)
    }
    assert len(ids) == 20 * 39 * 40
    assert data.school_id(2**31 - 1, 99_999, 9_999_999) < 2**53


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            '{"detail":"Data validation failed.","validationErrors":{"$.x":["x is required."]}}',
            'Data validation failed. {"$.x":["x is required."]}',
        ),
        ('{"message":"It broke","traceId":"1"}', "It broke"),
        ("<html>\n  <b>502</b>", "<html> <b>502</b>"),
        ("[1]", "[1]"),
        ("", ""),
    ],
)
def test_gist_of_an_answer_is_its_words(body: str, said: str) -> None:
    assert gist(body) == said
