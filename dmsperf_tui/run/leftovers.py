"""What recorded runs have created and `setup clean` is to delete: dependents first."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

from dmsperf_tui.engine.ids import NO_ID, IdFile
from dmsperf_tui.run.entity_store import (
    CREATED,
    FOLDER,
    MANIFEST,
    ids_of,
    read_created,
    read_found,
    read_manifest,
)
from dmsperf_tui.systems.dms.catalog import Catalog
from dmsperf_tui.systems.dms.generators import GENERATORS
from dmsperf_tui.systems.dms.order import own_order


def runs_with_leftovers(results: Path) -> list[Path]:
    """The folders of runs that have created anything, newest first."""
    marks = [*results.glob(f"*/{FOLDER}/{MANIFEST}"), *results.glob(f"*/{CREATED}")]
    folders = {mark.parents[1] if mark.name == MANIFEST else mark.parent for mark in marks}
    return sorted(folders, reverse=True)


def leftovers(folder: Path) -> Iterator[tuple[str, str]]:
    """(endpoint, id) of all that the run in `folder` created, in the reverse order of dependencies.

    What it made outside its list comes first, since it refers to the list's. Raises OSError and ValueError
    for a folder that cannot be read.
    """
    made = read_created(folder)
    orders = own_order(name for name in made if name in GENERATORS).orders
    for kind in sorted(made, key=lambda name: orders.get(name, 0), reverse=True):
        for identity in reversed(made[kind]):
            yield kind, str(uuid.UUID(bytes=identity))
    if not (folder / FOLDER / MANIFEST).is_file():
        return
    parts = Catalog.from_json(read_manifest(folder)["catalog"]).parts
    ids, found = IdFile.open(ids_of(folder)), read_found(folder)
    for part in reversed(parts):
        for index in range(part.first + part.count - 1, part.first - 1, -1):
            if (identity := ids[index]) != NO_ID and index not in found:
                yield part.resource, str(uuid.UUID(bytes=identity))


def count_left(folder: Path) -> int:
    """How many items `leftovers` has. Raises what it raises."""
    count = sum(len(identities) for identities in read_created(folder).values())
    if not (folder / FOLDER / MANIFEST).is_file():
        return count
    parts = Catalog.from_json(read_manifest(folder)["catalog"]).parts
    ids, found = IdFile.open(ids_of(folder)), read_found(folder)
    indexes = (index for part in parts for index in range(part.first, part.first + part.count))
    return count + sum(ids[index] != NO_ID and index not in found for index in indexes)
