"""The objectives on the screen: what is missed is seen first, at each width, and in words as well."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dmsperf_tui.run.snapshot import ObjectiveRow, ThresholdRow
from dmsperf_tui.settings.config import Options
from dmsperf_tui.tui.app import DmsPerfApp
from dmsperf_tui.tui.objective_rows import Cell, objectives_of
from dmsperf_tui.tui.objectives import ObjectivesPanel, objective_lines
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.run_view import RunView
from dmsperf_tui.tui.thresholds import threshold_lines
from tests.tui.conftest import screen_lines, settled, until
from tests.tui.fake_objectives import INDICATORS, SCHOOL_DAY, category, load, school_day
from tests.tui.fakes import FakeLink, running

METRICS = {"ms": "http_req_duration", "share": "http_req_failed", "/s": "http_reqs", "VUs": "vus_max"}


def said(rows: tuple[ObjectiveRow, ...], width: int) -> list[str]:
    lines = objective_lines(rows, width)
    assert all(line.cell_length <= width for line in lines), [line.plain for line in lines]
    return [line.plain.rstrip() for line in lines]


@pytest.mark.parametrize("width", range(16, 140))
@pytest.mark.parametrize("rows", [SCHOOL_DAY, INDICATORS])
def test_each_line_fits_and_no_title_gets_lost(rows: tuple[ObjectiveRow, ...], width: int) -> None:
    lines = said(rows, width)
    titles = {row.title for row in rows}
    assert len(lines) == len(titles) + len({row.group for row in rows})
    assert sum(line.startswith("✗ ") for line in lines) == 2
    assert len({line[: len("✗ ") + 8] for line in lines}) == len(lines), "no two of them look alike"
    if width >= 44:
        assert all("✗" in line[2:] for line in lines if line.startswith("✗")), "the part that is missed"
        assert all("not measured" in line for line in lines if line.startswith("◌"))


def test_what_is_missed_stands_first_and_what_is_not_measured_last() -> None:
    assert [line.replace("   ▲", " ▲") for line in said(SCHOOL_DAY, 110)] == [
        "Response times, ms          p50             p95              p99",
        "✗ Create/Update                55 < 200       120 < 500      1,431 ✗ 1,000        43 % over",
        "✗ Gradebook (computed)      2,012 ✗ 500     2,250 ✗ 1,000    2,431 ✗ 2,000        4.0× over ▲ alert",
        "✓ Auth (login, me)             82 < 100       250 < 300        431 < 500      14 % to spare ▲ scale",
        "✓ List endpoints (index)       40 < 200       131 < 500        299 < 1,000    70 % to spare",
        "✓ Detail endpoints (show)     9.1 < 100        22 < 300        100 < 500      80 % to spare",
        "✓ AI generation             2,012 < 5,000   8,250 < 10,000   9,431 < 15,000   18 % to spare",
        "✓ File upload                 300 < 1,000     999 < 3,000    1,431 < 5,000    67 % to spare",
        "◌ Analytics (aggregated)    not measured   p50 < 1,000   p95 < 3,000   p99 < 5,000",
        "◌ Search (FTS)              not measured   p50 < 200   p95 < 500   p99 < 1,000",
        "Concurrency                 VUs         p95 ms        errors %",
        "✓ Normal school day         130 ≥ 130   431 < 1,000   0.2 < 5    57 % to spare   ━━━━━━━─────────",
        "Measures",
        "· AI generations a minute   96 /min",
    ]
    assert said(SCHOOL_DAY, 118)[2].endswith("4.0× over   ━━━━━━━━   ▲ alert")


def test_what_failed_altogether_is_missed_and_says_so() -> None:
    gone = category("Gradebook", "gradebook", (500, 1000, 2000), None)
    rows = (*SCHOOL_DAY, *(replace(row, ok=False) for row in gone))
    found = next(line for line in said(rows, 110) if "Gradebook " in line and "all failed" in line)
    assert found == "✗ Gradebook                 all failed     p50 < 500   p95 < 1,000   p99 < 2,000"
    assert any(line.startswith("✗ Gradebook  ") and "all failed" in line for line in said(rows, 38)[:4])
    assert {one.title for one in objectives_of(rows) if one.ok is False} >= {"Gradebook"}


def test_a_threshold_that_fails_without_a_value_says_why() -> None:
    row = ThresholdRow("http_req_duration{category:gradebook,expected_response:true}", "p(95)<1", False, None)
    (line,) = threshold_lines([row], 110)
    assert line.plain.startswith("✗ http_req_duration{category:gradebook,expected_response:true}")
    assert "all failed" in line.plain
    (idle,) = threshold_lines([replace(row, ok=None)], 110)
    assert "no data yet" in idle.plain


def test_where_there_is_less_room_the_tightest_part_is_left() -> None:
    assert said(SCHOOL_DAY, 78)[:4] == [
        "Response times, ms        p50         p95          p99",
        "✗ Create/Update              55<200     120<500    1,431✗1,000  43 %",
        "✗ Gradebook (computed)    2,012✗500   2,250✗1,000  2,431✗2,000  4.0× ▲ alert",
        "✓ Auth (login, me)           82<100     250<300      431<500    14 % ▲ scale",
    ]
    assert said(SCHOOL_DAY, 38) == [
        "Response times, ms",
        "✗ Creat…pdate p99 1,431✗1,000",
        "✗ Gradebook   p50 2,012✗500    ▲ alert",
        "✓ Auth        p99   431<500    ▲ scale",
        "✓ List …oints p99   299<1,000",
        "✓ Detai…oints p99   100<500",
        "✓ AI ge…ation p95 8,250<10,000",
        "✓ File upload p95   999<3,000",
        "◌ Analytics   not measured",
        "◌ Search      not measured",
        "Concurrency, ms",
        "✓ Normal school day p95 431<1,000 57 %",
        "Measures",
        "· AI generations a minute   96 /min",
    ]


def test_figures_that_have_nothing_in_common_say_their_units_themselves() -> None:
    assert said(INDICATORS, 92) == [
        "Measures",
        "✗ Response time (p95)        p95 2,000.4 ✗ 2,000 ms        <1 % over   ━━━━━━━━",
        "✗ Throughput                          47 ✗ 100 /s         53 % short   ━━━━━━━━   ▲ critical",
        "✓ Error rate                         0.0 < 1 %        100 % to spare   ────────",
        "✓ Concurrent users                   100 ≥ 100",
        "◌ Database connection pool   not measured   < 80 % utilized",
    ]


@pytest.mark.parametrize(
    ("expression", "value", "unit", "shown"),
    [
        ("p(95)<300", 299.6, "ms", ("299.6", "<", "300")),
        ("p(95)<300", 300.3, "ms", ("300.3", "✗", "300")),
        ("p(95)<300", 300.0, "ms", ("300", "✗", "300")),
        ("p(99.9)<=1500", 1499.0, "ms", ("1,499", "≤", "1,500")),
        ("p(95)<0.5", 0.25, "ms", ("0.2", "<", "0.5")),
        ("rate<0.05", 0.0499, "share", ("4.99", "<", "5")),
        ("rate<0.001", 0.00004, "share", ("<0.1", "<", "0.1")),
        ("rate>100", 99.7, "/s", ("99.70", "✗", "100")),
        ("value>=130", 129.0, "VUs", ("129", "✗", "130")),
    ],
)
def test_a_number_never_looks_like_the_bound_that_it_is_not(
    expression: str, value: float, unit: str, shown: tuple[str, str, str]
) -> None:
    row = ObjectiveRow("g", "t", METRICS[unit], expression, value, "✗" not in shown, unit=unit)
    cell = Cell.of(row)
    assert (cell.value, cell.sign, cell.bound) == shown


def test_an_objective_is_met_only_if_all_of_it_is() -> None:
    def ok(*rows: ObjectiveRow) -> bool | None:
        (one,) = objectives_of(rows)
        return one.ok

    day = load("Day", (130, 1000, 0.05), (130.0, 431.0, 0.002))
    assert ok(*day) is True
    assert ok(*load("Day", (130, 1000, 0.05), (40.0, 431.0, 0.002))) is False
    assert ok(day[0], replace(day[1], value=None, ok=None), day[2]) is None
    assert ok(*load("Day", (130, 1000, 0.05), None)) is None


def test_the_tightest_part_is_the_one_missed_by_most_and_never_vus_that_are_there() -> None:
    (missed,) = objectives_of(category("Gradebook", "gradebook", (500, 1000, 2000), (499.0, 1100.0, 2400.0)))
    assert (missed.tightest.label, missed.margin, missed.nearness) == ("p99", "20 % over", 1.0)
    (met,) = objectives_of(load("Day", (130, 1000, 0.05), (130.0, 431.0, 0.03)))
    assert (met.tightest.label, met.margin) == ("errors", "40 % to spare")
    (short,) = objectives_of(load("Day", (130, 1000, 0.05), (65.0, 431.0, 0.03)))
    assert (short.tightest.label, short.margin) == ("VUs", "50 % short")


def test_the_level_of_a_missed_part_goes_before_others() -> None:
    first, second, third = category("A", "a", (100, 300, 500), (90.0, 290.0, 900.0), "scale")
    third = replace(third, level="alert", level_expression="p(99)>750")
    (one,) = objectives_of((first, second, third))
    assert one.level == ("alert", "p99 > 750")
    (one,) = objectives_of((first, second))
    assert one.level == ("scale", "p95 > 240")
    assert said((first, second, third), 118)[1].endswith("▲ alert  p99 > 750")


def test_two_parts_of_one_name_are_both_shown() -> None:
    one, two, _ = category("A", "a", (100, 300, 500), (90.0, 310.0, 400.0))
    other = replace(two, metric="http_req_duration{category:b}", value=777.0)
    (line,) = said((one, two, other), 100)[1:]
    assert "310 ✗ 300" in line
    assert "777 ✗ 300" in line


def test_names_of_servers_and_files_cannot_break_the_line() -> None:
    row = ObjectiveRow("g\n", "[/x]\x1b[31m", "http_req_duration", "p(95)<1", 0.5, True)
    assert len(said((row,), 60)) == 2
    assert "\x1b" not in "".join(said((row,), 60))


@pytest.mark.anyio
@pytest.mark.parametrize("size", [(120, 40), (80, 24), (40, 12)])
async def test_the_panel_is_there_only_where_a_run_has_objectives(size: tuple[int, int]) -> None:
    link = FakeLink(running())
    app = DmsPerfApp(Options(environment="embedded"), link=link, refresh_hz=50)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        view, panel = app.query_one(RunView), app.query_one(ObjectivesPanel)
        assert "objectives" not in view.there
        link.push(school_day(gate=True))
        await until(pilot, lambda: "objectives" in view.there)
        assert panel.badge(school_day()) == "✗2"
        view.go_to("objectives")
        await until(pilot, lambda: "Gradebook" in app.query_one("#objective-lines", Reading).shown)
        assert str(panel.border_title) == "Objectives · k12 · gate · 2 of 11 ✗"
        screen = "\n".join(screen_lines(app))
        assert "✗ Gradebook" in screen
        assert "▲ alert" in screen, "whole, and on its line"
        # All is well again.
        calm = tuple(row for row in SCHOOL_DAY if row.title not in ("Create/Update", "Gradebook (computed)"))
        link.push(school_day(calm))
        await until(pilot, lambda: "✗" not in app.query_one("#objective-lines", Reading).shown)
        assert str(panel.border_title) == "Objectives · k12 · 9"
        assert panel.badge(school_day(calm)) == ""
        link.push(school_day(()))
        await until(pilot, lambda: "objectives" not in view.there)
        assert view.current != "objectives"
