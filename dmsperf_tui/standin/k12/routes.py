"""Which endpoint a path means: a look-up by its segments, because matching patterns costs too much."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from dmsperf_tui.standin.k12.answers import Answer, RefusedError, not_found
from dmsperf_tui.standin.k12.call import Call
from dmsperf_tui.standin.k12.knobs import Category
from dmsperf_tui.standin.k12.people import Role
from dmsperf_tui.standin.k12.stats import ROOT

STRANGERS = frozenset({Role.STRANGER})
EVERYBODY = frozenset({Role.TEACHER, Role.STUDENT, Role.ADMIN})
TEACHERS = frozenset({Role.TEACHER})
STUDENTS = frozenset({Role.STUDENT})
ADMINS = frozenset({Role.ADMIN})
STAFF = TEACHERS | ADMINS

_ID = "{id}"
_LONGEST_ID = 15
"""Digits: every such number is exact in JSON."""


class Endpoint(NamedTuple):
    """`path` is below the root and may have `{id}` as its second segment; `roles` are those that may call."""

    method: str
    path: str
    category: Category
    roles: frozenset[Role]
    handler: Callable[[Call], Answer]


class Match(NamedTuple):
    """What a request means: `found` is the endpoint, or why there is none."""

    operation: str
    found: Endpoint | RefusedError
    id: int = 0


class Routes:
    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._by_path: dict[str, dict[str, Match]] = {}
        for endpoint in endpoints:
            match = Match(f"{endpoint.method} {ROOT}{endpoint.path}", endpoint)
            self._by_path.setdefault(endpoint.path, {})[endpoint.method] = match

    def find(self, method: str, path: str) -> Match:
        """`path` begins with the root."""
        below = path[len(ROOT) :]
        id = 0
        by_method = self._by_path.get(below)
        if by_method is None:
            segments = below.split("/")
            if len(segments) > 2 and _is_id(segments[2]):
                id = int(segments[2])
                segments[2] = _ID
                by_method = self._by_path.get("/".join(segments))
        # The pattern itself is no path.
        if by_method is None or (not id and _ID in below):
            return Match(f"{method} (unknown)", not_found("place"))
        match = by_method.get(method)
        if match is None:
            allow = ", ".join(sorted(by_method))
            message = f"This place does not take {method}."
            refusal = RefusedError(405, "method_not_allowed", message, {"Allow": allow})
            return Match(f"{method} (unknown)", refusal)
        return match._replace(id=id) if id else match


def _is_id(segment: str) -> bool:
    """A positive number as JSON writes it: neither a sign nor leading zeros nor other alphabets' digits."""
    return segment.isascii() and segment.isdigit() and segment[0] != "0" and len(segment) <= _LONGEST_ID
