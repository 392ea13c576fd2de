"""`python -m dmsperf_tui` is the `dmsperf-tui` command."""

from __future__ import annotations

from dmsperf_tui.cli import main

if __name__ == "__main__":
    main()
