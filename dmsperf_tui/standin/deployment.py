"""Where a request is aimed: the optional path prefix, the tenant and the route qualifiers before `/data`."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.types import Scope

PATH_BASE = "/api"
"""ASP.NET's UsePathBase: `/api/data` and `/data` are the same place (docker's PATH_BASE=api)."""

# FE/Modules: these stand behind the tenant and the qualifiers; `/metadata` and `/management` do not, and
# `/oauth/token` answers with them and without.
_QUALIFIED = ("data", "oauth", "changeQueries")
_NEVER_BARE = ("data", "changeQueries")
_FOUND = "standin.deployment_found"


@dataclass(frozen=True, slots=True)
class Deployment:
    """The tenant (empty without multitenancy) and the qualifiers, (name, value) in the order of the path."""

    tenant: str = ""
    qualifiers: tuple[tuple[str, str], ...] = ()

    def enter(self, scope: Scope) -> None:
        """Moves path base, tenant and qualifiers from the path to `root_path`.

        What is generated then carries them as the client wrote them, because it is built from `root_path`.
        """
        path: str = scope["path"]
        root = ""
        if path == PATH_BASE or path.startswith(f"{PATH_BASE}/"):
            root = PATH_BASE
            if path == PATH_BASE:
                scope["path"] = path = f"{PATH_BASE}/"
        depth = len(self.qualifiers) + bool(self.tenant)
        if depth:
            parts = path[len(root) :].split("/")
            if len(parts) > depth + 1 and parts[depth + 1] in _QUALIFIED:
                values = parts[1 : depth + 1]
                root = f"{root}/{'/'.join(values)}"
                scope[_FOUND] = values == self._values()
            elif len(parts) > 1 and parts[1] in _NEVER_BARE:
                # No route of the real service takes these without what must come before.
                scope["path"] = f"{root}/unqualified"
        if root:
            scope["root_path"] = root

    def holds(self, scope: Scope) -> bool:
        """Whether the tenant and the qualifiers of the request name a data store."""
        return bool(scope.get(_FOUND, True))

    def prefix(self, given: dict[str, str]) -> str:
        """The segments before `/data` in discovery: as given in its path, else as placeholders."""
        names = (["tenant"] if self.tenant else []) + [name for name, _ in self.qualifiers]
        return "".join(f"/{given.get(name) or f'{{{name}}}'}" for name in names)

    def discovery_paths(self) -> list[str]:
        """The route patterns of discovery: `/`, then one segment more at a time."""
        names = (["tenant"] if self.tenant else []) + [name for name, _ in self.qualifiers]
        return ["/"] + [
            "/" + "/".join(f"{{{name}}}" for name in names[: count + 1]) for count in range(len(names))
        ]

    def _values(self) -> list[str]:
        return ([self.tenant] if self.tenant else []) + [value for _, value in self.qualifiers]
