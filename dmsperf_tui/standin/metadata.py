"""`/`, `/health` and `/metadata`: what a client reads before it sends anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dmsperf_tui.standin.schema import Resource

_VERSION = "8.0.0"
_DATA_STANDARD = "5.2.0"

# CORE/ResourceLoadOrder: a person is created early and may be updated once the association exists that
# authorization looks at. The second entry is the trap for clients that keep the last one they read.
_UPDATED_AFTER = {
    "students": ("studentSchoolAssociations",),
    "staffs": (
        "staffEducationOrganizationEmploymentAssociations",
        "staffEducationOrganizationAssignmentAssociations",
    ),
}
_NOT_LISTED = "schoolYearTypes"


def discovery(root: str) -> dict[str, object]:
    """`GET /` of 8.x (FE/Modules/DiscoveryEndpointModule.cs); `root` is the URL that the client used."""
    return {
        "version": _VERSION,
        "applicationName": "Ed-Fi API",
        "informationalVersion": _VERSION,
        "dataModels": [
            {
                "name": "Ed-Fi",
                "version": _DATA_STANDARD,
                "informationalVersion": f"The Ed-Fi Data Standard v{_DATA_STANDARD}",
            }
        ],
        "urls": {
            "dependencies": f"{root}/metadata/dependencies",
            "openApiMetadata": f"{root}/metadata/specifications",
            "oauth": f"{root}/oauth/token",
            "tokenInfo": f"{root}/oauth/token_info",
            "dataManagementApi": f"{root}/data",
            "changeQueries": f"{root}/changeQueries/v1/",
            "xsdMetadata": f"{root}/metadata/xsd",
        },
    }


def health() -> dict[str, object]:
    """`GET /health`: PascalCase, and always 200."""
    check = {
        "Name": "ApplicationHealthCheck",
        "Status": "Healthy",
        "Description": "Application is up and running",
    }
    return {"Status": "Healthy", "Results": [check]}


def metadata(root: str) -> dict[str, str]:
    return {
        "dependencies": f"{root}/metadata/dependencies",
        "specifications": f"{root}/metadata/specifications",
        "xsdMetadata": f"{root}/metadata/xsd",
    }


def specifications(root: str) -> list[dict[str, str]]:
    base = f"{root}/metadata/specifications"
    return [
        {"name": "Resources", "endpointUri": f"{base}/resources-spec.json", "prefix": ""},
        {"name": "Descriptors", "endpointUri": f"{base}/descriptors-spec.json", "prefix": ""},
        {"name": "Discovery", "endpointUri": f"{base}/discovery-spec.json", "prefix": "Other"},
    ]


def dependencies(resources: Iterable[Resource]) -> list[dict[str, object]]:
    """The load order, sorted by order, then resource; schoolYearTypes are left out, as in the real one."""
    by_endpoint = {resource.endpoint: resource for resource in resources}
    orders: dict[str, int] = {_NOT_LISTED: 0}
    for endpoint in by_endpoint:
        _order(endpoint, by_endpoint, orders)
    listed: list[tuple[int, str, list[str]]] = []
    for endpoint, order in orders.items():
        after = _UPDATED_AFTER.get(endpoint)
        if endpoint == _NOT_LISTED:
            continue
        if after is None:
            listed.append((order, endpoint, ["Create", "Update"]))
        else:
            last = max(orders[name] for name in after)
            listed += [(order, endpoint, ["Create"]), (last + 1, endpoint, ["Update"])]
    return [
        {"resource": f"/ed-fi/{endpoint}", "order": order, "operations": operations}
        for order, endpoint, operations in sorted(listed)
    ]


def _order(endpoint: str, resources: Mapping[str, Resource], orders: dict[str, int]) -> int:
    """One more than the highest order among what the resource points to: 1 where it points to nothing."""
    if endpoint not in orders:
        targets = {one for target in resources[endpoint].targets() for one in _concrete(target, resources)}
        orders[endpoint] = 1 + max((_order(target, resources, orders) for target in targets), default=0)
    return orders[endpoint]


def _concrete(target: str, resources: Mapping[str, Resource]) -> list[str]:
    if target in resources:
        return [target]
    return [resource.endpoint for resource in resources.values() if resource.superclass == target]
