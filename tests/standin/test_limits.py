"""The rate limiter and the circuit breaker: alone, with a clock of the test's, and in the application."""

from __future__ import annotations

import pytest

from dmsperf_tui.standin.breaker import Breaker, BreakerSettings
from dmsperf_tui.standin.rate_limit import Limiter, RateLimit
from dmsperf_tui.standin.vintage import Vintage

from .bodies import student
from .conftest import Clock, Start

pytestmark = pytest.mark.anyio


def test_a_window_is_fixed() -> None:
    clock = Clock()
    limiter = Limiter(RateLimit(2, 10), clock)
    assert [limiter.refuse("a") for _ in range(3)] == [0, 0, 10]
    clock.now += 6.5
    assert limiter.refuse("a") == 4
    assert limiter.refuse("b") == 0, "another host has a window of its own"
    clock.now += 3.5
    assert [limiter.refuse("a") for _ in range(3)] == [0, 0, 10]


@pytest.mark.parametrize(
    ("text", "limit"),
    [("5000/10s", RateLimit(5000, 10)), ("3/0.5s", RateLimit(3, 0.5)), ("9/1m", RateLimit(9, 60))],
)
def test_a_rate_limit_is_read(text: str, limit: RateLimit) -> None:
    assert RateLimit.read(text) == limit


@pytest.mark.parametrize("text", ["", "5000", "0/10s", "5/0s", "5/10", "-1/10s"])
def test_what_is_no_rate_limit(text: str) -> None:
    with pytest.raises(ValueError, match="is no rate limit; write how many in how long, such as 5000/10s"):
        RateLimit.read(text)


async def test_every_endpoint_of_the_dms_counts(start: Start) -> None:
    async with start(rate_limit=RateLimit(3, 10)) as (anonymous, _):
        assert (await anonymous.get("/data/ed-fi/students")).status_code == 401
        assert (await anonymous.get("/health")).status_code == 200
        refused = await anonymous.get("/metadata")
        assert refused.status_code == 429, "the third was the token"
        assert refused.headers["Retry-After"] == "10"
        assert refused.json()["type"] == "urn:ed-fi:api:too-many-requests"
        assert (await anonymous.get("/config/health")).status_code == 200, "the CMS is another service"
        elsewhere = await anonymous.get("/health", headers={"Host": "other.test"})
        assert elsewhere.status_code == 200
        stats = (await anonymous.get("/_standin/stats")).json()
        assert (stats["limited"], stats["requests"]) == (1, 1)


async def test_v0_7_says_nothing_but_429(start: Start) -> None:
    async with start(vintage=Vintage.V0_7, rate_limit=RateLimit(1, 10)) as (anonymous, _):
        refused = await anonymous.get("/health")
        assert (refused.status_code, refused.content) == (429, b"")
        assert "Retry-After" not in refused.headers


def test_a_breaker_needs_some_traffic() -> None:
    clock = Clock()
    breaker = Breaker(BreakerSettings(0.5, 4, 10, 30), clock)
    for failed in (True, True, True):
        breaker.record(failed)
    assert not breaker.refuses()
    clock.now += 11
    breaker.record(True)
    assert not breaker.refuses(), "what is older than the window does not count"
    for failed in (False, False):
        breaker.record(failed)
    assert not breaker.refuses()
    breaker.record(True)
    assert breaker.refuses()


def test_a_breaker_tries_one_call_when_its_time_is_over() -> None:
    clock = Clock()
    breaker = Breaker(BreakerSettings(0.01, 2, 10, 30), clock)
    breaker.record(False)
    breaker.record(True)
    clock.now += 29
    assert breaker.refuses()
    clock.now += 1
    assert [breaker.refuses(), breaker.refuses()] == [False, True], "one call alone is let through"
    breaker.record(True)
    clock.now += 29
    assert breaker.refuses(), "it failed again"
    clock.now += 1
    assert not breaker.refuses()
    breaker.record(False)
    assert not breaker.refuses()


async def test_an_open_circuit_says_when_to_come_back(start: Start, clock: Clock) -> None:
    settings = BreakerSettings(0.1, 2, 120, 30)
    async with start(circuit_breaker=settings) as (anonymous, dms):
        assert (await dms.get("students")).status_code == 200
        await anonymous.put("/_standin/faults", json={"error_rate": 1})
        assert (await dms.get("students")).status_code == 500
        await anonymous.put("/_standin/faults", json={"error_rate": 0})
        refused = await dms.post("students", json=student())
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "30")
        assert refused.json()["type"] == "urn:ed-fi:api:service-unavailable"
        assert (await anonymous.get("/health")).status_code == 200, "only calls to the database are broken"
        clock.now += 30
        assert (await dms.post("students", json=student())).status_code == 201


async def test_one_failure_breaks_v0_7(start: Start, clock: Clock) -> None:
    settings = BreakerSettings.of(Vintage.V0_7)
    async with start(vintage=Vintage.V0_7, circuit_breaker=settings) as (anonymous, dms):
        assert (await dms.get("students")).status_code == 200
        await anonymous.put("/_standin/faults", json={"error_rate": 1})
        await dms.get("students")
        await anonymous.put("/_standin/faults", json={"error_rate": 0})
        refused = await dms.get("students")
        assert (refused.status_code, set(refused.json())) == (500, {"message", "traceId"})
        clock.now += 30
        assert (await dms.get("students")).status_code == 200
