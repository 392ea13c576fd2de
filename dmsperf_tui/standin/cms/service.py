"""CMS put together: its endpoints by path, with who may call them, and the tenant they act on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from dmsperf_tui.standin.cms.answers import Endpoint, answering, as_json
from dmsperf_tui.standin.cms.claims import Claims
from dmsperf_tui.standin.cms.claims_api import ClaimsApi
from dmsperf_tui.standin.cms.guard import FULL_ACCESS, METADATA_ONLY, READ_ONLY, Access, guarded
from dmsperf_tui.standin.cms.identity import Identity
from dmsperf_tui.standin.cms.registry import Collection, Registry
from dmsperf_tui.standin.oauth import Clients, Tokens
from dmsperf_tui.standin.urls import root_url
from dmsperf_tui.standin.vintage import Vintage

_Entry = tuple[str, str, Endpoint]
"""Method, path, endpoint."""

_PREFIX = {Vintage.V0_7: "/v2", Vintage.V8: "/v3"}
_TENANT = "Tenant"


@dataclass(frozen=True, slots=True)
class CmsOptions:
    """How the service is configured; the defaults are those of its test environment.

    `allow_claims_loading` is ClaimsOptions:DangerouslyEnableUnrestrictedClaimsLoading,
    `allow_credential_reset` EnableApplicationResetEndpoint. With `tenants` every request but log-ins and
    health checks must name one in the header `Tenant`; claims and clients are shared by all of them.
    """

    allow_registration: bool = True
    allow_claims_loading: bool = True
    allow_credential_reset: bool = True
    tenants: tuple[str, ...] = ()


class Cms:
    """The Configuration Service of one stand-in, all in memory."""

    def __init__(
        self, vintage: Vintage, clients: Clients, tokens: Tokens, claims: Claims, options: CmsOptions
    ) -> None:
        self._vintage = vintage
        self._tokens = tokens
        self._options = options
        self._registries = {tenant.lower(): Registry(vintage, clients) for tenant in options.tenants or ("",)}
        self._identity = Identity(vintage, clients, tokens, allow_registration=options.allow_registration)
        self._claims = ClaimsApi(vintage, claims, self._assigned)

    def routes(self) -> list[BaseRoute]:
        """Every endpoint, with paths relative to where the service is mounted, with and without end slash."""
        return [
            Route(variant, answering(endpoint), methods=[method])
            for method, path, endpoint in (*self._open(), *self._tables(), *self._claim_endpoints())
            for variant in ({path, f"{path}/"} if path != "/" else {path})
        ]

    def _open(self) -> Iterable[_Entry]:
        """What needs no token. Log-in and discovery are tenant-free; so is 8.x's health check."""
        identity = self._identity
        health = _health if self._vintage is Vintage.V8 else self._for_tenant(_health)
        yield "GET", "/", self._for_tenant(self._information)
        yield "GET", "/health", health
        yield "GET", "/.well-known/openid-configuration", _openid_configuration
        for name, endpoint in (
            ("register", identity.register),
            ("token", identity.token),
            ("introspect", identity.introspect),
            ("revoke", identity.revoke),
        ):
            yield "POST", f"/connect/{name}", endpoint
            # Route qualifiers may follow; they change nothing.
            yield "POST", f"/connect/{name}/{{qualifiers:path}}", endpoint

    def _tables(self) -> Iterable[_Entry]:
        version = _PREFIX[self._vintage]
        stores = "dmsInstances" if self._vintage is Vintage.V0_7 else "dataStores"
        yield self._secured(
            "GET",
            f"{version}/vendors/{{id}}/applications",
            self._of_tenant(lambda registry: registry.vendor_applications),
        )
        if self._options.allow_credential_reset:
            yield self._secured(
                "PUT",
                f"{version}/applications/{{id}}/reset-credential",
                self._of_tenant(lambda registry: registry.applications.reset_credential),
            )
        yield from self._collection(f"{version}/vendors", lambda registry: registry.vendors)
        yield from self._collection(f"{version}/applications", lambda registry: registry.applications)
        yield from self._collection(
            f"{version}/{stores}", lambda registry: registry.stores, reading=Access.LIMITED
        )

    def _collection(
        self, path: str, pick: Callable[[Registry], Collection], reading: Access = Access.READ
    ) -> Iterable[_Entry]:
        item = f"{path}/{{id}}"
        yield self._secured("GET", path, self._of_tenant(lambda registry: pick(registry).get_all), reading)
        yield self._secured("POST", path, self._of_tenant(lambda registry: pick(registry).insert))
        yield self._secured("GET", item, self._of_tenant(lambda registry: pick(registry).get_one), reading)
        yield self._secured("PUT", item, self._of_tenant(lambda registry: pick(registry).update))
        yield self._secured("DELETE", item, self._of_tenant(lambda registry: pick(registry).delete))

    def _claim_endpoints(self) -> Iterable[_Entry]:
        version = _PREFIX[self._vintage]
        claims = self._claims
        unversioned = "" if self._vintage is Vintage.V0_7 else version
        yield self._secured("GET", f"{version}/claimSets", claims.claim_sets, Access.LIMITED)
        yield self._secured(
            "GET", f"{unversioned}/authorizationMetadata", claims.authorization_metadata, Access.LIMITED
        )
        yield self._loading("GET", "/management/current-claims", claims.current)
        yield self._loading("POST", "/management/upload-claims", claims.upload)
        yield self._loading("POST", "/management/reload-claims", claims.reload)

    def _secured(self, method: str, path: str, endpoint: Endpoint, access: Access | None = None) -> _Entry:
        """For clients of CMS: reading takes a scope to read, everything else full access."""
        needed = access or (Access.READ if method == "GET" else Access.WRITE)
        return method, path, self._for_tenant(guarded(endpoint, self._tokens, needed))

    def _loading(self, method: str, path: str, endpoint: Endpoint) -> _Entry:
        """Claims are loaded without a token in v0.7, and not at all where the option is off."""
        switched = endpoint if self._options.allow_claims_loading else _absent
        if self._vintage is Vintage.V0_7:
            return method, path, self._for_tenant(switched)
        return self._secured(method, path, switched)

    def _for_tenant(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint, once the request names a tenant that there is (TenantResolutionMiddleware.cs)."""
        if not self._options.tenants:
            return endpoint

        async def check(request: Request) -> Response:
            tenant = request.headers.get(_TENANT, "").strip()
            if tenant.lower() in self._registries:
                return await endpoint(request)
            message = (
                f"Invalid tenant: {tenant}"
                if tenant
                else f"The '{_TENANT}' header is required when multi-tenancy is enabled"
            )
            return as_json({"error": "Bad Request", "message": message}, 400)

        return check

    def _of_tenant(self, pick: Callable[[Registry], Endpoint]) -> Endpoint:
        """The endpoint of the tenant that a request names."""

        async def dispatch(request: Request) -> Response:
            return await pick(self._registry(request))(request)

        return dispatch

    def _registry(self, request: Request) -> Registry:
        tenant = request.headers.get(_TENANT, "").strip() if self._options.tenants else ""
        return self._registries[tenant.lower()]

    def _assigned(self, request: Request, claim_set: str) -> list[str]:
        return self._registry(request).applications.with_claim_set(claim_set)

    async def _information(self, request: Request) -> Response:
        """`GET /`: by this the two vintages are told apart."""
        if self._vintage is Vintage.V0_7:
            return as_json({"version": "2.2.0", "build": "2.2.0.0"})
        return as_json(
            {
                "version": "8.0.0",
                "applicationName": "Ed-Fi API Configuration Service",
                "informationalVersion": "8.0.0",
                "build": "8.0.0.0",
                "urls": {"openApiMetadata": f"{_root(request)}/metadata/specifications"},
                "specificationVersion": "v3",
            }
        )


async def _health(_: Request) -> Response:
    return PlainTextResponse(datetime.now().strftime("%m/%d/%Y %H:%M:%S"))


async def _openid_configuration(request: Request) -> Response:
    """The endpoints of `/connect`, as far as they are played; there are no keys, for tokens are opaque."""
    root = _root(request)
    return as_json(
        {
            "issuer": root,
            "token_endpoint": f"{root}/connect/token",
            "registration_endpoint": f"{root}/connect/register",
            "introspection_endpoint": f"{root}/connect/introspect",
            "revocation_endpoint": f"{root}/connect/revoke",
            "scopes_supported": [FULL_ACCESS, READ_ONLY, METADATA_ONLY],
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        }
    )


async def _absent(_: Request) -> Response:
    return Response(status_code=404)


def _root(request: Request) -> str:
    return root_url(request.scope, request.headers.get("host"))
