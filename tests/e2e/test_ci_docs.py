"""The workflows in docs/ci: each of their shell steps is run, as a runner of GitHub Actions does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.e2e.conftest import PASSED, WEB, Standin, serving

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "ci"
GATE, NIGHTLY = DOCS / "github-deploy-gate.yml", DOCS / "github-nightly-dms.yml"
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
"""What `shell: bash` is (GitHub docs, "Workflow syntax")."""
MISSED = (99, 96)
"""Exit codes where a threshold failed; 96 says that, besides, this machine was too busy."""
PASSWORD = "of-the-test-users"


@dataclass(frozen=True)
class Step:
    name: str
    script: str
    always: bool
    """It runs also when one before it has failed."""


def steps_of(workflow: Path) -> dict[str, Step]:
    """Those that run a shell, in order."""
    found: dict[str, Step] = {}
    _, *blocks = re.split(r"^      - ", workflow.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for block in blocks:
        name = re.match(r"name: (.+)", block)
        run = re.search(r"^        run: (?:\|\n((?:(?: {10}.*)?\n)+)|(.+))", block, flags=re.MULTILINE)
        if run is not None:
            assert name is not None
            script = re.sub(r"^ {10}", "", run[1] or run[2], flags=re.MULTILINE)
            found[name[1]] = Step(name[1], script, "\n        if: always()\n" in block)
    return found


def variables_of(workflow: Path) -> set[str]:
    """Those that the job sets for all its steps."""
    job = re.search(r"^    env:\n((?: {6}.*\n)+)", workflow.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert job is not None
    return set(re.findall(r"^ {6}(\w+):", job[1], flags=re.MULTILINE))


@dataclass(frozen=True)
class Runner:
    """A checkout's folder, and the command installed."""

    folder: Path

    def run(self, step: Step, **variables: str) -> int:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        page = str(self.folder / "page")
        script = self.folder / ".step.sh"
        script.write_text(step.script)
        done = subprocess.run(
            [*BASH, str(script)],
            cwd=self.folder,
            env={**os.environ, "PATH": path, "GITHUB_STEP_SUMMARY": page, **variables},
            stdin=subprocess.DEVNULL,
            timeout=50,
        )
        return done.returncode

    def job(self, workflow: Path, **variables: str) -> dict[str, int]:
        """The exit code of each step but the installation, as far as it came."""
        assert set(variables) == variables_of(workflow), "a workflow sets all its variables"
        codes: dict[str, int] = {}
        for name, step in steps_of(workflow).items():
            if name != "Install" and (step.always or not any(codes.values())):
                codes[name] = self.run(step, **variables)
        return codes

    @property
    def page(self) -> str:
        """What the job shows."""
        return (self.folder / "page").read_text(encoding="utf-8")

    def read(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads((self.folder / name).read_bytes())
        return found


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


@pytest.mark.parametrize("workflow", [GATE, NIGHTLY], ids=lambda path: path.stem)
def test_a_step_uses_no_variable_that_nobody_sets(workflow: Path) -> None:
    steps = steps_of(workflow)
    used = {name for step in steps.values() for name in re.findall(r"\$\{?(\w+)", step.script)}
    assert used <= {*variables_of(workflow), "GITHUB_STEP_SUMMARY"}
    assert "${{" not in "".join(step.script for step in steps.values()), "what others type is no script"
    assert len(steps) == workflow.read_text().count(" run:") - workflow.read_text().count("      run:\n")


def test_the_tool_is_installed_from_the_checkout(tmp_path: Path) -> None:
    step = steps_of(GATE)["Install"]
    assert step == steps_of(NIGHTLY)["Install"]
    (tmp_path / "checkout").symlink_to(ROOT)
    # What it needs is there already; pip reads this one as `no build isolation`.
    offline = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0"}
    quiet = {"PIP_TARGET": str(tmp_path / "there"), "PIP_QUIET": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    installing = Step("Install", f"cd checkout\n{step.script}", always=False)
    assert Runner(tmp_path).run(installing, **offline, **quiet) == 0
    assert (tmp_path / "there" / "bin" / "dmsperf-tui").is_file()


def test_the_gate_opens_and_closes(runner: Runner) -> None:
    with serving("--k12-password", PASSWORD) as ready:
        variables = {"API_URL": ready["url"], "K12_PASSWORD": PASSWORD, "DMSPERF_FLAGS": "--speedup 30"}
        opened = runner.job(GATE, **variables)
        assert opened["Gate"] in PASSED
        assert opened["Summary"] == 0
        assert runner.page.startswith("## ✅ Passed: k12/smoke\n" if opened["Gate"] == 0 else "## ❌")
        assert runner.read("load-gate.json")["schema"] == "dmsperf.summary/1"
        assert (runner.folder / "load-results").is_dir()

        knobs = {"latency": {"list": "700ms"}}
        WEB.put(f"{ready['url']}/_standin/k12/faults", json=knobs).raise_for_status()
        closed = runner.job(GATE, **variables)
        assert closed["Gate"] in MISSED
        assert closed["Summary"] == 0
        missed = {
            part["title"] for part in runner.read("load-gate.json")["objectives"] if part["ok"] is False
        }
        assert "List endpoints (index)" in missed
        assert "❌ missed" in runner.page


def test_a_gate_that_finds_no_platform_stays_closed(runner: Runner) -> None:
    variables = {"API_URL": "http://127.0.0.1:9", "K12_PASSWORD": PASSWORD, "DMSPERF_FLAGS": ""}
    assert runner.job(GATE, **variables) == {"Gate": 107, "Summary": 0}
    assert runner.page.startswith("## ❌ Failed (107: no load was made): k12/smoke\n\n**")
    (runner.folder / "load-gate.md").unlink()
    assert runner.job(GATE, **{**variables, "DMSPERF_FLAGS": "--profile nobody"})["Gate"] == 104
    assert "did not begin" in runner.page
    # An output of the deploy that is not there must not end up at the embedded platform.
    assert runner.job(GATE, **{**variables, "API_URL": ""})["Gate"] == 104


def test_the_nightly_checks_loads_and_cleans(runner: Runner, standin: Standin) -> None:
    codes = runner.job(
        NIGHTLY,
        API_BASE_URL=standin.url,
        # As an unset variable of the repository is.
        OAUTH_TOKEN_URL="",
        **standin.variables,
        PROFILE="smoke",
        DMSPERF_FLAGS="--speedup 60 --set data.schools=1 --set load.vus=8",
    )
    assert codes.pop("Load") in PASSED
    assert codes == {"Check": 0, "Clean": 0, "Summary": 0}
    assert "dms/full" in runner.page
    made = runner.read("nightly.json")["entities"]
    assert sum(part["created"] for part in made) == sum(part["total"] for part in made) > 0
