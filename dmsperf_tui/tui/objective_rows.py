"""Objectives in words: all that is asked under one title, and how near its bound the worst of it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from dmsperf_tui.plan.metrics import RESPONSE_TIME, MetricType
from dmsperf_tui.plan.plain import line
from dmsperf_tui.plan.thresholds import Threshold
from dmsperf_tui.report.figures import in_unit, no_value
from dmsperf_tui.run.snapshot import ObjectiveRow
from dmsperf_tui.tui.margin import margin, nearness, read_threshold
from dmsperf_tui.tui.wording import count, milliseconds, rate

_SHORT = {"http_req_failed": "errors", "http_reqs": "requests", "vus_max": "VUs"}
_SIGNS = {"<=": "≤", ">=": "≥", "==": "=", "===": "=", "!=": "≠"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One thing that is asked: `p95`, `250`, `<`, `300`. A missed one has ✗ in place of its sign."""

    row: ObjectiveRow
    label: str
    """What of the title it is: `p95`, `errors`, `VUs`; empty where the title says it all."""
    value: str
    sign: str
    bound: str
    threshold: Threshold | None

    @classmethod
    def of(cls, row: ObjectiveRow) -> Cell:
        threshold = read_threshold(row.metric, row.expression) if row.metric else None
        bound = threshold.bound if threshold is not None else None
        value = "-" if row.value is None else _number(row.value, row.unit, bound)
        if threshold is None:
            return cls(row, "", value, "", line(row.expression), None)
        sign = _SIGNS.get(threshold.comparison, threshold.comparison)
        sign = "✗" if row.ok is False and row.value is not None else sign
        return cls(row, _label(threshold), value, sign, _bound(threshold.bound, row.unit), threshold)

    @property
    def unit(self) -> str:
        """As it is written behind a number; of VUs the label has it."""
        return "" if self.row.unit == "VUs" else in_unit(0, self.row.unit)[1]

    @property
    def by_plan(self) -> bool:
        """VUs that are all there: at their bound because the plan says so, which is no news."""
        return self.row.unit == "VUs" and self.row.ok is not False

    @property
    def gone(self) -> float:
        """How much of the way to the bound is gone: 1 at the bound, more beyond it."""
        value = self.row.value
        if self.threshold is None or value is None:
            return -1.0
        bound, upper = self.threshold.bound, self.threshold.comparison.startswith("<")
        part, whole = (value, bound) if upper else (bound, value)
        return part / whole if whole > 0 else float("inf") if self.row.ok is False else 0.0

    @property
    def begins(self) -> str:
        """Where the level that was reached begins: `p95 > 450`."""
        level = read_threshold(self.row.metric, self.row.level_expression)
        if level is None:
            return line(self.row.level_expression)
        return " ".join(filter(None, (self.label, level.comparison, _bound(level.bound, self.row.unit))))

    @property
    def asked(self) -> str:
        """`p95 < 300`, without a value."""
        return " ".join(filter(None, (self.label, self.sign, self.bound)))


@dataclass(frozen=True, slots=True)
class Objective:
    """All that is asked under one title."""

    group: str
    title: str
    cells: tuple[Cell, ...]

    @property
    def ok(self) -> bool | None:
        """False: a part is missed. True: all of it is measured and met."""
        judged = [cell.row.ok for cell in self.cells]
        return False if False in judged else True if all(judged) else None

    @property
    def measured(self) -> bool:
        return any(cell.row.value is not None for cell in self.cells)

    @property
    def unmeasured(self) -> str:
        """Why nothing of it is measured."""
        return no_value(self.ok)

    @property
    def bounded(self) -> bool:
        """Whether there is anything to hold it against."""
        return any(cell.bound for cell in self.cells)

    @property
    def level(self) -> tuple[str, str]:
        """The level that was reached, of a missed part before others, and where it begins: `p95 > 450`.

        Both are empty where none was.
        """
        reached = [cell for cell in self.cells if cell.row.level]
        if not reached:
            return "", ""
        worst = min(reached, key=lambda cell: cell.row.ok is not False)
        return worst.row.level, worst.begins

    @property
    def tightest(self) -> Cell:
        """The part that is missed by most, or has least to spare; VUs only where they are missed."""
        return max(self.cells, key=lambda cell: (cell.row.ok is False, not cell.by_plan, cell.gone))

    @property
    def margin(self) -> str:
        """`17 % to spare` of the tightest part; empty where there is nothing to tell."""
        cell = self.tightest
        if cell.threshold is None or cell.row.value is None or cell.by_plan:
            return ""
        return margin(cell.threshold, cell.row.value)

    @property
    def nearness(self) -> float | None:
        """How much of the way to the tightest part's bound is gone, 0 to 1; None where that has no sense."""
        cell = self.tightest
        if cell.threshold is None or cell.row.value is None or cell.by_plan:
            return None
        return nearness(cell.threshold, cell.row.value)

    @property
    def _rank(self) -> int:
        return 0 if self.ok is False else 1 if self.measured else 2


def objectives_of(rows: Iterable[ObjectiveRow]) -> list[Objective]:
    """One for each title, in the order of the file."""
    found: dict[tuple[str, str], list[Cell]] = {}
    for row in rows:
        found.setdefault((line(row.group), line(row.title)), []).append(Cell.of(row))
    for cells in found.values():
        if len(cells) == 1 and cells[0].row.unit != "ms":
            # The title has said what it is.
            cells[0] = replace(cells[0], label="")
    return [Objective(group, title, tuple(cells)) for (group, title), cells in found.items()]


def groups_of(objectives: Sequence[Objective]) -> list[tuple[str, list[Objective]]]:
    """Under their headings: what is missed first, what is not measured last, else as the file has them."""
    found: dict[str, list[Objective]] = {}
    for each in sorted(objectives, key=lambda each: each._rank):
        found.setdefault(each.group, []).append(each)
    names = dict.fromkeys(each.group for each in objectives)
    return sorted(((name, found[name]) for name in names), key=lambda group: group[1][0]._rank)


def _label(threshold: Threshold) -> str:
    if threshold.type is not MetricType.TREND:
        return _SHORT.get(threshold.name, threshold.name)
    method = threshold.method if threshold.percentile is None else f"p{threshold.percentile:g}"
    prefix = {"http_req_duration": "", RESPONSE_TIME: "response "}
    return prefix.get(threshold.name, f"{threshold.name} ") + method


def _number(value: float, unit: str, bound: float | None) -> str:
    """In its unit; more exactly where it would look like the bound, and is not."""
    value, bound = in_unit(value, unit)[0], None if bound is None else in_unit(bound, unit)[0]
    if unit == "share":
        said = "<0.1" if 0 < value < 0.05 else f"{value:.1f}"
    elif unit == "ms":
        said = milliseconds(value)
    elif unit == "VUs":
        said = count(value)
    else:
        said = rate(value) if unit else f"{value:.4g}"
    alike = bound is not None and value != bound and said in (_exact(bound), f"{bound:.1f}")
    return f"{value:,.{1 if value >= 100 else 2}f}" if alike else said


def _bound(bound: float, unit: str) -> str:
    return _exact(in_unit(bound, unit)[0])


def _exact(number: float) -> str:
    """As a person writes it: `1,000`, `0.5`."""
    return f"{round(number):,}" if abs(number - round(number)) < 1e-9 else f"{number:g}"
