"""The table of workloads: what its rows say, and how they are steered one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dmsperf_tui.run.commands import HoldLevel, Scale, SetRate, SetVus
from dmsperf_tui.run.snapshot import RunState
from dmsperf_tui.tui.prompts import ScalePrompt
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.steer import SteerPanel
from dmsperf_tui.tui.table import StableTable
from dmsperf_tui.tui.workloads import Paces, WorkloadsPanel, detail, fitting, row_cells
from tests.tui.conftest import until
from tests.tui.fake_host import HostLink
from tests.tui.fake_open import mixed, open_running
from tests.tui.fakes import running
from tests.tui.test_open_steering import WORKLOADS
from tests.tui.test_steering import attached

OPEN = open_running().workloads[0]
CLOSED = replace(running().workloads[0], active=True, stage=2, stages=7)


def words(row: object, pace: float | None = None, *, scope: bool = False, width: int = 120) -> dict[str, str]:
    columns = fitting(width)
    cells = row_cells(row, pace, columns, scope=scope)  # type: ignore[arg-type]
    return {
        column.key: "".join(text for text, _ in cell).strip()
        for column, cell in zip(columns, cells, strict=True)
    }


def test_a_row_says_what_is_there_where_it_goes_and_what_the_plan_is() -> None:
    assert words(CLOSED) == {
        "name": "concurrent_rampup",
        "executor": "ramping-vus",
        "load": "48 → 48",
        "plan": "38",
        "late": "-",
        "stage": "2/7",
        "iterations": "19,790",
        "state": "▲ by hand",
    }
    late = words(OPEN, 196.4, scope=True)
    assert late == late | {
        "name": "▸ arrivals",
        "load": "196 → 200/s",
        "plan": "100/s",
        "late": "12/30",
        "state": "▲ by hand",
    }
    slow = replace(OPEN, time_unit_s=60.0, target_rate=1.5, planned_rate=1.5, by_hand=False)
    assert words(slow, 1.4)["load"] == "84 → 90/m"
    ended, later = replace(OPEN, active=False), replace(OPEN, active=False, started=0, iterations=0)
    assert (words(ended)["state"], words(later)["state"]) == ("■ ended", "◌ later")
    assert words(ended)["load"] == "-"


@pytest.mark.parametrize("width", [56, 68, 76, 110, 160])
def test_at_every_width_load_plan_and_what_is_late_are_whole(width: int) -> None:
    columns = fitting(width)
    assert sum(column.width for column in columns) == width
    assert {"name", "load", "plan", "late", "state"} <= {column.key for column in columns}
    big = replace(
        OPEN, target_rate=12_000.0, planned_rate=9_500.0, waiting=999, dropped=9_999, iterations=9_999_999
    )
    for column, cell in zip(columns, row_cells(big, 11_999.0, columns, scope=True), strict=True):
        assert len("".join(text for text, _ in cell)) <= column.width, column.key


def test_the_rate_of_starts_is_that_of_the_last_seconds() -> None:
    paces = Paces()
    snapshot = open_running()

    def at(elapsed_s: float, started: int) -> float | None:
        row = replace(OPEN, started=started)
        paces.take(replace(snapshot, elapsed_s=elapsed_s, workloads=(row,)))
        return paces.of("arrivals")

    assert at(10, 1000) is None
    assert at(11, 1100) == 100
    assert at(11, 1100) == 100, "a snapshot within the same instant tells nothing new"
    assert [at(12, 1300), at(13, 1500), at(14, 1700)] == pytest.approx([150, 500 / 3, 200])
    assert at(30, 9000) is None, "what was before the panel was hidden is too old"
    assert at(31, 9100) == 100
    paces.take(replace(snapshot, elapsed_s=31.2, state=RunState.PAUSED))
    assert paces.of("arrivals") == 0, "nothing starts"
    assert [at(31.4, 9120), at(32.4, 9220)] == [None, pytest.approx(100)]
    snapshot = replace(snapshot, info=replace(snapshot.info, id="another"))
    assert [at(33, 5), at(34, 105)] == [None, 100], "another run of the same scenario"


def test_the_line_below_has_what_the_row_has_no_room_for() -> None:
    mix = replace(OPEN, weights={"read": 80, "write": 20}, cut=3, interrupted=1)
    assert detail(mix).plain == (
        "arrivals · ramping-arrival-rate · stage 1 of 2 · VUs 50/50 busy · 31,204 iterations · "
        "1 interrupted · 3 cut · mix read 80 %, write 20 %"
    )
    few = replace(CLOSED, total_iterations=20_000, leaving=2)
    assert "19,790 of 20,000 iterations · 2 finishing" in detail(few).plain


@pytest.mark.anyio
async def test_keys_in_the_table_are_for_the_row_at_the_cursor_and_enter_for_all_keys() -> None:
    link = HostLink(WORKLOADS)
    async with attached(link, (120, 40)) as (app, pilot):
        panel = app.query_one(WorkloadsPanel)

        def title() -> str:
            return str(app.query_one(SteerPanel).border_title)

        def subtitle() -> str:
            return str(panel.border_subtitle)

        app.action_panel("workloads")
        await until(pilot, lambda: panel.query_one(StableTable).has_focus)
        assert panel.query_one(StableTable).order == list(WORKLOADS)
        await until(pilot, lambda: subtitle() == "enter: steer it alone   + - v r … change browse")
        await pilot.press("plus", "down", "plus")
        assert "mix read 80 %, write 20 %" in panel.query_one(Reading).shown
        await pilot.press("h", "x")
        await until(pilot, lambda: isinstance(app.screen, ScalePrompt))
        await pilot.press("2", "enter")
        await until(pilot, lambda: len(link.sent) == 4)
        assert link.sent == [
            SetVus(amount=1, unit="by", workload="browse"),
            SetRate(amount=1, unit="by", workload="orders"),
            HoldLevel(workload="orders"),
            Scale(factor=2, workload="orders"),
        ]
        assert title() == "Steer · all workloads", "the cursor alone changes no scope"
        await pilot.press("enter")
        await until(pilot, lambda: title() == "Steer · orders")
        assert subtitle() == "enter: steer all again   + - v r … change orders"
        await pilot.press("enter")
        await until(pilot, lambda: title() == "Steer · all workloads")
        assert panel.badge(link.at.run.snapshot()) == "▲2"
        # Elsewhere the scope decides again.
        app.action_panel("operations")
        await until(pilot, lambda: not panel.query_one(StableTable).has_focus)
        assert subtitle() == ""
        await pilot.press("h")
        await until(pilot, lambda: link.sent[-1] == HoldLevel())


def test_a_run_of_one_workload_has_no_badge() -> None:
    panel = WorkloadsPanel(id="workloads")
    assert panel.badge(running()) == ""
    assert panel.badge(mixed()) == "▲2"
