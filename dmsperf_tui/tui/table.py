"""A table whose rows keep their place while a person looks: only rows that have changed are painted.

The cursor, the mouse, scrolling and the order are Textual's. The painting is not: it makes all cells that
are in view anew for each one that changes, which takes 30 ms for 40 rows of 8 columns. So Textual's own cells
hold nothing that changes: the first of a row its key, the others nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.coordinate import Coordinate
from textual.geometry import Region
from textual.strip import Strip
from textual.timer import Timer
from textual.widgets import DataTable

from dmsperf_tui.tui.cells import Column, Parts, Row, cell_segments

Ordering = Literal["later", "now", "top"]
_HEADER = -1
"""The place of the header's line, as Textual counts."""
_MOST_STRIPS = 2000
HOLD_S = 2.0
"""Rows do not change place for so long after a person has moved the cursor, the mouse or the view."""
REORDER_S = 1.0
"""They do so no more often than this."""


@dataclass(frozen=True, slots=True)
class _Standing:
    """Where the cursor and the view are: the cursor's row by its key and place, the view's first line."""

    key: str | None
    row: int
    scroll_y: int


class StableTable(DataTable[str], inherit_bindings=False):
    """Rows are put in their newest order at most once a second, and never under a person's hands.

    The cursor stays on its row. While a person is in the table the view goes along, else it stays where it
    is: on the first rows, mostly. What Enter does is the panel's to say.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor_up", "The row above", show=False),
        Binding("down", "cursor_down", "The row below", show=False),
        Binding("pageup", "page_up", "A page up", show=False),
        Binding("pagedown", "page_down", "A page down", show=False),
        Binding("home,ctrl+home", "scroll_top", "The first row", show=False),
        Binding("end,ctrl+end", "scroll_bottom", "The last row", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--error", "rows--muted", "rows--strong"}

    clock = staticmethod(time.monotonic)

    def __init__(self, *, show_header: bool = True) -> None:
        # First, as Textual's own constructor asks for repaints.
        self._with_header = show_header
        self._columns: tuple[Column, ...] = ()
        self._rows: dict[str, Row] = {}
        self._wanted: list[str] = []
        self._height = 1
        self._strips: dict[tuple[str, int, int, bool], tuple[Row, Strip]] = {}
        self._styles: dict[tuple[int, bool], dict[str, Style]] = {}
        self._changed: set[str] = set()
        self._touched_at = self._ordered_at = float("-inf")
        self._moving = False
        self._chosen = False
        """A person has put the cursor where it is."""
        self._later: Timer | None = None
        super().__init__(cursor_type="row", cell_padding=0, show_header=show_header)

    @property
    def at_cursor(self) -> str | None:
        """The key of the row that the cursor is on."""
        if not self.is_valid_row_index(self.cursor_row):
            return None
        return self.coordinate_to_cell_key(Coordinate(self.cursor_row, 0)).row_key.value

    @property
    def order(self) -> list[str]:
        """The rows' keys as they stand on the screen."""
        return [row.key.value or "" for row in self.ordered_rows]

    def put(
        self,
        columns: tuple[Column, ...],
        rows: Sequence[Row],
        *,
        height: int = 1,
        order: Ordering = "later",
    ) -> None:
        """Shows `rows`, each `height` lines high.

        They get their order when nobody minds; or `now`, as a person has asked for it; or now and from the
        first one on, at the `top`.
        """
        with self._putting():
            stood = self._standing
            if columns != self._columns or height != self._height:
                self._columns, self._height = columns, height
                self._forget(columns=True)
                for column in columns:
                    self.add_column(Text(column.label), width=column.width, key=column.key)
            anew = not self._rows
            self._wanted = [row.key for row in rows]
            if gone := self._rows.keys() - set(self._wanted):
                self._remove(gone)
            for row in rows:
                self._put_row(row)
            # A table without rows has nothing to head.
            self.show_header = self._with_header and bool(rows)
            if order == "top":
                self._to_top()
            elif anew:
                self._stand(stood)
            elif order == "now":
                self._order_now()
            else:
                self._reorder()

    @contextmanager
    def _putting(self) -> Iterator[None]:
        """While rows are put in, each change asks for all of the table anew: what differs is painted once."""
        before, self._moving = self._looks, True
        self._changed.clear()
        try:
            yield
        finally:
            self._moving = False
            if self._looks != before:
                self.refresh()
            else:
                self._repaint_changed()

    @property
    def _looks(self) -> tuple[object, ...]:
        """What all lines depend on."""
        return (self._columns, self.order, self.scroll_offset, self.cursor_row, self.show_header)

    def go_to(self, key: str) -> None:
        """Puts the cursor on that row, in view."""
        if key in self._rows:
            self.move_cursor(row=self.order.index(key))

    # What is in the rows

    def _put_row(self, row: Row) -> None:
        before = self._rows.get(row.key)
        if before is None:
            self.add_row(row.key, *[""] * (len(self._columns) - 1), key=row.key, height=self._height)
        elif before == row:
            return
        else:
            self._changed.add(row.key)
        self._rows[row.key] = row

    def _remove(self, gone: set[str]) -> None:
        stood = self._standing
        if len(gone) * 2 > len(self._rows):
            kept = [row for key, row in self._rows.items() if key not in gone]
            self._forget()
            for row in kept:
                self._put_row(row)
        else:
            for key in gone:
                del self._rows[key]
                self.remove_row(key)
        self._stand(stood)

    def _forget(self, *, columns: bool = False) -> None:
        self._rows.clear()
        self.clear(columns=columns)

    # How they are painted

    def notify_style_update(self) -> None:
        self._strips.clear()
        self._styles.clear()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if self.show_header:
            if not y:
                return self._strip(_HEADER, tuple(((each.label, ""),) for each in self._columns))
            y -= 1
        place, part = divmod(y + self.scroll_offset.y, self._height)
        if not self.is_valid_row_index(place):
            return Strip.blank(width, self._roles(_HEADER, at_cursor=False)[""])
        row = self._rows[self.coordinate_to_cell_key(Coordinate(place, 0)).row_key.value or ""]
        at_cursor = place == self.cursor_row
        key = (row.key, place, part, at_cursor)
        known = self._strips.get(key)
        if known is None or known[0] is not row:
            if len(self._strips) > _MOST_STRIPS:
                self._strips.clear()
            known = self._strips[key] = (row, self._strip(place, row.cells, part, at_cursor=at_cursor))
        return known[1]

    def _strip(self, place: int, cells: Sequence[Parts], part: int = 0, *, at_cursor: bool = False) -> Strip:
        styles = self._roles(place, at_cursor=at_cursor)
        segments: list[Segment] = []
        for index, (column, cell) in enumerate(zip(self._columns, cells, strict=True)):
            # By these marks Textual knows what was clicked.
            mark = Style.from_meta({"row": place, "column": index})
            found = cell_segments(cell, column.width, styles, right=column.right, part=part)
            segments += [Segment(text, style + mark if style else mark) for text, style, _ in found]
        return Strip(segments).adjust_cell_length(self.size.width, styles[""])

    def _roles(self, place: int, *, at_cursor: bool) -> dict[str, Style]:
        """The styles of a line, by role."""
        kind = (min(place, 0), at_cursor)
        if kind not in self._styles:
            name = "header" if place == _HEADER else "cursor" if at_cursor else ""
            base = self.get_component_rich_style(f"datatable--{name}") if name else self.rich_style
            self._styles[kind] = {"": base}
            for role in ("error", "muted", "strong"):
                own = self.get_component_rich_style(f"rows--{role}")
                # Reversed, a colour of its own would be the background's.
                self._styles[kind][role] = base + Style(
                    color=None if base.reverse else own.color, bold=own.bold
                )
        return self._styles[kind]

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """Not while rows are put in: `_putting` knows what of the table is to be painted."""
        if self._moving and not regions and not layout and not recompose:
            return self
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def _repaint_changed(self) -> None:
        """Asks for the lines in view that have changed: neighbours together, as each request costs."""
        size, top = self.size, self.scroll_offset.y - self.show_header
        if not self._changed or not size.height:
            return
        order = self.order
        begun: int | None = None
        for place in range(self.scroll_offset.y // self._height, len(order)):
            y = place * self._height - top
            if y >= size.height:
                break
            if order[place] not in self._changed:
                self._repaint_lines(begun, y)
                begun = None
            elif begun is None:
                begun = max(y, int(self.show_header))
        self._repaint_lines(begun, min(size.height, len(order) * self._height - top))

    def _repaint_lines(self, first: int | None, end: int) -> None:
        if first is not None and end > first:
            self.refresh(Region(0, first, self.size.width, end - first))

    # Where the rows are

    def _reorder(self) -> None:
        if self.order == self._wanted:
            return
        wait_s = max(self._touched_at + HOLD_S, self._ordered_at + REORDER_S) - self.clock()
        if wait_s <= 0:
            self._order_now()
        elif self._later is None:
            self._later = self.set_timer(wait_s, self._reorder_later)

    def _reorder_later(self) -> None:
        self._later = None
        with self._putting():
            self._reorder()

    def _order_now(self) -> None:
        stood = self._standing
        if self._columns and self.order != self._wanted:
            places = {key: place for place, key in enumerate(self._wanted)}
            self.sort(self._columns[0].key, key=places.__getitem__)
            self._ordered_at = self.clock()
        self._stand(stood)

    def _to_top(self) -> None:
        self._chosen = False
        self._order_now()
        self._stand(_Standing(None, 0, 0))

    @property
    def _standing(self) -> _Standing:
        key = self.at_cursor if self.has_focus or self._chosen else None
        return _Standing(key, self.cursor_row if key is not None else 0, self.scroll_offset.y)

    def _stand(self, stood: _Standing) -> None:
        """Puts the cursor on its row; while a person is here, on the line of the screen where it was."""
        row, order = stood.row, self.order
        if stood.key in order:
            row = order.index(stood.key)
        self.move_cursor(row=row, scroll=False)
        moved = self.cursor_row - stood.row if self.has_focus and stood.key is not None else 0
        scroll_y = max(0, stood.scroll_y + moved * self._height)
        self.scroll_to(y=scroll_y, animate=False, immediate=True)
        if self.scroll_offset.y != scroll_y:
            # The table's height is still that of before.
            self.call_after_refresh(self.scroll_to, y=scroll_y, animate=False)

    # A person is at it

    def _touched(self) -> None:
        self._touched_at = self.clock()

    def watch_cursor_coordinate(self, old_coordinate: Coordinate, new_coordinate: Coordinate) -> None:
        if self._moving:
            # Textual's own way would scroll to the cursor as well, and that after the next refresh.
            self.refresh_row(old_coordinate.row)
            self.refresh_row(new_coordinate.row)
            return
        super().watch_cursor_coordinate(old_coordinate, new_coordinate)
        if old_coordinate != new_coordinate:
            self._chosen = True
            self._touched()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self._touched()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._touched()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._touched()
