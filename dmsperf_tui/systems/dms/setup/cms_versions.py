"""What differs between the versions of the Configuration Service: `/v2` up to v0.7, `/v3` from 8.x on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CmsVersion:
    """What differs between the versions."""

    path: str
    stores: str
    store_type: str
    store_name: str
    store_ids: str
    contexts: str
    authorization_metadata: str
    secret_length: int
    """Of a client that registers: 8 to 12 characters up to v0.7, 32 to 128 from 8.x on."""


VERSIONS = {
    "v2": CmsVersion(
        "v2",
        "dmsInstances",
        "instanceType",
        "instanceName",
        "dmsInstanceIds",
        "dmsInstanceRouteContexts",
        "authorizationMetadata",
        12,
    ),
    "v3": CmsVersion(
        "v3",
        "dataStores",
        "dataStoreType",
        "name",
        "dataStoreIds",
        "dataStoreContexts",
        "v3/authorizationMetadata",
        40,
    ),
}
