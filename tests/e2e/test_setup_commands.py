"""`dmsperf-tui setup ...` from a bare stand-in to a run and back, in both vintages."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dmsperf_tui.cli import cli
from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.settings.places import DEFAULTS
from dmsperf_tui.setup import standard_descriptors
from tests.e2e.conftest import PASSED, WEB, Command, serving

CONNECTION = "host=db;port=5432;username=u;password=p4ss-of-the-db;database=d;"
VARIABLES = (
    "CMS_URL",
    "DATA_STORE_CONNECTION",
    "ADMIN_TOKEN",
    "ADMIN_CLIENT_ID",
    "ADMIN_CLIENT_SECRET",
    "DMS_URL",
)


class Bench:
    """A bare stand-in, and the commands in this process: what is tested is not how long Python starts."""

    def __init__(self, ready: dict[str, Any]) -> None:
        self.url = str(ready["url"])
        self.cms_url = str(ready["cms_url"])
        self.said: list[str] = []

    def setup(self, *args: str, code: int = 0) -> Result:
        result = CliRunner().invoke(cli, ["setup", *args, "--env", self.url, "--cms", self.cms_url])
        self.said.append(result.output)
        assert result.exit_code == code, result.output
        return result

    def resources(self) -> dict[str, int]:
        stats = WEB.get(f"{self.url}/_standin/stats").json()
        found: dict[str, int] = stats["resources"]
        return found

    def claim_sets(self) -> Any:
        return WEB.get(f"{self.url}/management/view-claimsets").json()


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.chdir(tmp_path)
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("DATA_STORE_CONNECTION", CONNECTION)
    with serving("--bare", "--vintage", request.param) as ready:
        yield Bench(ready)


@pytest.mark.parametrize("bench", ["v0.7", "v8"], indirect=True)
def test_from_a_bare_dms_to_a_run_and_back(bench: Bench, command: Command) -> None:
    bench.setup("wait", "--timeout", "10s")
    before = bench.claim_sets()
    refused = bench.setup("check", "--scenario", "dms/smoke", code=107)
    assert "✗ token: no client credentials" in refused.stdout
    assert "→ run: dmsperf-tui setup client" in refused.stdout

    said = bench.setup("client").stderr
    assert "goes before" not in said
    kept = Path(".env.load-test")
    assert kept.stat().st_mode & 0o777 == 0o600
    credentials = kept.read_text()
    assert "nothing to do" in bench.setup("client").stderr
    assert kept.read_text() == credentials
    denied = bench.setup("check", "--scenario", "dms/smoke", code=107)
    assert "→ run: dmsperf-tui setup claimset" in denied.stdout

    bench.setup("claimset")
    bench.setup("schema")
    unseeded = bench.setup("check", code=107)
    assert "✗ descriptors: missing: " in unseeded.stdout
    assert "✗ schoolYearTypes: no school year" in unseeded.stdout
    bench.setup("seed")
    seeded = bench.resources()
    assert bench.setup("seed").stderr.count("(changed)") == 0
    rows = json.loads(bench.setup("check", "--json").stdout)
    assert [row for row in rows if row["ok"] is False] == []
    assert {"permissions", "descriptors", "schoolYearTypes", "dependencies"} <= {row["name"] for row in rows}
    assert sum(row["seconds"] for row in rows) < 4
    assert bench.resources() == seeded, "a check leaves nothing behind"
    assert json.loads(bench.setup("order", "--json").stdout)["orders"]["schoolYearTypes"] == 0

    run = command.run(
        *(
            "--batch",
            "--scenario",
            "dms/baseline",
            "--env",
            bench.url,
            "--duration",
            "10s",
            "--speedup",
            "20",
        ),
        **{**os.environ, "CMS_URL": bench.cms_url},
    )
    assert run.code in PASSED, run.err
    assert bench.resources()["schools"] > 0
    bench.setup("clean", "--run", "last", "--keep-claims")
    assert bench.resources() == seeded
    assert bench.claim_sets() != before
    strange = Path("results") / "2026-01-01T000000Z-dms-baseline-zzz"
    (strange / "created").mkdir(parents=True)
    (strange / "created" / "schools.ids").write_bytes(bytes(range(16)))
    summary = {"manifest": {"environment": {"url": bench.url}}}
    (strange / "summary.json").write_text(json.dumps(summary))
    nothing = bench.setup("clean", "--run", "zzz", code=107).stderr
    assert "✗ run zzz: not one of its 1 items is there: nothing was deleted" in nothing
    cleaned = bench.setup("clean").stderr
    assert "· run zzz: not one of its 1 items" in cleaned, "the others are cleaned all the same"
    assert "cleaned before" in cleaned
    assert "all is as before" in cleaned
    assert bench.claim_sets() == before

    secrets = [line.partition("=")[2].strip("'") for line in credentials.splitlines() if "SECRET" in line]
    assert len(secrets) == 2
    assert not [secret for secret in [*secrets, CONNECTION, "p4ss"] if secret in "".join(bench.said)]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["check"], "--env: which environment?; name one"),
        (["check", "--env", "embedded"], "--env: the embedded system needs no set-up"),
        (
            ["clean", "--env", "http://127.0.0.1:1", "--run", "none"],
            "--run: no run 'none' that created anything",
        ),
        (
            ["prepare", "--env", "http://127.0.0.1:1"],
            "prepare: this environment has no command that starts it",
        ),
        (["claimset", "--env", "http://127.0.0.1:1", "--file", "none.json"], "none.json: cannot be read"),
    ],
)
def test_bad_input_is_one_line(
    args: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(ConfigError) as caught:
        CliRunner().invoke(cli, ["setup", *args], catch_exceptions=False)
    assert said in str(caught.value)


@pytest.mark.parametrize("bench", ["v8"], indirect=True)
def test_variable_that_hides_a_new_client_is_named(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIENT_ID", "old")
    monkeypatch.setenv("CLIENT_SECRET", "old-secret")
    said = bench.setup("client").stderr
    assert "client old is unknown, revoked or has another secret" in said
    for name in ("CLIENT_ID", "CLIENT_SECRET"):
        assert f"▲ {name}: variable {name} goes before .env.load-test: unset it" in said
    assert "old-secret" not in said


def test_unreachable_services_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for step in ("check", "order", "schema", "client"):
        place = ["--env", "http://127.0.0.1:1", "--cms", "http://127.0.0.1:1"]
        result = CliRunner().invoke(cli, ["setup", step, *place])
        assert result.exit_code == 107, step
        assert "does not answer" in result.output
        assert "is the service running?" in result.output


def test_the_environments_own_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "config" / "environments"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text(
        'url = "http://127.0.0.1:1"\nprepare = "echo up > started; echo ready"\n'
    )
    with pytest.raises(ConfigError, match="add --yes"):
        CliRunner().invoke(cli, ["setup", "prepare", "--env", "mine"], catch_exceptions=False)
    assert not (tmp_path / "started").exists()
    result = CliRunner().invoke(cli, ["setup", "prepare", "--env", "mine", "--yes"])
    assert result.exit_code == 0
    assert result.stderr.startswith("This runs on your machine: echo up > started; echo ready\n")
    assert "· prepare: ready" in result.stderr
    assert (tmp_path / "started").is_file()


def test_every_descriptor_of_the_standard_can_be_seeded() -> None:
    descriptors = standard_descriptors()
    schema = json.loads((DEFAULTS / "config/performance-test-schema.json").read_text())
    resources = schema["projectSchema"]["resourceSchemas"]
    assert descriptors.keys() == {name for name, resource in resources.items() if resource["isDescriptor"]}
    assert len(descriptors) == 202
    assert sum(len(values) for values in descriptors.values()) > 3000
    assert all(len(value) <= 50 for values in descriptors.values() for value in values)


def test_steps_are_listed() -> None:
    result = CliRunner().invoke(cli, ["setup"])
    steps = [line.split()[2] for line in result.stdout.splitlines()]
    assert steps == ["wait", "prepare", "client", "claimset", "schema", "seed", "check", "order", "clean"]


@pytest.mark.parametrize("step", ["client", "claimset", "schema", "seed", "order", "clean"])
def test_the_steps_of_a_dms_are_refused_on_a_k12_platform(step: str) -> None:
    result = CliRunner().invoke(cli, ["setup", step, "--env", "k12"])
    assert isinstance(result.exception, ConfigError)
    said = f"k12 is a k12 environment, and setup {step} is for a DMS; it has: setup check"
    assert said in str(result.exception)


@pytest.mark.parametrize("command", [["--batch"], ["suite", "k12-acceptance"], ["setup", "check"]])
def test_an_environment_that_is_an_empty_text_is_refused_by_every_command(command: list[str]) -> None:
    result = CliRunner().invoke(cli, [*command, "--env", ""])
    assert isinstance(result.exception, ConfigError)
    assert str(result.exception).startswith("--env: names nothing; is its variable empty?")


def test_env_names_the_environment_for_every_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "config/environments"
    folder.mkdir(parents=True)
    (folder / "staging.toml").write_text('system = "dms"\nurl = "not a url"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ENV", "staging")
    for command in (["--batch"], ["suite", "k12-acceptance"], ["setup", "check"]):
        result = CliRunner().invoke(cli, command)
        assert isinstance(result.exception, ConfigError)
        assert "staging.toml:2: url: 'not a url' is not an http(s) URL" in str(result.exception)
