"""What a flow sees: one virtual user with its own connections, its memory and its randomness.

A flow is an async function of a `VirtualUser`; one call is one iteration::

    async def create_school(vu: VirtualUser) -> None:
        response = await vu.post("/data/ed-fi/schools", name="POST schools", json={...}, expect=(201, 200))
        vu.check("has a Location", response.header("location") is not None)
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import orjson

from dmsperf_tui.engine.answers import Attempt, settle
from dmsperf_tui.engine.http import CookieJar, HeaderLine, HttpClient, RequestTemplate, Response
from dmsperf_tui.engine.measures import MOST_SERIES, OTHER_NAMES, CustomMetrics, sendable
from dmsperf_tui.engine.messages import Sample
from dmsperf_tui.engine.recorder import OperationStats
from dmsperf_tui.plan.secrecy import sounds_secret

if TYPE_CHECKING:
    from dmsperf_tui.engine.load import Load

DEFAULT_TIMEOUT_S = 60.0
"""As in k6."""
CONNECTIONS = 6
"""How many requests of a VU may be in flight at once by default (k6: batchPerHost)."""
MOST_PREPARED = 5000
"""How many requests of a workload are kept ready, per worker; others are made ready each time."""
_OTHER_CHECKS = (("check", OTHER_NAMES), ("group", ""))
_OTHER_GROUPS = (("group", OTHER_NAMES),)
_SUCCESS = (200, 201, 202, 204)

Headers = Mapping[str, str] | tuple[tuple[str, str], ...]
"""As a mapping, or as pairs that cost nothing to look up."""
_Pending = Coroutine[Any, Any, Response]
_Prepared = tuple[RequestTemplate, OperationStats]
Flow = Callable[["VirtualUser"], Awaitable[Any]]


class Cast:
    """What all VUs of one workload share: its name, tags and environment, and the requests made ready."""

    __slots__ = (
        "checks",
        "connect_timeout_ns",
        "connections",
        "env",
        "groups",
        "metrics",
        "prepared",
        "scenario",
        "tags",
        "workload",
    )

    def __init__(
        self,
        workload: str,
        tags: Mapping[str, str] | None = None,
        env: Mapping[str, str] | None = None,
        connections: int = CONNECTIONS,
        connect_timeout_s: float | None = None,
    ) -> None:
        self.workload = workload
        self.connect_timeout_ns = None if connect_timeout_s is None else int(connect_timeout_s * 1e9)
        self.tags = dict(tags or {})
        self.env: Mapping[str, str] = dict(env or {})
        self.connections = connections
        self.scenario = tuple(sorted({**self.tags, "scenario": workload}.items()))
        """The tags of everything that the workload measures."""
        self.prepared: dict[object, _Prepared] = {}
        self.checks: dict[tuple[str, str], list[int]] = {}
        self.metrics: CustomMetrics | None = None
        """Once a flow has asked for them."""
        self.groups: dict[str, tuple[tuple[str, str], ...]] = {}
        """The tags of each group."""


class VirtualUser:
    """One virtual user of one workload. It lives on one event loop and makes its requests one by one,
    or several at once with `batch`."""

    def __init__(self, load: Load, cast: Cast | str, number: int) -> None:
        cast = Cast(cast) if isinstance(cast, str) else cast
        self.workload = cast.workload
        self.number = number
        """From 1, distinct over all workers."""
        self.iteration = 0
        """How many iterations this VU has begun before this one."""
        self.index: int | None = None
        """shared-iterations: this iteration's index among all of them; of a list: the entity's."""
        self.again = False
        """Of an entity of a list: it was begun once already, so it may exist."""
        self.outcome: bytes | None = None
        """Of an entity of a list: the flow puts its id here, 16 bytes, once it exists."""
        self.found = False
        """Beside `outcome`: it existed before, and is not this run's to delete."""
        self.random = random.Random(f"{load.seed}/{cast.workload}/{number}")
        """Seeded by run, workload and VU: the same `--seed` gives the same data."""
        self.memory: dict[str, Any] = {}
        """The flow's own, kept from one iteration to the next."""
        self.cookies = CookieJar(load.origin)
        """What the service has set; kept from one iteration to the next, `clear()` forgets them."""
        self.requests = 0
        """How many it has made."""
        self.late_ns = -1
        """How long after its planned start an open iteration began; -1 once its first request is made."""
        self._load = load
        self._cast = cast
        self._has_cookies = False
        """The service has set some: they may go with a request."""
        self._client: HttpClient | None = None
        self._group = ""

    # --- what it is given -----------------------------------------------------------------------

    @property
    def data(self) -> Mapping[str, Any]:
        """The scenario's data files, read-only: of a CSV file a list of dicts, of a JSON file its content."""
        return self._load.data

    @property
    def setup(self) -> Any:
        """What the scenario's `setup` returned; None without one."""
        return self._load.setup

    @property
    def profile(self) -> Mapping[str, Any]:
        """The profile's values: `vu.profile["data.schools"]`."""
        return self._load.profile

    @property
    def context(self) -> Mapping[str, Any]:
        """What the preparation of the run has found out about the system: which keys depends on it."""
        return self._load.context

    @property
    def shared(self) -> dict[str, Any]:
        """The flows' own, one for all VUs of this worker: for what is large, or known to them all."""
        return self._load.shared

    @property
    def worker(self) -> tuple[int, int]:
        """(index of this worker from 0, number of workers), as the run began."""
        return self._load.share

    @property
    def env(self) -> Mapping[str, str]:
        """The workload's own `env`."""
        return self._cast.env

    @property
    def seed(self) -> int:
        """The run's seed."""
        return self._load.seed

    @property
    def metrics(self) -> CustomMetrics:
        """The scenario's own metrics: `vu.metrics.add("orders", 1)`."""
        cast = self._cast
        if cast.metrics is None:
            load = self._load
            cast.metrics = CustomMetrics(load.recorder.measures, load.declared, dict(cast.scenario))
        return cast.metrics

    # --- requests -------------------------------------------------------------------------------

    def get(self, path: str, *, name: str, expect: Collection[int] = (200,), **options: Any) -> _Pending:
        """`request` with GET; so are the others with theirs."""
        return self.request("GET", path, name=name, expect=expect, **options)

    def post(
        self, path: str, *, name: str, json: Any = None, expect: Collection[int] = (200, 201), **options: Any
    ) -> _Pending:
        return self.request("POST", path, name=name, json=json, expect=expect, **options)

    def put(
        self, path: str, *, name: str, json: Any = None, expect: Collection[int] = (200, 204), **options: Any
    ) -> _Pending:
        return self.request("PUT", path, name=name, json=json, expect=expect, **options)

    def patch(
        self, path: str, *, name: str, json: Any = None, expect: Collection[int] = (200, 204), **options: Any
    ) -> _Pending:
        return self.request("PATCH", path, name=name, json=json, expect=expect, **options)

    def delete(
        self, path: str, *, name: str, expect: Collection[int] = (200, 204), **options: Any
    ) -> _Pending:
        return self.request("DELETE", path, name=name, expect=expect, **options)

    async def request(
        self,
        method: str,
        path: str,
        *,
        name: str,
        json: Any = None,
        body: bytes = b"",
        headers: Headers | None = None,
        expect: Collection[int] = _SUCCESS,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        tags: Headers | None = None,
        keep_body: bool = True,
    ) -> Response:
        """One measured request to `path` below the environment's URL.

        A status that is not in `expect` is a failed request; so is a network fault, which comes back as
        `response.error` and is never raised. `name` is the operation it is counted under: it must not hold
        ids. `tags` select it in thresholds. Without `keep_body` the body is read and counted, not held.
        Redirects within the origin are followed, each one a request of its own. Raises ValueError for a
        path or header that cannot be sent.
        """
        is_json = json is not None
        if is_json:
            body = orjson.dumps(json)
        load = self._load
        key: object = (method, name, is_json, self._group)
        if headers or tags:
            key = (key, _pairs(headers), _pairs(tags))
        prepared = self._cast.prepared.get(key)
        if prepared is None:
            prepared = self._prepare(key, method, name, is_json, headers, tags)
        template, stats = prepared
        path = load.base_path + path
        timeout_ns = int(timeout_s * 1e9)
        if load.held:
            await load.released()
        late_ns, self.late_ns = self.late_ns, -1
        generation = load.token_generation
        client = self._client
        if client is None or self._has_cookies:
            response = await self.send(template, path, body, timeout_ns, keep_body)
        else:
            # The same without a coroutine of its own: this is the path that nearly every request takes.
            self.requests += 1
            request = template.encode(path, body, load.auth_header)
            response = await client.send(
                request, timeout_ns=timeout_ns, head_only=template.head_only, keep_body=keep_body
            )
            if response.sets_cookies:
                self._take_cookies(response, path)
        if response.status in expect and response.error is None:
            stats.record(response, False, late_ns)
            return response
        attempt = Attempt(template, stats, path, body, expect, timeout_ns, generation, late_ns, keep_body)
        return await settle(self, load, attempt, response)

    async def batch(self, *requests: Awaitable[Response]) -> list[Response]:
        """Several requests at once; their answers in the order of the requests.

        `await vu.batch(vu.get("/a", name="a"), vu.get("/b", name="b"))`. At most six are in flight, or
        the workload's `connections_per_vu`: further ones wait, and that is `http_req_blocked`.
        """
        tasks = [asyncio.ensure_future(request) for request in requests]
        try:
            return [await task for task in tasks]
        finally:
            for task in tasks:
                task.cancel()

    async def send(
        self, template: RequestTemplate, path: str, body: bytes, timeout_ns: int, keep_body: bool
    ) -> Response:
        """One exchange with the token and cookies of now; unmeasured: `request` is what flows call."""
        load = self._load
        client = self._client
        if client is None:
            client = self._client = HttpClient(
                load.origin,
                load.wire,
                load.loop,
                limit=self._cast.connections,
                connect_timeout_ns=self._cast.connect_timeout_ns,
                tap=load.tap,
            )
        headers = load.auth_header
        cookies = self.cookies
        if cookies:
            headers = HeaderLine(headers + (cookies.header(path) or b""))
        self.requests += 1
        response = await client.send(
            template.encode(path, body, headers),
            timeout_ns=timeout_ns,
            head_only=template.head_only,
            keep_body=keep_body,
        )
        if response.sets_cookies:
            self._take_cookies(response, path)
        return response

    def _take_cookies(self, response: Response, path: str) -> None:
        self.cookies.take(response, path.partition("?")[0])
        self._has_cookies = True

    def _prepare(
        self,
        key: object,
        method: str,
        name: str,
        is_json: bool,
        headers: Headers | None,
        tags: Headers | None,
    ) -> _Prepared:
        lines = dict(headers or {})
        for header, value in lines.items():
            if sounds_secret(header):
                self._load.keep_secret(value)
                self._load.keep_secret(value.rpartition(" ")[2])
        if is_json and not any(header.lower() == "content-type" for header in lines):
            lines["Content-Type"] = "application/json"
        template = RequestTemplate(self._load.origin, method, lines)
        labels = {**self._cast.tags, **dict(tags or {})}
        stats = self._load.recorder.operation(self.workload, name, method, self._group, labels)
        if stats.name != OTHER_NAMES and len(self._cast.prepared) < MOST_PREPARED:
            # Names with ids in them, and headers that change each time, would fill the memory.
            self._cast.prepared[key] = template, stats
        return template, stats

    # --- what it says ---------------------------------------------------------------------------

    def check(self, name: str, ok: bool) -> bool:
        """A named assertion that fails nothing by itself: counted, shown, and usable in a threshold."""
        key = (name, self._group)
        counts = self._cast.checks.get(key)
        if counts is None:
            measures, own = self._load.recorder.measures, {"check": name, "group": self._group}
            counts = measures.rate_of(
                "checks", measures.labels("checks", self._cast.scenario, own, _OTHER_CHECKS)
            )
            if len(self._cast.checks) < MOST_SERIES:
                self._cast.checks[key] = counts
        counts[0 if ok else 1] += 1
        return ok

    def fail(self, operation: str, failure: str, detail: str) -> None:
        """Puts something that is wrong with an answer into the error log, beside the request's own status."""
        recorder, operation, failure = self._load.recorder, str(operation), str(failure)
        # Looking for secrets costs.
        wanted = recorder.wants_sample(operation, "check", failure)
        said = self._load.without_secrets(str(detail)[:65536]) if wanted else ""
        recorder.error(operation, "check", failure, Sample(operation, 0, said))

    @contextmanager
    def group(self, name: str) -> Iterator[None]:
        """What is done inside belongs together: `group_duration`, the tag `group` (`::name`, as in k6)."""
        measures, outer = self._load.recorder.measures, self._group
        path = f"{outer}::{name}"
        labels = self._cast.groups.get(path)
        if labels is None:
            labels = measures.labels("group_duration", self._cast.scenario, {"group": path}, _OTHER_GROUPS)
            if len(self._cast.groups) < MOST_SERIES:
                self._cast.groups[path] = labels
        self._group = dict(labels)["group"]
        clock = self._load.clock
        begun_ns = clock.elapsed_ns()
        try:
            yield
        finally:
            self._group = outer
        measures.trend("group_duration", labels, (clock.elapsed_ns() - begun_ns + 500) // 1000)

    def keep_secret(self, value: str) -> None:
        """From now on `value`, a password say, is taken out of everything that is reported."""
        self._load.keep_secret(value)

    def made(self, kind: str, identity: bytes) -> None:
        """Says that an item was created which `setup clean` is to delete; `identity` has 16 bytes."""
        self._load.outcomes.made(kind, identity)

    def abort(self, reason: str) -> NoReturn:
        """Ends the whole run at once, with exit code 108 (k6: `test.abort`)."""
        self._load.end_run(f"a flow called abort: {sendable(reason)}")

    # --- time -----------------------------------------------------------------------------------

    async def sleep(self, seconds: float) -> None:
        """Think time inside a flow; shortened by `--speedup`, standing still while the run is paused."""
        await self._load.sleep(seconds)

    def begin(self, late_ns: int) -> None:
        """A new iteration, so long after its planned start; -1 where none was planned."""
        self.late_ns = late_ns
        self.outcome = None
        self.found = False
        self._group = ""

    def hang_up(self) -> None:
        """Closes this VU's connections; it may go on with new ones."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def __repr__(self) -> str:
        return f"<VirtualUser {self.workload}/{self.number}>"


def _pairs(given: Headers | None) -> tuple[tuple[str, str], ...]:
    if not given:
        return ()
    return given if isinstance(given, tuple) else tuple(given.items())


def yield_once() -> Awaitable[None]:
    """Lets other VUs run: for iterations that may not await anything."""
    return asyncio.sleep(0)
