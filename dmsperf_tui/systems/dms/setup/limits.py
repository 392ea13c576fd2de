"""What a DMS lets through."""

from __future__ import annotations

from dmsperf_tui.systems.checks import PreflightRow

USUAL_RATE = 500
"""Requests a second that v0.7 and v8.0.0 let through: 5,000 in 10 s for each Host header."""


def rate_row(planned_rate: float | None) -> PreflightRow | None:
    """A warning where the plan is above what a DMS usually lets through; its setting cannot be asked for."""
    if planned_rate is None:
        return None
    if planned_rate <= USUAL_RATE:
        return PreflightRow(
            "rate limit", True, f"{planned_rate:.0f}/s planned, {USUAL_RATE}/s are usual for a DMS"
        )
    return PreflightRow(
        "rate limit",
        False,
        f"{planned_rate:.0f}/s planned, and a DMS answers 429 above {USUAL_RATE}/s unless told otherwise",
        mend=f"give it RateLimit__PermitLimit={10 * round(1.2 * planned_rate)}, or no RateLimit section",
        fatal=False,
    )
