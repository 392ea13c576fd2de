"""The run's one token: fetched, renewed ahead of time and after refusals, and no storm of renewals."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest

from dmsperf_tui.systems.dms.token import AccessToken, TokenError, TokenKeeper, TokenLimitError, TokenSource


class Provider:
    """An identity provider that answers as the test says and counts."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.asked: list[httpx.Request] = []
        self._answers = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if len(self._answers) > 1:
            return self._answers.pop(0)
        if self._answers:
            return self._answers[0]
        return httpx.Response(200, json={"access_token": f"t{len(self.asked)}", "expires_in": 1800})


def with_source(provider: Provider, test: Callable[[TokenSource], Awaitable[None]]) -> None:
    async def main() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(provider)) as client:
            await test(TokenSource(client, "http://dms/oauth/token", "me", "hush"))

    asyncio.run(main())


def test_request_is_basic_and_form_as_a_dms_proxies_it() -> None:
    provider = Provider()

    async def test(source: TokenSource) -> None:
        assert await source.fetch() == AccessToken("t1", 1800.0)

    with_source(provider, test)
    (request,) = provider.asked
    assert request.headers["authorization"].startswith("Basic ")
    assert request.content == b"grant_type=client_credentials"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(401, json={}), "answered 401: client me is unknown, revoked or has another secret; "),
        (httpx.Response(400, json={}), "answered 400; check CLIENT_ID and CLIENT_SECRET"),
        (httpx.Response(429), "answered 429: a rate limit; raise RateLimit__PermitLimit"),
        (httpx.Response(502), "answered 502: the identity provider behind it does not answer"),
        (httpx.Response(200, text="<html>"), "without an access_token"),
        (httpx.Response(200, json={"token": "x"}), "without an access_token"),
    ],
)
def test_failure_is_one_line_without_the_secret(answer: httpx.Response, said: str) -> None:
    async def test(source: TokenSource) -> None:
        with pytest.raises(TokenError, match=said) as caught:
            await source.fetch()
        assert "hush" not in str(caught.value)

    with_source(Provider(answer), test)


def test_renewal_is_ahead_of_expiry_by_a_fifth_or_a_minute() -> None:
    assert AccessToken("x", 1800).renew_after_s == 1740
    assert AccessToken("x", 10).renew_after_s == 8


def test_token_is_never_in_a_repr() -> None:
    assert "hush" not in repr(AccessToken("hush", 1))


def test_new_token_that_is_refused_is_not_renewed_and_said_once() -> None:
    """An endpoint that always answers 401 must not cost the provider a token for each request."""
    now = 100.0
    pushed: list[tuple[str, int]] = []
    said: list[str] = []
    provider = Provider()

    async def test(source: TokenSource) -> None:
        nonlocal now
        keeper = TokenKeeper(
            source,
            lambda value, generation: pushed.append((value, generation)),
            lambda kind, _: said.append(kind),
            lambda: now,
        )
        await keeper.start()
        keeping = asyncio.create_task(keeper.keep())
        for _ in range(20):
            keeper.refused(keeper.generation)
            await asyncio.sleep(0)
        assert len(provider.asked) == 1, "no renewal of a token that is 0 s old"
        assert pushed == [("t1", 1)] * 21, "those who wait are told to go on with the same one"
        assert said == ["token-refused"]
        for _ in range(200):
            now += 0.1
            keeper.refused(keeper.generation)
            for _ in range(5):
                await asyncio.sleep(0.0005)
        keeping.cancel()
        assert 2 <= len(provider.asked) <= 7, "each renewal that did not help doubles the wait"
        assert said.count("token-refused") == 2, "the refusal, and that it is one of many, once each"

    with_source(provider, test)


def test_old_token_that_is_refused_is_renewed_once_however_many_ask() -> None:
    now = 100.0
    provider = Provider()

    async def test(source: TokenSource) -> None:
        nonlocal now
        renewed = asyncio.Event()

        def push(_: str, generation: int) -> None:
            if generation == 2:
                renewed.set()

        keeper = TokenKeeper(source, push, lambda *_: None, lambda: now)
        await keeper.start()
        keeping = asyncio.create_task(keeper.keep())
        now += 60
        for _ in range(10):
            keeper.refused(1)
        await asyncio.wait_for(renewed.wait(), 5)
        keeper.refused(1)
        await asyncio.sleep(0)
        keeping.cancel()
        assert len(provider.asked) == 2

    with_source(provider, test)


LIMITED = httpx.Response(429, headers={"Retry-After": "300"})


def test_limit_that_names_a_time_is_waited_for_and_said() -> None:
    waited: list[float] = []
    said: list[tuple[str, str]] = []
    provider = Provider(LIMITED, httpx.Response(200, json={"access_token": "t"}))

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    async def test(source: TokenSource) -> None:
        keeper = TokenKeeper(source, lambda *_: None, lambda *row: said.append(row), sleep=sleep)
        assert (await keeper.start()).value == "t"

    with_source(provider, test)
    assert waited == [300.0]
    ((kind, text),) = said
    assert kind == "token-limited"
    assert "15 live ones" in text
    assert "wait 300 s" in text


def test_limit_is_not_waited_for_twice_nor_for_an_hour() -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    async def test(source: TokenSource) -> None:
        with pytest.raises(TokenLimitError):
            await TokenKeeper(source, lambda *_: None, lambda *_: None, sleep=sleep).start()

    with_source(Provider(LIMITED), test)
    assert waited == [300.0]
    with_source(Provider(httpx.Response(429, headers={"Retry-After": "3600"})), test)
    assert waited == [300.0]


def test_refusals_do_not_shorten_the_wait_that_a_limit_asks_for() -> None:
    now = 0.0
    said: list[str] = []
    provider = Provider(httpx.Response(200, json={"access_token": "t", "expires_in": 1800}), LIMITED)

    async def test(source: TokenSource) -> None:
        nonlocal now
        keeper = TokenKeeper(source, lambda *_: None, lambda kind, _: said.append(kind), lambda: now)
        await keeper.start()
        keeping = asyncio.create_task(keeper.keep())
        now = 60.0
        for _ in range(50):
            keeper.refused(1)
            now += 5.0
            for _ in range(5):
                await asyncio.sleep(0.0005)
        assert len(provider.asked) == 2, "once after the refusal, then 300 s of peace"
        assert said == ["token-failed"]
        now += 100.0
        keeper.refused(1)
        for _ in range(20):
            await asyncio.sleep(0.0005)
        assert len(provider.asked) == 3
        keeping.cancel()

    with_source(provider, test)
