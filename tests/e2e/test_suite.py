"""Suites: steps in order, cool-downs, failures and signals."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import orjson
import pytest

from dmsperf_tui.batch import Signals
from dmsperf_tui.settings.config import Options, RunConfig
from dmsperf_tui.settings.suite import resolve_suite
from dmsperf_tui.suite import run_suite
from tests.e2e.conftest import PASSED, Command, Standin, wait_for
from tests.e2e.nursery import Copy


def write(folder: Path, name: str, text: str) -> None:
    path = folder / "scenarios" / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


GET = """\
system = "http"

[workloads.w]
executor = "per-vu-iterations"
iterations = 3
flow = "http.request"

[workloads.w.request]
path = "/metadata/dependencies"
name = "GET dependencies"

[thresholds]
http_reqs = ["count==3"]
"""
SUITE = 'title = "Three"\ncool_down = "2s"\n' + "".join(
    f'\n[[steps]]\nscenario = "{name}"\n' for name in ("one", "two", "three")
)


@pytest.fixture
def three(command: Command) -> Command:
    """Three steps of which the second fails."""
    write(command.folder, "one", GET)
    write(command.folder, "two", GET.replace("count==3", "count==4"))
    write(command.folder, "three", GET)
    write(command.folder, "suites/three", SUITE)
    return command


def told(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((folder / "suite.json").read_bytes())
    return found


def test_steps_run_in_order_with_cool_downs_and_the_worst_code_is_the_suites(
    three: Command, standin: Standin
) -> None:
    files = ("--summary", "suite.json", "--summary", "suite.md", "--summary", "suite.txt")
    done = three.run("suite", "three", "--env", standin.url, "--cool-down", "50ms", *files)
    assert done.code == 99, done.err
    heads = [text for text in done.err.splitlines() if text.startswith(("step ", "cool-down"))]
    assert heads == [
        "step 1 of 3: one",
        "cool-down: 50ms",
        "step 2 of 3: two",
        "cool-down: 50ms",
        "step 3 of 3: three",
    ]
    suite = told(three.folder)
    assert (suite["schema"], suite["exit_code"]) == ("dmsperf.suite/1", 99)
    steps = suite["steps"]
    assert [step["scenario"] for step in steps] == ["one", "two", "three"]
    assert [step["exit_code"] == 99 for step in steps] == [False, True, False]
    assert steps[1]["thresholds_failed"] == ["http_reqs count==4"]
    for step in steps:
        record = orjson.loads((Path(step["folder"]) / "summary.json").read_bytes())
        assert (record["run"]["id"], record["metrics"]["http_reqs"]["count"]) == (step["run"], 3)
    assert done.out.endswith((three.folder / "suite.txt").read_text())
    markdown = (three.folder / "suite.md").read_text()
    assert markdown.startswith("## ❌ Failed (99: a threshold failed): suite Three\n")
    assert markdown.count("<details>") == 1


def test_a_suite_can_stop_at_the_first_failure(three: Command, standin: Standin) -> None:
    write(three.folder, "suites/three", 'on_failure = "stop"\n' + SUITE.replace('"2s"', '"0s"'))
    done = three.run("suite", "three", "--env", standin.url, "--summary", "suite.json")
    assert done.code == 99, done.err
    assert [step["exit_code"] for step in told(three.folder)["steps"]][1:] == [99, None]
    assert "cool-down" not in done.err
    assert "- 3 three" in done.out


def test_a_step_that_cannot_start_has_failed_and_the_next_one_runs(three: Command, standin: Standin) -> None:
    write(three.folder, "one", GET.replace('"http.request"', '"gone.py:flow"').split("[workloads.w.r")[0])
    (three.folder / "scenarios" / "gone.py").write_text("import no_such_module\n")
    done = three.run(*("suite", "three", "--env", standin.url, "--cool-down", "0", "--summary", "suite.json"))
    assert done.code == 107, done.err
    steps = told(three.folder)["steps"]
    assert [step["exit_code"] for step in steps][:2] == [107, 99]
    assert "no_such_module" in steps[0]["message"]
    assert steps[2]["requests"] == 3


def test_all_is_checked_before_the_first_step(three: Command) -> None:
    write(three.folder, "suites/three", SUITE.replace('"three"', '"thre"'))
    done = three.run("suite", "three")
    assert (done.code, done.out) == (104, "")
    assert done.err == (
        "dmsperf-tui: scenarios/suites/three.toml: step 3, thre: unknown scenario 'thre'; did you mean "
        "'three'?\n"
    )
    assert not (three.folder / "results").exists()
    unwritable = three.run("suite", "three", "--summary", ".")
    assert unwritable.code == 104


def test_records_that_cannot_be_written_are_told_before_the_first_step(three: Command) -> None:
    (three.folder / "file").write_text("")
    done = three.run("suite", "three", "--results", "file", "--summary", "suite.json")
    assert (done.code, done.out) == (104, "")
    assert done.err == (
        f"dmsperf-tui: {three.folder / 'file'}: cannot be written (File exists); "
        "name another folder: --results DIR\n"
    )
    assert not (three.folder / "suite.json").exists()


def test_a_reader_that_goes_ends_no_suite(three: Command, standin: Standin) -> None:
    """As in `dmsperf-tui suite three 2>&1 | head -1`."""
    process = three.start(
        *("suite", "three", "--env", standin.url, "--cool-down", "0", "--summary", "suite.json")
    )
    process.stdout.close()
    process.stderr.close()
    assert process.wait(45) == 99
    suite = told(three.folder)
    assert suite["exit_code"] == 99
    assert [step["exit_code"] == 99 for step in suite["steps"]] == [False, True, False]
    assert [step["requests"] for step in suite["steps"]] == [3, 3, 3]


def test_a_suite_that_is_killed_does_not_read_as_passed(three: Command, standin: Standin) -> None:
    files = [word for suffix in ("json", "md", "txt") for word in ("--summary", f"suite.{suffix}")]
    process = three.start("suite", "three", "--env", standin.url, "--cool-down", "1h", *files)
    wait_for(lambda: has_ended(three, 0), "the first cool-down")
    process.kill()
    process.wait(10)
    suite = told(three.folder)
    assert suite["exit_code"] is None
    assert suite["steps"][0]["exit_code"] in PASSED
    assert (three.folder / "suite.md").read_text().startswith("## ❌ Not finished: suite Three\n")
    assert (three.folder / "suite.txt").read_text().endswith("suite three: not finished\n")


def test_a_suite_that_breaks_does_not_read_as_passed(three: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> tuple[int, Path]:
        raise RuntimeError("a bug")

    monkeypatch.chdir(three.folder)
    monkeypatch.setattr("dmsperf_tui.suite.execute", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        run_suite(resolve_suite("three", Options()), [three.folder / "suite.txt"])
    lines = [" ".join(line.split()) for line in (three.folder / "suite.txt").read_text().splitlines()]
    assert "- 1 one not finished - - - - -" in lines
    assert "- 2 two not run - - - - -" in lines
    assert lines[-1] == "suite three: not finished"


def has_ended(command: Command, step: int) -> bool:
    """Whether the suite's summary says so."""
    there = (command.folder / "suite.json").exists()
    return there and told(command.folder)["steps"][step]["exit_code"] is not None


