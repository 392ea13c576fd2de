"""A choice as the command line that makes it."""

from __future__ import annotations

import shlex

import pytest

from dmsperf_tui.cli import _options, cli
from dmsperf_tui.settings.command_line import command_line, overrides_shown
from dmsperf_tui.settings.config import Options

ALL = Options(
    scenario="dms/load",
    profile="prod",
    environment="https://dms.test/api",
    vus=20,
    duration_s=90.0,
    workers=2,
    seed=0,
    speedup=2.5,
    settings={"load.vus": "9", "thresholds.http_req_failed": "rate<0.5"},
    results="my results",
    summary=("out.json", "out.md"),
    in_process=True,
    data="7f3a",
    resume="last",
    abort_on_4xx=True,
    objectives="dms",
)


@pytest.mark.parametrize("options", [Options(), ALL])
def test_the_line_gives_the_same_options_back(options: Options) -> None:
    command, *words = shlex.split(command_line(options))
    assert command == "dmsperf-tui"
    given = cli.make_context("dmsperf-tui", words).params
    assert given.pop("batch") is True
    assert _options(given, batch=True) == options


def test_what_is_not_given_is_not_shown() -> None:
    assert overrides_shown(Options(scenario="http/get", profile="prod")) == ""
    assert overrides_shown(Options(vus=20, duration_s=90, settings={"load.vus": "9"})) == (
        "--vus 20  --duration 1m30s  --set load.vus=9"
    )


def test_what_may_be_a_secret_is_not_shown() -> None:
    key = "workloads.get.request.headers.Authorization"
    urls = {"workloads.get.env.URL": "/x?token=s3cr3t", "workloads.get.env.BASE": "http://u:s3cr3t@host/x"}
    options = Options(environment="https://u:s3cr3t@host:1/x", settings={key: "Bearer s3cr3t", **urls})
    for words in (overrides_shown(options), command_line(options)):
        assert "s3cr3t" not in words
        assert "http://[removed]@host/x" in words
        assert key in words
