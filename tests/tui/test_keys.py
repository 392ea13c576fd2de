"""One table of keys: what it lists is bound and does something, and what is bound has words."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

import dmsperf_tui.tui
from dmsperf_tui.settings.config import Options
from dmsperf_tui.tui.app import DmsPerfApp, MainScreen
from dmsperf_tui.tui.help import HelpScreen, help_content, own_bindings, shown_key
from dmsperf_tui.tui.keybar import fitting
from dmsperf_tui.tui.keys import ALL_KEYS, PALETTE, idle, works
from dmsperf_tui.tui.layout import PANELS
from dmsperf_tui.tui.panel import RunPanel
from dmsperf_tui.tui.phases import LIVE, Phase
from dmsperf_tui.tui.run_view import RunView
from tests.tui.conftest import screen_lines, settled, until
from tests.tui.fake_open import mixed
from tests.tui.fakes import FakeLink, running

for module in pkgutil.iter_modules(dmsperf_tui.tui.__path__):
    importlib.import_module(f"dmsperf_tui.tui.{module.name}")


def ours(base: type) -> Iterator[type]:
    """Its classes of the terminal app, and theirs."""
    below: list[type] = base.__subclasses__()
    for each in below:
        if each.__module__.startswith("dmsperf_tui."):
            yield each
        yield from ours(each)


def bound(owner: type) -> list[Binding]:
    """What the class itself binds, a key each."""
    found: list[BindingType] = list(owner.__dict__.get("BINDINGS", []))
    return [one for each in found for one in Binding.make_bindings([each])]


def test_all_that_is_bound_has_words() -> None:
    seen = 0
    for owner in dict.fromkeys((DmsPerfApp, *ours(Widget))):
        for binding in bound(owner):
            assert binding.description, f"{owner.__name__}: {binding.key}"
            seen += 1
    assert seen > len(ALL_KEYS)


def test_the_table_is_what_is_bound() -> None:
    listed = {(key, each.action) for each in ALL_KEYS for key in each.keys.split(",") if key}
    there = {(binding.key, binding.action) for binding in bound(DmsPerfApp)}
    there |= {(binding.key, binding.action.removeprefix("app.")) for binding in bound(MainScreen)}
    there.add((PALETTE.keys, PALETTE.action))
    assert listed == there


def test_each_key_has_an_action() -> None:
    names = {key.action.partition("(")[0] for key in ALL_KEYS if key.action}
    assert [name for name in names if not callable(getattr(DmsPerfApp, f"action_{name}", None))] == []


def test_no_key_does_two_things_in_a_phase() -> None:
    for phase in Phase:
        keys = [one for key in ALL_KEYS if phase in key.phases for one in key.keys.split(",") if one]
        assert len(keys) == len(set(keys)), phase


def test_a_key_that_has_nothing_to_go_to_is_not_offered() -> None:
    for phase in (Phase.SETUP, Phase.RUNS):
        for run in (False, True):
            offered = {key.action for key, _ in fitting(phase, 200, without=idle(running() if run else None))}
            assert ("run" in offered) == run
            assert works("run", phase, run=run) == run
    assert idle(running()) == {"set_rate", "set_shares", "next_scope"}
    assert idle(mixed()) == {"set_shares"}
    for phase in Phase:
        offered = {key.action for key, _ in fitting(phase, 500)}
        assert ("detach" in offered) == (phase in LIVE)


@pytest.mark.parametrize("width", [16, 72, 92])
def test_the_help_lists_every_key_within_its_width(width: int) -> None:
    for phase in Phase:
        words = help_content(phase, width).plain
        assert max(map(len, words.splitlines())) <= max(width, 20)
        flat = " ".join(words.split())
        for key in ALL_KEYS:
            if key.help:
                assert f"{key.shown} {key.help}" in flat


def test_the_help_begins_with_the_keys_that_work_now() -> None:
    for phase in Phase:
        here, _, elsewhere = help_content(phase, 92).plain.partition("\nElsewhere\n")
        for key in (key for key in ALL_KEYS if key.help):
            now = phase in key.phases
            assert (f"  {key.shown:<10} {key.help}" in here) == now, (phase, key)
            assert (f"  {key.shown:<10} {key.help}" in elsewhere) != now, (phase, key)


def test_keys_are_named_as_people_read_them() -> None:
    assert shown_key("slash") == "/"
    assert shown_key("enter,y") == "enter y"


@pytest.mark.anyio
@pytest.mark.parametrize("size", [(80, 24), (20, 5)])
async def test_the_help_begins_with_the_panel_that_is_looked_at(size: tuple[int, int]) -> None:
    app = DmsPerfApp(Options(), link=FakeLink(running()), refresh_hz=50)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        view = app.query_one(RunView)
        view.go_to("operations")
        await settled(pilot)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await pilot.pause()
        panel = view.panel("operations")
        words = str(app.screen.query_one("#help-words", Static).render())
        assert words.startswith(panel.TITLE)
        for binding in own_bindings(type(panel)):
            assert binding.description in " ".join(words.split())
        assert any(panel.TITLE in line for line in screen_lines(app))
        before = screen_lines(app)
        await pilot.press("pagedown")
        await pilot.wait_for_scheduled_animations()
        await pilot.pause()
        assert screen_lines(app) != before
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, HelpScreen))
        assert view.current == "operations"


def test_every_panel_says_what_it_is_in_few_cells() -> None:
    panels = [each for each in ours(RunPanel) if "SHORT" in each.__dict__]
    assert len(panels) == len(PANELS)
    for panel in panels:
        assert issubclass(panel, RunPanel)
        assert 0 < len(panel.SHORT) <= 10
        assert panel.TITLE
        assert panel.ABOUT
