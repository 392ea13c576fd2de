"""The bodies of DMS's error answers, word for word (CORE/Response/FailureResponse.cs of both vintages)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson
from starlette.responses import Response

from dmsperf_tui.standin.vintage import Vintage

Errors = dict[str, list[str]]
"""JSON path -> what is wrong there: the shape of `validationErrors`."""

_JSON = "application/json"
_PROBLEM_JSON = "application/problem+json"
_PREFIX = "urn:ed-fi:api"
_BAD_REQUEST = f"{_PREFIX}:bad-request"
_DATA_INVALID = "Data validation failed. See 'validationErrors' for details."
_UNPROCESSABLE = "The request could not be processed. See 'errors' for details."


class ApiError(Exception):
    """An answer other than success. `type` is the part behind `urn:ed-fi:api:`."""

    def __init__(
        self,
        status: int,
        type: str,
        title: str,
        detail: str,
        *,
        validation: Errors | None = None,
        errors: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
        media_type: str = _JSON,
        with_validation: bool = True,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = headers
        self.media_type = media_type
        self._before = {"detail": detail, "type": type, "title": title, "status": status}
        self._after: dict[str, object] = {"validationErrors": validation or {}} if with_validation else {}
        self._after["errors"] = list(errors)

    def response(self, correlation_id: str) -> Response:
        body = {**self._before, "correlationId": correlation_id, **self._after}
        return Response(orjson.dumps(body), self.status, self.headers, self.media_type)


def bad_request(
    detail: str = _UNPROCESSABLE,
    *,
    errors: Sequence[str] = (),
    validation: Errors | None = None,
    media_type: str = _JSON,
) -> ApiError:
    return ApiError(
        400, _BAD_REQUEST, "Bad Request", detail, errors=errors, validation=validation, media_type=media_type
    )


def empty_body() -> ApiError:
    return bad_request(errors=["A non-empty request body is required."])


def invalid_data(validation: Errors) -> ApiError:
    return ApiError(
        400,
        f"{_BAD_REQUEST}:data-validation-failed",
        "Data Validation Failed",
        _DATA_INVALID,
        validation=validation,
    )


def client_assigned_id() -> ApiError:
    message = (
        "Resource identifiers cannot be assigned by the client. "
        "The 'id' property should not be included in the request body."
    )
    return ApiError(
        400,
        f"{_BAD_REQUEST}:data-validation-failed",
        "Data Validation Failed",
        "The request data was constructed incorrectly.",
        errors=[message],
    )


def mismatched_id() -> ApiError:
    return bad_request(errors=["Request body id must match the id in the url."])


def invalid_parameters(errors: Sequence[str], vintage: Vintage) -> ApiError:
    if vintage is Vintage.V0_7:
        return bad_request(errors=errors)
    return ApiError(
        400,
        f"{_BAD_REQUEST}:parameter-validation-failed",
        "Parameter Validation Failed",
        "Parameters supplied to the request were invalid.",
        errors=errors,
    )


def unknown_query_field(name: str) -> ApiError:
    return bad_request(errors=[f"The query field '{name}' is not valid for this resource."])


def missing_descriptors(validation: Errors) -> ApiError:
    return bad_request(_DATA_INVALID, validation=validation)


def key_change(resource: str) -> ApiError:
    return ApiError(
        400,
        f"{_BAD_REQUEST}:data-validation-failed:key-change-not-supported",
        "Key Change Not Supported",
        f"Identifying values for the {resource} resource cannot be changed. "
        "Delete and recreate the resource item instead.",
    )


def unauthenticated(error: str) -> ApiError:
    return ApiError(
        401,
        f"{_PREFIX}:security:authentication",
        "Authentication Failed",
        "The caller could not be authenticated.",
        errors=[error],
        headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        media_type=_PROBLEM_JSON,
        with_validation=False,
    )


def refused_client() -> ApiError:
    """The token endpoint's 401: title and detail are the identity provider's own words."""
    return ApiError(
        401,
        f"{_PREFIX}:unauthorized",
        "invalid_client",
        "Invalid client or Invalid client credentials",
        media_type="application/json; charset=utf-8",
    )


def not_found(detail: str = "The specified data could not be found.") -> ApiError:
    return ApiError(404, f"{_PREFIX}:not-found", "Not Found", detail, media_type=_PROBLEM_JSON)


def method_not_allowed(error: str, allow: str) -> ApiError:
    return ApiError(
        405,
        f"{_PREFIX}:method-not-allowed",
        "Method Not Allowed",
        "The request construction was invalid.",
        errors=[error],
        headers={"Allow": allow} if allow else None,
        media_type="application/json; charset=utf-8",
    )


def missing_references(missing: Mapping[str, str], vintage: Vintage) -> ApiError:
    """`missing` is JSON path -> model name of what is not there; v0.7 names the models alone."""
    if vintage is Vintage.V0_7:
        detail = f"The referenced {', '.join(dict.fromkeys(missing.values()))} item(s) do not exist."
        validation: Errors = {}
    else:
        detail = "One or more references could not be resolved. See 'validationErrors' for details."
        validation = {
            path: [f"The referenced {model} item does not exist."] for path, model in missing.items()
        }
    return ApiError(
        409,
        f"{_PREFIX}:data-conflict:unresolved-reference",
        "Unresolved Reference",
        detail,
        validation=validation,
    )


def identity_conflict(action: str, resource: str, key: Mapping[str, object]) -> ApiError:
    """`action` is what was attempted: "create a new" or "update a"."""
    values = ",".join(f"({name} = {value})" for name, value in key.items())
    message = (
        f"A natural key conflict occurred when attempting to {action} resource {resource} "
        f"with a duplicate key. The duplicate keys and values are {values}"
    )
    return ApiError(
        409,
        f"{_PREFIX}:identity-conflict",
        "Identifying Values Are Not Unique",
        "The identifying value(s) of the item are the same as another item that already exists.",
        errors=[message],
    )


def has_dependents(resources: Sequence[str]) -> ApiError:
    return ApiError(
        409,
        f"{_PREFIX}:data-conflict:dependent-item-exists",
        "Dependent Item Exists",
        "The requested action cannot be performed because this item is referenced by existing "
        f"{', '.join(resources)} item(s).",
    )


def stale_etag() -> ApiError:
    return _failed_lock(
        "The item has been modified by another user.",
        "The resource item's etag value does not match what was specified in the 'If-Match' request header "
        "indicating that it has been modified by another client since it was last retrieved.",
    )


def nothing_to_match() -> ApiError:
    """If-Match on what is not there."""
    return _failed_lock(
        "The If-Match precondition failed because the resource does not exist.",
        "The 'If-Match' request header requires a current representation of the resource, but none exists. "
        "Do not retry with If-Match; create the resource first, or omit If-Match.",
    )


def unwanted_match() -> ApiError:
    """If-None-Match on what is there."""
    return ApiError(
        412,
        f"{_PREFIX}:precondition-failed:if-none-match",
        "If-None-Match Precondition Failed",
        "The If-None-Match precondition failed because a current representation of the resource matched "
        "the request header.",
        errors=[
            "The 'If-None-Match' request header requires that no current representation match the supplied "
            "value, but a matching representation exists."
        ],
    )


def _failed_lock(detail: str, error: str) -> ApiError:
    return ApiError(
        412, f"{_PREFIX}:optimistic-lock-failed", "Optimistic Lock Failed", detail, errors=[error]
    )


def unsupported_media_type() -> ApiError:
    message = "The value specified in the 'Content-Type' header is not supported by this host."
    return ApiError(
        415,
        f"{_PREFIX}:unsupported-media-type",
        "Unsupported Media Type",
        message,
        errors=[message],
        media_type=_PROBLEM_JSON,
    )


def unmatched_route(vintage: Vintage) -> ApiError:
    """No data store has the route qualifiers of the request."""
    detail = "No database instance found matching the request route qualifiers"
    is_old = vintage is Vintage.V0_7
    return ApiError(
        404,
        f"{_PREFIX}:route-resolution-error",
        "Route Resolution Error",
        detail,
        errors=[detail],
        media_type=_PROBLEM_JSON if is_old else _JSON,
        with_validation=not is_old,
    )
