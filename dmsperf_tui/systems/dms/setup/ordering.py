"""`setup order`: the order in which resources are created here, and where the server's list misleads."""

from __future__ import annotations

from collections.abc import Iterable

import httpx

from dmsperf_tui.systems.answers import document, explain
from dmsperf_tui.systems.checks import StepError
from dmsperf_tui.systems.dms.order import (
    SCHOOL_YEAR_TYPES,
    LoadOrder,
    contradictions,
    own_order,
    parse_dependencies,
)
from dmsperf_tui.systems.dms.place import Place
from dmsperf_tui.systems.dms.population import Population

TIMEOUT_S = 15.0


async def fetch_order(client: httpx.AsyncClient, place: Place) -> tuple[LoadOrder, list[str]]:
    """The order, and its traps in words. Raises StepError, ConfigError or httpx.HTTPError.

    A DMS whose schema lacks what others refer to answers 500; then the order is that of our own bodies.
    """
    response = await client.get(f"{place.url}/metadata/dependencies", timeout=TIMEOUT_S)
    if response.status_code in (404, 500):
        traps = [
            f"the server has no order ({explain(response)}): this one is that of the generators' references"
        ]
        return own_order(Population.resources), traps
    if not response.is_success:
        raise StepError(f"GET /metadata/dependencies: {explain(response)}")
    listed = document(response)
    order = parse_dependencies(listed)
    return order, list(_traps(order, {str(entry["resource"]).rpartition("/")[2] for entry in listed}))


def _traps(order: LoadOrder, listed: set[str]) -> Iterable[str]:
    if twice := sorted(order.updates.keys() & order.orders.keys()):
        names = ", ".join(f"{name} ({order.orders[name]}, {order.updates[name]})" for name in twice)
        yield f"listed twice, to be created early and updated late: {names}"
    if SCHOOL_YEAR_TYPES not in listed:
        yield f"{SCHOOL_YEAR_TYPES} is not in the server's list: it comes before all others here"
    if missing := sorted(set(Population.resources) - order.orders.keys()):
        yield f"not served, and left out with all that refers to it: {', '.join(missing)}"
    yield "an order is a barrier: all of it exists before the next one starts"
    for line in contradictions(order):
        yield f"contradiction: {line}"
