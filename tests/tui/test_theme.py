"""Colours: readable on both of our themes, none where none are wanted, the terminal's own where it has 16."""

from __future__ import annotations

import pytest
from rich.color import Color as RichColor
from rich.color import ColorSystem, ColorType
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from dmsperf_tui.settings.config import Options
from dmsperf_tui.tui import theme
from dmsperf_tui.tui.app import DmsPerfApp
from dmsperf_tui.tui.terminal import usual_refresh_hz
from tests.tui.conftest import screen_lines, settled
from tests.tui.fakes import FakeLink, running

READ = ("foreground", "foreground-muted", "primary", "success", "warning", "error", "accent")
LEAST = 4.5
"""WCAG 2.2, 1.4.3: contrast of text and its ground."""


def luminance(color: Color) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""

    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)

    return 0.2126 * linear(color.r) + 0.7152 * linear(color.g) + 0.0722 * linear(color.b)


def contrast(one: Color, other: Color) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def of_256(color: Color) -> Color:
    """What a terminal of 256 colours makes of it."""
    nearest = RichColor.from_rgb(*color.rgb).downgrade(ColorSystem.EIGHT_BIT).get_truecolor()
    return Color(*nearest)


@pytest.mark.parametrize("ours", [theme.DARK, theme.LIGHT], ids=lambda each: each.name)
@pytest.mark.parametrize("ground", ["background", "surface", "panel"])
def test_every_word_can_be_read_on_every_ground(ours: Theme, ground: str) -> None:
    variables = {**ours.to_color_system().generate(), **ours.variables}
    behind = Color.parse(variables[ground])
    for name in (*READ, "footer-key-foreground", *theme.CHART_COLOURS):
        ink = behind + Color.parse(variables[name])
        assert contrast(ink, behind) >= LEAST, f"{name} on {ground}: {contrast(ink, behind):.1f}"
        poor = contrast(of_256(ink), of_256(behind))
        assert poor >= LEAST, f"{name} on {ground} with 256 colours: {poor:.1f}"
    muted = behind + behind.get_contrast_text(0.6)
    assert contrast(muted, behind) >= LEAST


def test_a_terminal_of_16_colours_keeps_its_own() -> None:
    there = ("dmsperf-dark", "dmsperf-light", "ansi-dark")
    assert theme.usual_theme({}, "truecolor", there) == "dmsperf-dark"
    assert theme.usual_theme({}, "256", there) == "dmsperf-dark"
    assert theme.usual_theme({}, "standard", there) == "ansi-dark"
    for given in ("dmsperf-light", "unknown, dmsperf-light"):
        assert theme.usual_theme({"TEXTUAL_THEME": given}, "standard", there) == "dmsperf-light"
    assert theme.usual_theme({"TEXTUAL_THEME": "unknown"}, "256", there) == "dmsperf-dark"
    assert set(theme.CHART_COLOURS) <= set(theme.ANSI)
    assert all(colour.startswith("ansi_") for colour in theme.ANSI.values())


@pytest.mark.parametrize(
    ("variables", "begins_with"),
    [
        ({"TERM": "xterm-256color"}, "dmsperf-dark"),
        ({"TERM": "screen-256color"}, "dmsperf-dark"),
        ({"TERM": "tmux-256color"}, "dmsperf-dark"),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "dmsperf-dark"),
        ({"TERM": "xterm"}, "ansi-dark"),
        ({"TERM": "linux"}, "ansi-dark"),
    ],
)
def test_our_theme_is_begun_with_wherever_there_are_256_colours(
    variables: dict[str, str], begins_with: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLORTERM")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert DmsPerfApp(Options()).theme == begins_with


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["ansi-dark", "ansi-light"])
async def test_an_ansi_theme_sends_the_terminal_s_own_colours_alone(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = DmsPerfApp(Options(), link=FakeLink(running()), refresh_hz=50)
    async with app.run_test(size=(120, 40)) as pilot:
        app.theme = name
        await settled(pilot)
        assert BUILTIN_THEMES[name].ansi
        types = {
            color.type
            for strip in app.screen._compositor.render_strips()
            for segment in strip
            if segment.style is not None
            for color in (segment.style.color, segment.style.bgcolor)
            if color is not None
        }
        assert types <= {ColorType.DEFAULT, ColorType.STANDARD}


@pytest.mark.anyio
async def test_a_theme_of_ours_may_be_named_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEXTUAL_THEME", "dmsperf-light")
    app = DmsPerfApp(Options(), link=FakeLink(running()), refresh_hz=50)
    async with app.run_test(size=(20, 5)) as pilot:
        await settled(pilot)
        assert app.theme_variables["background"].lower() == theme.LIGHT.background


@pytest.mark.anyio
async def test_without_colours_the_run_is_told_by_glyphs_and_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = DmsPerfApp(Options(), link=FakeLink(running()), refresh_hz=50)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for each in (app.theme, theme.LIGHT.name):
            app.theme = each
            await pilot.pause()
            painted = [
                app.screen.query_one(name).render_lines(app.screen.query_one(name).size.region)
                for name in ("#figures", "#strip", "#keys", "#vus")
            ]
            colours = {
                color.name
                for strips in painted
                for strip in strips
                for segment in strip.apply_filter(app.get_line_filters()[-1], Color(0, 0, 0))
                if segment.style is not None
                for color in (segment.style.color, segment.style.bgcolor)
                if color is not None
            }
            assert colours <= {"default"}
        words = "\n".join(screen_lines(app))
        for told in ("● RUNNING", "✓ valid", "2 ✓ 1 ✗", "▲ by hand", "Errors ✗31", "✓ applied"):
            assert told in words


def test_the_screen_is_painted_less_often_over_ssh(monkeypatch: pytest.MonkeyPatch) -> None:
    assert usual_refresh_hz() == 4.0
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22")
    assert usual_refresh_hz() == 2.0
