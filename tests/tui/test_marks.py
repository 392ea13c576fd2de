"""Marks of events: each kind has its own, and where not all fit the more important stays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dmsperf_tui.run.plateaus import Plateaus
from dmsperf_tui.run.snapshot import EventRow, RunSnapshot
from dmsperf_tui.tui.chart import RunChart
from dmsperf_tui.tui.chart_data import clock_axis, count_axis
from dmsperf_tui.tui.charts import RateChart, VusChart
from dmsperf_tui.tui.events import caps, marks
from dmsperf_tui.tui.picture import AXIS, LINE, Mark, Picture, Series
from dmsperf_tui.tui.plot import draw
from tests.tui.fake_open import mixed, open_running
from tests.tui.fakes import running
from tests.tui.test_charts import lines_of, pictured


@pytest.mark.parametrize(
    ("kind", "text", "mark"),
    [
        ("rate", "rate 100/s → 50/s over 30 s", "▲-50/s"),
        ("rate", "checkout: rate 0.5/10s → 2/10s", "▲+1.5/10s"),
        ("scale", "VUs 38 → 1.5 times the plan (57)", "▲×1.5"),
        ("hold", "rate held at 57.3/s", "▲ hold"),
        ("skip", "skip to stage 3/4: to 40 VUs", "▲ stage 3"),
        ("extend", "extended by 5m, to 15m", "▲ 5m longer"),
        ("weights", "shares read 80%, write 20%", "▲ shares"),
        ("undo", "undo: VUs 50 → 40", "▲ undo"),
        ("busy", "checkout: all its VUs are busy, so iterations wait", "◆ VUs busy"),
        ("vus", "checkout: most VUs 50 → 80", "▲+30 most"),
        ("stage", "stage 2/4: to 10 VUs", "│2"),
        ("stage", "checkout starts", "│checkout"),
        ("order", "load: order 7 begins: students", "│order 7"),
        ("note", "coffee", "✎"),
        ("worker-lost", "worker 1 was lost", "✗ worker"),
        ("pause", "pause", "‖ pause"),
        ("abort", "abort", "■ abort"),
    ],
)
def test_each_kind_of_event_has_its_mark(kind: str, text: str, mark: str) -> None:
    assert [found.text for found in marks([EventRow(3.0, kind, text)])] == [mark]


def test_a_change_is_marked_on_the_chart_of_its_workload_alone() -> None:
    """`browse` has VUs, `checkout` a rate."""
    texts = {
        20.0: ("vus", "browse: VUs 38 → 48"),
        40.0: ("rate", "checkout: rate 0.5/s → 2.5/s"),
        60.0: ("undo", "undo: browse: VUs 48 → 38; checkout: rate 2.5/s → 0.5/s"),
        80.0: ("pause", "pause"),
        100.0: ("busy", "checkout: all its VUs are busy, so iterations wait"),
        120.0: ("stage", "browse starts"),
        140.0: ("note", "checkout: deployed"),
    }
    events = tuple(EventRow(at, kind, text, int(at)) for at, (kind, text) in texts.items())

    def times(chart: type[RunChart], snapshot: RunSnapshot) -> list[float]:
        found = pictured(chart, replace(snapshot, events=events)).marks
        return [mark.at for mark in found if mark.text != "│measured"]

    assert times(VusChart, mixed()) == [20, 60, 80, 120, 140]
    assert times(RateChart, mixed()) == [40, 60, 80, 100, 140]
    assert times(VusChart, open_running()) == times(RateChart, open_running()) == list(texts)
    assert times(VusChart, running()) == list(texts), "one kind of workload: all"


def test_what_is_before_the_load_or_changes_nothing_has_none() -> None:
    events = [
        EventRow(-1.0, "token", "token obtained"),
        EventRow(-1.0, "note", "before"),
        EventRow(0.0, "start", "start: dms/smoke"),
        EventRow(9.0, "token", "token renewed"),
        EventRow(12.0, "end", "end: finished"),
    ]
    assert marks(events) == []


def test_a_key_pressed_again_and_again_has_one_mark() -> None:
    events = [
        EventRow(3.0, "rate", "rate 60/s → 61/s"),
        EventRow(3.2, "rate", "rate 61/s → 71/s"),
        EventRow(4.9, "rate", "rate 71/s → 61/s"),
        EventRow(9.0, "rate", "rate 61/s → 60/s"),
        EventRow(9.5, "rate", "other: rate 5/m → 15/m"),
    ]
    found = [(mark.at, mark.text) for mark in marks(events)]
    assert found == [(3.0, "▲+1/s"), (9.0, "▲-1/s"), (9.5, "▲+10/m")]


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        ({503: 50}, [(61.0, "✗ 503"), (70.0, "✓ answers")]),
        ({0: 50}, [(61.0, "✗ no answer"), (70.0, "✓ answers")]),
        ({429: 20, 200: 30}, [(61.0, "◆ 429"), (70.0, "◇ no 429")]),
    ],
)
def test_what_the_service_did_is_marked_when_it_began(
    bad: dict[int, int], expected: list[tuple[float, str]]
) -> None:
    """By the words of the finding itself: what takes seconds to be sure of is not marked seconds late."""
    plateaus, events = Plateaus(), []
    for second in range(100):
        for kind, text in plateaus.second(second, bad if 61 <= second < 70 else {200: 50}):
            events.append(EventRow(float(second), kind, text, second))
    assert [(mark.at, mark.text) for mark in marks(events)] == expected


def drawn(*found: Mark, height: int = 12) -> list[list[tuple[str, str]]]:
    series = Series("actual", LINE, [[(0.0, 5.0), (600.0, 5.0)]])
    picture = Picture(clock_axis(0.0, 600.0, 80), count_axis(6, height - 2), (series,), marks=found)
    return draw(picture, 80, height)


def text_of(*found: Mark, height: int = 12) -> list[str]:
    return ["".join(text for text, _ in cells) for cells in drawn(*found, height=height)]


def test_marks_never_run_into_each_other() -> None:
    crowd = [Mark(float(at), f"▲+{at}", at % 5) for at in range(0, 600, 15)]
    for line in text_of(*crowd)[:2]:
        words = [word for word in line[6:].split() if word.strip("▲")]
        assert words
        assert set(words) <= {mark.text for mark in crowd}


def test_the_more_important_mark_stays() -> None:
    beside = [Mark(300.0 + at, "│stage", 4, quiet=True) for at in range(-40, 41, 5)]
    lines = text_of(*beside, Mark(301.0, "✗ worker", 0))
    assert any("✗ worker" in line for line in lines[:2])
    alone = text_of(*[Mark(300.0 + at, "▲+1000", 1) for at in range(-40, 41, 5)], Mark(301.0, "✗ worker", 0))
    assert any("✗ worker" in line for line in alone[:2])


def test_a_mark_without_room_above_is_on_the_axis() -> None:
    crowd = [Mark(300.0, "✗ worker", 0), Mark(301.0, "■ stop", 0), Mark(302.0, "‖ pause", 2)]
    lines = text_of(*crowd)
    assert ["✗ worker" in lines[0], "■ stop" in lines[1], "‖" in lines[-2]] == [True, True, True]


def test_marks_hide_no_data() -> None:
    low = 6
    with_words = text_of(Mark(300.0, "▲+10", 1), Mark(301.0, "‖ pause", 2), height=low)
    without = text_of(height=low)
    hidden = [
        (before, after)
        for old, new in zip(without, with_words, strict=True)
        for before, after in zip(old, new, strict=True)
        if before != after and "⠀" < before <= "⣿"
    ]
    assert hidden == []
    assert without != with_words


def test_quiet_marks_are_of_the_plan() -> None:
    cells = drawn(Mark(300.0, "│2", 4, quiet=True), Mark(400.0, "▲+10", 1))[0]
    roles = {char: role for text, role in cells for char in text}
    assert roles["│"] == roles["2"] == AXIS
    assert roles["▲"] == "mark"


def test_a_run_full_of_events_shows_the_worst_of_them() -> None:
    events = [
        *(EventRow(float(at), "vus", f"VUs {at} → {at + 10}", at, 0.1) for at in range(5, 230, 9)),
        EventRow(120.5, "worker-lost", "worker 1 was lost", 120),
        *(EventRow(float(at), "note", "again", at) for at in range(5, 230, 7)),
    ]
    for size in ((80, 14), (58, 9), (36, 8)):
        lines = lines_of(VusChart, replace(running(240), events=tuple(events)), size)
        assert any("✗" in line for line in (*lines[:2], lines[-2]))


def test_the_cap_of_old_is_known_from_its_changes() -> None:
    events = [
        EventRow(10.0, "vus", "most VUs 20 → 50"),
        EventRow(30.0, "vus", "checkout: most VUs 10 → 5; most VUs 50 → 60"),
        EventRow(40.0, "vus", "VUs 3 → 9"),
    ]
    assert caps(events, 65, 0.0, 60.0) == [
        (0.0, 30.0),
        (10.0, 30.0),
        (10.0, 60.0),
        (30.0, 60.0),
        (30.0, 55.0),
        (30.0, 55.0),
        (30.0, 65.0),
        (60.0, 65.0),
    ]
    assert caps(events, 65, 35.0, 60.0) == [(35.0, 65.0), (60.0, 65.0)]
    assert caps([], 7, 0.0, 60.0) == [(0.0, 7.0), (60.0, 7.0)]
