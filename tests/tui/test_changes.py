"""What is said of a change of load: pending, reached, and its effect by whole seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from dmsperf_tui.run.snapshot import EventRow, RunSnapshot, RunState
from dmsperf_tui.tui.changes import (
    LEAST_S,
    Effect,
    Means,
    effect,
    newest,
    no_effect_yet,
    pending,
    ramp_s,
    reached,
)
from dmsperf_tui.tui.panel import View
from dmsperf_tui.tui.phases import Phase
from dmsperf_tui.tui.steer import change_line, effect_line, together_line
from dmsperf_tui.tui.timeline import Timeline
from tests.tui.fake_open import mixed, open_row, open_running
from tests.tui.fakes import row, running

START = EventRow(0.0, "start", "load starts", 0)
CHANGE = EventRow(20.4, "vus", "VUs 38 → 48", 20, 0.6)


def timeline(rates: Sequence[float | None], p95: Sequence[float | None] | None = None) -> Timeline:
    """A second for each rate; None: it was paused."""
    made = Timeline()
    made.extend(
        replace(
            row(second),
            requests=int(rate or 0),
            running=rate is not None,
            p95_ms=p95[second] if p95 else 50.0,
            vus=38,
            target=38,
        )
        for second, rate in enumerate(rates)
    )
    return made


def test_the_seconds_before_are_set_against_those_since() -> None:
    # The 21st second has something of both, and what was not acknowledged until 21.0 does not count either.
    rates = [100.0] * 10 + [400.0] * 10 + [9_999.0] + [540.0] * 4
    p95 = [1.0] * 10 + [180.0, 183.0, 190.0, *[183.0] * 7] + [9_999.0] + [240.0, 250.0, 230.0, 240.0]
    found = effect(timeline(rates, p95), (START, CHANGE), CHANGE)
    assert found == Effect(Means(400.0, 183.0), Means(540.0, 240.0))
    assert found.text == "req/s 400 → 540   p95 183 → 240 ms"


@pytest.mark.parametrize(
    ("before", "since", "told"), [(LEAST_S, LEAST_S, True), (LEAST_S - 1, 9, False), (9, LEAST_S - 1, False)]
)
def test_fewer_than_three_seconds_on_a_side_tell_nothing(before: int, since: int, told: bool) -> None:
    change = replace(CHANGE, at_s=before + 0.1, applied_s=0.1)
    rates = [400.0] * before + [0.0] + [500.0] * since
    assert (effect(timeline(rates), (START, change), change) is not None) is told


def test_a_ramp_and_a_burst_and_a_pause_are_on_neither_side() -> None:
    ramp = replace(CHANGE, text="VUs 38 → 48 over 4 s")
    assert ramp_s(ramp) == 4
    rates = [400.0] * 20 + [450.0] * 5 + [600.0] * 3
    found = effect(timeline(rates), (START, ramp), ramp)
    assert found is not None
    assert (found.before.rate, found.since.rate) == (400, 600)
    # Keys pressed one after the other are one change.
    burst = [replace(CHANGE, at_s=20.4 + step, text=f"VUs {38 + step} → {39 + step}") for step in range(3)]
    found = effect(timeline([400.0] * 20 + [1.0] * 3 + [600.0] * 3), (START, *burst), burst[-1])
    assert found is not None
    assert (found.before.rate, found.since.rate) == (400, 600)
    # Before it only what came after the change before, and no second of a pause.
    earlier = replace(CHANGE, at_s=12.0)
    rates2 = [100.0] * 13 + [400.0] * 3 + [None] * 2 + [400.0] * 2 + [0.0] + [600.0, None, 600.0, 600.0]
    found = effect(timeline(rates2), (START, earlier, CHANGE), CHANGE)
    assert found is not None
    assert (found.before.rate, found.since.rate) == (400, 600)
    stopped = EventRow(24.0, "stop", "stop", 24)
    assert effect(timeline(rates2), (START, CHANGE, stopped), CHANGE) is None, "what follows has two causes"


def test_of_a_rate_the_response_time_counts() -> None:
    made = Timeline()
    made.extend(open_row(second) for second in range(190))
    change = open_running(190).events[1]
    found = effect(made, open_running(190).events, change, response=True)
    service = effect(made, open_running(190).events, change)
    assert found is not None
    assert service is not None
    newest = sorted(value or 0 for value in made.r95[-10:])
    assert found.since.p95_ms == pytest.approx((newest[4] + newest[5]) / 2)
    assert (service.since.p95_ms or 0) < newest[0]


# --- how far it has come -------------------------------------------------------------------------


def with_vus(vus: int, target: int, heading: int, **more: object) -> RunSnapshot:
    rows = tuple(replace(each, vus=vus, target=target, active=True) for each in running().workloads)
    changed = replace(running(), workloads=rows, target=target, heading=heading, vus=vus)
    return replace(changed, **more)  # type: ignore[arg-type]


def climbing(*vus: int, target: int = 48) -> Timeline:
    made = Timeline()
    made.extend(replace(row(at), vus=there, target=target) for at, there in enumerate(vus, start=18))
    return made


def test_users_are_there_when_as_many_are_there_as_were_asked_for() -> None:
    made = climbing(38, 38, 38, 42, 48, 48)
    assert reached(made, with_vus(42, 48, 48), CHANGE) == "42 of 48 there"
    assert reached(made, with_vus(42, 42, 48), CHANGE) == "42 of 48 there", "on a ramp"
    assert reached(made, with_vus(51, 48, 48), CHANGE) == "3 more to finish"
    assert reached(made, with_vus(48, 48, 48), CHANGE) == "there within 3 s"


def test_a_rate_is_there_when_the_starts_are() -> None:
    snapshot = open_running(160)
    change = snapshot.events[-1]
    made = Timeline()
    made.extend(replace(open_row(second), starts=200 if second > 151 else 120) for second in range(160))
    assert reached(made, snapshot, change) == "there within 3 s"
    slow = Timeline()
    slow.extend(replace(open_row(second), starts=120) for second in range(160))
    assert reached(slow, snapshot, change) == "120 of 200/s there"


def test_a_ramp_of_a_rate_is_not_there_before_its_end() -> None:
    change = EventRow(150.4, "rate", "rate 100/s → 200/s over 10 s", 150, 0.03)

    def says(second: int, change: EventRow = change, pause: int = 0) -> str:
        """What is said once second `second` is over; the target climbs by ten a second."""
        made = Timeline()
        for at in range(second + 1):
            level = min(200, max(100, 10 * (at - pause - 150) + 100))
            idle = 155 <= at < 155 + pause
            made.extend([replace(open_row(at), starts=level, target_rate=float(level), running=not idle)])
        aim = made.target_rate[-1] or 0.0
        return reached(made, replace(open_running(second + 1), target_rate=aim), change)

    assert says(151) == "110 of 200/s there"
    assert says(160) == "200 of 200/s there", "its end is not shown by a whole second yet"
    assert says(161) == "there within 12 s"
    assert says(164, pause=4) == "200 of 200/s there", "a pause puts the end off"
    double = replace(change, kind="scale", text="rate 100/s → 2 times the plan (200/s) over 10 s")
    assert says(152, double) == "120 of 200/s there"
    back = replace(change, kind="release", text="rate 100/s → plan (150/s) over 10 s")
    assert says(152, back) == "120 of 150/s there"


def test_of_one_workload_among_several_only_its_own_users_count() -> None:
    both = mixed()
    change = EventRow(200.0, "vus", "browse: VUs 38 → 60", 200, 0.2)
    browse = replace(both.workloads[0], vus=40, target=60)
    made = climbing(1, 2)
    assert reached(made, replace(both, workloads=(browse, both.workloads[1])), change) == "40 of 60 there"
    ramp = replace(change, at_s=18.0, text="browse: VUs 38 → 60 over 10 s")
    moving = replace(browse, vus=40, target=40)
    assert reached(made, replace(both, workloads=(moving, both.workloads[1])), ramp) == "40 of 60 there"
    rate = replace(change, kind="rate", text="checkout: rate 0.5/s → 1/s")
    assert reached(made, both, rate) == "", "the seconds know the starts of all together alone"


@pytest.mark.parametrize(
    "event",
    [
        EventRow(9.0, "note", "gc", 9),
        EventRow(9.0, "weights", "shares read 50%, write 50%", 9, 0.1),
        EventRow(9.0, "vus", "most VUs 20 → 30", 9, 0.1),
    ],
    ids=lambda event: event.kind,
)
def test_what_has_no_level_is_never_there(event: EventRow) -> None:
    assert reached(climbing(1, 2), with_vus(1, 2, 2), event) == ""


def test_a_change_is_of_the_workload_that_it_names_whole() -> None:
    load, reload, more = (
        replace(running().workloads[0], name=name, active=True) for name in ("load", "reload", "x")
    )
    snapshot = replace(
        running(),
        workloads=(
            replace(load, vus=1, target=1),
            replace(reload, vus=2, target=9),
            replace(more, vus=5, target=7),
        ),
    )
    for text, says in (
        ("reload: VUs 1 → 9", "2 of 9 there"),
        ("load: VUs 3 → 1", "there"),
        ("undo: load: VUs 3 → 1; reload: VUs 1 → 9", "3 of 10 there"),
    ):
        kind = "undo" if text.startswith("undo") else "vus"
        assert reached(climbing(1, 2), snapshot, EventRow(9.0, kind, text, 9, 0.1)) == says


# --- in words ------------------------------------------------------------------------------------


def test_the_newest_change_is_told_with_those_that_are_pending() -> None:
    asked = EventRow(21.5, "rate", "orders: rate 10/s → 20/s", 21)
    events = (START, replace(CHANGE, applied_s=None), asked)
    assert pending(events) == [events[1], asked]
    snapshot = replace(running(), events=events)
    assert change_line(asked, snapshot, None, 90).plain == (
        "00:21  orders: rate 10/s → 20/s  … being applied (+1 pending)"
    )
    done = replace(running(), events=(START, events[1], replace(asked, applied_s=0.4)))
    assert change_line(done.events[-1], done, None, 90).plain.endswith("✓ applied in 0.4 s (+1 pending)")
    one = change_line(asked, snapshot, None, 40).plain
    assert len(one) <= 40
    assert one.endswith("  … (+1 pending)")


def test_a_note_is_told_for_a_while_and_then_the_change_again() -> None:
    note = EventRow(21.0, "note", "gc", 21)
    made = timeline([400.0] * 25)
    assert newest(made, (START, CHANGE, note)) is note
    assert newest(timeline([400.0] * 40), (START, CHANGE, note)) is CHANGE
    assert newest(timeline([400.0] * 40), (START, note)) is note, "there is nothing else to tell"
    assert newest(made, (START,)) is None


def test_the_line_of_effects_says_how_far_it_is_and_what_it_did() -> None:
    rates = [400.0] * 20 + [450.0] + [600.0] * 5

    def line(change: EventRow, rates: list[float], width: int = 90) -> str:
        snapshot = with_vus(38, 38, 38, events=(START, change), state=RunState.RUNNING)
        return effect_line(change, View(timeline(rates), snapshot, Phase.RUNNING), width).plain.strip()

    assert line(CHANGE, rates) == "there within 1 s   req/s 400 → 600   p95 50 → 50 ms"
    assert line(CHANGE, rates, 40) == "req/s 400 → 600   p95 50 → 50 ms", "what it did counts for more"
    assert line(CHANGE, rates[:22]) == "there within 1 s   what it does is told after 3 whole seconds"
    assert line(EventRow(20.0, "note", "gc", 20), rates) == ""


def test_when_the_effect_is_told_is_said_as_long_as_it_will_be() -> None:
    def says(change: EventRow, seconds: int, *before: EventRow) -> str:
        return no_effect_yet(timeline([400.0] * seconds), (START, *before, change), change)

    after = f"what it does is told after {LEAST_S} whole seconds"
    scaled = EventRow(20.4, "scale", "VUs 38 → 2 times the plan (76)", 20, 0.6)
    assert [says(scaled, at) for at in (21, 23, 24)] == [after, after, ""]
    slow = replace(scaled, applied_s=4.0)
    assert [says(slow, at) for at in (27, 28)] == [after, ""], "it counts from when all had it"
    ramp = replace(scaled, text="VUs 38 → 2 times the plan (76) over 10 s")
    assert says(ramp, 30) == f"{after} at its level"
    # Too soon after another: the seconds between them are too few for ever.
    short = "too few seconds before it to tell what it does"
    assert [says(scaled, at, replace(CHANGE, at_s=17.4)) for at in (22, 27, 31)] == [short, short, ""]
    assert effect(timeline([400.0] * 40), (replace(CHANGE, at_s=17.4), scaled), scaled) is None


def test_workloads_together_in_one_line() -> None:
    snapshot = replace(mixed(), waiting=3)
    words = together_line(snapshot, 100).plain
    assert words.startswith("all 2 workloads   VUs 48 → 48   rate 0.5/s   ▲ 2 by hand")
    assert words.endswith("3 waiting   g goes through them")
    assert len(together_line(snapshot, 30).plain) <= 30
