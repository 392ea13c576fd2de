"""Metrics that flows offer: counted as far as the scenario declares them."""

from __future__ import annotations

from dmsperf_tui.engine.vu import VirtualUser

_UNDECLARED = "systems.undeclared"


def measure(vu: VirtualUser, metric: str, value: float | bool, **tags: str) -> None:
    """Adds to `metric`, unless the scenario does not declare it."""
    undeclared: set[str] = vu.shared.setdefault(_UNDECLARED, set())
    if metric in undeclared:
        return
    try:
        vu.metrics.add(metric, value, **tags)
    except KeyError:
        undeclared.add(metric)
