"""The run's frame as pure functions: where panels stand, what the header, the notice and the strip say."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from dmsperf_tui.run.snapshot import HealthRow, RunSnapshot, RunState
from dmsperf_tui.tui.figures import Figures
from dmsperf_tui.tui.header import Identity, left_words
from dmsperf_tui.tui.layout import PANELS, layout_of, panels_of
from dmsperf_tui.tui.notice import notices
from dmsperf_tui.tui.outcome import farewell
from dmsperf_tui.tui.phases import Phase
from dmsperf_tui.tui.strip import Name, strip_line
from dmsperf_tui.tui.wording import JUDGED, LOST, STATES, VERDICTS, WARMING_UP, cut_apart
from tests.tui.fake_list import entities, loading
from tests.tui.fake_open import mixed, open_running
from tests.tui.fakes import ended, preparing, running

SIZES = [(220, 60), (160, 50), (120, 40), (100, 30), (80, 24), (40, 12), (20, 5)]
WIDTHS = [20, 30, 40, 60, 80, 100, 120, 160, 220]
PAUSED = replace(running(), state=RunState.PAUSED)
RUNS = {
    "closed": running(),
    "open": open_running(),
    "mixed": mixed(),
    "list": loading(),
    "preparing": preparing(),
    "ended": ended(),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("lists", [False, True])
@pytest.mark.parametrize("rates", [False, True])
@pytest.mark.parametrize("objectives", [False, True])
def test_each_panel_has_one_place_at_most_and_no_place_is_empty(
    size: tuple[int, int], lists: bool, rates: bool, objectives: bool
) -> None:
    there = panels_of(*size, lists=lists, rates=rates, by_rate=rates, objectives=objectives)
    without = (set() if lists else {"entities"}) | (set() if rates else {"rate"})
    without |= set() if objectives else {"objectives"}
    assert sorted(there) == sorted(set(PANELS) - without)
    for zoomed in (False, True):
        layout = layout_of(*size, there, zoomed=zoomed)
        placed = [name for place in layout.places for name in place.panels]
        assert len(placed) == len(set(placed))
        assert all(place.panels for place in layout.places)
        columns = 0
        for place in layout.places:
            columns += place.columns
            assert columns <= layout.columns
            columns %= layout.columns
        assert columns == 0


def test_what_a_run_is_about_comes_first() -> None:
    found = partial(panels_of, objectives=True)
    assert found(80, 24, lists=True, rates=False, by_rate=False)[0] == "entities"
    assert found(120, 40, lists=True, rates=False, by_rate=False)[0] == "vus"
    assert found(80, 24, lists=False, rates=True, by_rate=True)[:2] == ["rate", "vus"]
    places = layout_of(120, 40, found(120, 40, lists=False, rates=True, by_rate=True)).places
    assert places[0].panels == ("rate", "vus")
    assert places[3].panels == ("thresholds", "objectives", "checks", "environment")


def said(snapshot: RunSnapshot, width: int, *, lost: bool = False) -> str:
    """The header's first line as it stands there."""
    line = Identity.fitting(snapshot, width - 2, lost=lost)
    parts = (line.state, line.clock, line.what, line.verdict)
    gap = 2 if width >= 112 else 1
    used = line.state.cell_length + gap + line.clock.cell_length
    used += gap + line.what.cell_length if line.what else 0
    used += gap * (not line.what) + 1 + line.verdict.cell_length if line.verdict else 0
    assert used <= width - 2, [part.plain for part in parts]
    return "|".join(part.plain.strip() for part in parts)


@pytest.mark.parametrize("kind", list(RUNS))
@pytest.mark.parametrize("width", WIDTHS)
def test_the_header_fits_every_width(kind: str, width: int) -> None:
    snapshot = RUNS[kind]
    far = replace(snapshot, elapsed_s=30_000.0, info=replace(snapshot.info, planned_s=36_000.0))
    for each in (snapshot, far, replace(far, info=replace(far.info, insecure=True, speedup=30))):
        line = said(each, width)
        assert "RUNNING" in line or kind in ("preparing", "ended")
        figures = Figures().line(each, 100.0, width - 2, wide=width >= 112)
        assert figures.cell_length <= width - 2
        if width >= 80:
            assert each.health.verdict in line
            assert "left" in line or "eta" in line or each.state.over
            for word in ("req/s", "p95", "err", "✗" if each.thresholds and kind != "ended" else ""):
                assert word in figures.plain
    if width >= 80:
        assert "INSECURE" in said(replace(snapshot, info=replace(snapshot.info, insecure=True)), width)


