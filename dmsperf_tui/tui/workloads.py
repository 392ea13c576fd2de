"""The workloads of a run as a table: each with its load, target and plan, and with its own control."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import DataTable

from dmsperf_tui.run.snapshot import RunSnapshot, RunState, WorkloadRow
from dmsperf_tui.tui.cells import Column, Parts, Row
from dmsperf_tui.tui.panel import RunPanel, View
from dmsperf_tui.tui.prompts import shares_words
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.table import StableTable
from dmsperf_tui.tui.wording import count, middle_cut, per, rate_number, rate_words

_PACE_S = 3.0
"""Over how long the rate of starts is taken."""
_LATE_S = 0.5
"""A snapshot a second, give or take: so much later one still counts."""
_LONGEST_SAID = 20
_NAME = Column("name", "  workload", 14, right=False)
_COLUMNS = (
    Column("executor", " executor", 23, right=False),
    Column("load", "VUs or rate", 17),
    Column("plan", "plan", 9),
    Column("late", "wait/drop", 10),
    Column("stage", "stage", 7),
    Column("iterations", "iterations", 11),
    Column("state", "  state", 11, right=False),
)
_DROPPED_FIRST = ("executor", "stage", "iterations")
"""What goes, in this order, where the width does not allow all; the line below the table has it too."""


def fitting(width: int) -> tuple[Column, ...]:
    """The columns that there is room for; the name has what is left."""
    columns = list(_COLUMNS)
    for key in _DROPPED_FIRST:
        if sum(column.width for column in columns) + _NAME.width <= width:
            break
        columns = [column for column in columns if column.key != key]
    name = max(4, width - sum(column.width for column in columns))
    return (replace(_NAME, width=name), *columns)


class Paces:
    """How many iterations a second each workload starts, of late: a snapshot has only their number."""

    def __init__(self) -> None:
        self._seen: dict[str, deque[tuple[float, int]]] = {}
        self._run = ""
        self._paused = False

    def take(self, snapshot: RunSnapshot) -> None:
        """A snapshot that is on the screen: what was seen before a while behind another panel is too old."""
        self._paused = snapshot.state in (RunState.PAUSING, RunState.PAUSED)
        if self._paused or snapshot.info.id != self._run:
            self._run = snapshot.info.id
            self._seen.clear()
        if self._paused:
            return
        now_s = snapshot.elapsed_s
        for row in snapshot.workloads:
            seen = self._seen.setdefault(row.name, deque())
            if seen and seen[-1][0] >= now_s:
                continue
            seen.append((now_s, row.started))
            while now_s - seen[0][0] > _PACE_S + _LATE_S:
                seen.popleft()

    def of(self, workload: str) -> float | None:
        """None until two snapshots have been seen; 0 while the run is paused, where nothing starts."""
        if self._paused:
            return 0.0
        seen = self._seen.get(workload, deque())
        if len(seen) < 2:
            return None
        (first_s, first), (last_s, last) = seen[0], seen[-1]
        return (last - first) / (last_s - first_s)


def state_words(row: WorkloadRow) -> tuple[str, str]:
    """How the workload stands, and its role."""
    if row.active:
        return ("▲ by hand", "strong") if row.by_hand else ("● as plan", "")
    return ("■ ended" if row.started or row.iterations else "◌ later"), "muted"


def row_cells(
    row: WorkloadRow, pace: float | None, columns: Sequence[Column], *, scope: bool
) -> tuple[Parts, ...]:
    """What stands in each column of a workload's row; `pace` is its iterations a second of late."""
    load, plan, late = f"{row.vus} → {row.target}", str(row.planned), "-"
    if row.open:
        actual = "-" if pace is None else rate_number(pace * row.time_unit_s)
        target = rate_number(row.target_rate * row.time_unit_s)
        load = f"{actual} → {target}{per(row.time_unit_s)}"
        plan = rate_words(row.planned_rate, row.time_unit_s)
        late = f"{count(row.waiting)}/{count(row.dropped)}"
    elif row.dropped:
        late = f"-/{count(row.dropped)}"
    if not row.active:
        load = plan = "-"
    state, role = state_words(row)
    cells: dict[str, Parts] = {
        "name": (
            ("▸ " if scope else "  ", "strong"),
            (middle_cut(row.name, columns[0].width - 3), "strong" if scope else ""),
        ),
        "executor": ((f" {row.executor}", "muted"),),
        "load": ((load, "strong"),),
        "plan": ((plan, ""),),
        "late": ((late, "error" if row.dropped else "strong" if row.waiting else ""),),
        "stage": ((f"{row.stage}/{row.stages}" if row.stage else "-", ""),),
        "iterations": ((count(row.iterations), ""),),
        "state": ((f"  {state}", role),),
    }
    return tuple(cells[column.key] for column in columns)


