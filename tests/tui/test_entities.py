"""A load phase on the screen: the list as a whole, its kinds, and what is wrong with it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.containers import VerticalScroll
from textual.pilot import Pilot

from dmsperf_tui.run.snapshot import EntityRow, RunState
from dmsperf_tui.settings.config import Options
from dmsperf_tui.tui.app import DmsPerfApp
from dmsperf_tui.tui.entities import Columns, bar, entity_line, head_line, progress, state_of
from dmsperf_tui.tui.names import distinct_cuts
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.run_view import RunView
from tests.tui.conftest import Compare, settled, settled_and_still, until
from tests.tui.fake_list import entities, loading
from tests.tui.fakes import FakeLink, running


def on(link: FakeLink) -> DmsPerfApp:
    return DmsPerfApp(Options(), link=link, refresh_hz=50)


def shown(pilot: Pilot[None], query: str) -> str:
    return pilot.app.query_one(query, Reading).shown


@pytest.mark.parametrize(
    ("row", "order", "over", "said"),
    [
        (EntityRow("students", 7, 100, 0, 0), 4, False, "◌ waiting"),
        (EntityRow("students", 7, 100, 40, 0), 7, False, "● creating"),
        (EntityRow("students", 7, 100, 40, 3), 7, False, "✗ creating, 3 failed"),
        (EntityRow("students", 7, 100, 100, 0), 9, False, "✓ done"),
        (EntityRow("students", 7, 1_300, 100, 1_200), None, False, "✗ done, 1,200 failed"),
        (EntityRow("students", 7, 100, 40, 3), 7, True, "▲ 57 left, 3 failed"),
    ],
)
def test_the_state_of_a_kind_is_said_in_glyph_and_word(
    row: EntityRow, order: int | None, over: bool, said: str
) -> None:
    assert state_of(row, order, over=over).content().plain == said


def test_a_bar_is_full_or_empty_only_where_that_is_true() -> None:
    assert bar(0, 1000, 10) == "─" * 10
    assert bar(1, 1000, 10) == "━" + "─" * 9
    assert bar(999, 1000, 10) == "━" * 9 + "─"
    assert bar(1000, 1000, 10) == "━" * 10


def test_the_head_names_the_order_as_the_server_does() -> None:
    one = entities()
    line = head_line(one, 80, over=False, named=False).plain
    assert line == f"{one.created:,} of 771,901  5 %  412/s  ETA 29:20  order 7 of 13"
    assert head_line(entities(order=None), 80, over=True, named=False).plain == (
        "771,870 of 771,901  99 %  list done"
    )
    cut = head_line(replace(one, before=4_000), 80, over=True, named=True).plain
    assert cut.startswith("load  ")
    assert "4,000 before" in cut
    assert f"▲ {one.total - one.created - one.failed:,} left" in cut


def test_all_lists_are_as_slow_as_the_slowest() -> None:
    slow, quick = replace(entities(), eta_s=90.0), replace(entities(), eta_s=20.0)
    assert progress((slow, quick)).eta_s == 90.0
    assert progress((slow, replace(quick, eta_s=None))).eta_s is None
    assert progress((slow, entities(order=None))).eta_s == 90.0
    almost = progress((replace(slow, created=slow.total - slow.failed - 1),))
    assert (almost.share, almost.finished) == ("99 %", False)


@pytest.mark.parametrize("width", [16, 24, 36, 56, 68, 78, 118])
def test_lines_stand_in_columns_and_fit_their_panel(width: int) -> None:
    one = entities()
    tones = [state_of(row, one.order, over=False) for row in one.rows]
    columns = Columns.fitting(one.rows, [tone.word for tone in tones], width)
    lines = [entity_line(row, 6, tone, columns).plain for row, tone in zip(one.rows, tones, strict=True)]
    assert max(map(len, lines)) <= width
    glyphs = {line.index(tone.glyph) for line, tone in zip(lines, tones, strict=True)}
    assert len(glyphs) == 1
    assert ("━" in lines[0]) == (width >= 68)
    assert all(tone.word in line for line, tone in zip(lines, tones, strict=True)) == (width >= 56)


@pytest.mark.anyio
async def test_a_run_without_a_list_shows_none_of_it() -> None:
    link = FakeLink(running())
    app = on(link)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        assert not app.query_one("#entities").region.area
        assert "entities" not in shown(pilot, "#figures")
        link.push(loading())
        await settled(pilot)
        assert app.query_one("#entities").region.area
        assert "entities  45,870/771,901   5 % " in shown(pilot, "#figures")
        assert "eta 29:20" in shown(pilot, "#clock")


@pytest.mark.anyio
async def test_what_is_wrong_with_a_list_stands_above_it() -> None:
    app = on(FakeLink(loading()))
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await until(pilot, lambda: shown(pilot, "#entities-head"))
        head, failed, finding = shown(pilot, "#entities-head").splitlines()
        assert "order 7 of 13" in head
        assert failed.startswith("✗ 31 failed, 0.1 % of those tried")
        assert finding.startswith("▲ load: 744,068 of 771,901 entities are not")
        assert "✗ creating, 29 failed" in shown(pilot, "#entity-lines")


@pytest.mark.anyio
async def test_the_list_is_at_the_order_that_is_created_until_a_person_looks_elsewhere() -> None:
    link = FakeLink(loading(entities(order=3)))
    app = on(link)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        scroll = app.query_one("#entities VerticalScroll", VerticalScroll)
        assert scroll.scroll_y == 0
        link.push(loading(entities(order=10)))
        await settled(pilot)
        await settled(pilot)
        at = scroll.scroll_y
        assert at > 0
        scroll.scroll_to(y=1, animate=False)
        link.push(loading(entities(order=10, share=0.6)))
        await settled(pilot)
        await settled(pilot)
        assert scroll.scroll_y == 1


@pytest.mark.anyio
async def test_a_small_terminal_begins_with_the_entities_of_a_load_phase() -> None:
    link = FakeLink(loading())
    app = on(link)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "entities   5 %" in shown(pilot, "#figures")
        assert "04:12/23:00 eta 29:20" in shown(pilot, "#clock")
        view = app.query_one(RunView)
        assert (view.current, view.there[:2]) == ("entities", ["entities", "vus"])
        await until(pilot, lambda: "19,971/50,000" in shown(pilot, "#entity-lines"))
        await pilot.resize_terminal(20, 5)
        await pilot.resize_terminal(80, 24)
        link.push(running())
        await settled(pilot)
        assert view.current == "vus"


@pytest.mark.anyio
async def test_an_ended_run_says_what_it_has_left() -> None:
    app = on(FakeLink(loading(state=RunState.STOPPED)))
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await until(pilot, lambda: shown(pilot, "#entities-head"))
        assert "left" in shown(pilot, "#entities-head").splitlines()[0]
        assert "eta" not in shown(pilot, "#clock")
        assert "waiting" not in shown(pilot, "#entity-lines")


def test_kinds_that_are_cut_do_not_look_alike() -> None:
    one = entities()
    tones = [state_of(row, one.order, over=False) for row in one.rows]
    columns = Columns.fitting(one.rows, [tone.word for tone in tones], 36)
    named = distinct_cuts([row.name for row in one.rows], columns.name)
    lines = [
        entity_line(row, row.order, tone, columns, named[row.name]).plain[: 4 + columns.name]
        for row, tone in zip(one.rows, tones, strict=True)
    ]
    assert len(set(lines)) == len(lines)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
def test_picture_of_a_load_phase(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(on(FakeLink(loading())), terminal_size=size, run_before=settled_and_still)
