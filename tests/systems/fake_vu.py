"""A VirtualUser without a network, before a DMS that keeps what it is sent in a dict.

The DMS knows natural keys, references and ids: an item whose key is taken is updated (200), one that refers
to nothing is refused (409), and so is a PUT without its id (400).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID, uuid5

import orjson

from dmsperf_tui.engine.http import Response
from dmsperf_tui.engine.vu import Flow, VirtualUser
from dmsperf_tui.plan.metrics import MetricType
from dmsperf_tui.systems.dms.flows import calls

_SPACE = UUID(int=7)
KEYS: Mapping[str, tuple[str, ...]] = {
    "gradeLevelDescriptors": ("codeValue",),
    "schools": ("schoolId",),
    "students": ("studentUniqueId",),
    "staffs": ("staffUniqueId",),
    "assessments": ("assessmentIdentifier", "namespace"),
    "courses": ("courseCode", "educationOrganizationReference"),
    "sections": ("sectionIdentifier", "courseOfferingReference"),
    "studentSchoolAssociations": ("studentReference", "schoolReference", "entryDate"),
    "studentSectionAssociations": ("studentReference", "sectionReference", "beginDate"),
    "grades": ("gradeTypeDescriptor", "gradingPeriodReference", "studentSectionAssociationReference"),
    "studentAssessments": ("studentAssessmentIdentifier", "studentReference", "assessmentReference"),
    "staffSchoolAssociations": ("staffReference", "schoolReference", "programAssignmentDescriptor"),
}
"""Natural keys; those of other resources are the whole body."""
TARGETS = {
    "studentReference": ("students", ("studentUniqueId",)),
    "staffReference": ("staffs", ("staffUniqueId",)),
    "schoolReference": ("schools", ("schoolId",)),
    "assessmentReference": ("assessments", ("assessmentIdentifier", "namespace")),
}
"""What references lead to: the resource, and its natural key."""
ACTIONS = {"POST": "Create", "GET": "Read", "PUT": "Update", "DELETE": "Delete"}


@dataclass
class Sent:
    """A request and how it was answered."""

    method: str
    path: str
    name: str
    json: Any
    expect: tuple[int, ...]
    status: int = 0

    @property
    def resource(self) -> str:
        return self.path.removeprefix(f"{calls.DATA}/").partition("?")[0].partition("/")[0]


def _key(values: Mapping[str, Any]) -> bytes:
    return orjson.dumps(values, option=orjson.OPT_SORT_KEYS)


@dataclass
class FakeDms:
    """What exists, and everything that was sent. `odd` answers the next requests of a name instead."""

    items: dict[str, dict[UUID, Any]] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    odd: dict[str, list[Response]] = field(default_factory=dict)
    dependencies: list[dict[str, Any]] | None = None
    _keys: dict[tuple[str, bytes], UUID] = field(default_factory=dict)

    async def answer(self, sent: Sent) -> Response:
        self.sent.append(sent)
        await asyncio.sleep(0)
        odd = self.odd.get(sent.name)
        response = odd.pop(0) if odd else self._answer(sent)
        sent.status = response.status
        return response

    @property
    def failed(self) -> list[Sent]:
        """What was answered otherwise than the flow expected."""
        return [sent for sent in self.sent if sent.status not in sent.expect]

    def created(self, resource: str) -> list[Any]:
        """The bodies of all POSTs, as they were sent."""
        return [one.json for one in self.sent if one.method == "POST" and one.resource == resource]

    def taken(self) -> set[tuple[str, str]]:
        """(resource, action) of all that was sent, metadata aside."""
        return {(one.resource, ACTIONS[one.method]) for one in self.sent if one.path.startswith(calls.DATA)}

    def _answer(self, sent: Sent) -> Response:
        parts = urlsplit(sent.path)
        if parts.path == "/metadata/dependencies":
            if self.dependencies is None:
                return Response.make(404)
            return Response.make(200, body=orjson.dumps(self.dependencies))
        resource, _, identity = parts.path.removeprefix(f"{calls.DATA}/").partition("/")
        items = self.items.setdefault(resource, {})
        if sent.method == "POST":
            return self._post(resource, items, sent.json)
        if not identity:
            return self._list(list(items.values()), dict(parse_qsl(parts.query)))
        known = UUID(identity)
        if known not in items:
            return Response.make(404)
        if sent.method == "GET":
            return Response.make(200, body=orjson.dumps({**items[known], "id": identity}))
        if sent.method == "DELETE":
            del items[known]
            self._keys = {key: one for key, one in self._keys.items() if one != known}
        elif sent.json.get("id") != identity:
            return Response.make(400)
        else:
            items[known] = sent.json
        return Response.make(204)

    def _post(self, resource: str, items: dict[UUID, Any], body: Any) -> Response:
        for name, (target, names) in TARGETS.items():
            if name in body and (target, _key({key: body[name][key] for key in names})) not in self._keys:
                return Response.make(409, body=f'{{"detail":"Unresolved {name}"}}'.encode())
        key = _key({name: body[name] for name in KEYS.get(resource, tuple(body))})
        known = (resource, key) in self._keys
        identity = self._keys.setdefault((resource, key), uuid5(_SPACE, f"{resource}{key!r}"))
        items[identity] = body
        location = f"http://dms{calls.DATA}/{resource}/{identity}".encode()
        return Response.make(200 if known else 201, [(b"Location", location)])

    def _list(self, found: list[Any], query: dict[str, str]) -> Response:
        for name in query.keys() - {"limit", "offset", "totalCount"}:
            if not name.isalpha():
                return Response.make(400)
            found = [one for one in found if str(_value(one, name)) == query[name]]
        offset, limit = int(query.get("offset", 0)), int(query.get("limit", 500))
        headers = [(b"Total-Count", str(len(found)).encode())] if "totalCount" in query else []
        return Response.make(200, headers, orjson.dumps(found[offset : offset + limit]))


def _value(body: Any, name: str) -> object:
    """A top-level field, or one of a reference."""
    inner = [part[name] for part in body.values() if isinstance(part, dict) and name in part]
    return body.get(name, inner[0] if inner else None)


class FakeMetrics:
    """Keeps what is added; what is not declared is refused as the engine does. None: all are declared."""

    def __init__(self, declared: Mapping[str, MetricType] | None) -> None:
        self._declared = declared
        self.added: list[tuple[str, float, dict[str, str]]] = []

    def add(self, name: str, value: float, **tags: str) -> None:
        if self._declared is not None and name not in self._declared:
            raise KeyError(name)
        self.added.append((name, value, tags))

    def values(self, name: str, **tags: str) -> list[float]:
        return [value for metric, value, own in self.added if metric == name and tags.items() <= own.items()]

    def tags(self, name: str, key: str) -> Counter[str]:
        return Counter(own[key] for metric, _, own in self.added if metric == name)


@dataclass
class FakeVu:
    """What a flow sees."""

    dms: FakeDms = field(default_factory=FakeDms)
    number: int = 3
    iteration: int = 0
    index: int | None = None
    again: bool = False
    outcome: bytes | None = None
    found: bool = False
    seed: int = 7
    workload: str = "w"
    worker: tuple[int, int] = (0, 1)
    profile: dict[str, Any] = field(default_factory=lambda: {"data.schools": 10})
    context: dict[str, Any] = field(default_factory=lambda: {"prefix": "ab12cd", "vintage": "v8"})
    setup: Any = None
    env: dict[str, str] = field(default_factory=dict)
    memory: dict[str, Any] = field(default_factory=dict)
    shared: dict[str, Any] = field(default_factory=dict)
    requests: int = 0
    checks: dict[str, list[bool]] = field(default_factory=dict)
    failures: list[tuple[str, str]] = field(default_factory=list)
    made_items: list[tuple[str, bytes]] = field(default_factory=list)
    slept_s: list[float] = field(default_factory=list)
    random: Random = field(default_factory=lambda: Random(1))
    declared: Mapping[str, MetricType] | None = None

    def __post_init__(self) -> None:
        self.metrics = FakeMetrics(self.declared)

    async def request(
        self,
        method: str,
        path: str,
        *,
        name: str,
        json: Any = None,
        expect: Collection[int] = (200,),
        tags: object = None,
    ) -> Response:
        self.requests += 1
        return await self.dms.answer(Sent(method, path, name, json, tuple(expect)))

    def post(self, path: str, **options: Any) -> Awaitable[Response]:
        return self.request("POST", path, **options)

    def get(self, path: str, **options: Any) -> Awaitable[Response]:
        return self.request("GET", path, **options)

    def put(self, path: str, **options: Any) -> Awaitable[Response]:
        return self.request("PUT", path, **options)

    def delete(self, path: str, **options: Any) -> Awaitable[Response]:
        return self.request("DELETE", path, **options)

    async def batch(self, *requests: Awaitable[Response]) -> list[Response]:
        return list(await asyncio.gather(*requests))

    def check(self, name: str, ok: bool) -> bool:
        self.checks.setdefault(name, []).append(ok)
        return ok

    def fail(self, operation: str, failure: str, detail: str) -> None:
        self.failures.append((operation, failure))

    def made(self, kind: str, identity: bytes) -> None:
        assert len(identity) == 16
        self.made_items.append((kind, identity))

    async def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)

    def abort(self, reason: str) -> None:
        raise SystemExit(reason)


def run(flow: Flow | Callable[..., Any], vu: FakeVu, times: int = 1) -> FakeVu:
    """`times` iterations, one after the other."""

    async def iterate() -> None:
        for _ in range(times):
            await flow(cast("VirtualUser", vu))
            vu.iteration += 1

    asyncio.run(iterate())
    return vu
