"""The guide to the terminal app lists every key, as the app has it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dmsperf_tui.tui.help import GROUPS, own_bindings, shown_key
from dmsperf_tui.tui.keys import ALL_KEYS
from dmsperf_tui.tui.layout import PANELS
from dmsperf_tui.tui.run_view import RunView

GUIDE = Path(__file__).parents[1] / "docs" / "terminal-guide.md"


def app_keys() -> Iterator[str]:
    """A row for each key of the app, by group."""
    for group in GROUPS:
        for key in ALL_KEYS:
            if key.group == group:
                yield f"| {group} | `{key.shown}` | {key.help}{by_rate(key.rate_help)} |"


def by_rate(words: str) -> str:
    return f"; where rates set the load: {words[0].lower()}{words[1:]}" if words else ""


def panel_keys() -> Iterator[str]:
    """A row for each key that a panel has for itself."""
    view = RunView(id="run")
    for panel in map(view.panel, PANELS):
        for binding in own_bindings(type(panel)):
            yield f"| {panel.TITLE} | `{shown_key(binding.key)}` | {binding.description} |"


def test_the_guide_lists_every_key() -> None:
    _, _, listed = GUIDE.read_text(encoding="utf-8").partition("\n## All keys\n")
    rows = [line for line in listed.splitlines() if line.startswith("| ") and "`" in line]
    assert rows == [*app_keys(), *panel_keys()]
