"""Puts the parts together: one application, one store, nothing shared between two of them."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send

from dmsperf_tui.standin import metadata, openapi, outages, problems
from dmsperf_tui.standin.api_schema import shipped_model
from dmsperf_tui.standin.breaker import Breaker, BreakerSettings
from dmsperf_tui.standin.cms import Cms, CmsOptions
from dmsperf_tui.standin.cms.claims import EVERYTHING, Claims
from dmsperf_tui.standin.data_api import DataApi
from dmsperf_tui.standin.deployment import Deployment
from dmsperf_tui.standin.descriptors import fill, standard_descriptors
from dmsperf_tui.standin.faults import Faults, Knobs
from dmsperf_tui.standin.gate import Gate
from dmsperf_tui.standin.k12 import K12, K12Options
from dmsperf_tui.standin.k12 import ROOT as K12_PATH
from dmsperf_tui.standin.load_order import LoadOrderError, dependencies
from dmsperf_tui.standin.management import Management
from dmsperf_tui.standin.oauth import Client, Clients, Tokens
from dmsperf_tui.standin.problems import ApiError
from dmsperf_tui.standin.rate_limit import Limiter, RateLimit
from dmsperf_tui.standin.referee import json_answer, turned
from dmsperf_tui.standin.stats import Stats
from dmsperf_tui.standin.store import Store
from dmsperf_tui.standin.token_info import token_info
from dmsperf_tui.standin.urls import root_url
from dmsperf_tui.standin.vintage import Vintage

CMS_PATH = "/config"
"""Where the Configuration Service answers, beside the DMS in one process."""

_DATA = "/data/"
_K12 = f"{K12_PATH}/"
_SPECIFICATIONS = "/metadata/specifications"
# The rate limiter is the DMS's: the CMS is another service, and the referee must never be refused.
_UNLIMITED = (CMS_PATH, "/_standin/")


@dataclass(frozen=True, slots=True)
class AppOptions:
    """What the application is told.

    `bare` starts without descriptors and school years, as a database does that was made from no template;
    `rate_limit` and `circuit_breaker` are off unless given; `tenant` is empty without multitenancy;
    `qualifiers` are (name, value) in the order of the path.
    """

    client_id: str
    client_secret: str
    vintage: Vintage = Vintage.V8
    bare: bool = False
    knobs: Knobs = field(default_factory=Knobs)
    seed: int = 0
    rate_limit: RateLimit | None = None
    circuit_breaker: BreakerSettings | None = None
    tenant: str = ""
    qualifiers: tuple[tuple[str, str], ...] = ()
    cms: CmsOptions = field(default_factory=CmsOptions)
    k12: K12Options = field(default_factory=K12Options)


def create_app(
    options: AppOptions,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Starlette:
    """`clock` (seconds, monotonic) ages tokens, `sleep` plays latency: tests bring their own.

    Raises `ValueError` for a knob that cannot be turned so far.
    """
    return Standin(options, clock, sleep)


class Standin(Starlette):
    """The application. What bears load, the data API and the K-12 platform, passes by Starlette's routing,
    which would cost a third of its rate. The platform is a service of its own: limiter, breaker, faults and
    statistics of the DMS do not touch it.
    """

    def __init__(
        self,
        options: AppOptions,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        vintage = options.vintage
        self._vintage = vintage
        self._stats = Stats()
        self._faults = Faults(options.knobs, options.seed, clock)
        self._deployment = Deployment(options.tenant, options.qualifiers)
        self._limiter = Limiter(options.rate_limit, clock) if options.rate_limit else None
        model = shipped_model()
        self._store = Store(model.resources)
        if not options.bare:
            fill(self._store, standard_descriptors())
        self.clients = clients = Clients()
        """Who may log in, at the DMS and at its CMS."""
        clients.add(Client(options.client_id, EVERYTHING, True), options.client_secret)
        self._tokens = Tokens(clients, self._faults.knobs, clock, vintage)
        claims = Claims(clock, vintage, [one.name for one in model.resources if one.is_descriptor])
        self._gate = Gate(self._tokens, claims, self._deployment, vintage)
        breaker = Breaker(options.circuit_breaker, clock) if options.circuit_breaker else None
        self._data = DataApi(
            model, vintage, self._store, self._gate, self._stats, self._faults, breaker, sleep
        )
        management = Management(vintage, claims, self._data, self._deployment)
        cms = Cms(vintage, clients, self._tokens, claims, options.cms)
        self._k12 = K12(options.k12, options.seed, clock, sleep)
        super().__init__(
            routes=[
                Route("/oauth/token", self._token, methods=["POST"]),
                *self._additions(),
                *self._documents(),
                *management.routes(),
                Route("/_standin/stats", self._show_stats),
                Route("/_standin/faults", self._turn_faults, methods=["PUT"]),
                Route("/_standin/expire-tokens", self._expire_tokens, methods=["POST"]),
                Route("/_standin/revoke", self._revoke, methods=["POST"]),
                *self._k12.routes(),
                Mount(CMS_PATH, routes=cms.routes()),
                # Last: with a tenant it takes every path of one segment.
                *(Route(path, self._discovery) for path in self._deployment.discovery_paths()),
            ],
            exception_handlers={HTTPException: _unrouted, ApiError: _problem},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if scope["path"].startswith(_K12):
                await self._k12(scope, receive, send)
                return
            if self._limiter is not None and not scope["path"].startswith(_UNLIMITED):
                refusal = self._limited(self._limiter, scope)
                if refusal is not None:
                    await refusal(scope, receive, send)
                    return
            self._deployment.enter(scope)
            if scope["path"].startswith(_DATA, len(scope.get("root_path", ""))):
                await self._data(scope, receive, send)
                return
        await super().__call__(scope, receive, send)

    def _limited(self, limiter: Limiter, scope: Scope) -> Response | None:
        host = next((value for name, value in scope["headers"] if name == b"host"), b"")
        wait_s = limiter.refuse(host.decode("latin-1"))
        if not wait_s:
            return None
        self._stats.limited += 1
        return outages.too_many_requests(self._vintage, wait_s, uuid.uuid4().hex)

    def _additions(self) -> list[BaseRoute]:
        """What only 8.x has."""
        if self._vintage is Vintage.V0_7:
            return []
        return [
            Route("/oauth/token_info", self._token_info, methods=["POST"]),
            Route("/changeQueries/v1/availableChangeVersions", self._change_versions, methods=["GET"]),
        ]

    def _documents(self) -> list[BaseRoute]:
        return [
            _get("/health", lambda _: metadata.health()),
            _get("/metadata", metadata.metadata),
            Route("/metadata/dependencies", self._dependencies, methods=["GET"]),
            _get(_SPECIFICATIONS, metadata.specifications),
            _get(f"{_SPECIFICATIONS}/resources-spec.json", lambda root: self._openapi(root, False)),
            _get(f"{_SPECIFICATIONS}/descriptors-spec.json", lambda root: self._openapi(root, True)),
            _get(f"{_SPECIFICATIONS}/discovery-spec.json", openapi.discovery_document),
        ]

    def _openapi(self, root: str, descriptors: bool) -> object:
        title = f"Ed-Fi API {'Descriptors' if descriptors else 'Resources'}"
        listed = (one for one in self._data.model.resources if one.is_descriptor is descriptors)
        return openapi.resources_document(title, root, listed)

    async def _discovery(self, request: Request) -> Response:
        given = request.path_params
        if given.get("tenant", self._deployment.tenant) != self._deployment.tenant:
            raise problems.not_found("The specified resource could not be found.")
        host = request.headers.get("host")
        root = root_url(request.scope, host)
        cms = f"{request.url.scheme}://{host or 'localhost'}{CMS_PATH}"
        prefix = self._deployment.prefix(given)
        document = metadata.discovery(self._vintage, self._data.model, root, prefix, cms)
        return json_answer(document, indent=True)

    async def _dependencies(self, request: Request) -> Response:
        model = self._data.model
        try:
            return json_answer(dependencies(model.endpoint, model.resources))
        except LoadOrderError:
            return outages.broken(_correlation_id(request))

    async def _token(self, request: Request) -> Response:
        headers = request.headers
        body = await request.body()
        granted = self._tokens.grant(headers.get("authorization", ""), headers.get("content-type", ""), body)
        self._stats.tokens_issued += 1
        return Response(orjson.dumps(granted), media_type="application/json; charset=utf-8")

    async def _token_info(self, request: Request) -> Response:
        authorization = request.headers.get("authorization")
        client = self._gate.admit(request.scope, authorization)
        content_type = request.headers.get("content-type", "")
        body = await request.body()
        model = self._data.model
        found = token_info(
            self._gate, client, authorization or "", content_type, body, model.endpoint, model.resources
        )
        return json_answer(found)

    async def _change_versions(self, request: Request) -> Response:
        self._gate.admit(request.scope, request.headers.get("authorization"))
        return json_answer({"oldestChangeVersion": 0, "newestChangeVersion": self._store.version})

    async def _show_stats(self, _: Request) -> Response:
        return json_answer({**self._stats.as_json(), **self._store.counts()})

    async def _turn_faults(self, request: Request) -> Response:
        return await turned(self._faults, request)

    async def _expire_tokens(self, _: Request) -> Response:
        return json_answer({"expired": self._tokens.expire_all()})

    async def _revoke(self, request: Request) -> Response:
        """Shuts out the client that `client_id` names."""
        try:
            client_id = str(orjson.loads(await request.body())["client_id"])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return json_answer({"message": "The body must be a JSON object with client_id."}, 400)
        return json_answer({"ended": self._tokens.revoke(client_id)})


def _get(path: str, answer: Callable[[str], object]) -> Route:
    """A document that depends on nothing but the URL that the client used."""

    async def handler(request: Request) -> Response:
        return json_answer(answer(root_url(request.scope, request.headers.get("host"))))

    return Route(path, handler, methods=["GET"])


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return error.response(_correlation_id(request))


async def _unrouted(request: Request, error: Exception) -> Response:
    """Paths and methods that no route takes."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        allow = (error.headers or {}).get("Allow", "")
        message = f"The endpoint of the request does not support the '{request.method}' method."
        return problems.method_not_allowed(message, allow).response(_correlation_id(request))
    return problems.not_found().response(_correlation_id(request))


def _correlation_id(request: Request) -> str:
    return request.headers.get("correlationid") or uuid.uuid4().hex
