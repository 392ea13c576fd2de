"""Errors of a person's input: what, where and the mend in one line."""

from __future__ import annotations

from dmsperf_tui.plan.errors import ConfigError, nearest


def test_the_line_says_where_what_and_the_mend() -> None:
    error = ConfigError("is missing", file="a.toml", key="workloads.x.flow", line=7, mend="add flow = ...")
    assert str(error) == "a.toml:7: workloads.x.flow: is missing; add flow = ..."


def test_parts_that_are_not_known_are_left_out() -> None:
    assert str(ConfigError("wrong")) == "wrong"
    assert str(ConfigError("wrong", file="a.toml")) == "a.toml: wrong"
    assert str(ConfigError("wrong", key="k", mend="do it")) == "k: wrong; do it"


def test_it_is_always_one_line() -> None:
    assert str(ConfigError("first\n   second\tthird")) == "first second third"


def test_locating_keeps_the_rest() -> None:
    error = ConfigError("wrong", key="k", mend="do it").located(file="a.toml", line=3)
    assert str(error) == "a.toml:3: k: wrong; do it"


def test_an_unknown_name_gets_the_nearest_or_else_all() -> None:
    assert nearest("smok", ["dev", "smoke"]) == "did you mean 'smoke'?"
    assert nearest("zzz", ["smoke", "dev"]) == "known: dev, smoke"
    assert nearest("zzz", []) == "there is none to choose from"
