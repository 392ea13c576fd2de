"""The objectives in the text summary: a line for each with its bound, what was measured, and the margin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from textwrap import wrap

from dmsperf_tui.plan.plain import line
from dmsperf_tui.report.figures import NOT_MEASURED, asked, measured, no_value
from dmsperf_tui.report.summary import ObjectivePart, Summary

_HEAD, _TITLE, _OBJECTIVE, _LEVEL = 40, 28, 20, 16
"""Widths of columns."""
_EXPRESSION = re.compile(r"(?P<method>.+?)\s*(?P<operator>[<>=!]+)\s*(?P<bound>[\d.]+)")
_SAID = {"http_req_failed": "failed", "vus_max": "VUs"}
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
            head = _cut(group, _TITLE + 2)
            yield f"    {head:<{_TITLE + 2}}  {'objective':<{_OBJECTIVE}} {'measured':>12} {'margin':>7}"
        yield from _entry(_cut(title, _TITLE), list(entry))
    yield ""
    for level, meaning in reversed((said.get("levels") or {}).items()):
        reached = dict.fromkeys(one.title for one in summary.objectives if one.level == level)
        if reached:
            text = line(f"▲ {level} ({meaning}): {', '.join(reached)}")
            yield from wrap(text, 96, initial_indent="    ", subsequent_indent="      ")
            yield ""


def _entry(title: str, rows: list[ObjectivePart]) -> Iterator[str]:
    """What was not measured at all is one line."""
    if len(rows) > 1 and all(one.value is None and one.ok is rows[0].ok for one in rows):
        rows, several = rows[:1], f"{len(rows)} objectives"
    else:
        several = ""
    for one in rows:
        mark = {True: "✓", False: "✗", None: "-" if one.value is None else " "}[one.ok]
        margin = "" if one.margin is None else f"{max(one.margin, -99.99):+.0%}"
        yield (
            f"    {mark} {title:<{_TITLE}}  {_cut(several or _bound(one), _OBJECTIVE):<{_OBJECTIVE}} "
            f"{_value(one):>12} {margin:>7}  {_cut(one.level, _LEVEL)}"
        ).rstrip()
        title = ""


def _count(summary: Summary) -> str:
    """`24 met, 2 missed, 6 not measured`."""
    met, missed = (sum(one.ok is ok for one in summary.objectives) for ok in (True, False))
    absent = sum(one.value is None and one.ok is None for one in summary.objectives)
    words = [f"{met} met", f"{missed} missed" if missed else "", f"{absent} {NOT_MEASURED}" if absent else ""]
    return ", ".join(word for word in words if word)


def _bound(one: ObjectivePart) -> str:
    """`p(95) < 300ms`, `failed < 5%`, `VUs >= 130`; words as they are."""
    match = _EXPRESSION.fullmatch(one.expression)
    if match is None or not one.metric:
        return line(one.expression)
    name = one.metric.partition("{")[0]
    method = _SAID.get(name, match["method"])
    return f"{method} {match['operator']} {_behind(*asked(float(match['bound']), one.unit))}"


def _value(one: ObjectivePart) -> str:
    """What was measured, in its unit."""
    return no_value(one.ok) if one.value is None else _behind(*measured(one.value, one.unit))


def _behind(value: str, unit: str) -> str:
    """Of VUs the objective has it."""
    return value if unit == "VUs" else f"{value}{unit}"


def _cut(text: str, width: int) -> str:
    """In one line, fit for a terminal."""
    text = line(text)
    return text if len(text) <= width else f"{text[: width - 1]}…"
