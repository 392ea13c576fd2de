"""The picture of a plan: every workload, in its unit, to the plan's end."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest

from dmsperf_tui.plan.scenario import Plan, parse_plan
from dmsperf_tui.tui.chart_data import clock_axis
from dmsperf_tui.tui.picture import Picture
from dmsperf_tui.tui.preview import PreviewChart, legend, loads, picture_of

WORKLOADS = {
    "browse": """
executor = "ramping-vus"
start_vus = 0
stages = [{ duration = "1m", target = 20 }, { duration = "3m", target = 20 }, { duration = "1m", target = 0 }]
""",
    "search": 'executor = "constant-vus"\nvus = 8\nstart_time = "1m"\nduration = "3m"\n',
    "orders": """
executor = "ramping-arrival-rate"
start_rate = 60
time_unit = "1m"
pre_allocated_vus = 5
stages = [
  { duration = "2m", target = 60 },
  { duration = "0s", target = 120 },
  { duration = "3m", target = 90 },
]
""",
    "reports": """
executor = "constant-arrival-rate"
rate = 30
time_unit = "1m"
start_time = "2m"
duration = "2m"
pre_allocated_vus = 5
""",
    "load": 'executor = "shared-iterations"\nvus = 10\niterations = 1000\nmax_duration = "10m"\n',
    "read": 'executor = "constant-vus"\nvus = 30\nduration = "5m"\nafter = "load"\n',
    "watch": 'executor = "constant-vus"\nvus = 2\nduration = "12m"\n',
}


def plan_of(*names: str, head: str = "") -> Plan:
    text = f'system = "dms"\n{head}'
    for name in names:
        text += f'[workloads.{name}]\nflow = "dms.create_school"\n{WORKLOADS[name]}'
    return parse_plan("test", tomllib.loads(text))


def pictures(plan: Plan) -> list[Picture]:
    x = clock_axis(0.0, plan.duration_ns / 1e9, 80)
    return [picture_of(load, plan, x, 16) for load in loads(plan)]


def rows_of(plan: Plan, width: int = 80, height: int = 16) -> list[str]:
    chart = PreviewChart(id="preview")
    chart.show_plan(plan)
    drawn = chart.rows(width, height)
    assert drawn is not None
    texts = ["".join(text for text, _ in cells) for cells in drawn]
    assert [len(text) for text in texts] == [width] * height
    return texts


def test_the_total_is_solid_and_each_workload_thin() -> None:
    (picture,) = pictures(plan_of("browse", "search"))
    *own, dashed, total = picture.series
    assert [list(line.runs[0]) for line in own] == [
        [(0.0, 0.0), (60.0, 20.0), (240.0, 20.0), (300.0, 0.0)],
        [(60.0, 8.0), (240.0, 8.0)],
    ]
    assert dashed.runs == []
    assert max(level for _, level in total.runs[0]) == 28
    assert total.runs[0][-1] == (300.0, 1.0), "to the last instant before its end"
    assert len({line.pen for line in picture.series}) == 4


def test_one_workload_is_its_own_total() -> None:
    (picture,) = pictures(plan_of("browse"))
    assert [line.pen for line in picture.series if line.runs] == ["braille"]
    assert rows_of(plan_of("browse"))[0].split() == ["VUs"]


def test_users_and_rates_have_a_picture_each_on_the_same_times() -> None:
    plan = plan_of("browse", "search", "orders", "reports")
    rows = rows_of(plan, height=20)
    assert rows[0].split() == ["VUs", "⠒⠒", "total", "··", "browse", "==", "search"]
    assert rows[10].split() == ["iterations/m", "⠒⠒", "total", "··", "orders", "==", "reports"]
    assert rows[9] == rows[18], "the same axis below both"
    assert rows[19].split()[0] == "00:00"
    _, rates = pictures(plan)
    assert max(level for _, level in rates.series[-1].runs[0]) == pytest.approx(150)
    assert list(rates.series[0].runs[0]) == pytest.approx(
        [(0.0, 60.0), (120.0, 60.0), (120.0, 120.0), (300.0, 90.0)]
    )


def test_where_there_is_no_room_for_both_the_users_are_shown() -> None:
    rows = rows_of(plan_of("browse", "orders"), height=8)
    assert rows[0].split()[0] == "VUs"
    assert not any("iterations" in row for row in rows)


def test_what_ends_when_it_is_done_is_dashed_to_the_time_that_it_has_at_most() -> None:
    (picture,) = pictures(plan_of("load"))
    dashed, total = picture.series
    assert list(dashed.runs[0]) == [(0.0, 10.0), (600.0, 10.0)]
    assert total.runs == []
    assert rows_of(plan_of("load"))[0].split() == ["VUs", "--", "at", "most"]


def test_what_follows_such_a_workload_is_as_uncertain() -> None:
    plan = plan_of("load", "read", "watch")
    (picture,) = pictures(plan)
    assert picture.x.high == 900, "to the plan's end"
    *own, dashed, total = picture.series
    assert list(own[1].runs[0]) == [(600.0, 30.0), (900.0, 30.0)]
    assert total.runs == []
    assert dashed.runs[0][-1] == (900.0, 30.0)


def test_a_total_is_solid_for_as_long_as_it_is_sure() -> None:
    later = WORKLOADS["load"] + 'start_time = "2m"\n'
    text = f'system = "dms"\n[workloads.watch]\nflow = "dms.create_school"\n{WORKLOADS["watch"]}'
    text += f'[workloads.load]\nflow = "dms.create_school"\n{later}'
    (picture,) = pictures(parse_plan("test", tomllib.loads(text)))
    *_, dashed, total = picture.series
    assert total.runs[0][0] == (0.0, 2.0)
    assert total.runs[0][-1] == dashed.runs[0][0] == (120.0, 12.0)
    assert dashed.runs[0][-1] == (720.0, 12.0)


def test_the_end_of_the_warm_up_is_marked() -> None:
    plan = plan_of("browse", head='warm_up = "30s"\n')
    (picture,) = pictures(plan)
    assert [mark.at for mark in picture.axis_marks] == [30.0]
    assert not pictures(plan_of("browse"))[0].axis_marks


@pytest.mark.parametrize("width", [16, 24, 40, 80])
def test_the_legend_names_as_many_as_fit_and_counts_the_others(width: int) -> None:
    (load,) = loads(plan_of("load", "read", "watch"))
    text = "".join(part for part, _ in legend(load, width))
    assert len(text) == width
    named = sum(f" {name}" in text for name in ("total at most", "load", "read", "watch"))
    assert named == 4 or f"… {4 - named} more" in text


def test_long_names_are_cut_at_their_end_where_that_shows_them_all() -> None:
    (load,) = loads(plan_of("browse", "search"))
    both = replace(
        load, workloads=tuple(replace(w, name=f"{w.name}_of_all_students") for w in load.workloads)
    )
    text = "".join(part for part, _ in legend(both, 50))
    assert text.split() == ["VUs", "⠒⠒", "total", "··", "browse_of_al…", "==", "search_of_al…"]


@pytest.mark.parametrize("size", [(1, 1), (16, 4), (20, 5), (44, 9), (200, 40)])
def test_no_size_breaks_it(size: tuple[int, int]) -> None:
    rows_of(plan_of("browse", "search", "orders", "load"), *size)


def test_without_a_plan_it_says_what_to_do() -> None:
    chart = PreviewChart(id="preview")
    chart.show_plan(None)
    assert chart.rows(80, 16) is None
    assert chart.empty() == "Choose a scenario to see its load."
