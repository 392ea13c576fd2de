"""`/management`: claim sets read anew, and on v0.7 another schema (FE/Modules/ManagementEndpointModule.cs).

None of it asks for a token, in any vintage. Both flags that switch it on are on here.
"""

from __future__ import annotations

import uuid

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from dmsperf_tui.standin.api_schema import SchemaError, read_model, shipped_model
from dmsperf_tui.standin.cms.claims import Claims
from dmsperf_tui.standin.data_api import DataApi
from dmsperf_tui.standin.deployment import Deployment
from dmsperf_tui.standin.referee import json_answer
from dmsperf_tui.standin.vintage import Vintage

_UNKNOWN = {
    "detail": "The specified resource could not be found.",
    "type": "urn:ed-fi:api:not-found",
    "title": "Not Found",
    "status": 404,
}


class Management:
    """The endpoints of one application."""

    def __init__(self, vintage: Vintage, claims: Claims, data: DataApi, deployment: Deployment) -> None:
        self._vintage = vintage
        self._claims = claims
        self._data = data
        self._deployment = deployment

    def routes(self) -> list[BaseRoute]:
        """Where there is a tenant, the paths without it answer 404."""
        routes: list[BaseRoute] = []
        for at in ("/management", "/management/{tenant}") if self._deployment.tenant else ("/management",):
            routes.append(Route(f"{at}/reload-claimsets", self._reload_claim_sets, methods=["POST"]))
            routes.append(Route(f"{at}/view-claimsets", self._view_claim_sets, methods=["GET"]))
        if self._vintage is Vintage.V0_7:
            routes += [
                Route("/management/reload-api-schema", self._reload_schema, methods=["POST"]),
                Route("/management/upload-api-schema", self._upload_schema, methods=["POST"]),
            ]
        return routes

    async def _reload_claim_sets(self, request: Request) -> Response:
        if not self._knows_tenant(request):
            return json_answer(_UNKNOWN, 404)
        self._claims.reload()
        return json_answer({"message": "Claimsets reloaded successfully"})

    async def _view_claim_sets(self, request: Request) -> Response:
        return json_answer(self._claims.view()) if self._knows_tenant(request) else json_answer(_UNKNOWN, 404)

    def _knows_tenant(self, request: Request) -> bool:
        tenant: str = request.path_params.get("tenant", "")
        return tenant == self._deployment.tenant

    async def _reload_schema(self, _: Request) -> Response:
        """Back to the schema of the file, whatever was uploaded. Items stay."""
        self._data.serve(shipped_model())
        return json_answer({"message": "Schema reloaded successfully"})

    async def _upload_schema(self, request: Request) -> Response:
        """Serves the uploaded schema at once; the next reload ends it. Extensions are not played."""
        try:
            wanted = orjson.loads(await request.body())
            core = wanted["coreSchema"]
            extensions = wanted.get("extensionSchemas") or []
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            return _refusal("coreSchema", "The body must be a JSON object with coreSchema, a string.", "$")
        if extensions:
            return _refusal("extensionSchemas", "The stand-in serves a core schema alone.", "$")
        if not isinstance(core, str):
            return _refusal("coreSchema", "coreSchema must be the schema as a string.", "$.coreSchema")
        try:
            model = read_model(core)
        except SchemaError as error:
            return _refusal("Validation", str(error), error.path)
        self._data.serve(model)
        return json_answer(
            {
                "message": "Schema uploaded successfully",
                "reloadId": str(uuid.uuid4()),
                "schemasProcessed": 1,
            }
        )


def _refusal(kind: str, message: str, path: str) -> Response:
    failure = {"type": kind, "message": message, "path": path}
    return json_answer({"error": "The schema could not be uploaded.", "failures": [failure]}, 400)
