"""Puts the parts together: one application, one store, nothing shared between two of them."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dmsperf_tui.standin import metadata, openapi, problems
from dmsperf_tui.standin.control import Faults, Stats
from dmsperf_tui.standin.data_api import DataApi
from dmsperf_tui.standin.descriptors import fill, standard_descriptors
from dmsperf_tui.standin.oauth import TokenOffice
from dmsperf_tui.standin.problems import ApiError
from dmsperf_tui.standin.resources import catalogue
from dmsperf_tui.standin.store import Store
from dmsperf_tui.standin.urls import PathBase, root_url

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class AppOptions:
    """What the application is told. Times in seconds; `error_rate` is a share of the data requests."""

    client_id: str
    client_secret: str
    latency_s: float = 0.0
    error_rate: float = 0.0
    token_ttl_s: float = 1800.0
    seed: int = 0


def create_app(
    options: AppOptions,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Starlette:
    """`clock` (seconds, monotonic) ages tokens, `sleep` plays latency: tests bring their own."""
    descriptors = standard_descriptors()
    resources = catalogue(list(descriptors))
    store = Store(resources)
    fill(store, descriptors)
    stats = Stats()
    faults = Faults(options.latency_s, options.error_rate, options.token_ttl_s, options.seed)
    tokens = TokenOffice(options.client_id, options.client_secret, faults, clock)
    load_order = metadata.dependencies(resources)

    async def token(request: Request) -> Response:
        headers = request.headers
        body = await request.body()
        granted = tokens.grant(headers.get("authorization", ""), headers.get("content-type", ""), body)
        stats.tokens_issued += 1
        return Response(orjson.dumps(granted), media_type="application/json; charset=utf-8")

    async def show_stats(_: Request) -> Response:
        return _json(stats.as_json())

    async def turn_faults(request: Request) -> Response:
        try:
            wanted = orjson.loads(await request.body())
            if not isinstance(wanted, dict):
                raise ValueError("The body must be a JSON object.")
            faults.turn(wanted)
        except ValueError as error:
            return _json({"message": str(error)}, 400)
        return _json(faults.as_json())

    async def expire_tokens(_: Request) -> Response:
        return _json({"expired": tokens.expire_all()})

    specifications = "/metadata/specifications"
    routes = [
        Route("/data/{rest:path}", DataApi(resources, store, tokens, stats, faults, sleep)),
        Route("/oauth/token", token, methods=["POST"]),
        _get("/", lambda root: metadata.discovery(root), indent=True),
        _get("/health", lambda _: metadata.health()),
        _get("/metadata", metadata.metadata),
        _get("/metadata/dependencies", lambda _: load_order),
        _get(specifications, metadata.specifications),
        _get(
            f"{specifications}/resources-spec.json",
            lambda root: openapi.resources_document(
                "Ed-Fi API Resources", root, (one for one in resources if not one.is_descriptor)
            ),
        ),
        _get(
            f"{specifications}/descriptors-spec.json",
            lambda root: openapi.resources_document(
                "Ed-Fi API Descriptors", root, (one for one in resources if one.is_descriptor)
            ),
        ),
        _get(f"{specifications}/discovery-spec.json", openapi.discovery_document),
        Route("/_standin/stats", show_stats),
        Route("/_standin/faults", turn_faults, methods=["PUT"]),
        Route("/_standin/expire-tokens", expire_tokens, methods=["POST"]),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(PathBase)],
        exception_handlers={HTTPException: _unrouted, ApiError: _problem},
    )


def _json(content: object, status: int = 200, *, indent: bool = False) -> Response:
    body = orjson.dumps(content, option=orjson.OPT_INDENT_2 if indent else None)
    return Response(body, status, media_type="application/json")


def _get(path: str, answer: Callable[[str], object], *, indent: bool = False) -> Route:
    """A document that depends on nothing but the URL that the client used."""

    async def handler(request: Request) -> Response:
        return _json(answer(root_url(request.scope, request.headers.get("host"))), indent=indent)

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
