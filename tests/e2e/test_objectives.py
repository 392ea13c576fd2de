"""Objectives of real runs: shown by the scenario's key, gating by the flag, and steady in the record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import tomli_w

from tests.e2e.conftest import PASSED, Command
from tests.truth.bench import TruthServer

MISSED = (99, 96)
"""96 as in `PASSED`."""
DELAY_MS = 20
WISHES = """\
title = "Wishes"
system = "http"
[levels]
alert = "call somebody"
[categories.list]
title = "Lists"
objectives = ["p(50)<5000", "p(95)<BOUND"]
alert = "p(95)>15"
[categories.search]
title = "Search"
objectives = ["p(95)<1"]
"""


@pytest.fixture(scope="module")
def server() -> Iterator[TruthServer]:
    with TruthServer("--delay-ms", str(DELAY_MS)) as made:
        yield made


def scenario(command: Command, bound: str, **request: Any) -> None:
    """Twenty requests of the category `list`, and its objectives."""
    folder = command.folder / "config" / "objectives"
    folder.mkdir(parents=True)
    (folder / "wishes.toml").write_text(WISHES.replace("BOUND", bound))
    request = {"path": "/x", "tags": {"category": "list"}, **request}
    load = {"executor": "per-vu-iterations", "vus": 2, "iterations": 10, "flow": "http.request"}
    content: dict[str, Any] = {
        "system": "http",
        "objectives": "wishes",
        "workloads": {"w": load | {"request": request}},
    }
    (command.folder / "s.toml").write_text(tomli_w.dumps(content))


@pytest.mark.parametrize(
    ("bound", "flags", "codes"),
    [
        ("10", (), PASSED),
        ("10", ("--objectives", "wishes"), MISSED),
        ("5000", ("--objectives", "wishes"), PASSED),
    ],
    ids=["shown", "missed", "met"],
)
def test_a_missed_objective_fails_a_run_that_was_asked_to_keep_it(
    command: Command, server: TruthServer, bound: str, flags: tuple[str, ...], codes: tuple[int, ...]
) -> None:
    scenario(command, bound)
    finished = command.run("--batch", "--scenario", "s.toml", "--env", server.url, *flags)
    assert finished.code in codes, finished.err
    summary = command.summary
    assert [(row["title"], row["expression"], row["ok"], row["level"]) for row in summary["objectives"]] == [
        ("Lists", "p(50)<5000", True, ""),
        ("Lists", f"p(95)<{bound}", bound == "5000", "alert"),
        ("Search", "p(95)<1", None, ""),
    ]
    assert DELAY_MS <= summary["objectives"][1]["value"] < 1000
    assert "█ OBJECTIVES (Wishes: " in finished.out
    judged = {row["expression"]: row["ok"] for row in summary["thresholds"]}
    assert judged == (
        {"p(50)<5000": True, f"p(95)<{bound}": codes == PASSED, "p(95)<1": True} if flags else {}
    )
    assert not summary["validity"]["findings"]


@pytest.mark.parametrize("flags", [(), ("--objectives", "wishes")], ids=["shown", "gate"])
def test_errors_that_come_quickly_meet_nothing(
    command: Command, server: TruthServer, flags: tuple[str, ...]
) -> None:
    """Every request is answered at once, and none as it should be."""
    scenario(command, "5000", expect=[201])
    finished = command.run("--batch", "--scenario", "s.toml", "--env", server.url, *flags)
    assert finished.code in (MISSED if flags else PASSED), finished.err
    summary = command.summary
    assert [(row["title"], row["value"], row["ok"]) for row in summary["objectives"]] == [
        ("Lists", None, False),
        ("Lists", None, False),
        ("Search", None, None),
    ]
    assert [row["ok"] for row in summary["thresholds"]] == ([False, False, True] if flags else [])
    assert "✗ Lists" in finished.out
    assert summary["validity"]["findings"] == [
        "Lists: 20 of 20 requests failed: there is no response time to judge"
    ]
