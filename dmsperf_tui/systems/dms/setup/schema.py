"""`setup schema`: the unified ApiSchema, uploaded to a DMS up to v0.7, compared with an 8.x one.

8.x has no endpoint for it: there the schema is fixed when the database is provisioned (DMS-979).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.systems.answers import document, explain, told
from dmsperf_tui.systems.checks import StepError, StepRow
from dmsperf_tui.systems.dms.order import parse_dependencies
from dmsperf_tui.systems.dms.place import Place
from dmsperf_tui.systems.dms.setup.discovery import discover

SCHEMA_FILE = "config/performance-test-schema.json"
MANAGEMENT_FLAG = "AppSettings__EnableManagementEndpoints=true"
TIMEOUT_S = 120.0
_OF_RESOURCE = frozenset(
    {
        *("allowIdentityUpdates", "documentPathsMapping", "equalityConstraints", "identityJsonPaths"),
        *("isDescriptor", "isSchoolYearEnumeration", "isSubclass", "jsonSchemaForInsert", "resourceName"),
        *(
            "isResourceExtension",
            "booleanJsonPaths",
            "numericJsonPaths",
            "dateJsonPaths",
            "dateTimeJsonPaths",
        ),
        *("queryFieldMapping", "decimalPropertyValidationInfos", "arrayUniquenessConstraints"),
        *("securableElements",),
    }
)
"""Without one of these a DMS does not load the schema, or fails when it is used (CORE/ApiSchema)."""
_OF_SUBCLASS = frozenset(
    {"superclassProjectName", "superclassResourceName", "superclassIdentityJsonPath", "subclassType"}
)


def read_schema(path: Path) -> dict[str, Any]:
    """Raises ConfigError for what cannot be an ApiSchema, naming the resource and the field."""
    try:
        schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise ConfigError(f"cannot be read ({fault.strerror})", file=str(path)) from None
    except ValueError as fault:
        raise ConfigError(f"is not JSON: {fault}", file=str(path)) from None
    for key, what in _flaws(schema):
        raise ConfigError(what, file=str(path), key=key, mend="see the format of an ApiSchema")
    return schema


def resources(schema: Mapping[str, Any]) -> set[str]:
    """The endpoints of a schema, descriptors among them."""
    return set(schema["projectSchema"]["resourceSchemas"])


@told("schema")
async def deploy_schema(
    client: httpx.AsyncClient, place: Place, schema: dict[str, Any]
) -> AsyncIterator[StepRow]:
    """Uploads `schema` where the DMS takes one, else says what the DMS lacks of it."""
    found = await discover(client, place)
    count = len(resources(schema))
    yield StepRow("schema", True, f"{count} resources and descriptors, well formed")
    if found.vintage == "v0.7":
        body = {"coreSchema": json.dumps(schema), "extensionSchemas": []}
        response = await client.post(
            f"{place.url}/management/upload-api-schema", json=body, timeout=TIMEOUT_S
        )
        if response.status_code == 404:
            raise StepError("the DMS takes no schema (404)", f"give it {MANAGEMENT_FLAG}")
        if not response.is_success:
            raise StepError(f"the DMS refuses the schema: {explain(response)}")
        # No reload after it: that would read the configured schema again.
        yield StepRow("uploaded", True, f"the DMS serves {count} resources and descriptors now", changed=True)
    offered = await served(client, place)
    missing = sorted(resources(schema) - offered)
    if found.vintage == "v8":
        yield StepRow(
            "fixed",
            None,
            "the schema of this DMS was fixed when its database was provisioned: nothing to upload",
        )
    if missing:
        raise StepError(
            f"the DMS does not serve {len(missing)} of them: {', '.join(missing[:10])}",
            "provision it with Data Standard 5.2" if found.vintage == "v8" else "see its log",
        )
    yield StepRow("served", True, "the DMS serves all of them")


async def served(client: httpx.AsyncClient, place: Place) -> set[str]:
    """The endpoints that the DMS offers, from its dependencies. Raises StepError."""
    response = await client.get(f"{place.url}/metadata/dependencies", timeout=TIMEOUT_S)
    if not response.is_success:
        raise StepError(f"GET /metadata/dependencies: {explain(response)}", "see the DMS's log")
    return set(parse_dependencies(document(response)).orders)


def _flaws(schema: Any) -> Iterator[tuple[str, str]]:
    """Where and what, the first first."""
    project = schema.get("projectSchema") if isinstance(schema, dict) else None
    if not isinstance(project, dict):
        yield "projectSchema", "is missing"
        return
    for key in (
        "projectName",
        "projectEndpointName",
        "projectVersion",
        "isExtensionProject",
        "abstractResources",
    ):
        if key not in project:
            yield f"projectSchema.{key}", "is missing"
    listed = project.get("resourceSchemas")
    if not isinstance(listed, dict) or not listed:
        yield "projectSchema.resourceSchemas", "is missing"
        return
    for endpoint, resource in listed.items():
        wanted = _OF_RESOURCE | (_OF_SUBCLASS if resource.get("isSubclass") else frozenset())
        for key in sorted(wanted - resource.keys()):
            yield f"projectSchema.resourceSchemas.{endpoint}.{key}", "is missing"
