"""Failures as a person reads them: one kind at many operations is one group, which opens to them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from dmsperf_tui.run.snapshot import ErrorRow

GATHERED_FROM = 3
"""So many operations that fail in the same way are one group."""
RECENT_S = 2.0
"""Kinds that failed within so many seconds of the newest are equally new: they do not take turns."""

Sorting = Literal["newest", "count"]


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """One kind of failure at one operation, or at several."""

    rows: tuple[ErrorRow, ...]
    """Sorted as the groups are."""
    gathered: bool = False

    @property
    def key(self) -> str:
        """The same for as long as it is gathered."""
        first = self.rows[0]
        return f"{first.phase}\0{first.kind}" if self.gathered else key_of(first)

    @property
    def phase(self) -> str:
        return self.rows[0].phase

    @property
    def kind(self) -> str:
        return self.rows[0].kind

    @property
    def count(self) -> int:
        return sum(row.count for row in self.rows)

    @property
    def first_s(self) -> float:
        return min(row.first_s for row in self.rows)

    @property
    def last_s(self) -> float:
        return max(row.last_s for row in self.rows)

    @property
    def sample(self) -> str:
        """What the operation said that failed last."""
        return max(self.rows, key=lambda row: row.last_s).sample


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the panel: a group, or one of the operations that an open group has."""

    group: ErrorGroup
    member: ErrorRow | None = None
    open: bool = False

    @property
    def key(self) -> str:
        return self.group.key if self.member is None else f"{self.group.key}\0{self.member.operation}"

    @property
    def row(self) -> ErrorRow | None:
        """What there are samples of; None for a gathered group."""
        return None if self.group.gathered and self.member is None else self.member or self.group.rows[0]


def key_of(row: ErrorRow) -> str:
    return f"{row.phase}\0{row.kind}\0{row.operation}"


def grouped(rows: Sequence[ErrorRow], sorting: Sorting) -> list[ErrorGroup]:
    """The newest first, or the most frequent."""
    newest = max((row.last_s for row in rows), default=0.0)

    def place(one: ErrorRow | ErrorGroup) -> tuple[float, float]:
        if sorting == "count":
            return (-one.count, one.first_s)
        age_s = newest - one.last_s
        return (age_s if age_s > RECENT_S else 0.0, -one.first_s)

    by_kind: dict[tuple[str, str], list[ErrorRow]] = {}
    for row in sorted(rows, key=place):
        by_kind.setdefault((row.phase, row.kind), []).append(row)
    groups: list[ErrorGroup] = []
    for alike in by_kind.values():
        if len(alike) >= GATHERED_FROM:
            groups.append(ErrorGroup(tuple(alike), gathered=True))
        else:
            groups += [ErrorGroup((row,)) for row in alike]
    return sorted(groups, key=place)


def entries(groups: Sequence[ErrorGroup], opened: Collection[str]) -> list[Entry]:
    """The groups, and below each that is open its operations."""
    found: list[Entry] = []
    for group in groups:
        is_open = group.gathered and group.key in opened
        found.append(Entry(group, open=is_open))
        if is_open:
            found += [Entry(group, row) for row in group.rows]
    return found
