"""What flows have created, until the host is told."""

from __future__ import annotations

import base64
import struct
from collections import defaultdict
from collections.abc import Iterator

from dmsperf_tui.engine.ids import ID_BYTES, NO_ID
from dmsperf_tui.engine.messages import Outcomes

_ENTRY = struct.Struct(f"<I{ID_BYTES}s?")


class OutcomeLog:
    """Entities of lists that are done with, and what was made beside them."""

    def __init__(self) -> None:
        self._settled: defaultdict[str, bytearray] = defaultdict(bytearray)
        self._made: defaultdict[str, bytearray] = defaultdict(bytearray)

    def __bool__(self) -> bool:
        return bool(self._settled or self._made)

    def settle(self, workload: str, index: int, identity: bytes | None, found: bool = False) -> None:
        """Entity `index` of the workload's list exists as `identity`; None: it could not be created.

        `found`: it was there before, and is somebody else's.
        """
        self._settled[workload] += _ENTRY.pack(index, identity or NO_ID, found)

    def made(self, kind: str, identity: bytes) -> None:
        """Something outside a list was created. Raises ValueError for an id that has not 16 bytes."""
        if len(identity) != ID_BYTES:
            raise ValueError(f"an id has {ID_BYTES} bytes, not {len(identity)}")
        self._made[kind] += identity

    def take(self) -> Outcomes:
        """All since the last time."""
        settled, made = self._settled, self._made
        self._settled, self._made = defaultdict(bytearray), defaultdict(bytearray)
        return Outcomes(
            {workload: base64.b64encode(entries).decode() for workload, entries in settled.items()},
            {kind: base64.b64encode(ids).decode() for kind, ids in made.items()},
        )


def entries(encoded: str) -> Iterator[tuple[int, bytes, bool]]:
    """(index, id, whether it was found) of each settled entity of a message."""
    found: Iterator[tuple[int, bytes, bool]] = _ENTRY.iter_unpack(base64.b64decode(encoded))
    return found
