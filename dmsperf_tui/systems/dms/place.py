"""Where a DMS and its Configuration Service (CMS) are and how to log in, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field

UNRESTRICTED = "PerformanceTest-UnrestrictedAccess"
"""The claim set that set-up makes (`config/performance-test-claimset.json`)."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A client of the DMS or of the CMS."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Place:
    """What set-up and pre-flight need to know of an environment. URLs have no slash at their end."""

    url: str
    """The DMS: discovery, `/metadata`, `/management`."""
    load_url: str
    """`url` with tenant and route qualifiers: where `/data` is."""
    token_url: str
    cms_url: str | None = None
    tenant: str | None = None
    route_qualifiers: tuple[str, ...] = ()
    client: Credentials | None = None
    admin: Credentials | None = None
    """A client of the CMS that may administer it."""
    admin_token: str | None = field(default=None, repr=False)
    claim_set: str = UNRESTRICTED
    data_store: str | None = field(default=None, repr=False)
    """The connection string of the database that a new client may use, where the CMS knows none yet."""
    create_client: bool = False
    insecure: bool = False
