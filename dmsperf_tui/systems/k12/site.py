"""Where a K-12 platform is, and who may log in to it, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

API = "/api/v1"
"""What all paths begin with, below the environment's URL."""
ROLES = ("teacher", "student", "admin")
IDS = ("quiz", "course", "submission")
"""What an environment may name by id (`[ids]`); what it does not name is looked for on the platform."""


@dataclass(frozen=True, slots=True)
class Account:
    """One user of the platform."""

    role: str
    email: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Site:
    """What checks and flows need to know of an environment. URLs have no slash at their end."""

    url: str
    """The API: `/api/v1/...` is below it."""
    base_url: str | None = None
    """The web front end, whose pages call the API."""
    accounts: tuple[Account, ...] = ()
    """The pool, in the order of its file."""
    ids: Mapping[str, str] = field(default_factory=dict)
    """Of `IDS`, as far as the environment names them; of submissions several, with commas between."""
    insecure: bool = False

    @property
    def origin(self) -> str:
        """The front end as a browser names it in `Origin`: scheme, host and port; empty without one."""
        parts = urlsplit(self.base_url or "")
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
