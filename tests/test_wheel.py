"""`pip install .` packs the scenarios, profiles and environments that the checkout has."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_wheel_holds_every_default_and_the_command(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        entry_points = next(name for name in names if name.endswith("entry_points.txt"))
        assert "dmsperf-tui = dmsperf_tui.cli:main" in archive.read(entry_points).decode()
    for kind in ("scenarios", "profiles", "config"):
        shipped = {path.relative_to(ROOT).as_posix() for path in (ROOT / kind).rglob("*") if path.is_file()}
        assert shipped
        assert {f"dmsperf_tui/defaults/{name}" for name in shipped} <= names
    assert {"dmsperf_tui/tui/css/base.tcss", "dmsperf_tui/standin/descriptors.toml"} <= names
    assert not any(name.startswith("tests/") for name in names)
