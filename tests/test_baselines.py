"""docs/performance-baselines.md has the figures of config/objectives, cell by cell, and its example works."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from dmsperf_tui.plan.metrics import MetricType
from dmsperf_tui.plan.objectives_reader import parse_objectives
from dmsperf_tui.plan.units import format_duration
from dmsperf_tui.settings.places import DEFAULTS, Places

ROOT = Path(__file__).parents[1]
DOC = (ROOT / "docs" / "performance-baselines.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, its head left out."""
    _, _, below = DOC.partition(f"\n## {heading}\n")
    lines = [line for line in below.partition("\n## ")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def data(name: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / "config" / "objectives" / f"{name}.toml").read_text(encoding="utf-8"))


def bound(expression: str) -> str:
    """`p(95)<1000` -> `< 1s`, `rate<0.05` -> `< 5%`."""
    match = re.fullmatch(r"(p\(\d+\)|rate)([<>]=?)([\d.]+)", expression)
    assert match, expression
    value = float(match[3])
    shown = f"{100 * value:g}%" if match[1] == "rate" else format_duration(value / 1000)
    return f"{match[2]} {shown}"


def test_the_response_times() -> None:
    assert table("K-12 platform: response times") == [
        [
            name,
            entry["title"],
            *map(bound, entry["objectives"]),
            f"p95 {bound(entry['scale'])}",
            f"p95 {bound(entry['alert'])}",
        ]
        for name, entry in data("k12")["categories"].items()
    ]


def test_the_columns_are_the_percentiles_of_the_file() -> None:
    for entry in data("k12")["categories"].values():
        assert [text.partition("<")[0] for text in entry["objectives"]] == ["p(50)", "p(95)", "p(99)"]
        assert [entry[level].partition(">")[0] for level in ("scale", "alert")] == ["p(95)", "p(95)"]


def test_the_concurrency_targets() -> None:
    assert table("K-12 platform: concurrency") == [
        [
            entry["title"],
            entry["description"],
            entry["scenario"],
            f">= {entry['vus']}",
            *(bound(text) for text in entry["objectives"]["http_req_duration"]),
            *(bound(text) for text in entry["objectives"]["http_req_failed"]),
        ]
        for entry in data("k12")["concurrency"].values()
    ]


def test_each_target_has_its_scenario() -> None:
    scenarios = Places((DEFAULTS,)).names("scenarios")
    assert {entry["scenario"] for entry in data("k12")["concurrency"].values()} <= scenarios.keys()


def test_the_indicators_of_the_dms() -> None:
    assert table("Ed-Fi DMS") == [
        [
            entry["title"],
            entry.get("metric", "-"),
            *entry["objectives"],
            entry["critical"]["words"] if isinstance(entry["critical"], dict) else entry["critical"],
        ]
        for entry in data("dms")["measures"].values()
    ]


def test_the_example_can_be_read() -> None:
    example = DOC.partition("```toml\n")[2].partition("```")[0]
    found = parse_objectives("shop", tomllib.loads(example))
    judged = found.of_run("shop/friday", {"orders": MetricType.COUNTER}).beside(())
    assert [f"{one.metric} {one.expression}" for one in judged] == [
        "http_req_duration{category:search,expected_response:true} p(50)<200",
        "http_req_duration{category:search,expected_response:true} p(95)<500",
        "vus_max value>=300",
        "http_req_failed rate<0.01",
        "http_req_failed{name:POST orders} rate<0.001",
    ]
