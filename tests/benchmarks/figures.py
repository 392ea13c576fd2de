"""What a case found: rows of one table, each with its budget beside it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Spread:
    """The rounds of one figure."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        found = sorted(values)
        return cls(found[0], median(found), found[-1])

    @classmethod
    def of_ratios(cls, ours: Sequence[float], theirs: Sequence[float]) -> Spread:
        """Round by round: only runs that followed each other can be compared."""
        return cls.of(a / b for a, b in zip(ours, theirs, strict=True))

    def __str__(self) -> str:
        return " ".join(f"{number(value):>7}" for value in (self.low, self.median, self.high))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. A row without a budget is there to compare others with."""

    what: str
    measured: Spread
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None

    @property
    def budget(self) -> str:
        if self.at_least is not None:
            return f">= {number(self.at_least)} {self.unit}".rstrip()
        return f"<= {number(self.at_most)} {self.unit}".rstrip() if self.at_most is not None else "-"

    @property
    def met(self) -> str:
        """Whether the median keeps the budget. Said, never asserted."""
        if self.at_least is not None:
            return "yes" if self.measured.median >= self.at_least else "NO"
        if self.at_most is not None:
            return "yes" if self.measured.median <= self.at_most else "NO"
        return ""


def number(value: float) -> str:
    """Three digits where that many mean anything: 12,345, 96.4, 0.35."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(found: Iterable[tuple[str, Row]], noisy: Collection[str] = ()) -> str:
    """Rows with the names of their cases, at most 110 columns wide; in `noisy` cases no budget is judged."""
    widths = (9, 40, 12, 23, 4, 3)
    lines = [
        ("case", "what", "budget", f"{'min':>7} {'median':>7} {'max':>7}", "unit", "met"),
        tuple("-" * width for width in widths),
    ]
    for case, row in found:
        met = "?" if row.met and case in noisy else row.met
        lines.append((case, row.what, row.budget, str(row.measured), row.unit, met))
    return "\n".join(
        "| " + " | ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)) + " |"
        for line in lines
    )
