"""Undo: what takes the newest change of load back, from what held before it.

What was there goes on as if the change had never been: a level that was set is set again, a multiple of the
plan is scaled to, and else the plan holds, each with what is left of its ramp.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dmsperf_tui.plan.scenario import WorkloadPlan
from dmsperf_tui.plan.steering import LevelChange, Steering
from dmsperf_tui.plan.units import NS_PER_S, format_duration
from dmsperf_tui.run.control import (
    RefusedError,
    change_of,
    release_text,
    scale_text,
    set_text,
    shares_text,
)
from dmsperf_tui.run.run import Run

MOST_KEPT = 50
"""Changes that can be taken back, one after the other."""


@dataclass(frozen=True, slots=True)
class _Before:
    """What held of one workload when a change of it came."""

    steering: Steering
    held: LevelChange | None
    """The change that had set its level; None: the plan."""
    most_vus: int | None


@dataclass(frozen=True, slots=True)
class _Done:
    """One change of load as it was made, with what it took the place of."""

    changes: tuple[LevelChange, ...]
    before: dict[str, _Before]
    shares: dict[str, dict[str, float]]
    """Of a mix whose shares were changed: those of before, by workload."""


@dataclass(frozen=True, slots=True)
class Undoing:
    """What to do, in this order."""

    changes: tuple[LevelChange, ...]
    shares: dict[str, dict[str, float]]
    text: str


class History:
    """The changes of one run, newest last. It has one owner, the helm."""

    def __init__(self) -> None:
        self._done: deque[_Done] = deque(maxlen=MOST_KEPT)
        self._held: dict[str, LevelChange] = {}

    def remember(self, run: Run, changes: Sequence[LevelChange]) -> None:
        """These are about to be made, by one command."""
        before = {
            change.workload: _Before(
                # What it has is replaced by a change, never altered.
                copy.copy(run.steering[change.workload]),
                self._held.get(change.workload),
                run.max_vus.get(change.workload),
            )
            for change in changes
        }
        self._done.append(_Done(tuple(changes), before, {}))
        self._hold(changes)

    def remember_shares(self, run: Run, workload: str) -> None:
        """The shares of this workload's mix are about to be changed."""
        self._done.append(_Done((), {}, {workload: dict(run.weights[workload])}))

    def undoing(self, run: Run) -> Undoing:
        """What takes the newest change back now. Raises RefusedError where that cannot be done.

        Of workloads that have ended nothing is left to take back: their changes are passed over.
        """
        active = {plan.name: plan for plan in run.config.plan.workloads if run.active(plan)}
        while self._done:
            done = self._done[-1]
            if active.keys() & (done.before.keys() | done.shares.keys()):
                return _undoing(run, done, active)
            self._done.pop()
        raise RefusedError("there is nothing to undo: no change of the load that is under way")

    def undone(self, undoing: Undoing) -> None:
        """The newest change has been taken back by `undoing`."""
        self._done.pop()
        self._hold(undoing.changes)

    def _hold(self, changes: Sequence[LevelChange]) -> None:
        for change in changes:
            if change.action not in ("skip", "extend", "unextend", "cap"):
                self._held[change.workload] = change


def _undoing(run: Run, done: _Done, active: dict[str, WorkloadPlan]) -> Undoing:
    back: list[LevelChange] = []
    for change in done.changes:
        if (workload := active.get(change.workload)) is None:
            continue
        before = done.before[change.workload]
        match change.action:
            case "cap":
                assert before.most_vus is not None
                text = f"most VUs {run.max_vus[workload.name]} → {before.most_vus}"
                back.append(change_of(run, workload, "cap", before.most_vus, 0, text))
            case "skip":
                raise RefusedError(
                    f"a skip cannot be undone ({change.text}): the stage before was left for good; skip goes "
                    "to any stage by its number, which begins anew"
                )
            case "extend":
                back += _shortened(run, workload, before)
            case _:
                back += _restored(run, workload, before)
    shares = {name: weights for name, weights in done.shares.items() if name in active}
    said = [change.text for change in back if change.text] + [shares_text(each) for each in shares.values()]
    return Undoing(tuple(back), shares, "undo: " + "; ".join(said))


def _shortened(run: Run, workload: WorkloadPlan, before: _Before) -> list[LevelChange]:
    """The plan's rest of before, unless its end has passed, and the ramp that was on its way to it."""
    end_ns = before.steering.end_ns
    ended = format_duration(end_ns / NS_PER_S)
    if run.own_ns(workload) >= end_ns:
        raise RefusedError(
            f"the extension cannot be undone: the plan's former end, {ended}, has passed; stop ends the run"
        )
    back = change_of(run, workload, "unextend", 0, 0, f"not extended, to {ended}")
    following = before.held is not None and before.held.action in ("release", "scale")
    if not following or not _rest_ns(run, workload, before):
        return [back]
    return [back, *(replace(change, text="") for change in _restored(run, workload, before))]


def _rest_ns(run: Run, workload: WorkloadPlan, before: _Before) -> int:
    """What is left of the ramp that was under way."""
    held = before.held
    return max(0, held.elapsed_ns + held.over_ns - run.own_ns(workload)) if held else 0


def _restored(run: Run, workload: WorkloadPlan, before: _Before) -> list[LevelChange]:
    own_ns, held = run.own_ns(workload), before.held
    rest_ns = _rest_ns(run, workload, before)
    over_s = round(rest_ns / NS_PER_S, 1)
    if held is None or held.action == "release":
        back = change_of(run, workload, "release", 0, over_s, release_text(run, workload))
    elif held.action == "scale":
        back = change_of(run, workload, "scale", held.value, over_s, scale_text(run, workload, held.value))
    else:
        level = before.steering.heading(own_ns)
        back = change_of(run, workload, "set", level, over_s, set_text(run, workload, level))
    if not rest_ns:
        return [back]
    # On its way: from where its ramp would be by now.
    there = before.steering.level(own_ns)
    return [
        LevelChange(workload.name, "set", there, 0, own_ns, ""),
        replace(back, over_ns=rest_ns, elapsed_ns=own_ns),
    ]
