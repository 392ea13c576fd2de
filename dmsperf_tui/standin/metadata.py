"""`/`, `/health` and `/metadata`: what a client reads before it sends anything."""

from __future__ import annotations

from dmsperf_tui.standin.schema import Model
from dmsperf_tui.standin.vintage import Vintage

# Application name, version and informational version of each (Content/VersionProvider.cs).
_VERSIONS = {
    Vintage.V0_7: ("Ed-Fi Alliance Data Management Service", "0.7.0", "Release Candidate 1"),
    Vintage.V8: ("Ed-Fi API", "8.0.0", "8.0.0"),
}


def discovery(vintage: Vintage, model: Model, root: str, prefix: str, cms: str) -> dict[str, object]:
    """`GET /` (FE/Modules/DiscoveryEndpointModule.cs).

    `root` is the URL that the client used, `prefix` the tenant and the qualifiers, `cms` the root of the
    Configuration Service: v0.7 names the identity provider itself, not its own proxy, as the token URL.
    """
    name, version, informational = _VERSIONS[vintage]
    base = f"{root}{prefix}"
    urls = {
        "dependencies": f"{base}/metadata/dependencies",
        "openApiMetadata": f"{base}/metadata/specifications",
    }
    if vintage is Vintage.V0_7:
        urls |= {
            "oauth": f"{cms}/connect/token{prefix}",
            "dataManagementApi": f"{base}/data",
        }
    else:
        urls |= {
            "oauth": f"{base}/oauth/token",
            "tokenInfo": f"{base}/oauth/token_info",
            "dataManagementApi": f"{base}/data",
            "changeQueries": f"{base}/changeQueries/v1/",
        }
    urls["xsdMetadata"] = f"{base}/metadata/xsd"
    return {
        "version": version,
        "applicationName": name,
        "informationalVersion": informational,
        "dataModels": [
            {"name": model.project, "version": model.version, "informationalVersion": model.description}
        ],
        "urls": urls,
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
