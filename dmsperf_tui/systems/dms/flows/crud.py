"""One operation an iteration: create, read, update, delete, query. A scenario mixes them.

The workload's `env` may have `PAUSE_S = "0.5-2"`: how long a user thinks after each, at random.
"""

from __future__ import annotations

from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.systems.dms.flows import calls
from dmsperf_tui.systems.dms.flows.changes import changed
from dmsperf_tui.systems.dms.flows.resources import CREATED, DELETED
from dmsperf_tui.systems.dms.flows.supply import Supply

_RESOURCES = tuple(CREATED)
_PAUSE = "dms.pause"


async def create(vu: VirtualUser) -> None:
    """A new item of one of nine resources, and what it is made for where that is needed."""
    supply = Supply.of(vu)
    resource = supply.any_created(vu.random)
    before = vu.requests
    await supply.make(vu, resource)
    if vu.requests == before:
        # The data has nothing that it could refer to.
        await _read_or_list(vu, supply, resource)
    await pause(vu)


async def read(vu: VirtualUser) -> None:
    """Any item by its id; a page of ten where there is none."""
    await _read_or_list(vu, Supply.of(vu), vu.random.choice(_RESOURCES))
    await pause(vu)


async def update(vu: VirtualUser) -> None:
    """One field of an item is changed; a read where all are in other hands."""
    supply, resource = Supply.of(vu), vu.random.choice(_RESOURCES)
    with supply.pool.borrow(resource, vu.random, alone=True) as item:
        if item is not None:
            turn = supply.turn()
            await calls.update(vu, resource, item.identity, changed(resource, item.body, turn))
    if item is None:
        await _read_or_list(vu, supply, resource)
    await pause(vu)


async def delete(vu: VirtualUser) -> None:
    """The oldest grade or studentAssessment that this worker made goes; a read while there is none."""
    supply = Supply.of(vu)
    first = vu.random.randrange(len(DELETED))
    for resource in (*DELETED[first:], *DELETED[:first]):
        item = supply.pool.take_oldest(resource)
        if item is not None:
            await calls.delete(vu, resource, item.identity)
            break
    else:
        await _read_or_list(vu, supply, DELETED[first])
    await pause(vu)


async def _read_or_list(vu: VirtualUser, supply: Supply, resource: str) -> None:
    with supply.pool.borrow(resource, vu.random) as item:
        if item is not None:
            await calls.read(vu, resource, item.identity)
            return
    await calls.page(vu, resource, limit=10)


async def pause(vu: VirtualUser) -> None:
    """The think time of the workload's `env`; the run ends where that is no time."""
    if "PAUSE_S" not in vu.env:
        return
    bounds: tuple[float, float] | None = vu.memory.get(_PAUSE)
    if bounds is None:
        least, _, most = vu.env["PAUSE_S"].partition("-")
        try:
            bounds = vu.memory[_PAUSE] = float(least), float(most or least)
        except ValueError:
            vu.abort(f"env.PAUSE_S of {vu.workload} is {vu.env['PAUSE_S']!r}; write seconds: 0.5-2")
    await vu.sleep(vu.random.uniform(*bounds))
