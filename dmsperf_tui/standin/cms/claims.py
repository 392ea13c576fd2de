"""What each claim set may do: as CMS holds it, and as DMS saw it last.

The strategies behind a granted action (relationships, namespaces) are not played: whoever may act on a
resource may act on all its items.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable

from dmsperf_tui.standin.cms.claims_document import Node, Rights, claim_sets, rights_of
from dmsperf_tui.standin.cms.installed import CLAIM_URI, installed_claims
from dmsperf_tui.standin.problems import ApiError
from dmsperf_tui.standin.vintage import Vintage

EVERYTHING = "Standin-Everything"
"""The claim set of the stand-in's own client. It may do everything, whatever is uploaded."""

CACHED_FOR_S = 600.0
"""How long DMS believes what it saw (CacheSettings:ClaimSetsCacheExpirationSeconds)."""

_DETAIL = "Access to the resource could not be authorized."


class Claims:
    """The one owner of the claims. `clock` gives seconds, monotonic.

    `descriptors` are the schema's resource names, such as `GradeLevelDescriptor`: leaves of the installed
    hierarchy's domains of descriptors.
    """

    def __init__(self, clock: Callable[[], float], vintage: Vintage, descriptors: Iterable[str]) -> None:
        self._clock = clock
        self._vintage = vintage
        self._installed = installed_claims(descriptors)
        self.document = self._installed
        self.reload_id = str(uuid.uuid4())
        self.reload()

    def replace(self, document: Node) -> str:
        """Puts a document in the place of all claim sets and the hierarchy; returns the new reload id."""
        self.document = document
        self.reload_id = str(uuid.uuid4())
        return self.reload_id

    def restore(self) -> str:
        """Goes back to the installed claims; returns the new reload id."""
        return self.replace(self._installed)

    def reload(self) -> None:
        """DMS forgets what it saw and reads the claims anew (`/management/reload-claimsets`)."""
        self._seen_at = self._clock()
        self._seen = {
            name.lower(): (
                name,
                {claim.lower(): (claim, rights) for claim, rights in rights_of(self.document, name).items()},
            )
            for name, _ in claim_sets(self.document)
        }

    def view(self) -> list[dict[str, object]]:
        """The claim sets as DMS knows them now (`/management/view-claimsets`)."""
        self._refresh()
        return [
            {
                "name": name,
                "resourceClaims": [
                    {
                        "name": claim,
                        "action": action,
                        "authorizationStrategies": [{"name": strategy} for strategy in strategies],
                    }
                    for claim, rights in claims.values()
                    for action, strategies in rights.items()
                ],
            }
            for name, claims in self._seen.values()
        ]

    def permit(self, claim_set: str, resource_name: str, is_descriptor: bool, action: str) -> None:
        """Raises the refusal of CORE/Middleware/ResourceActionAuthorizationMiddleware.cs, or returns.

        `resource_name` is the ApiSchema's; a descriptor's may come without its suffix. `action` is Create,
        Read, Update or Delete. A resource that the claim set does not name at all is refused without a word
        on why; only where it has some action and lacks this one does the 403 name claim set and action.
        """
        if claim_set == EVERYTHING:
            return
        self._refresh()
        name, claims = self._seen.get(claim_set.lower(), ("", {}))
        if not name and self._vintage is Vintage.V8:
            raise _misconfigured("No security metadata has been configured for this resource.")
        suffix = "" if not is_descriptor or resource_name.endswith("Descriptor") else "Descriptor"
        resource = f"{resource_name}{suffix}"
        uri, rights = claims.get(f"{CLAIM_URI}/ed-fi/{resource}".lower(), ("", {}))
        if not rights:
            raise _forbidden("", [])
        strategies = _find(rights, action)
        if strategies is None:
            message = (
                f"The API client's assigned claim set (currently '{name}') must grant permission of the "
                f"'{action}' action on one of the following resource claims: {resource}"
            )
            raise _forbidden("access-denied:action", [message])
        if not strategies:
            raise self._without_strategy(name, uri, resource, action)

    def _refresh(self) -> None:
        if self._clock() - self._seen_at >= CACHED_FOR_S:
            self.reload()

    def _without_strategy(self, claim_set: str, uri: str, resource: str, action: str) -> ApiError:
        if self._vintage is Vintage.V0_7:
            message = (
                f"No authorization strategies were defined for the requested action '{action}' against "
                f"resource ['{resource}'] matched by the caller's claim '{claim_set}'."
            )
            return _forbidden("", [message])
        return _misconfigured(
            f"No authorization strategies were defined for the requested action '{action}' against resource "
            f"URIs ['{uri}'] matched by the caller's claim '{uri}'."
        )


def _find(rights: Rights, action: str) -> tuple[str, ...] | None:
    """Actions are told apart without regard to case."""
    if (strategies := rights.get(action)) is not None:
        return strategies
    return next((found for name, found in rights.items() if name.lower() == action.lower()), None)


def _forbidden(type_extension: str, errors: list[str]) -> ApiError:
    return ApiError(
        403,
        f"urn:ed-fi:api:security:authorization:{type_extension}",
        "Authorization Denied",
        _DETAIL,
        errors=errors,
        media_type="application/problem+json",
    )


def _misconfigured(error: str) -> ApiError:
    """8.x blames the claims themselves: a claim set that it does not know, an action without a strategy."""
    return ApiError(
        500,
        "urn:ed-fi:api:system:configuration:security",
        "Security Configuration Error",
        "A security configuration problem was detected. The request cannot be authorized.",
        errors=[error],
        media_type="application/problem+json",
    )
