"""What is loaded when, each in a fresh interpreter: front ends stay apart, and `--help` stays quick."""

from __future__ import annotations

import subprocess
import sys

import pytest


def loaded(code: str, *packages: str) -> set[str]:
    """Which of `packages` a fresh interpreter has loaded after `code`."""
    told = f"{code}\nimport sys\nsys.stderr.write(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", told], capture_output=True, text=True, timeout=50, check=False
    )
    assert done.returncode == 0, done.stderr
    modules = set(done.stderr.split())
    assert "dmsperf_tui" in modules
    return modules & set(packages)


@pytest.mark.parametrize(
    "module",
    [
        "dmsperf_tui.batch",
        "dmsperf_tui.run.host",
        "dmsperf_tui.run.worker",
        "dmsperf_tui.run.ctl",
        "dmsperf_tui.cli",
    ],
)
def test_what_runs_without_a_screen_never_loads_textual(module: str) -> None:
    assert loaded(f"import {module}", "textual") == set()


def test_a_worker_loads_little() -> None:
    """Its plan comes from the host: it needs nothing that reads one, and there may be many of it."""
    heavy = ("pydantic", "httpx", "faker", "hdrh", "psutil", "rich", "starlette")
    assert loaded("import dmsperf_tui.run.worker, dmsperf_tui.systems.http", *heavy) == set()


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"], ["ctl", "vus", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    code = f"from dmsperf_tui.cli import cli\ncli.main({arguments!r}, standalone_mode=False)"
    assert loaded(code, "textual", "httpx", "pydantic", "faker", "hdrh", "uvloop", "starlette") == set()
