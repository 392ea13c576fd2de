"""What a DMS answers when it is it that fails, in the words of each vintage."""

from __future__ import annotations

import math

import orjson
from starlette.responses import Response

from dmsperf_tui.standin.problems import ApiError
from dmsperf_tui.standin.vintage import Vintage

_PROBLEM_JSON = "application/problem+json"
_UNEXPECTED = "The server encountered an unexpected condition that prevented it from fulfilling the request."


def broken(trace_id: str) -> Response:
    """The 500 of an exception that DMS did not foresee: no problem body, two keys of its own."""
    body = orjson.dumps({"message": _UNEXPECTED, "traceId": trace_id})
    return Response(body, 500, media_type="application/json")


def write_conflict(vintage: Vintage, trace_id: str) -> Response:
    """v0.7: an empty 409. 8.x: a 500, once its own retries of a deadlock are used up."""
    if vintage is Vintage.V0_7:
        return Response(status_code=409)
    error = ApiError(500, "urn:ed-fi:api:system", "System Error", "An unexpected problem has occurred.")
    return error.response(trace_id)


def open_circuit(vintage: Vintage, break_s: float, trace_id: str) -> Response:
    """v0.7 (and 8.0.0) let the exception of the open breaker out; main of 2026 says when to come back."""
    if vintage is Vintage.V0_7:
        return broken(trace_id)
    error = ApiError(
        503,
        "urn:ed-fi:api:service-unavailable",
        "Service Unavailable",
        "The service is temporarily unable to handle the request. Retry the request later.",
        headers={"Retry-After": str(math.ceil(break_s))},
        media_type=_PROBLEM_JSON,
    )
    return error.response(trace_id)


def too_many_requests(vintage: Vintage, wait_s: int, trace_id: str) -> Response:
    """v0.7 (and 8.0.0): neither body nor header. Main of 2026 says when to come back."""
    if vintage is Vintage.V0_7:
        return Response(status_code=429)
    error = ApiError(
        429,
        "urn:ed-fi:api:too-many-requests",
        "Too Many Requests",
        "The number of allowed requests has been exceeded. Retry the request later.",
        headers={"Retry-After": str(wait_s)},
        media_type=_PROBLEM_JSON,
    )
    return error.response(trace_id)
