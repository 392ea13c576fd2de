"""`setup clean`: what runs created is deleted, in reverse order of its dependencies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby, islice

import httpx

from dmsperf_tui.systems.answers import explain, told
from dmsperf_tui.systems.checks import StepError, StepRow
from dmsperf_tui.systems.dms.place import Place
from dmsperf_tui.systems.dms.setup.data_api import DataApi, mend_of
from dmsperf_tui.systems.dms.setup.together import for_each

CHUNK = 500
PASSES = 5
"""How often what others still refer to is tried again at the end."""

Item = tuple[str, str]
"""Endpoint and id."""


@dataclass(slots=True)
class Sweep:
    """What has become of the items so far."""

    deleted: int = 0
    gone: int = 0
    """Not there any more."""
    held: list[Item] = field(default_factory=list)
    """Refused for now: others refer to them."""
    held_why: str = ""
    total: int = 0
    """How many there are, where that is known."""

    @property
    def done(self) -> int:
        return self.deleted + self.gone


@told("clean")
async def delete_items(
    client: httpx.AsyncClient,
    place: Place,
    items: Iterable[Item],
    sweep: Sweep | None = None,
    *,
    begun: bool = False,
) -> AsyncIterator[StepRow]:
    """Deletes `items`, which come in reverse order of their dependencies.

    What is gone already counts as done. An item that others refer to is tried again when all the rest is
    gone; what then remains fails the step, after everything that could be deleted has been. Where not one of
    the items is there, and no earlier clean has `begun` with them, this is likely another DMS: the last row
    says so and is no success. `sweep` is where the caller follows what has been done.
    """
    sweep = sweep if sweep is not None else Sweep()
    api: DataApi | None = None
    for resource, of_resource in groupby(items, key=lambda item: item[0]):
        before = sweep.done
        for chunk in _chunks(of_resource, CHUNK):
            api = api or await DataApi.open(client, place)
            await _delete(api, chunk, sweep)
            yield StepRow(
                "clean",
                None,
                f"{resource}: {sweep.done - before} done, {sweep.deleted} deleted in all",
                progress=(min(sweep.done, sweep.total), sweep.total) if sweep.total else None,
            )
    for _ in range(PASSES):
        if not sweep.held or api is None:
            break
        again, sweep.held = sweep.held, []
        before = sweep.done
        await _delete(api, again, sweep)
        yield StepRow(
            "clean",
            None,
            f"second try of {len(again)} items that others referred to: {sweep.done - before} done",
        )
        if sweep.done == before:
            break
    if sweep.held:
        kinds = ", ".join(sorted({resource for resource, _ in sweep.held}))
        raise StepError(
            f"{sweep.deleted} deleted, {sweep.gone} were gone; {len(sweep.held)} remain ({kinds}): "
            f"{sweep.held_why}",
            "others refer to them: delete those first, then run it again",
        )
    if sweep.gone and not sweep.deleted and not begun:
        yield StepRow(
            "clean",
            None,
            f"not one of its {sweep.gone} items is there: nothing was deleted",
            mend=f"is {place.load_url} where it ran? Name that environment with --env",
        )
        return
    yield StepRow(
        "clean", True, f"{sweep.deleted} items deleted, {sweep.gone} were gone", changed=sweep.deleted > 0
    )


def _chunks(items: Iterator[Item], size: int) -> Iterator[list[Item]]:
    while chunk := list(islice(items, size)):
        yield chunk


async def _delete(api: DataApi, items: list[Item], sweep: Sweep) -> None:
    async def delete(item: Item) -> None:
        resource, identity = item
        response = await api.send("DELETE", f"{resource}/{identity}")
        if response.status_code == 204:
            sweep.deleted += 1
        elif response.status_code == 404:
            sweep.gone += 1
        elif response.status_code == 409:
            sweep.held.append(item)
            sweep.held_why = explain(response)
        else:
            raise StepError(f"DELETE {resource}: {explain(response)}", mend_of(response))

    await for_each(items, delete)
