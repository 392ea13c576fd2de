"""Undo: after a change and its undo the load is, and will be, what it would have been without both."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmsperf_tui.plan.units import NS_PER_S as S
from dmsperf_tui.run.commands import (
    COMMAND,
    Extend,
    HoldLevel,
    Pause,
    Preview,
    Release,
    Resume,
    Scale,
    SetRate,
    SetVus,
    Skip,
    Steered,
    Undo,
    Weights,
)
from dmsperf_tui.run.snapshot import RunState
from dmsperf_tui.run.undo import MOST_KEPT
from tests.run_pure.steered import AtHelm
from tests.run_pure.test_control import CLOSED, FLOW, ITERATIONS, MIX, OPEN

SLOPE = [{"duration": "60s", "target": 60}]
LINES: dict[str, dict[str, Any]] = {
    "ramping-vus": {"start_vus": 0, "stages": SLOPE},
    "ramping-arrival-rate": {"start_rate": 1, "stages": SLOPE, "pre_allocated_vus": 5, "max_vus": 20},
}


def one(executor: str, at_s: float = 10.0, **options: Any) -> AtHelm:
    spec = {"executor": executor, **FLOW, **{**CLOSED, **ITERATIONS, **OPEN}[executor], **options}
    return AtHelm({"w": spec}, at_s, max_duration="8h")


def test_each_change_goes_back_to_what_held_before_it() -> None:
    at = one("constant-vus")
    assert at.says(Undo()) == "✗ there is nothing to undo: no change of the load that is under way"
    at.says(SetVus(amount=40))
    at.says(SetVus(amount=50))
    at.says(Scale(factor=3))
    at.says(HoldLevel())
    at.says(Release())
    told = [at.says(Undo()) for _ in range(5)]
    assert told == [
        "undo: VUs 10 → 30",
        "undo: VUs 30 → 3 times the plan (30)",
        "undo: VUs 30 → 50",
        "undo: VUs 50 → 40",
        "undo: VUs 40 → plan (10)",
    ]
    assert not at.run.steering["w"].by_hand
    assert "nothing to undo" in at.says(Undo())


def test_an_undo_is_an_event_that_the_workers_acknowledge_and_that_opens_a_segment() -> None:
    at = one("constant-vus")
    at.ns = 3 * S
    at.says(SetVus(amount=20))
    at.ns = 9 * S
    at.says(Undo())
    event = at.run.events[-1]
    assert (event.kind, event.text, event.applied_s) == ("undo", "undo: VUs 20 → plan (10)", None)
    assert [segment.why for segment in at.run.timeline.segments][-1] == event.text
    at.crew.acknowledge(at.run)
    assert at.run.events[-1].applied_s is not None


def test_a_ramp_that_was_under_way_goes_on_where_it_would_be() -> None:
    at = one("constant-arrival-rate")
    at.says(SetRate(amount=110, over_s=10))
    at.ns += 4 * S
    at.says(SetRate(amount=5))
    at.ns += 2 * S
    assert at.says(Undo()) == "undo: rate 5/s → 110/s over 4 s"
    assert [at.level(after_s=s) for s in (0, 2, 4, 9)] == pytest.approx([70, 90, 110, 110])
    assert at.says(Undo()) == "undo: rate 110/s → plan (10/s)"


def test_after_an_undo_a_change_goes_back_to_what_the_undo_left() -> None:
    at = one("ramping-vus")
    at.says(SetVus(amount=40))
    at.says(Undo())
    at.says(SetVus(amount=50))
    assert at.says(Undo()) == "undo: VUs 50 → plan (20)"
    at.ns += 5 * S
    assert at.level() == 30, "the plan goes on"


def test_cap_and_shares_go_back() -> None:
    at = one("constant-arrival-rate")
    at.says(SetVus(amount=33))
    assert at.says(Undo()) == "undo: most VUs 33 → 20"
    assert at.run.max_vus["w"] == 20
    mix = AtHelm({"w": {"executor": "constant-vus", **MIX, **CLOSED["constant-vus"]}})
    mix.says(Weights(weights={"write": 80}))
    assert mix.says(Undo()) == "undo: shares read 80%, write 20%"
    assert mix.run.weights["w"] == {"read": 80, "write": 20}


def test_a_skip_cannot_be_undone_and_nothing_before_it_either() -> None:
    at = one("ramping-vus")
    at.says(SetVus(amount=5))
    at.says(Skip())
    for _ in range(2):
        assert at.says(Undo()).startswith("✗ a skip cannot be undone (skip to stage 2/3")
    assert at.level() == 5
    at.says(SetVus(amount=7))
    assert at.says(Undo()) == "undo: VUs 7 → 5", "what came after it can"


@pytest.mark.parametrize("executor", [*CLOSED, *ITERATIONS, *OPEN])
def test_an_extension_is_taken_back_until_the_former_end_has_come(executor: str) -> None:
    at = one(executor)
    at.says(Extend(by_s=30))
    at.ns = 40 * S
    assert at.says(Undo()) == "undo: not extended, to 1m"
    assert at.run.info.planned_s == 60
    at.says(Extend(by_s=30))
    at.ns = 61 * S
    assert at.says(Undo()) == (
        "✗ the extension cannot be undone: the plan's former end, 1m, has passed; stop ends the run"
    )


def test_a_stage_that_was_stretched_is_again_where_the_plan_has_it() -> None:
    rise = [{"duration": "60s", "target": 100}]
    at = one("ramping-vus", start_vus=0, stages=rise)
    worker = at.crew.worker(at.run)
    at.says(Extend(by_s=60))
    at.says(Extend(by_s=30))
    at.ns = 40 * S
    assert at.level() == 34
    at.says(Undo())
    assert at.says(Undo()) == "undo: not extended, to 1m"
    at.crew.feed(worker)
    assert [at.level(after_s=s) for s in (0, 10, 20)] == [66, 83, 100]
    assert [worker.level(at.ns + s * S) for s in (0, 10, 20)] == [66, 83, 100]


def test_of_workloads_that_have_ended_nothing_is_left_to_undo() -> None:
    users = {**FLOW, "executor": "constant-vus", "vus": 10}
    at = AtHelm({"short": {**users, "duration": "20s"}, "long": {**users, "duration": "60s"}})
    at.says(SetVus(amount=20, workload="long"))
    at.says(SetVus(amount=30, workload="short"))
    at.says(Scale(factor=2))
    at.ns = 30 * S
    assert at.says(Undo()) == "undo: long: VUs 20 → 20"
    assert at.says(Undo()) == "undo: long: VUs 20 → plan (10)", "short's own change is passed over"


def test_a_pause_is_not_undone_and_a_paused_run_can_be_undone() -> None:
    at = one("constant-vus")
    at.says(SetVus(amount=20))
    at.says(Pause())
    assert at.says(Undo()) == "undo: VUs 20 → plan (10)"
    assert at.run.state is RunState.PAUSING
    at.says(Resume())
    assert "nothing to undo" in at.says(Undo())


def test_a_preview_says_the_same_as_the_change_and_does_nothing() -> None:
    at = one("constant-vus")
    at.says(SetVus(amount=20))
    changes: tuple[Any, ...] = (SetVus(amount=30, over_s=5), Scale(factor=2), Extend(by_s=9), Undo())
    for change in changes:
        level, events = at.level(after_s=9), len(at.run.events)
        said = at.says(Preview(change=change))
        assert (at.level(after_s=9), len(at.run.events), len(at.crew.sent)) == (level, events, 1)
        assert at.says(change) == said
        at.says(Undo())
        at.says(SetVus(amount=20))
        at.crew.sent[1:] = []
    refused = at.helm.obey(Preview(change=SetRate(amount=5)))
    assert not refused.ok
    assert "there is no rate to set" in refused.text


def test_undo_and_preview_have_their_words_on_the_wire() -> None:
    assert COMMAND.validate_json('{"command": "undo"}') == Undo()
    line = '{"command": "preview", "change": {"command": "vus", "amount": 5}}'
    assert COMMAND.validate_json(line) == Preview(change=SetVus(amount=5))


def test_so_many_changes_are_kept_and_no_more() -> None:
    at = one("constant-vus")
    for vus in range(MOST_KEPT + 5):
        at.says(SetVus(amount=vus))
    told = [at.says(Undo()) for _ in range(MOST_KEPT + 1)]
    assert told[-2] == "undo: VUs 5 → 4"
    assert "nothing to undo" in told[-1]


# --- anything, in any order ----------------------------------------------------------------------

steps = st.lists(
    st.tuples(
        st.sampled_from(["set", "set", "hold", "scale", "release", "extend", "skip", "undo", "undo"]),
        st.integers(0, 60),
        st.integers(0, 6),
        st.sampled_from([0, 0, 1, 3, 10]),
    ),
    min_size=1,
    max_size=8,
)


def command_of(name: str, number: int, over_s: int, *, whole: bool) -> Steered | Undo:
    match name:
        case "set":
            kind = SetVus if whole else SetRate
            return kind(amount=number, over_s=over_s)
        case "hold":
            return HoldLevel()
        case "scale":
            return Scale(factor=number / 20, over_s=over_s)
        case "release":
            return Release(over_s=over_s)
        case "undo":
            return Undo()
        case "skip":
            return Skip(stage=1 + number % 3)
        case _:
            return Extend(by_s=number + 1)


AHEAD_S = (0, 0.5, 1, 3, 7, 12, 30, 100, 200)


@settings(max_examples=80, deadline=None)
@given(
    steps=steps, later_s=st.integers(0, 8), executor=st.sampled_from(["ramping-vus", "ramping-arrival-rate"])
)
def test_a_change_and_its_undo_leave_no_trace(
    steps: list[tuple[str, int, int, int]], later_s: int, executor: str
) -> None:
    """Twins that are told alike; one is told a last change more, and to undo it `later_s` after that."""
    whole = executor == "ramping-vus"
    at, twin = one(executor), one(executor)
    *before, last = [(command_of(n, v, o, whole=whole), after_s) for n, v, after_s, o in steps]
    for command, after_s in before:
        for each in (at, twin):
            each.ns += after_s * S
            each.says(command)
    for each in (at, twin):
        each.ns += last[1] * S
    command = last[0]
    if isinstance(command, Undo) or at.says(command).startswith("✗"):
        return
    for each in (at, twin):
        each.ns += later_s * S
    said = at.says(Undo())
    if isinstance(command, Skip):
        assert "a skip cannot be undone" in said
        return
    if said.startswith("✗"):
        # Its workload has ended by now, or would have without an extension.
        assert not twin.run.active(twin.run.config.plan.workloads[0])
        return
    mine, other = at.run.steering["w"], twin.run.steering["w"]
    assert (mine.end_ns, mine.by_hand, mine.factor) == (other.end_ns, other.by_hand, other.factor)
    # A ramp that goes on is a line from a whole number of VUs: it may be one beside the one before.
    near = (1 + mine.factor) if whole else 1e-6
    for ahead_s in AHEAD_S:
        assert at.level(after_s=ahead_s) == pytest.approx(twin.level(after_s=ahead_s), abs=near, rel=1e-9)
        there = at.ns + round(ahead_s * S)
        assert mine.plan_level(there) == pytest.approx(other.plan_level(there), abs=near, rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(steps=steps, executor=st.sampled_from(["constant-vus", "constant-arrival-rate"]))
def test_undone_one_by_one_the_plan_is_left(steps: list[tuple[str, int, int, int]], executor: str) -> None:
    whole = executor == "constant-vus"
    at = one(executor)
    done = 0
    for name, value, after_s, over_s in steps:
        at.ns += after_s * S // 4
        if name not in ("skip", "undo"):
            done += not at.says(command_of(name, value, over_s, whole=whole)).startswith("✗")
    for _ in range(done):
        assert at.says(Undo()).startswith("undo: ")
    steering = at.run.steering["w"]
    assert (steering.by_hand, steering.factor, at.run.info.planned_s) == (False, 1.0, 60)
    assert at.level(after_s=15) == at.level(after_s=30) == 10


@pytest.mark.parametrize("executor", LINES)
def test_workers_come_to_the_same_level_as_the_host(executor: str) -> None:
    """They are fed the messages alone."""
    at = one(executor, **LINES[executor])
    worker = at.crew.worker(at.run)
    for command in (Scale(factor=2, over_s=20), Extend(by_s=20), Undo(), Release(), Undo(), Undo()):
        at.ns += 3 * S
        at.says(command)
    at.crew.feed(worker)
    assert [worker.level(at.ns + s * S) for s in AHEAD_S[3:]] == [at.level(after_s=s) for s in AHEAD_S[3:]]
