"""The terminal app: screens, widgets, charts. The only package that imports textual."""

from __future__ import annotations

from dmsperf_tui.tui.app import DmsPerfApp
from dmsperf_tui.tui.main import run_app

__all__ = ["DmsPerfApp", "run_app"]
