"""What a flow sees: one virtual user with its own connections, its memory and its randomness.

A flow is an async function of a `VirtualUser`; one call is one iteration::

    async def create_school(vu: VirtualUser) -> None:
        response = await vu.post("/data/ed-fi/schools", name="POST schools", json={...}, expect=(201, 200))
        vu.check("has a Location", response.header("location") is not None)
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from dmsperf_tui.engine.http import (
    ForeignRedirect,
    HttpClient,
    ProtocolError,
    RequestTemplate,
    Response,
    redirect_method,
    redirect_target,
)
from dmsperf_tui.engine.messages import Sample
from dmsperf_tui.engine.recorder import OperationStats
from dmsperf_tui.plan.secrecy import sounds_secret

if TYPE_CHECKING:
    from dmsperf_tui.engine.load import Load

MAX_REDIRECTS = 10
"""As in k6."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
DEFAULT_TIMEOUT_S = 60.0
"""As in k6."""
TOKEN_PATIENCE_S = 10.0
"""How long a request that got 401 waits for a new token before it is let go."""
_SUCCESS = (200, 201, 202, 204)

_Key = tuple[str, str, bool, tuple[tuple[str, str], ...]]

Flow = Callable[["VirtualUser"], Awaitable[None]]


class VirtualUser:
    """One virtual user of one workload. It lives on one event loop and makes its requests one by one,
    or several at once with `asyncio.gather`."""

    def __init__(self, load: Load, workload: str, number: int) -> None:
        self.workload = workload
        self.number = number
        """From 1, distinct over all workers."""
        self.iteration = 0
        """How many iterations this VU has begun before this one."""
        self.index: int | None = None
        """shared-iterations: this iteration's index among all of them."""
        self.random = random.Random(f"{load.seed}/{workload}/{number}")
        """Seeded by run, workload and VU: the same `--seed` gives the same data."""
        self.memory: dict[str, Any] = {}
        """The flow's own, kept from one iteration to the next."""
        self._load = load
        self._client: HttpClient | None = None
        self._prepared: dict[_Key, tuple[RequestTemplate, OperationStats]] = {}

    @property
    def data(self) -> Mapping[str, Any]:
        """The profile's values: `vu.data["data.schools"]`."""
        return self._load.data

    @property
    def seed(self) -> int:
        """The run's seed."""
        return self._load.seed

    async def get(self, path: str, *, name: str, expect: Collection[int] = (200,)) -> Response:
        return await self.request("GET", path, name=name, expect=expect)

    async def post(
        self, path: str, *, name: str, json: Any = None, expect: Collection[int] = (200, 201)
    ) -> Response:
        return await self.request("POST", path, name=name, json=json, expect=expect)

    async def put(
        self, path: str, *, name: str, json: Any = None, expect: Collection[int] = (204,)
    ) -> Response:
        return await self.request("PUT", path, name=name, json=json, expect=expect)

    async def delete(self, path: str, *, name: str, expect: Collection[int] = (204,)) -> Response:
        return await self.request("DELETE", path, name=name, expect=expect)

    async def request(
        self,
        method: str,
        path: str,
        *,
        name: str,
        json: Any = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        expect: Collection[int] = _SUCCESS,
        timeout_s: float = DEFAULT_TIMEOUT_S,
    ) -> Response:
        """One measured request to `path` below the environment's URL.

        A status that is not in `expect` is a failed request; so is a network fault, which comes back as
        `response.error` and is never raised. `name` is the operation it is counted under: it must not hold
        ids. Redirects within the origin are followed, each one a request of its own. Raises ValueError for a
        path or header that cannot be sent.
        """
        is_json = json is not None
        if is_json:
            body = orjson.dumps(json)
        load = self._load
        key = (method, name, is_json, tuple(headers.items()) if headers else ())
        prepared = self._prepared.get(key)
        if prepared is None:
            prepared = self._prepared[key] = self._prepare(method, name, is_json, headers)
        template, stats = prepared
        path = load.base_path + path
        timeout_ns = int(timeout_s * 1e9)
        if load.held:
            await load.released()
        generation = load.token_generation
        response = await self._send(template, path, body, timeout_ns)
        if response.status in expect and response.error is None:
            stats.record(response, False)
            return response
        return await self._unexpected(template, stats, path, body, expect, timeout_ns, generation, response)

    def _send(
        self, template: RequestTemplate, path: str, body: bytes, timeout_ns: int
    ) -> Awaitable[Response]:
        load = self._load
        client = self._client
        if client is None:
            client = self._client = HttpClient(load.origin, load.wire, load.loop)
        request = template.encode(path, body, load.auth_header)
        return client.send(request, timeout_ns=timeout_ns, head_only=template.head_only)

    def _prepare(
        self, method: str, name: str, is_json: bool, headers: Mapping[str, str] | None
    ) -> tuple[RequestTemplate, OperationStats]:
        lines = dict(headers or {})
        for header, value in lines.items():
            if sounds_secret(header):
                self._load.keep_secret(value)
                self._load.keep_secret(value.rpartition(" ")[2])
        if is_json and not any(header.lower() == "content-type" for header in lines):
            lines["Content-Type"] = "application/json"
        template = RequestTemplate(self._load.origin, method, lines)
        return template, self._load.recorder.operation(self.workload, str(name), method)

    async def _unexpected(
        self,
        template: RequestTemplate,
        stats: OperationStats,
        path: str,
        body: bytes,
        expect: Collection[int],
        timeout_ns: int,
        generation: int,
        response: Response,
    ) -> Response:
        """Follows redirects, repeats once after a 401 with an old token, records the rest as failed."""
        hops = 0
        repeated = False
        method = template.method
        while not (response.error is None and response.status in expect):
            if response.error is None and response.status in _REDIRECTS and hops < MAX_REDIRECTS:
                target = redirect_target(response, self._load.origin, path)
                if isinstance(target, (ForeignRedirect, ProtocolError)):
                    response.error = target
                elif target is not None:
                    stats.record(response, False)
                    hops += 1
                    path = target
                    follow = redirect_method(response.status, method)
                    if follow != method:
                        method, body = follow, b""
                        template = RequestTemplate(self._load.origin, method)
                    response = await self._again(template, path, body, timeout_ns)
                    continue
            stats.record(response, True)
            self._report(stats.name, f"{method} {path}", response)
            if response.status != 401 or repeated or not generation:
                return response
            if not await self._load.newer_token(generation, TOKEN_PATIENCE_S):
                return response
            repeated = True
            response = await self._again(template, path, body, timeout_ns)
        stats.record(response, False)
        return response

    async def _again(self, template: RequestTemplate, path: str, body: bytes, timeout_ns: int) -> Response:
        if self._load.held:
            await self._load.released()
        return await self._send(template, path, body, timeout_ns)

    def _report(self, operation: str, request: str, response: Response) -> None:
        load = self._load
        # Cut only after secrets are out: half a token is one, too.
        text = load.without_secrets(response.body[:65536].decode("utf-8", "replace"))[:4096]
        if response.error is not None:
            phase, failure, detail = response.error.phase, response.error.kind, str(response.error)
        else:
            phase, failure, detail = "status", str(response.status), gist(text)
        sample = Sample(request, response.status, load.without_secrets(detail), text)
        load.recorder.error(operation, phase, failure, sample)

    def check(self, name: str, ok: bool) -> bool:
        """A named assertion that fails nothing by itself: counted, shown, and usable in a threshold."""
        self._load.recorder.check(str(name), bool(ok))
        return ok

    def fail(self, operation: str, failure: str, detail: str) -> None:
        """Puts something that is wrong with an answer into the error log, beside the request's own status."""
        detail = self._load.without_secrets(str(detail))
        sample = Sample(str(operation), 0, detail)
        self._load.recorder.error(str(operation), "check", str(failure), sample)

    async def sleep(self, seconds: float) -> None:
        """Think time inside a flow; shortened by `--speedup`, standing still while the run is paused."""
        await self._load.sleep(seconds)

    def hang_up(self) -> None:
        """Closes this VU's connections; it may go on with new ones."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def __repr__(self) -> str:
        return f"<VirtualUser {self.workload}/{self.number}>"


def gist(body: str) -> str:
    """What an answer says went wrong, in a line: of a problem document (RFC 9457) its words."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = None
    if isinstance(document, dict):
        said = [document.get(key) for key in ("detail", "title", "message", "error")]
        words = next((str(text) for text in said if text), "")
        more = [document.get(key) for key in ("validationErrors", "errors")]
        extra = " ".join(orjson.dumps(part).decode() for part in more if part)
        if words:
            body = f"{words} {extra}"
    return " ".join(body.split())[:300]


def yield_once() -> Awaitable[None]:
    """Lets other VUs run: for iterations that may not await anything."""
    return asyncio.sleep(0)
