"""`dmsperf-tui serve`: what its flags become."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from dmsperf_tui.cli.serve import serve
from dmsperf_tui.settings.private import private_folder
from dmsperf_tui.standin import server
from dmsperf_tui.standin.app import AppOptions
from dmsperf_tui.standin.breaker import BreakerSettings
from dmsperf_tui.standin.faults import Knobs
from dmsperf_tui.standin.k12 import K12Options
from dmsperf_tui.standin.rate_limit import RateLimit
from dmsperf_tui.standin.server import StandinOptions
from dmsperf_tui.standin.vintage import Vintage


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[StandinOptions]:
    """The options of each start, none of which takes place."""
    found: list[StandinOptions] = []

    def note(options: StandinOptions) -> int:
        found.append(options)
        return 0

    monkeypatch.setattr(server, "serve", note)
    return found


def test_every_flag_arrives(served: list[StandinOptions]) -> None:
    flags = (
        "--port 8080 --vintage v0.7 --bare --latency 20ms..80ms --error-rate 0.1 --error-status 503 "
        "--write-conflict-rate 0.2 --reset-rate 0.3 --truncate-rate 0.4 --slow-body 2s --token-ttl 1m "
        "--token-limit 15 --rate-limit 5000/10s --circuit-breaker --tenant north --qualifier schoolYear=2026 "
        "--client-id mine --client-secret known --k12-password hush --k12-latency gradebook=2s "
        "--k12-session-ttl 1m --k12-ai-limit 5/10s --k12-error-rate 0.2 --k12-error-status 502 --k12-latency"
    )
    latency = "ai=lognormal 1s p99 2s"
    assert CliRunner().invoke(serve, [*flags.split(), latency]).exit_code == 0
    knobs = Knobs("20ms..80ms", 0.1, 503, 0.2, 0.3, 0.4, 2.0, 60.0, 15)
    app = AppOptions(
        "mine",
        "known",
        vintage=Vintage.V0_7,
        bare=True,
        knobs=knobs,
        rate_limit=RateLimit(5000, 10),
        circuit_breaker=BreakerSettings(0.01, 2, 10, 30),
        tenant="north",
        qualifiers=(("schoolYear", "2026"),),
        k12=K12Options(
            "hush", (("gradebook", "2s"), ("ai", "lognormal 1s p99 2s")), 60.0, RateLimit(5, 10.0), 0.2, 502
        ),
    )
    assert served == [StandinOptions(app, port=8080)]


def test_without_flags(served: list[StandinOptions]) -> None:
    assert CliRunner().invoke(serve, [], env={"CLIENT_SECRET": "", "K12_PASSWORD": ""}).exit_code == 0
    assert served == [StandinOptions()]


def test_one_that_ends_with_its_run_is_nobody_s_environment(served: list[StandinOptions]) -> None:
    for flags in (["--until-eof"], []):
        assert CliRunner().invoke(serve, flags).exit_code == 0
    assert [options.ready is None for options in served] == [True, False]


def test_a_folder_that_is_not_safe_is_said_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    private_folder().chmod(0o755)

    def serve_it(options: StandinOptions) -> int:
        assert options.ready is not None
        url = "http://127.0.0.1:5"
        secrets = {"client_secret": "hush", "k12_password": "hush"}
        options.ready({"url": url, "cms_url": url, "vintage": "v8", "client_id": "me"} | secrets)
        return 0

    monkeypatch.setattr(server, "serve", serve_it)
    result = CliRunner().invoke(serve, [])
    assert result.exit_code == 0
    assert "it cannot be named as embedded:PORT, only by its URL: " in result.output
    assert "is not a private folder of yours" in result.output
    assert "hush" not in result.output


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--rate-limit", "fast"], "'fast' is no rate limit; write how many in how long, such as 5000/10s."),
        (["--k12-ai-limit", "few"], "'few' is no rate limit; write how many in how long"),
        (["--k12-latency", "2s"], "'2s' is not KEY=VALUE"),
        (["--qualifier", "2026"], "'2026' is no qualifier; write its name and value"),
    ],
)
def test_what_a_flag_does_not_take(served: list[StandinOptions], flags: list[str], message: str) -> None:
    result = CliRunner().invoke(serve, flags)
    assert result.exit_code != 0
    assert message in result.output
    assert served == []


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--latency", "fast"], "'fast' is no latency"),
        (["--k12-latency", "list=fast"], "'fast' is no latency"),
        (["--k12-latency", "quiz=1s"], "'quiz' is no category; there are auth, list, detail, write,"),
        (["--k12-session-ttl", "2d"], "session_ttl_s must be a number between 0 and 86400."),
    ],
)
def test_a_knob_turned_too_far_is_said_before_anything_is_served(flags: list[str], message: str) -> None:
    result = CliRunner().invoke(serve, flags)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
    assert '"url"' not in result.output
