"""Operations, thresholds and checks: what stands in their rows, and that rows keep their place."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style
from textual.pilot import Pilot
from textual.widgets import Input

from dmsperf_tui.plan.thresholds import parse_threshold
from dmsperf_tui.run.snapshot import CheckRow, OperationRow, RunSnapshot, ThresholdRow
from dmsperf_tui.settings.config import Options
from dmsperf_tui.tui.app import DmsPerfApp
from dmsperf_tui.tui.cells import Parts, cell_segments
from dmsperf_tui.tui.checks import ChecksPanel, check_lines
from dmsperf_tui.tui.detail import DetailScreen
from dmsperf_tui.tui.export import write_export
from dmsperf_tui.tui.filtered import matches
from dmsperf_tui.tui.margin import margin, nearness, read_threshold
from dmsperf_tui.tui.names import beginnings, distinct_cuts
from dmsperf_tui.tui.operations import OperationsPanel, Order, as_csv, fitting
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.run_view import RunView
from dmsperf_tui.tui.table import HOLD_S, REORDER_S, StableTable
from dmsperf_tui.tui.thresholds import ThresholdsPanel, threshold_lines
from tests.tui.conftest import settled, until
from tests.tui.fakes import OPERATIONS, THRESHOLDS, FakeLink, running

# --- names, filters, files


def test_names_that_differ_never_look_alike() -> None:
    alike = ["POST studentSchoolAssociations", "POST studentSectionAssociations"]
    for width in (28, 24, 20, 16, 12):
        cuts = distinct_cuts(alike, width)
        assert len(set(cuts.values())) == 2, width
        assert all(len(cut) <= width for cut in cuts.values())
    assert "School" in distinct_cuts(alike, 20)[alike[0]]
    assert distinct_cuts(["GET students"], 28) == {"GET students": "GET students"}


@given(st.sets(st.text("ab/", min_size=1, max_size=30), min_size=1, max_size=12), st.integers(8, 24))
def test_cut_names_stay_distinct_and_within_their_width(names: set[str], width: int) -> None:
    cuts = distinct_cuts(names, width)
    assert len(set(cuts.values())) == len(names)
    assert max(map(len, cuts.values())) <= width


def test_names_are_cut_at_their_end_where_that_tells_them_apart() -> None:
    apart = ["students_submitting", "teachers_browsing", "admins"]
    assert list(beginnings(apart, 9).values()) == ["students…", "teachers…", "admins"]
    alike = ["students_new", "students_old"]
    assert beginnings(alike, 9) == distinct_cuts(alike, 9)


def test_a_filter_is_all_of_its_words_anywhere() -> None:
    assert matches("post SCHOOL", "POST studentSchoolAssociations")
    assert matches("409 post", "POST schools", "409")
    assert not matches("post class", "POST schools")
    assert matches("  ", "anything")


def test_an_export_never_replaces_another_and_goes_where_it_can(tmp_path: Path) -> None:
    taken, home = tmp_path / "nowhere", tmp_path / "home"
    home.mkdir()
    names = [write_export("errors-export.json", b"1", taken, home).name for _ in range(3)]
    assert names == ["errors-export.json", "errors-export-2.json", "errors-export-3.json"]
    with pytest.raises(OSError, match="No such file"):
        write_export("errors-export.json", b"1", taken)


# --- thresholds


@pytest.mark.parametrize(
    ("expression", "value", "said", "near"),
    [
        ("p(95)<2000", 43.7, "98 % to spare", 0.02185),
        ("p(95)<2000", 1999.9, "<1 % to spare", 0.99995),
        ("p(95)<2000", 2000.0, "at the bound", 1.0),
        ("p(95)<=2000", 2000.0, "at the bound", 1.0),
        ("p(95)<2000", 2100.0, "5 % over", 1.0),
        ("p(95)<100", 330.0, "3.3× over", 1.0),
        ("p(95)<1", 60_000.0, ">999× over", 1.0),
        ("p(95)<0", 12.5, "12.5 over", 1.0),
        ("p(95)<=0", 0.0, "at the bound", None),
        ("p(95)>100", 120.0, "20 % to spare", 100 / 120),
        ("p(95)>100", 380.0, "3.8× bound", 100 / 380),
        ("p(95)>=100", 63.0, "37 % short", 1.0),
        ("p(95)>100", 0.0, "100 % short", 1.0),
        ("p(95)>0", 0.0, "at the bound", 1.0),
        ("p(95)>0", 3.0, "3 to spare", 0.0),
        ("p(95)==5", 5.0, "equal", None),
        ("p(95)==5", 7.25, "off by 2.25", 1.0),
        ("p(95)!=5", 7.0, "differs", None),
        ("p(95)!=5", 5.0, "equal", 1.0),
    ],
)
def test_the_margin_of_each_comparison(expression: str, value: float, said: str, near: float | None) -> None:
    threshold = parse_threshold("http_req_duration", expression)
    assert margin(threshold, value) == said
    assert nearness(threshold, value) == (near if near is None else pytest.approx(near))


@given(
    st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
    st.sampled_from([-3.0, 0.0, 1e-9, 5.0, 1e9]),
    st.floats(-1e12, 1e12),
)
def test_no_bound_and_no_value_is_too_much(comparison: str, bound: float, value: float) -> None:
    threshold = replace(parse_threshold("http_req_duration", "p(95)<1"), comparison=comparison, bound=bound)
    assert len(margin(threshold, value)) <= 24
    near = nearness(threshold, value)
    assert near is None or 0 <= near <= 1


def test_a_scenario_s_own_metric_has_a_margin_too() -> None:
    threshold = read_threshold("errors", "rate<0.1")
    assert threshold is not None
    assert margin(threshold, 0.05) == "50 % to spare"
    assert read_threshold("errors", "nonsense") is None


TAGGED = ThresholdRow(
    "http_req_duration{name:POST studentSchoolAssociations}", "p(95)<500 over 30s", False, 322.0, 187.0
)
OTHER = replace(
    TAGGED, metric="http_req_duration{name:POST studentSectionAssociations}", ok=True, broken_s=None
)


@pytest.mark.parametrize("width", [110, 76, 56, 40, 20, 6])
def test_no_line_of_the_thresholds_is_too_long(width: int) -> None:
    rows = (*THRESHOLDS, TAGGED, OTHER, ThresholdRow("errors", "rate<0.1", None, None))
    lines = [each.plain for each in threshold_lines(rows, width)]
    assert all(len(each) <= width for each in lines)
    assert [each[0] for each in lines if each[0] != " "] == ["✗", "✗", "✓", "✓", "✓", "◌"], (
        "failing ones first"
    )
    if width >= 56:
        text = "\n".join(lines)
        for said in ("3.3× over", "98 % to spare", "43.7 ms", "broken at 03:07", "no data yet"):
            assert said in text
        assert "School" in text
        assert "Section" in text


def test_what_the_usual_thresholds_say_stands_in_one_line_at_half_of_120() -> None:
    assert [each.plain.rstrip() for each in threshold_lines(THRESHOLDS, 56)] == [
        "✗ http_req_failed    rate<0.0001  0.00033  3.3× over",
        "✓ http_req_duration  p(95)<2000   43.7 ms  98 % to spare",
        "✓ http_req_duration  p(99)<100    91.0 ms  9 % to spare",
    ]


def test_words_give_way_before_a_metric_is_cut_and_a_round_value_takes_no_room() -> None:
    rows = (
        ThresholdRow("http_req_response_time", "p(95)<2000", True, 100.0),
        ThresholdRow("http_req_duration", "p(99)<1500", True, 99.94),
        ThresholdRow("http_req_failed", "rate<0.0001", False, 0.00033),
    )
    assert [each.plain.rstrip() for each in threshold_lines(rows, 58)] == [
        "✗ http_req_failed         rate<0.0001  0.00033  3.3× over",
        "✓ http_req_response_time  p(95)<2000    100 ms  95 % spare",
        "✓ http_req_duration       p(99)<1500   99.9 ms  93 % spare",
    ]
    assert threshold_lines(rows, 66)[1].plain.rstrip().endswith("95 % to spare")


# --- checks


def test_checks_fail_first_and_are_never_too_long() -> None:
    rows = (CheckRow("a", 1204, 0), CheckRow("b", 1000, 6), CheckRow("a long name of a check \x1b[2J", 3, 1))
    lines = [each.plain for each in check_lines(rows, 76)]
    assert [each[:3] for each in lines] == ["✗ a", "✗ b", "✓ a"]
    assert "3 of 4 held" in lines[0]
    assert "25.0 % failed  ━━──────" in lines[0]
    assert "␛[2J" in lines[0]
    for width in (50, 30, 12):
        assert all(each.cell_length <= width for each in check_lines(rows, width))


# --- cells


def test_a_cell_is_as_wide_as_its_column() -> None:
    styles = {role: Style(bold=role == "strong") for role in ("", "strong")}

    def said(parts: Parts, width: int, *, right: bool = False, part: int = 0) -> str:
        return "".join(each.text for each in cell_segments(parts, width, styles, right=right, part=part))

    assert said((("12", "strong"),), 5, right=True) == "   12"
    assert said((("12", "strong"), (" ms", "")), 7) == "12 ms  "
    assert said((("above", "strong"), ("\nbelow", "")), 6) == "above "
    assert said((("above", "strong"), ("\nbelow", ""), (" too", "")), 12, part=1) == "below too   "
    assert said((("too long", "strong"), (" by far", "")), 4) == "too "
    assert said((("学校学校", ""),), 5) == "学校 ", "no half of a wide letter"
    (_, bold) = cell_segments((("12", "strong"),), 5, styles, right=True)
    assert bold.style is not None
    assert bold.style.bold


# --- operations, without an app


def test_the_order_goes_through_columns_and_turns() -> None:
    order, seen = Order(), []
    for _ in range(7):
        order = order.next(responses=False)
        seen.append(order.key)
    assert seen == ["count", "rate", "p95", "p99", "failed", "name", ""]
    assert "r95" in {replace(order, key="p95").next(responses=True).key}
    names = [row.name for row in Order("p95").sort(OPERATIONS)]
    assert names[0] == "GET students"
    assert [row.name for row in Order("p95", turned=True).sort(OPERATIONS)] == names[::-1]
    assert Order("failed").sort(OPERATIONS)[0].name == "POST studentSchoolAssociations"
    assert Order("name").sort(OPERATIONS)[0].name == "GET students"
    assert Order("p95").by("p95") == Order("p95", turned=True)
    assert Order("p95", turned=True).by("count") == Order("count")


def test_what_there_is_room_for() -> None:
    keys = {width: [c.key for c in fitting(width, responses=False)] for width in (150, 77, 67, 40)}
    assert keys[150] == ["name", "count", "rate", "p50", "p95", "p99", "max", "failed"]
    assert {"name", "count", "rate", "p95", "failed"} <= set(keys[77])
    assert keys[40] == ["name", "count", "p95", "failed"]
    for width in (150, 100, 77):
        assert sum(column.width for column in fitting(width, responses=True)) == width
    assert fitting(150, responses=False)[-1].width > fitting(77, responses=False)[-1].width, "a bar"


def test_the_export_has_every_figure() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(OPERATIONS[:2]).decode())))
    assert [row["name"] for row in rows] == ["POST students", "POST studentSchoolAssociations"]
    assert rows[1]["failed"] == "29"
    assert float(rows[0]["p95_ms"]) == OPERATIONS[0].p95_ms


# --- operations, on the screen


@asynccontextmanager
async def watching(
    snapshot: RunSnapshot, panel: str = "operations", size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[DmsPerfApp, FakeLink, Pilot[None]]]:
    """The app on a run, the keyboard in one panel."""
    link = FakeLink(snapshot)
    app = DmsPerfApp(Options(), link=link, refresh_hz=50)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        app.query_one(RunView).go_to(panel)
        await pilot.pause()
        await settled(pilot)
        yield app, link, pilot


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def named(table: StableTable) -> list[str]:
    return [key.partition("/")[2] for key in table.order]


def with_rows(rows: tuple[OperationRow, ...]) -> RunSnapshot:
    return replace(running(), rows=(), operations=rows)


@pytest.mark.anyio
async def test_rows_change_place_but_not_under_the_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(StableTable, "clock", staticmethod(clock))
    many = tuple(replace(OPERATIONS[0], name=f"GET {n:02}", p95_ms=100.0 - n) for n in range(40))
    async with watching(with_rows(many)) as (app, link, pilot):
        table, panel = app.query_one("#operations StableTable", StableTable), app.query_one(OperationsPanel)
        await pilot.press("o", "o", "o")
        assert "sort: p95▼" in str(panel.border_title)
        assert [str(column.label) for column in table.ordered_columns][3] == "p95▼"
        table.move_cursor(row=20)
        await settled(pilot)
        assert table.at_cursor == f"{many[20].workload}/GET 20"
        line_of_cursor = table.cursor_row - table.scroll_offset.y

        # The row at the cursor becomes the slowest but one: not while the person is there ...
        changed = tuple(replace(r, p95_ms=99.5) if r.name == "GET 20" else r for r in many)
        link.push(with_rows(changed))
        await settled(pilot)
        assert named(table)[20] == "GET 20"
        # ... and afterwards the cursor goes with it.
        clock.now += HOLD_S + 0.1
        link.push(with_rows(changed))
        await settled(pilot)
        assert named(table)[:3] == ["GET 00", "GET 20", "GET 01"]
        assert table.at_cursor == f"{many[20].workload}/GET 20"
        assert table.cursor_row == 1

        # Down again: the view goes along, so that the row stays on its line of the screen.
        clock.now += REORDER_S + 0.1
        link.push(with_rows(many))
        await settled(pilot)
        assert table.cursor_row == 20
        assert table.at_cursor == f"{many[20].workload}/GET 20"
        assert 0 <= table.cursor_row - table.scroll_offset.y < table.size.height
        assert line_of_cursor >= 0

        # No more often than once a second.
        link.push(with_rows(changed))
        await settled(pilot)
        assert named(table)[20] == "GET 20"
        clock.now += REORDER_S + 0.1
        link.push(with_rows(changed))
        await settled(pilot)
        assert named(table)[1] == "GET 20"
        await pilot.press("O")
        assert named(table)[0] == "GET 39"
        assert table.cursor_row == 0, "what a person sorts is shown from its first row"

        # With nobody in the table the view stays where it is.
        app.query_one(RunView).go_to("errors")
        await settled(pilot)
        table.scroll_to(y=10, animate=False, immediate=True)
        clock.now += HOLD_S + REORDER_S
        link.push(with_rows(many[::-1]))
        link.push(with_rows(tuple(replace(row, p95_ms=row.p95_ms * (n % 7)) for n, row in enumerate(many))))
        await until(pilot, lambda: named(table)[0] != "GET 39")
        await pilot.pause()
        assert table.scroll_offset.y == 10


@pytest.mark.anyio
async def test_operations_filter_detail_copy_and_export(tmp_path: Path) -> None:
    base = running()
    snapshot = replace(base, info=replace(base.info, results=str(tmp_path)))
    async with watching(snapshot) as (app, link, pilot):
        table, panel = app.query_one("#operations StableTable", StableTable), app.query_one(OperationsPanel)
        await pilot.press("slash", *"post stud")
        assert named(table) == ["POST students", "POST studentSchoolAssociations"]
        assert "filter: post stud" in str(panel.border_title)
        await pilot.press("enter", "down")
        assert table.has_focus
        assert not panel.query_one(Input).display
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DetailScreen))
        await pilot.pause()
        detail = app.screen
        assert isinstance(detail, DetailScreen)
        for said in ("19,790", "20.8 % of all requests", "29 × 409", "the student [/ref] does not exist"):
            assert said in detail.shown
        # It keeps up with the run.
        first, second, *rest = snapshot.operations
        link.push(replace(snapshot, rows=(), operations=(first, replace(second, count=20_001), *rest)))
        await until(pilot, lambda: "20,001" in detail.shown)
        await pilot.press("y")
        assert app.clipboard.startswith("POST studentSchoolAssociations\n")
        assert "20,001" in app.clipboard
        await pilot.press("escape", "X")
        await until(pilot, lambda: (tmp_path / "operations-export.csv").exists())
        written = list(csv.DictReader(io.StringIO((tmp_path / "operations-export.csv").read_text())))
        assert [row["name"] for row in written] == ["POST students", "POST studentSchoolAssociations"]
        await pilot.press("slash", *"zzz", "enter")
        assert "None of 6 operations has 'zzz'" in panel.query_one(".empty", Reading).shown
        await pilot.press("escape")
        assert len(named(table)) == 6
        assert "filter" not in str(panel.border_title)
        # A click on a header sorts by it; another turns the order.
        await pilot.click(table, offset=(table.size.width - 3, 0))
        assert panel.order == Order("failed")
        assert named(table)[0] == "POST studentSchoolAssociations"
        await pilot.click(table, offset=(table.size.width - 3, 0))
        assert panel.order == Order("failed", turned=True)

        # Panels with nothing in them say what will be there, and their badges what is.
        empty = replace(snapshot, rows=(), operations=(), thresholds=(), errors=(), checks=())
        link.push(empty)
        await until(pilot, lambda: "first answer" in panel.query_one(".empty", Reading).shown)
        assert "[thresholds]" in app.query_one("#threshold-lines", Reading).shown
        app.query_one(RunView).go_to("checks")
        await until(pilot, lambda: "No checks so far" in app.query_one("#checks .lines", Reading).shown)
        thresholds, checks = app.query_one(ThresholdsPanel), app.query_one(ChecksPanel)
        assert (thresholds.badge(empty), checks.badge(empty)) == ("", "")
        failing = replace(running(), checks=(CheckRow("a", 1, 1), CheckRow("b", 0, 2), CheckRow("c", 3, 0)))
        assert (thresholds.badge(failing), checks.badge(failing)) == ("✗1", "✗2")
