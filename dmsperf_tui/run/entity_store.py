"""What a run has created, in its folder: usable by later runs, and what `setup clean` deletes.

`load-phase-data/manifest.json` says what the list is made from, `ids.bin` holds the id of each of its
entities at its index, `found.bin` the indexes of those that were there before, 4 bytes each: they are not
the run's to delete. `created/<kind>.ids` are the ids of everything else, one after another.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from dmsperf_tui.engine.ids import ID_BYTES, IdFile, IdWriter

FOLDER = "load-phase-data"
MANIFEST = "manifest.json"
IDS = "ids.bin"
FOUND = "found.bin"
CREATED = "created"


class EntityStore:
    """Writes; faults of the disk go to `guard`, which runs each write."""

    def __init__(self, folder: Path, guard: Callable[[Callable[[], object]], None]) -> None:
        self._folder = folder
        self._guard = guard
        self._ids: IdWriter | None = None

    @property
    def ids_path(self) -> Path:
        return ids_of(self._folder)

    def open_list(self, manifest: dict[str, Any], total: int, origin: Path | None = None) -> IdFile:
        """Reserves room for a list's ids, and takes over those of the run in the folder `origin`.

        Raises OSError.
        """
        self.ids_path.parent.mkdir()
        if origin is not None:
            shutil.copyfile(ids_of(origin), self.ids_path)
            if (found := origin / FOLDER / FOUND).is_file():
                shutil.copyfile(found, self.ids_path.parent / FOUND)
        self._ids = IdWriter.create(self.ids_path, total)
        (self.ids_path.parent / MANIFEST).write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
        return IdFile.open(self.ids_path)

    def put(self, index: int, identity: bytes, found: bool = False) -> None:
        """Entity `index` of the list exists; `found`: it did before."""
        ids = self._ids
        assert ids is not None
        self._guard(lambda: ids.put(index, identity))
        if found:
            self._guard(lambda: self._note_found(index))

    def _note_found(self, index: int) -> None:
        with (self.ids_path.parent / FOUND).open("ab") as file:
            file.write(index.to_bytes(4, "little"))

    def made(self, kind: str, ids: bytes) -> None:
        """Something outside the list exists."""
        self._guard(lambda: self._append(kind, ids))

    def _append(self, kind: str, ids: bytes) -> None:
        folder = self._folder / CREATED
        folder.mkdir(exist_ok=True)
        with (folder / f"{re.sub(r'[^0-9A-Za-z_-]+', '-', kind)}.ids").open("ab") as file:
            file.write(ids)

    def close(self) -> None:
        if self._ids is not None:
            self._guard(self._ids.close)
            self._ids = None


def ids_of(folder: Path) -> Path:
    """Where the ids of the list of the run in `folder` are."""
    return folder / FOLDER / IDS


def read_manifest(folder: Path) -> dict[str, Any]:
    """What the list of the run in `folder` is made from. Raises OSError, ValueError."""
    manifest: dict[str, Any] = orjson.loads((folder / FOLDER / MANIFEST).read_bytes())
    return manifest


def read_found(folder: Path) -> set[int]:
    """The list's entities of the run in `folder` that were there before."""
    path = folder / FOLDER / FOUND
    data = path.read_bytes() if path.is_file() else b""
    return {int.from_bytes(data[at : at + 4], "little") for at in range(0, len(data) - len(data) % 4, 4)}


def read_created(folder: Path) -> dict[str, list[bytes]]:
    """The ids of what the run in `folder` created outside its list, by kind."""
    found: dict[str, list[bytes]] = {}
    for path in sorted((folder / CREATED).glob("*.ids")):
        data = path.read_bytes()
        # A killed host may have left half an id.
        whole = len(data) - len(data) % ID_BYTES
        found[path.stem] = [data[at : at + ID_BYTES] for at in range(0, whole, ID_BYTES)]
    return found
