"""A working directory and a second folder in the place of the files that ship with the tool."""

from __future__ import annotations

from pathlib import Path

import pytest

from dmsperf_tui.settings.places import Places
from dmsperf_tui.settings.variables import Variables

SCENARIO = """\
title = "Mine"
system = "dms"

[workloads.steady]
executor = "constant-vus"
vus = "${load.vus}"
duration = "${load.duration}"
flow = "dms.create_school"

[thresholds]
http_req_failed = ["rate<0.01"]
"""
PROFILE = """\
title = "Small"

[data]
schools = 3

[load]
vus = 7
duration = "2m"
"""
ENVIRONMENT = """\
title = "Test"
system = "dms"
url = "${API_BASE_URL:-http://dms.example:8080/api/}"
client_id = "${CLIENT_ID}"
client_secret = "${CLIENT_SECRET}"
"""


class Desk:
    """Folders `here` and `packed`, with one scenario, profile and environment in `here`."""

    def __init__(self, root: Path) -> None:
        self.here = root / "here"
        self.packed = root / "packed"
        self.here.mkdir()
        self.packed.mkdir()
        self.environ: dict[str, str] = {}
        self.dotenv: dict[str, str] = {}
        self.write("scenarios/mine.toml", SCENARIO)
        self.write("profiles/small.toml", PROFILE)
        self.write("config/environments/test.toml", ENVIRONMENT)

    @property
    def places(self) -> Places:
        return Places((self.here, self.packed))

    @property
    def variables(self) -> Variables:
        return Variables(self.environ, self.dotenv)

    def write(self, name: str, text: str, *, packed: bool = False) -> Path:
        path = (self.packed if packed else self.here) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk(tmp_path)
    monkeypatch.chdir(made.here)
    return made
