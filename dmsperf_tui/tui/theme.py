"""Two themes of our own, dark and light, and the colours of the charts' lines in any theme."""

from __future__ import annotations

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
        "chart-axis": "#66738a",
        "chart-planned": "#8391a8",
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
    },
)
LIGHT = Theme(
    name="dmsperf-light",
    primary="#0b63b0",
    secondary="#3f6a94",
    accent="#9a5b00",
    foreground="#1d2530",
    background="#fbfcfd",
    surface="#f3f5f8",
    panel="#e6eaf0",
    success="#16794a",
    warning="#9a5b00",
    error="#b8232f",
    dark=False,
    variables={
        **CHART_COLOURS,
        "chart-axis": "#7a8596",
        "chart-planned": "#7a8596",
        "chart-target": "#b06a00",
        "chart-actual": "#0b63b0",
        "chart-throughput": "#0b63b0",
        "chart-failures": "#b8232f",
        "chart-p50": "#16794a",
        "chart-p95": "#0b63b0",
        "chart-p99": "#7b3fb5",
        "chart-bound": "#b8232f",
        "chart-mark": "#9a5b00",
        "border": "#b9c3d0",
        "border-blurred": "#ccd4de",
        "footer-key-foreground": "#9a5b00",
    },
)
