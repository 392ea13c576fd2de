"""The queries that a DMS answers: pages, exact values of a resource's query fields, and the count.

There are no operators: `birthDate>=2010-01-01` asks for a field of the name `birthDate>`, which is a 400
(DMS CORE/Middleware/ValidateQueryMiddleware.cs).
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any
from urllib.parse import urlencode

from dmsperf_tui.engine.http import Response
from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.systems.dms.flows import calls
from dmsperf_tui.systems.dms.flows.crud import pause
from dmsperf_tui.systems.dms.flows.supply import Supply
from dmsperf_tui.systems.meters import measure

_OK = (200,)
_REFUSED = (400,)
_PAGE = 25
KINDS = ("page", "firstName", "schoolId", "totalCount", "birthDate", "offset")


async def query(vu: VirtualUser) -> None:
    """One of six queries, at random, about what the data holds."""
    await ask_any(vu, Supply.of(vu))
    await pause(vu)


async def ask_any(vu: VirtualUser, supply: Supply) -> None:
    """`query` without its think time."""
    kind, resource, values = _query(vu.random.choice(KINDS), supply, vu.random)
    response = await _ask(vu, kind, resource, values, _OK)
    found = _items(response)
    vu.check("query successful", found is not None)
    if found is None:
        return
    measure(vu, "query_result_size", len(found), query=kind)
    if kind in ("schoolId", "birthDate"):
        vu.check("has results", len(found) > 0)
    if kind == "totalCount":
        total = response.header("total-count") or ""
        vu.check("has Total-Count", total.isdecimal() and int(total) >= len(found))


async def query_by_range(vu: VirtualUser) -> None:
    """The date range that a DMS refuses: a 400 is what is expected."""
    values = {"birthDate>": "2010-01-01", "limit": _PAGE}
    response = await _ask(vu, "birthDate>", "students", values, _REFUSED)
    vu.check("range query is refused", response.status == 400)
    await pause(vu)


def _query(kind: str, supply: Supply, random: Random) -> tuple[str, str, Mapping[str, Any]]:
    """The kind, the resource to ask and the query; a page where the data has nothing to ask for."""
    match kind:
        case "totalCount":
            return kind, "students", {"totalCount": "true", "limit": _PAGE}
        case "offset":
            beyond = max(1, supply.pool.size("students") - _PAGE)
            return kind, "students", {"limit": _PAGE, "offset": random.randrange(beyond)}
        case "schoolId":
            item = supply.pool.choose("studentSchoolAssociations", random)
            if item is not None:
                return kind, item.resource, {kind: item.body["schoolReference"]["schoolId"], "limit": 100}
        case "firstName" | "birthDate":
            item = supply.pool.choose("students", random)
            if item is not None:
                return kind, item.resource, {kind: item.body[kind], "limit": 50}
    return "page", "students", {"limit": 100}


async def _ask(
    vu: VirtualUser, kind: str, resource: str, values: Mapping[str, Any], expect: tuple[int, ...]
) -> Response:
    request = vu.get(
        f"{calls.DATA}/{resource}?{urlencode(values)}",
        name=f"GET {resource}",
        expect=expect,
        tags=(("query", kind),),
    )
    response, _ = await calls.call(vu, request, expect)
    measure(vu, "query_count", 1, query=kind)
    measure(vu, "query_response_time", calls.ms(response), query=kind)
    return response


def _items(response: Response) -> list[Any] | None:
    """The items of a page; None for an answer that is none."""
    if response.status != 200 or response.error is not None:
        return None
    try:
        found = response.json()
    except ValueError:
        return None
    return found if isinstance(found, list) else None
