"""The command itself: what it prints, where, its exit codes, and the mend of every mistake."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import PASSED, Command, Standin, wait_for

BASELINE = ("--batch", "--scenario", "dms/baseline")


def test_smoke_on_the_embedded_system_passes(command: Command) -> None:
    words = ("--batch", "--scenario", "dms/smoke", "--speedup", "10", "--summary", "out.json")
    finished = command.run_anew(*words)
    assert finished.code in PASSED, finished.err
    assert (command.folder / "out.json").read_bytes() == (command.record / "summary.json").read_bytes()
    assert "http_req_duration" in finished.out
    assert "✓ verdict" in finished.out or "▲ verdict" in finished.out
    assert "a try-out" in finished.out
    assert "never a baseline" in finished.out
    progress = [line for line in finished.err.splitlines() if "req/s" in line]
    assert len(progress) >= 3
    names = {path.name for path in command.record.iterdir()}
    assert {"summary.json", "timeline.jsonl", "intervals.hlog", "events.jsonl", "scenario.toml"} <= names
    operations = {operation["name"] for operation in command.summary["operations"]}
    assert operations == {
        "POST gradeLevelDescriptors",
        "GET gradeLevelDescriptors/{id}",
        "PUT gradeLevelDescriptors/{id}",
        "DELETE gradeLevelDescriptors/{id}",
        "GET academicWeeks",
        "GET courses",
    }


def test_recorded_scenario_can_be_run_again(command: Command, standin: Standin) -> None:
    command.run(
        "--batch", "--scenario", "http/get", "--env", standin.url, "--set", "load.vus=2", "--duration", "1s"
    )
    again = command.run(
        *("--batch", "--scenario", str(command.record / "scenario.toml"), "--env", standin.url),
        *("--results", "again", "--duration", "1s"),
    )
    assert again.code == 0, again.err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--scenario", "dms/smok"), "did you mean 'dms/smoke'?"),
        (("--profile", "stagin"), "did you mean 'staging'?"),
        (("--env", "emdedded"), "did you mean 'embedded'?"),
        (("--env", "ftp://host"), "write http://host:port/path"),
        (("--set", "load.vuz=3"), "did you mean 'load.vus'?"),
        (("--duration", "5x"), "write it as 30s, 5m, 1h30m or 250ms"),
        (("--vuss", "5"), "--vus"),
        (("--vus", "0"), "--vus"),
    ],
)
def test_mistake_on_the_command_line_gets_one_line_with_the_mend(
    command: Command, args: tuple[str, ...], said: str
) -> None:
    finished = command.run("--batch", *args)
    assert finished.code == 104
    assert said in finished.err
    assert len(finished.err.strip().splitlines()) == 1
    assert not finished.out
    assert not (command.folder / "results").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[workloads.a]\nexecutor = "constant-vu"\n', "bad.toml:2: workloads.a.executor: unknown executor"),
        (
            '[workloads.a]\nexecutor = "constant-vus"\nduration = "1s"\nflow = "dms.create_schol"\n',
            "bad.toml:4: workloads.a.flow: unknown flow 'dms.create_schol'; did you mean 'dms.create_sch",
        ),
        (
            '[workloads.a]\nexecutor = "constant-vus"\nduration = "1s"\nvuss = 3\nflow = "a.py:b"\n',
            "bad.toml:4: workloads.a.vuss: unknown key 'vuss'; did you mean 'vus'?",
        ),
        (
            '[workloads.a]\nexecutor = "constant-vus"\nduration = "1 parsec"\nflow = "dms.create_school"\n',
            "bad.toml:3: workloads.a.duration: '1 parsec' is not a duration",
        ),
        (
            '[workloads.a]\nexecutor = "constant-vus"\nduration = "1s"\nflow = "dms.create_school"\n'
            '[thresholds]\nhttp_req_duratoin = ["p(95)<1"]\n',
            "bad.toml:6: thresholds.http_req_duratoin: unknown metric",
        ),
        ("[workloads.a\n", "bad.toml:1: is not valid TOML"),
    ],
)
def test_mistake_in_a_scenario_names_file_line_key_and_mend(command: Command, text: str, said: str) -> None:
    (command.folder / "bad.toml").write_text(text)
    finished = command.run("--batch", "--scenario", "bad.toml")
    assert finished.code == 104
    assert said in finished.err
    assert len(finished.err.strip().splitlines()) == 1


def test_flow_of_the_users_own_runs_and_one_that_cannot_be_imported_is_107(
    command: Command, standin: Standin
) -> None:
    (command.folder / "mine.toml").write_text(
        '[workloads.a]\nexecutor = "shared-iterations"\nvus = 2\niterations = 10\nflow = "mine.py:look"\n'
    )
    (command.folder / "mine.py").write_text(
        "async def look(vu):\n"
        "    print('hello from a flow')\n"
        "    await vu.get('/metadata/dependencies', name='GET dependencies')\n"
        "    vu.check('never', False)\n"
    )
    finished = command.run("--batch", "--scenario", "mine.toml", "--env", standin.url)
    assert finished.code in PASSED, finished.err
    assert command.summary["operations"][0]["count"] == 10
    assert command.summary["checks"] == [{"name": "never", "passes": 0, "fails": 10}]
    (command.folder / "mine.py").write_text("import no_such_module\n")
    broken = command.run("--batch", "--scenario", "mine.toml", "--env", standin.url)
    assert broken.code == 107
    assert "no_such_module" in broken.err


def test_flow_that_raises_is_an_error_group_and_one_that_does_nothing_else_is_no_pass(
    command: Command, standin: Standin
) -> None:
    (command.folder / "mine.toml").write_text(
        '[workloads.a]\nexecutor = "shared-iterations"\nvus = 2\niterations = 10\nflow = "mine.py:oops"\n'
    )
    (command.folder / "mine.py").write_text("async def oops(vu):\n    raise KeyError('schoolId')\n")
    finished = command.run("--batch", "--scenario", "mine.toml", "--env", standin.url)
    assert finished.code == 107
    assert "no request was made: the flow raised, see the errors" in finished.out
    (error,) = command.summary["errors"]
    assert (error["phase"], error["kind"], error["count"]) == ("flow", "KeyError", 10)
    assert "schoolId" in error["sample"]


def test_ctl_without_a_run_says_so(command: Command) -> None:
    finished = command.run("ctl", "vus", "5")
    assert finished.code == 104
    assert "no run is active" in finished.err


def test_ctl_steers_a_batch_run_and_every_change_is_in_the_record(command: Command, standin: Standin) -> None:
    running = command.start(
        *("--batch", "--scenario", "dms/baseline", "--env", standin.url),
        **standin.variables,
    )
    wait_for(lambda: standin.requests > 0, "load")
    assert command.run("ctl", "vus", "6").out.strip().endswith("VUs 1 → 6")
    wait_for(lambda: "VUs        6 " in command.ctl("status").out, "six VUs")
    assert command.ctl("vus", "+50%").out.strip().endswith("VUs 6 → 9")
    assert command.ctl("vus", "-4", "--over", "500ms").out.strip().endswith("VUs 9 → 5 over 0.5 s")
    assert command.ctl("note", "look here").code == 0
    refused = command.ctl("resume")
    assert refused.code == 1
    assert "nothing to resume" in refused.err
    assert command.ctl("release").out.strip().endswith("VUs 5 → plan (1)")
    assert command.run("ctl", "stop").code == 0
    finished = command.finish(running)
    assert finished.code in PASSED, finished.err
    summary = command.summary
    assert summary["run"]["state"] == "stopped"
    texts = [event["text"] for event in summary["events"]]
    assert texts[1:6] == ["VUs 1 → 6", "VUs 6 → 9", "VUs 9 → 5 over 0.5 s", "look here", "VUs 5 → plan (1)"]
    assert all(event["applied_s"] < 1 for event in summary["events"] if event["kind"] in ("vus", "release"))
    assert summary["metrics"]["vus_max"]["max"] == 9


def test_ctl_abort_ends_at_once_with_103(command: Command, standin: Standin) -> None:
    running = command.start(
        *("--batch", "--scenario", "dms/baseline", "--env", standin.url), **standin.variables
    )
    wait_for(lambda: standin.requests > 0, "load")
    assert command.run("ctl", "abort").code == 0
    assert command.finish(running).code == 103
    assert command.summary["run"]["state"] == "aborted"


def test_help_has_an_example_for_every_command(command: Command) -> None:
    for args in ((), ("serve",), ("attach",), ("ctl",), ("ctl", "vus"), ("ctl", "status"), ("list",)):
        finished = command.run(*args, "--help")
        assert finished.code in PASSED
        assert "Example: dmsperf-tui" in finished.out


def test_list_shows_what_there_is(command: Command) -> None:
    assert "dms/concurrent" in command.run("list", "scenarios").out
    assert "staging" in command.run("list", "profiles").out
    assert "embedded" in command.run("list", "environments").out


def test_summary_that_cannot_be_written_is_said_before_load(command: Command, standin: Standin) -> None:
    (command.folder / "file").write_text("")
    finished = command.run("--batch", "--env", standin.url, "--summary", "file/out.json", **standin.variables)
    assert finished.code == 104
    assert "--summary FILE" in finished.err
    assert standin.requests == 0


def test_more_vus_than_the_machine_has_open_files_are_refused(command: Command, standin: Standin) -> None:
    running = command.start(
        "--batch", "--scenario", "dms/baseline", "--env", standin.url, **standin.variables
    )
    wait_for(lambda: standin.requests > 0, "load")
    refused = command.ctl("vus", "99999999")
    assert refused.code == 1
    assert "more than the open files allow" in refused.err
    assert "VUs        1 (target 1" in command.ctl("status").out
    running.terminate()
    command.finish(running)


def test_status_of_a_recorded_run_is_read_from_its_record(command: Command, standin: Standin) -> None:
    command.run(
        *("--batch", "--scenario", "dms/baseline", "--duration", "1s", "--env", standin.url),
        **standin.variables,
    )
    finished = command.run("ctl", "status", "--run", "last")
    assert finished.code in PASSED
    assert "finished" in finished.out
    assert "whole run" in finished.out


def test_acknowledged_change_is_in_the_event_log_as_it_goes(command: Command, standin: Standin) -> None:
    running = command.start(
        "--batch", "--scenario", "dms/baseline", "--env", standin.url, **standin.variables
    )
    wait_for(lambda: standin.requests > 0, "load")
    command.ctl("vus", "3")
    wait_for(
        lambda: '"kind":"applied"' in (command.record / "events.jsonl").read_text(), "the acknowledgement"
    )
    running.terminate()
    command.finish(running)
