"""One line that names the panels, so that those behind others are found: a click, or tab, brings them up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.style import Style
from textual.widgets import Static

from dmsperf_tui.run.snapshot import RunSnapshot
from dmsperf_tui.tui.panel import RunPanel

_BRIEF = {
    "operations": "Ops",
    "thresholds": "Thresh",
    "objectives": "Obj",
    "workloads": "Loads",
    "failures": "Fail",
    "latency": "Lat",
    "checks": "Chk",
    "entities": "Entit",
}
"""Names where the line is too short for all of them whole: so many of these, in this order, as it takes."""


@dataclass(frozen=True, slots=True)
class Name:
    """One panel's entry."""

    panel: str
    word: str
    brief: str
    badge: str
    here: bool
    """It is the current one."""
    up: bool
    """It is on the screen."""


def names_of(
    panels: Sequence[RunPanel], current: str, visible: Collection[str], snapshot: RunSnapshot | None
) -> list[Name]:
    """An entry for each panel, in their order."""
    return [
        Name(
            name := panel.id or "",
            panel.SHORT,
            _BRIEF.get(name, panel.SHORT),
            panel.badge(snapshot) if snapshot is not None else "",
            name == current,
            name in visible,
        )
        for panel in panels
    ]


def strip_line(names: Sequence[Name], width: int) -> Content:
    """All names where they fit, some in short forms, else those around the current one.

    What is left out at an end is told by `‹` or `›`, with a badge that is there.
    """
    brief: list[str] = []
    for gap, more in ((2, ""), (1, ""), *((1, panel) for panel in _BRIEF)):
        brief.append(more)
        entries = [_entry(name, brief=name.panel in brief) for name in names]
        line = Content(" " * gap).join(entries)
        if line.cell_length <= width:
            return line
    here = next((at for at, name in enumerate(names) if name.here), 0)
    first = last = here
    while True:
        wider = [(first, last + 1)] if last + 1 < len(names) else []
        wider += [(first - 1, last)] if first else []
        found = next((each for each in wider if _part(names, *each).cell_length <= width), None)
        if found is None:
            line = _part(names, first, last)
            return line if line.cell_length <= width else _entry(names[here], brief=True)
        first, last = found


def _part(names: Sequence[Name], first: int, last: int) -> Content:
    shown = [_entry(name, brief=True) for name in names[first : last + 1]]
    return Content(" ").join([*_hidden("‹", names[:first]), *shown, *_hidden("›", names[last + 1 :])])


def _hidden(arrow: str, names: Sequence[Name]) -> list[Content]:
    if not names:
        return []
    badge = next((name for name in names if "✗" in name.badge), None)
    nearest = names[-1] if arrow == "‹" else names[0]
    shown = Content.styled(arrow, "$foreground-muted").stylize(Style.from_meta({"panel": nearest.panel}))
    if badge is None:
        return [shown]
    told = Content.styled(badge.badge, "bold $error").stylize(Style.from_meta({"panel": badge.panel}))
    return [shown, told] if arrow == "‹" else [told, shown]


def _entry(name: Name, *, brief: bool) -> Content:
    word = f" {name.word} " if name.here else name.brief if brief else name.word
    tone = "bold $primary reverse" if name.here else "" if name.up else "$foreground-muted"
    entry = Content.styled(word, tone)
    if name.badge:
        entry = Content.assemble(entry, " ", (name.badge, "bold $error" if "✗" in name.badge else "$warning"))
    return entry.stylize(Style.from_meta({"panel": name.panel}))


class PanelStrip(Static):
    """The current panel's name stands out; those on the screen are bright, those behind others dim."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, markup=False)
        self._names: list[Name] = []
        self._said = Content("")

    def show(
        self,
        panels: Sequence[RunPanel],
        current: str,
        visible: Collection[str],
        snapshot: RunSnapshot | None,
    ) -> None:
        """Names `panels` in their order."""
        self._names = names_of(panels, current, visible, snapshot)
        self._paint()

    def on_resize(self) -> None:
        self._paint()

    def _paint(self) -> None:
        content = strip_line(self._names, max(1, self.app.size.width - 2))
        if content != self._said or content.spans != self._said.spans:
            self._said = content
            self.update(content, layout=False)

    async def on_click(self, event: events.Click) -> None:
        panel = event.style.meta.get("panel")
        if panel:
            event.stop()
            await self.run_action(f"app.panel({panel!r})")

    async def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        await self.run_action("app.next_panel(1)")

    async def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        await self.run_action("app.next_panel(-1)")