def ended(command: Command, process: Copy) -> list[int | None]:
    """The steps' exit codes, after a Ctrl-C."""
    process.send_signal(signal.SIGINT)
    done = command.finish(process)
    assert done.code == 105, done.err
    assert "suite three: ended by a signal, exit code 105" in done.out
    return [step["exit_code"] for step in told(command.folder)["steps"]]


def test_ctrl_c_in_a_cool_down_ends_the_suite(three: Command, standin: Standin) -> None:
    process = three.start(
        *("suite", "three", "--env", standin.url, "--cool-down", "1h", "--summary", "suite.json")
    )
    wait_for(lambda: has_ended(three, 0), "the first cool-down")
    first, *others = ended(three, process)
    assert first in PASSED
    assert others == [None, None]


def test_ctrl_c_in_a_step_ends_the_suite(three: Command, standin: Standin) -> None:
    write(
        three.folder,
        "one",
        GET + '[workloads.w2]\nexecutor = "constant-vus"\nduration = "1h"\n'
        'flow = "http.request"\nthink_time = "1h"\nrequest = { path = "/metadata/dependencies" }\n',
    )
    process = three.start("suite", "three", "--env", standin.url, "--summary", "suite.json")
    wait_for(lambda: seconds(three) > 0, "load")
    suite = told(three.folder)
    assert [bool(step["started_at"]) for step in suite["steps"]] == [True, False, False]
    assert [suite["exit_code"], *(step["exit_code"] for step in suite["steps"])] == [None] * 4
    assert ended(three, process) == [105, None, None]


def test_a_signal_that_a_run_is_too_late_for_ends_the_suite_all_the_same(
    three: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def passed(_: RunConfig, signals: Signals) -> tuple[int, Path]:
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.wait_for(signals.heard.wait(), 10)
        return 0, three.folder

    monkeypatch.chdir(three.folder)
    monkeypatch.setattr("dmsperf_tui.suite.execute", passed)
    assert run_suite(resolve_suite("three", Options()), [three.folder / "suite.json"]) == 105
    assert [step["exit_code"] for step in told(three.folder)["steps"]] == [0, None, None]


def seconds(command: Command) -> int:
    """How many of them the first step has been under load."""
    return sum(
        len(path.read_bytes().splitlines()) for path in command.folder.glob("results/*/timeline.jsonl")
    )
