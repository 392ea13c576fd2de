"""How CMS answers: its JSON, and its errors, which differ from DMS's in media types and a few words.

CMS/Infrastructure/GlobalExceptionHandler.cs, FailureResults.cs; DataModel/Infrastructure/FailureResponse.cs.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response

from dmsperf_tui.standin.problems import ApiError, Errors
from dmsperf_tui.standin.vintage import Vintage

Endpoint = Callable[[Request], Awaitable[Response]]

JSON = "application/json; charset=utf-8"
_PROBLEM_JSON = "application/problem+json"
_SEE_ERRORS = "The request could not be processed. See 'errors' for details."
_BAD_REQUEST = "urn:ed-fi:api:bad-request"


def answering(endpoint: Endpoint) -> Endpoint:
    """The endpoint, with what it raises turned into CMS's own problem body."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ApiError as problem:
            return problem.response(uuid.uuid4().hex)

    return answer


def as_json(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), status, headers, JSON)


def invalid(vintage: Vintage, errors: Errors) -> ApiError:
    """What CMS's validators found, by property."""
    kind = "data" if vintage is Vintage.V8 else "data-validation-failed"
    return ApiError(
        400,
        f"{_BAD_REQUEST}:{kind}",
        "Data Validation Failed",
        "Data validation failed. See 'validationErrors' for details.",
        validation=errors,
        media_type=_PROBLEM_JSON,
    )


def unreadable(detail: str) -> ApiError:
    """A body, form or parameter that does not fit the types it should have."""
    return ApiError(400, _BAD_REQUEST, "Bad Request", detail, media_type=_PROBLEM_JSON)


def not_found(detail: str) -> ApiError:
    return ApiError(404, "urn:ed-fi:api:not-found", "Not Found", detail, media_type=JSON)


def unauthenticated(error: str) -> ApiError:
    """The token endpoint's 401."""
    return ApiError(
        401,
        "urn:ed-fi:api:security:authentication",
        "Authentication Failed",
        _SEE_ERRORS,
        errors=[error],
        media_type=_PROBLEM_JSON,
    )


def forbidden(error: str) -> ApiError:
    return ApiError(
        403,
        "urn:ed-fi:api:security:authorization",
        "Authorization Failed",
        _SEE_ERRORS,
        errors=[error],
        media_type=_PROBLEM_JSON,
    )


def missing(name: str) -> str:
    """FluentValidation's words for a property that is empty; `name` as in C#."""
    return f"'{spaced(name)}' must not be empty."


def spaced(name: str) -> str:
    """`ContactEmailAddress` -> `Contact Email Address`: how FluentValidation calls a property."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def location(request: Request, id: int) -> str:
    """The URL of a new item, with host and prefix as the client used them."""
    host = request.headers.get("host", "localhost")
    return f"{request.scope['scheme']}://{host}{request.scope['path'].rstrip('/')}/{id}"


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form by lower-case name, the first of each; nothing where the body is no form."""
    body = await request.body()
    if not is_form(request):
        return {}
    form: dict[str, str] = {}
    for name, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True):
        form.setdefault(name.lower(), value)
    return form


def is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded")
