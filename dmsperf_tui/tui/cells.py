"""What a table is made of, and how a line of a cell is painted."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style

Parts = tuple[tuple[str, str], ...]
"""A cell: pieces of text, each with its role (`error`, `muted`, `strong`, or none)."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column, of a fixed width."""

    key: str
    label: str
    width: int
    right: bool = True
    """Numbers are aligned to the right."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: who it is, and what stands in its cells."""

    key: str
    cells: tuple[Parts, ...]


def cell_segments(
    parts: Parts, width: int, styles: dict[str, Style], *, right: bool, part: int = 0
) -> list[Segment]:
    """One line of a cell, exactly `width` cells long; `styles` are by role."""
    pieces: list[tuple[str, str]] = []
    at = 0
    for words, role in parts:
        for number, piece in enumerate(words.split("\n")):
            at += number > 0
            if at == part and piece:
                pieces.append((piece, role))
    left = width - sum(cell_len(words) for words, _ in pieces)
    if left < 0:
        whole = set_cell_size("".join(words for words, _ in pieces), width)
        kept, start = [], 0
        for words, role in pieces:
            kept.append((whole[start : start + len(words)], role))
            start += len(words)
        pieces, left = kept, 0
    space = [Segment(" " * left, styles[""])] if left else []
    segments = [Segment(words, styles[role]) for words, role in pieces if words]
    return [*space, *segments] if right else [*segments, *space]