def test_the_header_says_what_is_left_and_where_the_end_is_a_limit() -> None:
    assert said(running(), 80).split("|")[:2] == ["● RUNNING", "04:12/23:00 18:48 left"]
    assert said(PAUSED, 80).split("|")[:2] == ["‖ PAUSED", "04:12/23:00 18:48 left"]
    assert said(running(), 120).split("|")[1] == "04:12 / 23:00  18:48 left"
    longer = replace(running(), info=replace(running().info, planned_s=1500.0))
    assert left_words(longer, wide=True) == "20:48 left"
    counted = replace(running(), workloads=(replace(running().workloads[0], executor="shared-iterations"),))
    assert left_words(counted, wide=True) == "at most 18:48 left"
    assert left_words(counted, wide=False) == "≤18:48 left"
    assert left_words(loading(), wide=False) == "eta 29:20"
    assert left_words(loading(replace(entities(), eta_s=None)), wide=False) == "eta -    "
    assert left_words(replace(running(1500), elapsed_s=1500.0), wide=False) == "00:00 left"
    assert left_words(ended(), wide=True) == ""
    assert "left" not in said(running(), 80, lost=True)


def test_nothing_in_the_header_jumps_as_a_run_goes_on() -> None:
    for width in (80, 120):
        wide = width >= 112
        places = set()
        figures = Figures()
        for elapsed in (1, 9, 61, 252, 1379):
            line = Identity.fitting(running(elapsed), width - 2, lost=False)
            words = figures.line(replace(running(elapsed), rate=float(elapsed)), None, width - 2, wide=wide)
            places.add((line.state.cell_length, line.clock.cell_length, words.plain.index("p95")))
        assert len(places) == 1


def test_the_gravest_is_noticed_first() -> None:
    health = HealthRow(
        "suspect",
        ("worker 2 was lost",),
        findings=("browse is a closed loop: ...", "rate limiting: 812 requests were answered 429"),
    )
    info = replace(running().info, insecure=True)
    lines = [line.plain for line in notices(replace(running(), health=health, info=info), errors=True)]
    assert lines[:4] == [
        "▲ suspect: worker 2 was lost",
        "▲ rate limiting: 812 requests were answered 429",
        "▲ browse is a closed loop: ...",
        "✗ 29 × POST studentSchoolAssociations  409  04:08  unresolved-reference: the student [/ref] does not"
        " exist",
    ]
    assert lines[-1] == "▲ INSECURE TLS: certificates are not verified"
    assert [line.plain for line in notices(running())] == []
    lost = replace(running(), health=HealthRow(workers=4, workers_alive=3))
    assert [line.plain for line in notices(lost)] == ["✗ 1 of 4 workers lost"]


def test_a_run_that_was_rate_limited_has_not_just_passed() -> None:
    limited = replace(ended(), health=HealthRow(findings=("rate limiting: 812 requests ...",)))
    assert farewell(limited, Phase.OVER).startswith("passed, 1 finding; record: ")
    assert farewell(ended(), Phase.OVER).startswith("passed; record: ")


def test_a_state_is_never_told_by_its_colour_alone() -> None:
    for tones in ([*STATES.values(), LOST, WARMING_UP], list(VERDICTS.values())):
        words = [(tone.glyph, tone.word) for tone in tones]
        assert len(words) == len(set(words))
        assert all(glyph.strip() and word for glyph, word in words)
    assert len({glyph for glyph, _ in JUDGED.values()}) == len(JUDGED)


def names(current: str, **badges: str) -> list[Name]:
    words = {"throughput": "Req/s", "environment": "Env", "vus": "VUs"}
    return [
        Name(
            panel,
            words.get(panel, panel.title()),
            panel[:3].title(),
            badges.get(panel, ""),
            panel == current,
            False,
        )
        for panel in PANELS
    ]


@pytest.mark.parametrize("width", [14, 20, 40, 60, 78, 118])
@pytest.mark.parametrize("current", ["vus", "failures", "environment"])
def test_the_strip_has_the_current_name_whole_and_a_badge_whatever_the_width(
    current: str, width: int
) -> None:
    line = strip_line(names(current, errors="✗31"), width)
    assert line.cell_length <= width
    whole = next(name.word for name in names(current) if name.here)
    assert f" {whole} " in line.plain
    if width >= 20:
        assert "✗31" in line.plain
    if width >= 78:
        assert "›" not in line.plain
        assert "‹" not in line.plain
    if width >= 118:
        assert all(name.word in line.plain for name in names(current))


def test_names_that_are_cut_do_not_look_alike() -> None:
    alike = [
        "POST studentSchoolAssociations",
        "POST studentSectionAssociations",
        "POST students",
        "staffEducationOrganizationAssignmentAssociations",
        "staffEducationOrganizationEmploymentAssociations",
    ]
    for width in (10, 12, 16, 20, 24, 28, 40, 60):
        cut = cut_apart(alike, width)
        assert len(set(cut.values())) == len(alike), width
        assert all(len(short) <= width for short in cut.values())
    assert cut_apart(alike, 20)["POST studentSchoolAssociations"] == "POST …SchoolAssocia…"
