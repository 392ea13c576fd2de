"""The k6 suite's `simplified-load`: a user that first fills the system and then works with it."""

from __future__ import annotations

from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.systems.dms.created import Item
from dmsperf_tui.systems.dms.flows import calls, queries
from dmsperf_tui.systems.dms.flows.changes import changed
from dmsperf_tui.systems.dms.flows.crud import pause
from dmsperf_tui.systems.dms.flows.fresh import Fresh
from dmsperf_tui.systems.dms.flows.supply import Supply

FIRST = 100
"""Iterations of a VU that are for filling."""
FILLING = {"schools": 10, "students": 30, "read": 60}
WORKING = {"schools": 15, "students": 15, "update": 20, "read": 25, "query": 25}


async def growing_district(vu: VirtualUser) -> None:
    """Schools and students are created, read, changed and asked for, by the shares of the k6 suite."""
    shares = FILLING if vu.iteration < FIRST else WORKING
    (step,) = vu.random.choices(tuple(shares), tuple(shares.values()))
    supply, fresh = Supply.of(vu), Fresh.of(vu)
    match step:
        case "schools":
            await _create(vu, supply, step, fresh.school())
        case "students":
            await _create(vu, supply, step, fresh.student()[0])
        case "query":
            await queries.ask_any(vu, supply)
        case "update":
            await _update(vu, supply)
        case _:
            await _read(vu, supply)
    await pause(vu)


async def _create(vu: VirtualUser, supply: Supply, resource: str, body: dict[str, object]) -> None:
    identity = await calls.create(vu, resource, body)
    if identity is not None:
        supply.pool.add(Item(resource, identity, body))


async def _update(vu: VirtualUser, supply: Supply) -> None:
    with supply.pool.borrow("students", vu.random, alone=True) as item:
        if item is not None:
            body = changed("students", item.body, supply.turn())
            await calls.update(vu, "students", item.identity, body)
            return
    await calls.page(vu, "students", limit=10)


async def _read(vu: VirtualUser, supply: Supply) -> None:
    resource = vu.random.choice(("schools", "students"))
    with supply.pool.borrow(resource, vu.random) as item:
        if item is not None:
            await calls.read(vu, resource, item.identity)
            return
    await calls.page(vu, resource, limit=10)
