"""A VirtualUser without a network, before a K-12 platform that knows who is logged in, and little else."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, cast

import orjson

from dmsperf_tui.engine.http import Response
from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.plan.metrics import MetricType
from tests.systems.fake_vu import FakeMetrics

PASSWORD = "hush"
COUNTER: Mapping[str, MetricType] = {"relogins": MetricType.COUNTER, "ai_generations": MetricType.COUNTER}
ANSWERS: dict[str, tuple[int, Any]] = {
    "GET me": (200, {"id": 7}),
    "GET courses": (200, [{"id": 4, "title": "Art"}]),
    "GET notifications": (200, []),
    "GET unit_plans": (200, [{"id": 11}, {"id": 12}]),
    "GET unit_plans/{id}": (200, {"id": 11}),
    "POST unit_plans": (201, {"id": 13}),
    "POST courses": (201, {"id": 5}),
    "GET courses/{id}": (200, {"id": 4, "quiz_ids": [1], "assignment_ids": [21, 22]}),
    "GET courses/{id}/gradebook": (200, {"course_id": 4, "rows": []}),
    "GET courses/{id}/grades": (200, []),
    "GET courses/{id}/submissions": (200, [{"id": 31}, {"id": 32}, {"id": 33}]),
    "POST courses/{id}/enrollments": (201, {}),
    "POST courses/{id}/assignments": (201, {"id": 23}),
    "GET assignments/{id}": (200, {"id": 21}),
    "POST assignments/{id}/submissions": (201, {"id": 34}),
    "POST submissions/{id}/grade": (200, {}),
    "POST quizzes/{id}/attempts": (200, {"id": 41, "questions": 20}),
    "POST attempts/{id}/answers": (200, {}),
    "POST attempts/{id}/submit": (200, {"answered": 20, "score": 5}),
    "GET analytics": (200, {}),
    "GET users": (200, {"items": []}),
    "GET integrations": (200, []),
    "POST ai/generate": (200, {"id": 1, "text": "Here it is."}),
    "GET search": (200, {"items": []}),
    "POST files": (201, {"id": 1}),
}
"""Of each operation."""


@dataclass
class Sent:
    """A request and how it was answered."""

    method: str
    path: str
    name: str
    json: Any
    body: bytes
    headers: dict[str, str]
    tags: dict[str, str]
    expect: tuple[int, ...]
    group: str
    status: int = 0

    @property
    def is_login(self) -> bool:
        return self.path.endswith("/auth/login")


@dataclass
class FakePlatform:
    """Everything that was sent; `odd` answers the next requests of a name instead."""

    sent: list[Sent] = field(default_factory=list)
    odd: dict[str, list[Response]] = field(default_factory=dict)
    live: set[str] = field(default_factory=set)
    """E-mails of those who are logged in."""
    locked: bool = False
    """Refuses all logins."""
    turns: dict[str, int] = field(default_factory=dict)
    """By name, how many turns of the event loop an answer is under way, where it is not 1."""

    def answer(self, sent: Sent, who: str | None) -> Response:
        self.sent.append(sent)
        odd = self.odd.get(sent.name)
        response = odd.pop(0) if odd else self._answer(sent, who)
        sent.status = response.status
        return response

    def _answer(self, sent: Sent, who: str | None) -> Response:
        if sent.is_login:
            if self.locked or sent.json["password"] != PASSWORD:
                return Response.make(401)
            self.live.add(sent.json["email"])
            return Response.make(200, body=b'{"user":{"id":7}}')
        if who not in self.live:
            return Response.make(401)
        status, body = ANSWERS[sent.name]
        return Response.make(status, body=orjson.dumps(body))

    @property
    def names(self) -> list[str]:
        return [sent.name for sent in self.sent]

    @property
    def work(self) -> list[Sent]:
        """All but logins."""
        return [sent for sent in self.sent if not sent.is_login]

    def of(self, name: str) -> list[Sent]:
        return [sent for sent in self.sent if sent.name == name]


class FakeCookies:
    """Whose session the cookie stands for."""

    def __init__(self) -> None:
        self.who: str | None = None

    def clear(self) -> None:
        self.who = None


@dataclass
class FakeUser:
    """What a flow sees."""

    platform: FakePlatform = field(default_factory=FakePlatform)
    number: int = 1
    iteration: int = 0
    workload: str = "w"
    context: dict[str, Any] = field(
        default_factory=lambda: {
            "users": {"w": [["a@test.local", PASSWORD], ["b@test.local", PASSWORD]]},
            "ids": {"quiz": "1", "course": "9", "submission": ""},
            "origin": "",
        }
    )
    memory: dict[str, Any] = field(default_factory=dict)
    shared: dict[str, Any] = field(default_factory=dict)
    random: Random = field(default_factory=lambda: Random(1))
    declared: Mapping[str, MetricType] | None = None
    checks: dict[str, list[bool]] = field(default_factory=dict)
    failures: list[tuple[str, str]] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    """Of the failures."""
    slept_s: list[float] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.metrics = FakeMetrics(self.declared)
        self.cookies = FakeCookies()
        self._group = ""

    async def request(
        self,
        method: str,
        path: str,
        *,
        name: str,
        json: Any = None,
        body: bytes = b"",
        headers: Collection[tuple[str, str]] = (),
        expect: Collection[int] = (200,),
        tags: Collection[tuple[str, str]] = (),
    ) -> Response:
        sent = Sent(method, path, name, json, body, dict(headers), dict(tags), tuple(expect), self._group)
        response = self.platform.answer(sent, self.cookies.who)
        for _ in range(self.platform.turns.get(name, 1)):
            await asyncio.sleep(0)
        if sent.is_login and response.status == 200:
            self.cookies.who = json["email"]
        return response

    def post(self, path: str, **options: Any) -> Awaitable[Response]:
        return self.request("POST", path, **options)

    async def batch(self, *requests: Awaitable[Response]) -> list[Response]:
        return list(await asyncio.gather(*requests))

    def check(self, name: str, ok: bool) -> bool:
        self.checks.setdefault(name, []).append(ok)
        return ok

    @property
    def failed_checks(self) -> Counter[str]:
        return Counter({name: found.count(False) for name, found in self.checks.items() if False in found})

    def fail(self, operation: str, failure: str, detail: str) -> None:
        self.failures.append((operation, failure))
        self.details.append(detail)

    @contextmanager
    def group(self, name: str) -> Iterator[None]:
        outer, self._group = self._group, name
        try:
            yield
        finally:
            self._group = outer

    def keep_secret(self, value: str) -> None:
        self.secrets.append(value)

    async def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)


def live(flow: Callable[[VirtualUser], Awaitable[None]], user: FakeUser, times: int = 1) -> FakeUser:
    """`times` iterations, one after the other."""

    async def iterate() -> None:
        for _ in range(times):
            await flow(cast("VirtualUser", user))
            user.iteration += 1

    asyncio.run(iterate())
    return user
