"""The ids of what a run creates, 16 bytes each: of a list in one file at the entity's index.

The run's host writes it, workers map it into memory, so all processes of a run share one copy, and a
killed host leaves what was done.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path

ID_BYTES = 16
NO_ID = bytes(ID_BYTES)


class IdFile:
    """Read-only: `ids[index]`, which is `NO_ID` until that entity exists."""

    def __init__(self, view: mmap.mmap | bytes) -> None:
        self._view = view

    @classmethod
    def open(cls, path: str | Path) -> IdFile:
        """Raises OSError."""
        with Path(path).open("rb") as file:
            if not os.fstat(file.fileno()).st_size:
                return cls(b"")
            return cls(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ))

    def __len__(self) -> int:
        return len(self._view) // ID_BYTES

    def __getitem__(self, index: int) -> bytes:
        return self._view[index * ID_BYTES : (index + 1) * ID_BYTES]


class IdWriter:
    """Writes one list's ids."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def create(cls, path: Path, total: int) -> IdWriter:
        """Reserves the room for `total` ids, of which those that `path` holds already stay.

        Raises OSError, also for a disk without that room.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if total and hasattr(os, "posix_fallocate"):
                os.posix_fallocate(descriptor, 0, total * ID_BYTES)
            os.ftruncate(descriptor, total * ID_BYTES)
        except OSError:
            os.close(descriptor)
            raise
        return cls(descriptor)

    def put(self, index: int, identity: bytes) -> None:
        """Raises OSError."""
        os.pwrite(self._descriptor, identity, index * ID_BYTES)

    def close(self) -> None:
        os.close(self._descriptor)