def detail(row: WorkloadRow) -> Content:
    """What the row has no column for."""
    parts = [row.executor]
    if row.stage:
        parts.append(f"stage {row.stage} of {row.stages}")
    if row.open:
        parts.append(f"VUs {row.vus}/{row.max_vus} busy")
    of = f" of {count(row.total_iterations)}" if row.total_iterations else ""
    parts.append(f"{count(row.iterations)}{of} iterations")
    parts += [
        f"{count(number)} {word}"
        for number, word in (
            (row.leaving, "finishing"),
            (row.interrupted, "interrupted"),
            (row.cut, "cut"),
        )
        if number
    ]
    parts.append(f"mix {shares_words(row.weights)}" if row.weights else row.flow)
    return Content.assemble((row.name, "bold"), (" · " + " · ".join(parts), "$foreground-muted"))


class WorkloadsPanel(Vertical, RunPanel):
    """A row each; while the keyboard is here, the keys of the load act on the one at the cursor."""

    TITLE: ClassVar = "Workloads"
    SHORT: ClassVar = "Workloads"
    ABOUT: ClassVar = (
        "each workload's load → target, its plan and what it has done; here + - [ ] v r x h l k t m change "
        "the one at the cursor"
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Steer the workload at the cursor alone, or all again"),
    ]

    class Chosen(Message):
        """A person wants to steer this workload."""

        def __init__(self, workload: str) -> None:
            super().__init__()
            self.workload = workload

    class Moved(Message):
        """The keys of the load are for another row now, or no longer for one."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="panel")
        self._view: View | None = None
        self._paces = Paces()
        self._keys = ""
        self._aimed: str | None = None
        """The row that the keys of the load are for."""

    def compose(self) -> ComposeResult:
        yield StableTable()
        yield Reading(classes="more")

    def on_mount(self) -> None:
        self.border_title = self.TITLE

    def on_resize(self) -> None:
        self._paint()

    def badge(self, snapshot: RunSnapshot) -> str:
        """How many are set by hand, where there are several."""
        by_hand = sum(row.by_hand and row.active for row in snapshot.workloads)
        return f"▲{by_hand}" if by_hand and len(snapshot.workloads) > 1 else ""

    @property
    def at_cursor(self) -> str | None:
        """The workload that the keyboard is on."""
        return self.query_one(StableTable).at_cursor

    def show(self, view: View) -> None:
        self._view = view
        self._paces.take(view.snapshot)
        self._paint()

    def _paint(self) -> None:
        view, width = self._view, self.size.width - 1
        if view is None or width < 10:
            return
        columns = fitting(width)
        rows = [
            Row(
                row.name,
                row_cells(row, self._paces.of(row.name), columns, scope=row.name == view.scope),
            )
            for row in view.snapshot.workloads
        ]
        self.query_one(StableTable).put(columns, rows)
        self._say_more()

    @on(DataTable.RowHighlighted)
    def _say_more(self) -> None:
        name, view = self.at_cursor, self._view
        aimed = name if self.query_one(StableTable).has_focus else None
        if aimed != self._aimed:
            self._aimed = aimed
            self.post_message(self.Moved())
        row = next((row for row in view.snapshot.workloads if row.name == name), None) if view else None
        if row is not None and view is not None:
            self.query_one(Reading).put(detail(row))
            several = len(view.snapshot.workloads) > 1
            # Nothing but the focus decides whom the keys of the load are for.
            here = several and row.active and self.query_one(StableTable).has_focus
            enter = "all again" if row.name == view.scope else "it alone"
            name = middle_cut(row.name, _LONGEST_SAID)
            self._say_keys(f"enter: steer {enter}   + - v r … change {name}" if here else "")

    def _say_keys(self, keys: str) -> None:
        if keys != self._keys:
            self._keys = keys
            self.border_subtitle = Content(keys)

    @on(events.DescendantFocus)
    @on(events.DescendantBlur)
    def _focus_moved(self) -> None:
        self._say_more()

    @on(DataTable.RowSelected)
    def action_choose(self) -> None:
        if (name := self.at_cursor) is not None:
            self.post_message(self.Chosen(name))
