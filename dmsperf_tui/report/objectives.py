"""The objectives in the text summary: a line for each with its bound, what was measured, and the margin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from textwrap import wrap

from dmsperf_tui.plan.units import format_duration
from dmsperf_tui.report.figures import duration, number
from dmsperf_tui.report.summary import ObjectivePart, Summary

_HEAD, _TITLE, _OBJECTIVE, _LEVEL = 40, 28, 20, 16
"""Widths of columns."""
_EXPRESSION = re.compile(r"(?P<method>.+?)\s*(?P<operator>[<>=!]+)\s*(?P<bound>[\d.]+)")
_SAID = {"http_req_failed": "failed", "vus_max": "VUs", "vus": "VUs"}
"""Metrics whose method says nothing."""


def objective_lines(summary: Summary) -> Iterator[str]:
    """Heads, rows, and what the levels that were reached mean; 100 columns at most."""
    if not summary.objectives:
        return
    said = summary.manifest.get("objectives") or {}
    title = f"{_cut(said['title'], _HEAD)}: " if "title" in said else ""
    yield f"  █ OBJECTIVES ({title}{_count(summary)})"
    group = ""
    for (heading, title), entry in groupby(summary.objectives, lambda one: (one.group, one.title)):
        if heading != group:
            group = heading
            yield ""
            yield f"    {group:<{_TITLE + 2}}  {'objective':<{_OBJECTIVE}} {'measured':>12} {'margin':>7}"
        yield from _entry(_cut(title, _TITLE), list(entry))
    yield ""
    for level, meaning in reversed((said.get("levels") or {}).items()):
        reached = dict.fromkeys(one.title for one in summary.objectives if one.level == level)
        if reached:
            text = f"▲ {level} ({meaning}): {', '.join(reached)}"
            yield from wrap(text, 96, initial_indent="    ", subsequent_indent="      ")
            yield ""


def _entry(title: str, rows: list[ObjectivePart]) -> Iterator[str]:
    """What was not measured at all is one line."""
    if len(rows) > 1 and all(one.value is None for one in rows):
        yield f"    - {title:<{_TITLE}}  {f'{len(rows)} objectives':<{_OBJECTIVE}} {'not measured':>12}"
        return
    for one in rows:
        mark = {True: "✓", False: "✗", None: "-" if one.value is None else " "}[one.ok]
        margin = "" if one.margin is None else f"{max(one.margin, -99.99):+.0%}"
        yield (
            f"    {mark} {title:<{_TITLE}}  {_cut(_bound(one), _OBJECTIVE):<{_OBJECTIVE}} "
            f"{_value(one):>12} {margin:>7}  {_cut(one.level, _LEVEL)}"
        ).rstrip()
        title = ""


def _count(summary: Summary) -> str:
    """`24 met, 2 missed, 6 not measured`."""
    met, missed = (sum(one.ok is ok for one in summary.objectives) for ok in (True, False))
    absent = sum(one.value is None for one in summary.objectives)
    words = [f"{met} met", f"{missed} missed" if missed else "", f"{absent} not measured" if absent else ""]
    return ", ".join(word for word in words if word)


def _bound(one: ObjectivePart) -> str:
    """`p(95) < 300ms`, `failed < 5%`, `VUs >= 130`; words as they are."""
    match = _EXPRESSION.fullmatch(one.expression)
    if match is None or not one.metric:
        return one.expression
    name = one.metric.partition("{")[0]
    method = _SAID.get(name, match["method"])
    return f"{method} {match['operator']} {_in_unit(float(match['bound']), one.unit)}"


def _value(one: ObjectivePart) -> str:
    """What was measured, in its unit."""
    if one.value is None:
        return "not measured"
    if one.unit == "ms":
        return duration(one.value)
    return f"{one.value:.2%}" if one.unit == "share" else _in_unit(one.value, one.unit)


def _in_unit(value: float, unit: str) -> str:
    if unit == "ms":
        return format_duration(value / 1000)
    if unit == "share":
        return f"{100 * value:g}%"
    return f"{number(value)}{unit if unit.startswith('/') else ''}"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
