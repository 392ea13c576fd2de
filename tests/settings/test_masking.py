"""A scenario in the record shows what ran, but no secret that somebody wrote into it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.settings.config import Options, resolve
from dmsperf_tui.settings.masking import masked

SCENARIO = """
[workloads.a]
executor = "constant-vus"
duration = "1s"
flow = "http.request"
[workloads.a.request]
path = "/x"
headers = { Authorization = "Bearer hush", X-Api-Key = "hush", Accept = "text/plain" }
"""


def test_secret_headers_are_sent_but_not_recorded(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(SCENARIO)
    config = resolve(Options(scenario=str(tmp_path / "a.toml"), environment="http://127.0.0.1:1"))
    (workload,) = config.plan.workloads
    request = workload.flows[0].request
    assert request is not None
    assert request.headers["Authorization"] == "Bearer hush"
    assert "hush" not in str(config.scenario_source)
    recorded = config.scenario_source["workloads"]["a"]["request"]["headers"]
    assert recorded == {"Authorization": "[removed]", "X-Api-Key": "[removed]", "Accept": "text/plain"}


def test_masking_leaves_everything_else_alone() -> None:
    value = {"a": [1, {"b": "c"}], "tokens": 5, "password": "x"}
    assert masked(value) == {"a": [1, {"b": "c"}], "tokens": 5, "password": "[removed]"}


def test_bodies_paths_tables_and_lists_are_looked_into() -> None:
    request = {
        "path": "/x?access_token=hush&page=1",
        "body": '{"user": "ann", "password": "hush"}',
        "json": {"user": "ann", "pwd": 1234, "credentials": {"api_key": "hush"}, "cookies": ["hush"]},
    }
    assert masked({"workloads": {"token": {"request": request}}}) == {
        "workloads": {
            "token": {
                "request": {
                    "path": "/x?access_token=[removed]&page=1",
                    "body": '{"user": "ann", "password": "[removed]"}',
                    "json": {
                        "user": "ann",
                        "pwd": "[removed]",
                        "credentials": {"api_key": "[removed]"},
                        "cookies": ["[removed]"],
                    },
                }
            }
        }
    }


def test_thresholds_and_metrics_are_named_as_they_are() -> None:
    scenario = {
        "thresholds": {"http_req_duration{name:POST token}": ["p(95)<300"]},
        "metrics": {"session": "rate"},
    }
    assert masked(scenario) == scenario


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/?a=b", "http://127.0.0.1:1/#x"])
def test_base_url_with_a_query_or_fragment_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="query or fragment"):
        resolve(Options(environment=url))
