"""Lines that follow the newest, with a cursor; only those in view are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from dmsperf_tui.tui.cells import Parts, cell_segments

_ROLES = ("error", "muted", "strong")


class Tail(ScrollView, can_focus=True):
    """While the cursor is on the last line it follows the newest; else all stays where a person reads."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"rows--{role}" for role in _ROLES} | {"tail--cursor"}

    class Moved(Message):
        """Another part of the lines is in view."""

    class Chosen(Message):
        """The line at the cursor was clicked."""

    def __init__(self) -> None:
        super().__init__()
        self._count = 0
        self._cursor = 0
        self._following = True
        self._putting = False
        self._line: Callable[[int], Parts] = lambda at: ()
        self._styles: dict[bool, dict[str, Style]] = {}

    @property
    def text(self) -> str:
        """All lines, in words."""
        return "\n".join("".join(words for words, _ in self._line(at)) for at in range(self._count))

    @property
    def below(self) -> int:
        """How many lines are below the last that is seen."""
        return max(0, self._count - int(self.scroll_offset.y) - self.size.height)

    @property
    def at_cursor(self) -> int | None:
        """The line that the cursor is on; None without lines."""
        return self._cursor if self._count else None

    def put(self, count: int, line: Callable[[int], Parts], *, gone: int, follow: bool = False) -> None:
        """Shows `count` lines, made by `line`; `gone` that were the first are not there any more."""
        self._following = self._following or follow
        y = int(self.scroll_offset.y)
        self._count, self._line = count, line
        self._cursor = max(0, count - 1 if self._following else min(self._cursor - gone, count - 1))
        self._putting = True
        self.virtual_size = Size(self.size.width, count)
        self._scroll(count - self.size.height if self._following else y - gone)
        self._putting = False
        self.refresh()

    def _scroll(self, y: int) -> None:
        self.scroll_to(y=max(0, y), animate=False, immediate=True, force=True)

    def on_resize(self) -> None:
        if self._following:
            self.call_after_refresh(self.scroll_end, animate=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if not self._putting and self._count:
            # By wheel or bar: the cursor stays in view, and at the end it follows again.
            top = int(self.scroll_offset.y)
            last = self._count - 1 if not self.below else min(self._count, top + self.size.height) - 1
            self._cursor = last if not self.below else max(top, min(self._cursor, last))
            self._following = not self.below
        self.post_message(self.Moved())

    # The cursor

    def _go(self, line: int) -> None:
        """Puts the cursor there, in view."""
        if not self._count:
            return
        self._cursor = max(0, min(line, self._count - 1))
        self._following = self._cursor == self._count - 1
        self._putting = True
        top, height = int(self.scroll_offset.y), self.size.height
        self._scroll(max(self._cursor - height + 1, min(top, self._cursor)))
        self._putting = False
        self.refresh()
        self.post_message(self.Moved())

    def action_scroll_up(self) -> None:
        self._go(self._cursor - 1)

    def action_scroll_down(self) -> None:
        self._go(self._cursor + 1)

    def action_page_up(self) -> None:
        self._go(self._cursor - self.size.height + 1)

    def action_page_down(self) -> None:
        self._go(self._cursor + self.size.height - 1)

    def action_scroll_home(self) -> None:
        self._go(0)

    def action_scroll_end(self) -> None:
        self._go(self._count - 1)

    def on_click(self, event: events.Click) -> None:
        line = event.y + int(self.scroll_offset.y)
        if line >= self._count:
            return
        if line == self._cursor:
            self.post_message(self.Chosen())
        else:
            self._go(line)

    # How they are painted

    def notify_style_update(self) -> None:
        self._styles.clear()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        at, width = y + int(self.scroll_offset.y), self.size.width
        styles = self._roles(at_cursor=at == self._cursor and self.has_focus)
        if at >= self._count:
            return Strip.blank(width, styles[""])
        return Strip(cell_segments(self._line(at), width, styles, right=False), width)

    def _roles(self, *, at_cursor: bool) -> dict[str, Style]:
        if at_cursor not in self._styles:
            base = self.get_component_rich_style("tail--cursor") if at_cursor else self.rich_style
            found = {role: self.get_component_rich_style(f"rows--{role}") for role in _ROLES}
            self._styles[at_cursor] = {"": base} | {
                # Reversed, a colour of its own would be the background's.
                role: base + Style(color=None if base.reverse else own.color, bold=own.bold)
                for role, own in found.items()
            }
        return self._styles[at_cursor]
