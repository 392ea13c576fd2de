"""A run whose load is set by rates: what keys and prompts tell it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import Input, OptionList, Static

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.run.commands import Command, Extend, HoldLevel, Scale, SetRate, SetVus, Skip
from dmsperf_tui.tui.dialogs import ChooseLevel, SkipDialog
from dmsperf_tui.tui.keybar import KeyBar
from dmsperf_tui.tui.levels import all_levels, main_levels, step
from dmsperf_tui.tui.prompts import ExtendPrompt, LevelPrompt, Prompt, ScalePrompt
from tests.tui.conftest import until
from tests.tui.fake_open import CHECKOUT, OPEN_INFO, mixed, open_running
from tests.tui.fakes import FakeLink
from tests.tui.test_steering import attached

pytestmark = pytest.mark.anyio


def test_a_step_of_the_rate_is_round_and_small() -> None:
    def of(peak: float) -> float:
        return step(replace(open_running(), info=replace(OPEN_INFO, rate_plan=((0.0, peak),))))

    assert [of(peak) for peak in (0.5, 5, 20, 150, 200, 1999)] == [0.01, 0.1, 1, 1, 10, 10]
    assert of(0) == 1


async def test_each_key_tells_an_open_run_its_command() -> None:
    keys: dict[str, Command] = {
        "plus": SetRate(amount=1, unit="by"),
        "minus": SetRate(amount=-1, unit="by"),
        "right_square_bracket": SetRate(amount=10, unit="by"),
        "left_square_bracket": SetRate(amount=-10, unit="by"),
        "h": HoldLevel(),
    }
    link = FakeLink(open_running())
    async with attached(link, (120, 40)) as (app, pilot):
        assert "+-[] Rate  v Set " in str(app.query_one(KeyBar).render())
        await pilot.press(*keys)
        await until(pilot, lambda: len(link.sent) == len(keys))
        assert link.sent == list(keys.values())


@pytest.mark.parametrize(
    ("key", "kind", "typed", "says", "command"),
    [
        (
            "v",
            LevelPrompt,
            "90/m over 10s",
            "rate 200/s → 1.5/s over 10 s",
            SetRate(amount=90, per_s=60, over_s=10),
        ),
        ("v", LevelPrompt, "+20%", "rate 200/s → 240/s, now", SetRate(amount=20, unit="percent")),
        (
            "x",
            ScalePrompt,
            "1.5 over 30s",
            "1.5 times the plan: at present 150/s",
            Scale(factor=1.5, over_s=30),
        ),
        ("t", ExtendPrompt, "5m", "5m longer, to 15:00", Extend(by_s=300)),
    ],
)
async def test_prompts_say_what_will_come_of_it(
    key: str, kind: type[Prompt], typed: str, says: str, command: Command
) -> None:
    link = FakeLink(open_running())
    async with attached(link) as (app, pilot):
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, kind))
        app.screen.query_one(Input).value = typed
        await until(pilot, lambda: says in str(app.screen.query_one("#says").render()))
        await pilot.press("enter")
        await until(pilot, lambda: link.sent)
        assert link.sent == [command]


@pytest.mark.parametrize(
    ("key", "typed"), [("v", "5 per s"), ("v", "50 over 99h"), ("x", "2000"), ("t", "0")]
)
async def test_what_cannot_be_is_said_and_not_sent(key: str, typed: str) -> None:
    link = FakeLink(open_running())
    async with attached(link) as (app, pilot):
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, Prompt))
        app.screen.query_one(Input).value = typed
        await pilot.press("enter")
        await until(pilot, lambda: str(app.screen.query_one("#says").render()).startswith("✗"))
        assert isinstance(app.screen, Prompt)
        assert link.sent == []


@pytest.mark.parametrize("key", ["v", "x", "t", "n"])
async def test_a_prompt_fits_a_small_terminal(key: str) -> None:
    async with attached(FakeLink(open_running())) as (app, pilot):
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, Prompt) and app.screen.query("#says"))
        await pilot.pause()
        assert all(words.size.height == 1 for words in app.screen.query(Static).results(Static))


async def test_skipping_asks_first_and_the_run_says_why_it_will_not() -> None:
    link = FakeLink(open_running())
    async with attached(link) as (app, pilot):
        await pilot.press("k")
        await until(pilot, lambda: isinstance(app.screen, SkipDialog))
        words = [str(static.render()) for static in app.screen.query(Static).results(Static)]
        assert any("arrivals: stage 1 of 2 → 2" in text for text in words)
        await pilot.press("y")
        await until(pilot, lambda: link.sent)
        link.refusal = "stage 2 of 2 is its last: stop ends it, extend makes it longer"
        last = replace(open_running().workloads[0], stage=2)
        link.push(replace(open_running(), rows=(), workloads=(last,)))
        await until(pilot, lambda: app.snapshot is not None and app.snapshot.workloads == (last,))
        await pilot.press("k")
        await until(pilot, lambda: app._notifications)
        assert [n.message for n in app._notifications] == [link.refusal]
        assert link.sent == [Skip(), Skip()]


async def test_with_several_rates_v_asks_which() -> None:
    two = replace(open_running(), workloads=(open_running().workloads[0], CHECKOUT))
    link = FakeLink(two)
    async with attached(link) as (app, pilot):
        await pilot.press("v")
        await until(pilot, lambda: isinstance(app.screen, ChooseLevel))
        app.screen.query_one(OptionList).highlighted = 1
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, LevelPrompt))
        app.screen.query_one(Input).value = "2"
        await pilot.press("enter")
        await until(pilot, lambda: link.sent)
        assert link.sent == [SetRate(amount=2, workload="checkout")]


def test_in_a_mix_of_both_keys_set_users_and_the_palette_each_workload() -> None:
    assert [(level.kind, level.workload) for level in main_levels(mixed())] == [("vus", None)]
    offered = [(level.kind, level.workload) for level in all_levels(mixed())]
    assert offered == [("vus", "browse"), ("rate", "checkout"), ("most", "checkout")]
    most = all_levels(mixed())[-1]
    command, effect = most.read("+10")
    assert command == SetVus(amount=10, unit="by", workload="checkout")
    assert effect == "most VUs 50 → 60, now"
    with pytest.raises(ConfigError):
        most.read("10/s")
