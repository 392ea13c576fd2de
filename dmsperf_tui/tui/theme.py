"""Two themes of our own, dark and light, and the colours of the charts' lines in any theme."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping

from textual.app import App
from textual.theme import Theme

CHART_COLOURS = {
    "chart-axis": "ansi_bright_black",
    "chart-planned": "#8a94a6",
    "chart-target": "#e0a33a",
    "chart-actual": "#4fb3ff",
    "chart-throughput": "#4fb3ff",
    "chart-failures": "#f0616d",
    "chart-p50": "#5ec98a",
    "chart-p95": "#4fb3ff",
    "chart-p99": "#c792ea",
    "chart-bound": "#f0616d",
    "chart-mark": "#e0a33a",
}
"""For themes that are not ours: middling tones, readable on dark and on light."""
ANSI = {
    "chart-axis": "ansi_default",
    "chart-planned": "ansi_default",
    "chart-target": "ansi_yellow",
    "chart-actual": "ansi_cyan",
    "chart-throughput": "ansi_cyan",
    "chart-failures": "ansi_red",
    "chart-p50": "ansi_green",
    "chart-p95": "ansi_cyan",
    "chart-p99": "ansi_magenta",
    "chart-bound": "ansi_red",
    "chart-mark": "ansi_yellow",
    "foreground-muted": "ansi_default",
    "text-muted": "ansi_default",
    "border": "ansi_default",
    "border-blurred": "ansi_default",
    "footer-key-foreground": "ansi_default",
}
"""For themes made of the terminal's own 16 colours, where a muted one might be as dark as the ground."""


def usual_theme(environment: Mapping[str, str], color_system: str | None, there: Collection[str]) -> str:
    """The theme to begin with: what `TEXTUAL_THEME` names, else the terminal's own colours where it has 16.

    `color_system` is Rich's word for what the terminal can do, `there` the names of all themes.
    """
    named = [name.strip() for name in environment.get("TEXTUAL_THEME", "").split(",")]
    usual = "ansi-dark" if color_system in (None, "standard") else DARK.name
    return next((name for name in named if name in there), usual)


DARK = Theme(
    name="dmsperf-dark",
    primary="#4fb3ff",
    secondary="#7aa2c8",
    accent="#e9b454",
    foreground="#d7dde6",
    background="#0e131a",
    surface="#131a23",
    panel="#1b2430",
    success="#5ed08f",
    warning="#f0b44c",
    error="#ff6f7a",
    dark=True,
    variables={
        **CHART_COLOURS,
        "chart-axis": "#8391a8",
        "chart-planned": "#8b98ae",
        "chart-target": "#f0b44c",
        "chart-actual": "#5cc1ff",
        "chart-throughput": "#5cc1ff",
        "chart-failures": "#ff6f7a",
        "chart-p50": "#5ed08f",
        "chart-p95": "#5cc1ff",
        "chart-p99": "#c99cf5",
        "chart-bound": "#ff6f7a",
        "chart-mark": "#f0b44c",
        "border": "#35425a",
        "border-blurred": "#2a3546",
        "footer-key-foreground": "#e9b454",
        "foreground-muted": "#98a3b3",
    },
)
LIGHT = Theme(
    name="dmsperf-light",
    primary="#0b63b0",
    secondary="#3f6a94",
    accent="#8a5200",
    foreground="#1d2530",
    background="#fbfcfd",
    surface="#f3f5f8",
    panel="#e9ebee",
    success="#126b40",
    warning="#8a5200",
    error="#b8232f",
    dark=False,
    variables={
        **CHART_COLOURS,
        "chart-axis": "#5a6474",
        "chart-planned": "#5a6474",
        "chart-target": "#8a5200",
        "chart-actual": "#0b63b0",
        "chart-throughput": "#0b63b0",
        "chart-failures": "#b8232f",
        "chart-p50": "#126b40",
        "chart-p95": "#0b63b0",
        "chart-p99": "#7a2bb8",
        "chart-bound": "#b8232f",
        "chart-mark": "#8a5200",
        "border": "#b9c3d0",
        "border-blurred": "#ccd4de",
        "footer-key-foreground": "#8a5200",
        "foreground-muted": "#566070",
    },
)


def put_on(app: App[None]) -> None:
    """Makes our themes known to the app, and begins with the usual one."""
    app.register_theme(DARK)
    app.register_theme(LIGHT)
    # One of ours that TEXTUAL_THEME names was not known when Textual looked for it.
    app.set_reactive(App.theme, "textual-dark")
    app.theme = usual_theme(os.environ, app.console.color_system, app.available_themes)
