"""The control matrix of the design, cell by cell: each command for each kind of executor, by key and by name.

The run at the other end obeys or refuses by the host's own rules; what a cell comes to there is proven by
`tests/run_pure/test_control.py`, and at a server by `tests/e2e/test_matrix_*.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Input

from dmsperf_tui.run.commands import (
    Command,
    Extend,
    HoldLevel,
    Note,
    Pause,
    Release,
    Resume,
    Scale,
    SetRate,
    SetVus,
    Skip,
    Stop,
    Undo,
    Weights,
)
from dmsperf_tui.tui.app import DmsPerfApp
from dmsperf_tui.tui.dialogs import ChooseSkip
from dmsperf_tui.tui.palette import RunCommands
from dmsperf_tui.tui.phases import Phase
from dmsperf_tui.tui.prompts import Prompt
from tests.run_pure.test_control import CLOSED, ITERATIONS, MIX, OPEN
from tests.tui.conftest import until
from tests.tui.fake_host import HostLink
from tests.tui.test_steering import attached

pytestmark = pytest.mark.anyio

KINDS: dict[str, dict[str, Any]] = {
    "VU": {**MIX, "executor": "ramping-vus", **CLOSED["ramping-vus"]},
    "iteration": {**MIX, "executor": "shared-iterations", **ITERATIONS["shared-iterations"]},
    "arrival-rate": {**MIX, "executor": "ramping-arrival-rate", **OPEN["ramping-arrival-rate"]},
}
"""The matrix's columns."""


@dataclass(frozen=True)
class Cell:
    """A key, and what is answered to its question; what is sent (None: nothing), and what the run says."""

    key: str
    sent: Command | None
    says: str = ""
    typed: str = ""
    then: str = ""


def vus(now: int) -> list[Cell]:
    return [
        Cell("v", SetVus(amount=50, over_s=5), f"VUs {now} → 50 over 5 s", typed="50 over 5s"),
        Cell("r", None, "VUs set the load here"),
        Cell("plus", SetVus(amount=1, unit="by"), "VUs 50 → 51"),
    ]


STAGED = [
    Cell("k", Skip(stage=2), "skip to stage 2/3", then="enter"),
    Cell("k", Skip(stage=1), "skip to stage 1/3", then="1 enter"),
]
NOT_AFTER_ALL = [Cell("S", None, then="n"), Cell("A", None, then="n")]
OWN: dict[str, list[Cell]] = {
    "VU": [*vus(20), *STAGED, *NOT_AFTER_ALL, Cell("n", Note(text="gc"), "noted", typed="gc")],
    "iteration": [*vus(10), Cell("k", None, "it has a number of iterations and no stages")],
    "arrival-rate": [
        Cell("v", SetVus(amount=30), "most VUs 20 → 30", typed="30"),
        Cell("r", SetRate(amount=5400, per_s=60, over_s=5), "rate 20/s → 90/s over", typed="5400/m over 5s"),
        Cell("plus", SetRate(amount=1, unit="by"), "rate 90/s → 91/s"),
        *STAGED,
    ],
}
COMMON = [
    Cell("x", Scale(factor=1.5, over_s=2), "1.5 times the plan", typed="1.5 over 2s"),
    Cell("h", HoldLevel(), "held at"),
    Cell("l", Release(), "→ plan"),
    Cell("l", Release(), "the plan holds already"),
    Cell("m", Weights(weights={"read": 1, "write": 1}, workload="w"), "read 50%", typed="read 1, write 1"),
    Cell("t", Extend(by_s=5), "extended by 5s", typed="5s"),
    Cell("u", Undo(), "undo: not extended"),
    Cell("space", Pause(), "pausing"),
    Cell("space", Resume(), "resumed"),
    Cell("S", Stop(), "stop: no iteration starts any more", then="y"),
    Cell("A", Stop(at_once=True), "abort: at once", then="y"),
]


async def do(app: DmsPerfApp, pilot: Pilot[None], link: HostLink, cell: Cell) -> None:
    told = len(link.sent)
    app.clear_notifications()
    await pilot.press(cell.key)
    if cell.typed or cell.then:
        await until(pilot, lambda: isinstance(app.screen, ModalScreen) and app.screen.query(".dialog"))
    if cell.typed:
        assert isinstance(app.screen, Prompt)
        app.screen.query_one(Input).value = cell.typed
        await pilot.press("enter")
    await pilot.press(*cell.then.split())
    await until(pilot, lambda: not isinstance(app.screen, ModalScreen))
    if cell.sent is not None:
        await until(pilot, lambda: len(link.sent) > told)
        assert link.sent[told:] == [cell.sent]
        assert cell.says in link.replies[-1].text
    elif cell.says:
        await until(pilot, lambda: app._notifications)
        assert next(n.message for n in app._notifications).startswith(cell.says)
    # The screen knows what has become of it before the next key.
    await until(pilot, lambda: app.snapshot is not None and app.snapshot.state is link.at.run.state)
    assert len(link.sent) == told + (cell.sent is not None)


