"""A run whose load is set by rates, and one of several workloads: what keys steer, and which one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from textual.widgets import Input, OptionList

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.run.commands import Command, HoldLevel, Release, SetRate, SetVus, Skip, Undo, Weights
from dmsperf_tui.tui.dialogs import Choose, ChooseLevel, ChooseSkip
from dmsperf_tui.tui.keybar import KeyBar
from dmsperf_tui.tui.levels import all_levels, rate_levels, step, vus_levels
from dmsperf_tui.tui.prompts import LevelPrompt, SharesPrompt, shares_words
from dmsperf_tui.tui.steer import SteerPanel
from dmsperf_tui.tui.table import StableTable
from dmsperf_tui.tui.workloads import WorkloadsPanel
from tests.run_pure.test_control import CLOSED, FLOW, MIX, OPEN
from tests.tui.conftest import until
from tests.tui.fake_host import HostLink
from tests.tui.fake_open import CHECKOUT, OPEN_INFO, mixed, open_running
from tests.tui.fakes import FakeLink
from tests.tui.test_steering import asked, attached, shown

pytestmark = pytest.mark.anyio

STEPPED = {**FLOW, "executor": "ramping-vus", **CLOSED["ramping-vus"]}
WORKLOADS: dict[str, dict[str, Any]] = {
    "browse": STEPPED,
    "orders": {**MIX, "executor": "ramping-arrival-rate", **OPEN["ramping-arrival-rate"]},
    "short": {**FLOW, "executor": "constant-vus", "vus": 3, "duration": "20s"},
}


# --- without a screen ----------------------------------------------------------------------------


def test_a_step_of_the_rate_is_round_and_small() -> None:
    def of(peak: float) -> float:
        return step(replace(open_running(), info=replace(OPEN_INFO, rate_plan=((0.0, peak),))))

    assert [of(peak) for peak in (0.5, 5, 20, 150, 200, 1999)] == [0.01, 0.1, 1, 1, 10, 10]
    assert of(0) == 1
    both = replace(open_running(), workloads=(open_running().workloads[0], CHECKOUT))
    assert (step(both), step(both, "arrivals"), step(both, "checkout")) == (1, 1, 0.01), "of its own plan"


def test_keys_mean_users_where_there_are_some_and_the_palette_has_each_workload() -> None:
    both = mixed()
    assert [(level.kind, level.workload) for level in vus_levels(both)] == [("vus", None)]
    assert [(level.kind, level.workload) for level in vus_levels(both, "checkout")] == [("most", "checkout")]
    assert [(level.kind, level.workload) for level in rate_levels(both)] == [("rate", None)]
    assert rate_levels(both, "browse") == []
    offered = [(level.kind, level.workload) for level in all_levels(both)]
    assert offered == [("vus", "browse"), ("rate", "checkout"), ("most", "checkout")]
    most = all_levels(both)[-1]
    assert most.read("+10") == SetVus(amount=10, unit="by", workload="checkout")
    with pytest.raises(ConfigError):
        most.read("10/s")


@pytest.mark.parametrize("typed", ["read 60, write 40", "read=60,write=40", "read 60%,  write  40 %"])
def test_shares_are_typed_in_any_of_these_ways(typed: str) -> None:
    async def foresee(change: object) -> None:
        raise AssertionError("nothing is asked to read a line")

    prompt = SharesPrompt("orders", {"read": 80.0, "write": 20.0}, foresee)
    assert prompt.read(typed) == Weights(weights={"read": 60, "write": 40}, workload="orders")
    for wrong in ("read", "read sixty", "read 0, write 0", ""):
        with pytest.raises(ConfigError):
            prompt.read(wrong)
    assert shares_words({"read": 3, "write": 1}) == "read 75 %, write 25 %"


# --- one workload with a rate --------------------------------------------------------------------


async def test_each_key_tells_an_open_run_its_command() -> None:
    keys: dict[str, Command] = {
        "plus": SetRate(amount=1, unit="by"),
        "minus": SetRate(amount=-1, unit="by"),
        "right_square_bracket": SetRate(amount=10, unit="by"),
        "left_square_bracket": SetRate(amount=-10, unit="by"),
        "h": HoldLevel(),
        "u": Undo(),
    }
    link = FakeLink(open_running())
    async with attached(link, (120, 40)) as (app, pilot):
        assert "+-[] Rate" in str(app.query_one(KeyBar).render())
        assert str(app.query_one(SteerPanel).border_title) == "Steer", "there is nothing else to steer"
        await pilot.press(*keys)
        await until(pilot, lambda: len(link.sent) == len(keys))
        assert link.sent == list(keys.values())
        await pilot.press("g")
        await until(pilot, lambda: app._notifications)
        assert [n.message for n in app._notifications] == ["There is one workload: every change is for it."]


# --- several -------------------------------------------------------------------------------------


async def test_the_scope_goes_round_and_every_change_is_for_it() -> None:
    link = HostLink(WORKLOADS)
    async with attached(link, (120, 40)) as (app, pilot):

        def title() -> str:
            return str(app.query_one(SteerPanel).border_title)

        assert title() == "Steer · all workloads"
        await pilot.press("plus")
        await until(pilot, lambda: app._notifications)
        assert [n.message for n in app._notifications] == ["Which one? browse, short: g goes through them."]
        await pilot.press("h")
        await pilot.press("g", "plus", "l", "g")
        await until(pilot, lambda: title() == "Steer · orders")
        assert shown(app, "workload-lines").startswith("▸ orders   rate 20/s")
        await pilot.press("right_square_bracket", "l")
        await until(pilot, lambda: len(link.sent) == 5)
        assert link.sent == [
            HoldLevel(),
            SetVus(amount=1, unit="by", workload="browse"),
            Release(workload="browse"),
            SetRate(amount=10, unit="by", workload="orders"),
            Release(workload="orders"),
        ]
        await pilot.press("g")
        await until(pilot, lambda: title() == "Steer · short")
        link.at.ns = 25 * 10**9
        link.push(link.at.run.snapshot())
        await until(pilot, lambda: title() == "Steer · all workloads")
        assert [n.message for n in app._notifications][-1] == "short has ended: keys steer all workloads now."
        await pilot.press("g", "g", "g")
        await until(pilot, lambda: title() == "Steer · all workloads")


async def test_the_footer_has_the_words_of_what_is_steered(monkeypatch: pytest.MonkeyPatch) -> None:
    """`browse` has VUs, `checkout` a rate; no snapshot comes that would mend a footer of before."""
    painted: list[str | None] = []
    async with attached(FakeLink(mixed()), (120, 40)) as (app, pilot):

        def says() -> tuple[str, str]:
            keys = str(app.query_one(KeyBar).render()).partition("+-[] ")[2]
            return str(app.query_one(SteerPanel).border_title), keys.partition(" ")[0]

        seen = [says()]
        for _ in range(3):
            await pilot.press("g")
            await until(pilot, lambda: says()[0] != seen[-1][0])
            seen.append(says())
        assert seen == [
            ("Steer · all workloads", "VUs"),
            ("Steer · browse", "VUs"),
            ("Steer · checkout", "Rate"),
            ("Steer · all workloads", "VUs"),
        ]
        app.action_panel("workloads")
        table = app.query_one(WorkloadsPanel).query_one(StableTable)
        await until(pilot, lambda: table.has_focus)
        await pilot.pause()
        monkeypatch.setattr(KeyBar, "show", lambda *_, **__: painted.append(app.aim))
        await pilot.press("down")
        await until(pilot, lambda: painted)
        assert painted == ["checkout"], "another row is another thing to steer"


async def test_with_several_of_a_kind_the_prompt_asks_which() -> None:
    link = HostLink(WORKLOADS)
    async with attached(link) as (app, pilot):
        await asked(app, pilot, "v", ChooseLevel)
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, LevelPrompt))
        app.screen.query_one(Input).value = "2"
        await pilot.press("enter")
        await until(pilot, lambda: link.sent)
        assert link.sent == [SetVus(amount=2, workload="short")]


async def test_a_skip_is_chosen_from_the_stages_and_confirmed() -> None:
    link = HostLink(WORKLOADS)
    async with attached(link) as (app, pilot):

        def lines() -> list[str]:
            choices = app.screen.query_one(OptionList)
            return [str(choices.get_option_at_index(at).prompt).strip() for at in range(choices.option_count)]

        async def told(*expected: str) -> None:
            """The run says what each comes to a moment after the question."""
            await until(pilot, lambda: lines() == [*expected])

        await asked(app, pilot, "k", ChooseSkip)
        await told(
            "each goes on with its next stage",
            "browse: stage 2/3: to 40 VUs",
            "orders: stage 2/3: to 40/s",
        )
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, Choose))
        await pilot.press("g")
        await asked(app, pilot, "k", ChooseSkip)
        await told(
            "1  stage 1/3: to 40 VUs   the present one, from its start",
            "2  stage 2/3: to 40 VUs",
            "3  stage 3/3: to 0 VUs",
        )
        assert app.screen.query_one(OptionList).highlighted == 1, "the next one"
        await pilot.press("3", "enter")
        await until(pilot, lambda: link.sent)
        assert link.sent == [Skip(stage=3, workload="browse")]
        await until(pilot, lambda: app.snapshot is not None and app.snapshot.workloads[0].stage == 3)
        await asked(app, pilot, "k", ChooseSkip)
        await pilot.press("enter")
        assert isinstance(app.screen, ChooseSkip), "no stage comes next: none is taken by mistake"
