"""A text that repaints seldom: when it asks for another layout, and what it never shows."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.content import Content

from dmsperf_tui.tui.readings import Reading

pytestmark = pytest.mark.anyio


class Page(App[None]):
    def compose(self) -> ComposeResult:
        reading = Reading()
        reading.styles.width, reading.styles.height = 10, "auto"
        yield reading


async def test_a_text_that_wraps_otherwise_gets_its_room_and_control_characters_are_pictures() -> None:
    three, two = "aaaaaaa bbbbb ccccccc", "aaaa bb cc ddd ee fff"
    assert len(three) == len(two)
    async with Page().run_test(size=(20, 10)) as pilot:
        reading = pilot.app.query_one(Reading)
        for text, height in ((two, 2), (three, 3), (two, 2)):
            reading.put(Content(text))
            await pilot.pause()
            await pilot.pause()
            assert reading.size.height == height
        reading.put(Content.assemble("x\x1b[2J ", ("red", "bold")))
        assert reading.shown == "x␛[2J red"
        assert [(span.start, span.end) for span in reading._shown.spans] == [(6, 9)]