async def test_every_cell_is_reached_by_key() -> None:
    first, *others = KINDS
    link = HostLink({"w": KINDS[first]})
    async with attached(link, (40, 12)) as (app, pilot):
        for kind in KINDS:
            if kind in others:
                # Another run for the same screen, as to start one takes longest.
                snapshot = link.begin({"w": KINDS[kind]})
                await until(pilot, lambda at=snapshot: app.snapshot is at and app.phase is Phase.RUNNING)  # type: ignore[misc]
            for cell in (*OWN[kind], *COMMON):
                await do(app, pilot, link, cell)


BY_NAME: dict[str, list[tuple[str, Command | None, str]]] = {
    "VU": [
        ("VUs of {}: 10 % more", SetVus(amount=10, unit="percent", workload="VU"), ""),
        ("VUs of {}: halve", SetVus(amount=-50, unit="percent", workload="VU"), ""),
        ("Virtual users of {}: set", SetVus(amount=9, workload="VU"), "9"),
        ("Skip {}", Skip(stage=2, workload="VU"), "enter"),
    ],
    "iteration": [
        ("VUs of {}: double", SetVus(amount=100, unit="percent", workload="iteration"), ""),
        ("Virtual users of {}: set", SetVus(amount=9, workload="iteration"), "9"),
        ("Skip {}", None, ""),
        ("Rate of {}: set", None, ""),
    ],
    "arrival-rate": [
        ("Rate of {}: 10 % less", SetRate(amount=-10, unit="percent", workload="arrival-rate"), ""),
        ("Rate of {}: set", SetRate(amount=9, workload="arrival-rate"), "9"),
        ("Most virtual users of {}: set", SetVus(amount=9, workload="arrival-rate"), "9"),
        ("Skip {}", Skip(stage=2, workload="arrival-rate"), "enter"),
    ],
}


def common_names(name: str) -> list[tuple[str, Command | None, str]]:
    return [
        (f"Scale {name}", Scale(factor=2, workload=name), "2"),
        (f"Hold {name}", HoldLevel(workload=name), ""),
        (f"Release {name} over 10 s", Release(over_s=10, workload=name), ""),
        (f"Extend {name}", Extend(by_s=5, workload=name), "5s"),
        (f"Mix of {name}", Weights(weights={"read": 1}, workload=name), "read 1"),
    ]


ALL_AT_ONCE: list[tuple[str, Command | None, str]] = [
    ("VUs: 10 % more", SetVus(amount=10, unit="percent"), ""),
    ("Rate: double", SetRate(amount=100, unit="percent"), ""),
    ("Scale: twice the plan", Scale(factor=2), ""),
    ("Release over 30 s", Release(over_s=30), ""),
    ("Pause: Pause the load, or let it go on", Pause(), ""),
]


async def test_every_cell_is_reached_by_name_for_all_workloads_and_for_each() -> None:
    link = HostLink(KINDS)
    async with attached(link, (40, 12)) as (app, pilot):

        async def offers() -> dict[str, Any]:
            return {str(hit.prompt): hit async for hit in RunCommands(app.screen).discover()}

        there = await offers()
        named = [(name.format(kind), sent, typed) for kind in KINDS for name, sent, typed in BY_NAME[kind]]
        assert not [name for kind in KINDS for name, *_ in common_names(kind) if name not in there]
        for name, sent, typed in [*named, *common_names("iteration"), *ALL_AT_ONCE]:
            if sent is None:
                assert name not in there
                continue
            told = len(link.sent)
            await there[name].command()
            if typed == "enter":
                await until(pilot, lambda: isinstance(app.screen, ChooseSkip) and app.screen.query(".dialog"))
                await pilot.press("enter")
            elif typed:
                await until(pilot, lambda: isinstance(app.screen, Prompt) and app.screen.query(Input))
                app.screen.query_one(Input).value = typed
                await pilot.press("enter")
            await until(pilot, lambda told=told: len(link.sent) > told)  # type: ignore[misc]
            await until(pilot, lambda: not isinstance(app.screen, ModalScreen))
            assert link.sent[told:] == [sent], name
            assert link.replies[-1].ok, link.replies[-1].text
            if isinstance(sent, SetRate) and not typed:
                assert any(each.startswith("Undo: arrival-rate: rate ") for each in await offers())
