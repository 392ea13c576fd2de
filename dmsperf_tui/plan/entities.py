"""Lists of entities: what a load phase is to create, part by part, in an order whose steps are barriers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ListPart:
    """Entities of one kind, side by side in their list."""

    name: str
    order: int
    """Everything of an order must be done with before the next one begins."""
    first: int
    """The index of its first entity in the list."""
    count: int
