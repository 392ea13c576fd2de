"""Suites: `scenarios/suites/*.toml`, scenarios that run one after the other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dmsperf_tui.plan.errors import ConfigError, nearest
from dmsperf_tui.plan.scenario_file import Duration, Text, explain
from dmsperf_tui.settings.config import Options, RunConfig, resolve
from dmsperf_tui.settings.places import SUITES, Places
from dmsperf_tui.settings.toml_file import TomlFile, shown
from dmsperf_tui.settings.variables import Variables


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Step(_File):
    scenario: str
    profile: str | None = None
    objectives: str | None = None
    """What the run is held to, as `--objectives` has it."""
    vus: int | None = Field(default=None, ge=1)
    duration: Annotated[Duration, Field(gt=0)] | None = None
    settings: dict[str, Text] = {}
    """Keys of the scenario or the profile, dotted, as `--set` has them."""


class _SuiteFile(_File):
    title: str = ""
    description: str = ""
    cool_down: Duration = 30.0
    """The time between two steps, in which the system comes to rest."""
    on_failure: Literal["go on", "stop"] = "go on"
    """Whether the other steps run when one has failed."""
    steps: list[_Step] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Suite:
    """Scenarios in order, each with what was asked for it."""

    name: str
    title: str
    description: str
    cool_down_s: float
    """Divided by the speed-up already."""
    stops: bool
    """The first step that fails is the last."""
    steps: tuple[RunConfig, ...]


def resolve_suite(
    name: str,
    given: Options,
    *,
    profile: str | None = None,
    cool_down_s: float | None = None,
    places: Places | None = None,
    variables: Variables | None = None,
) -> Suite:
    """The suite of that name, or at that path, with every step read and checked.

    `given` are the flags for all steps; `profile` and `cool_down_s` win over the file's. A setting of a
    workload is for the steps that have it. Raises ConfigError, one line with file, step and mend.
    """
    places = places or Places.here()
    file = TomlFile.read(places.find(SUITES, name, "suite"))
    found = _parsed(file)
    chosen: list[Options] = []
    for number, step in enumerate(found.steps, start=1):
        with _told_of(file, number, step):
            chosen.append(_options(step, given, profile, places))
    _check_used(given, chosen)
    steps: list[RunConfig] = []
    for number, (step, options) in enumerate(zip(found.steps, chosen, strict=True), start=1):
        with _told_of(file, number, step):
            steps.append(resolve(options, places, variables))
    named = file.path.stem if name.endswith(".toml") else name
    pause_s = found.cool_down if cool_down_s is None else cool_down_s
    return Suite(
        name=named,
        title=found.title or named,
        description=found.description,
        cool_down_s=pause_s / given.speedup,
        stops=found.on_failure == "stop",
        steps=tuple(steps),
    )


def _parsed(file: TomlFile) -> _SuiteFile:
    data = dict(file.data)
    if isinstance(data.get("steps"), list):
        data["steps"] = [_flat_settings(step) for step in data["steps"]]
    try:
        return _SuiteFile.model_validate(data)
    except ValidationError as error:
        complaint = explain(error, _SuiteFile)
        within = re.fullmatch(r"steps\.(\d+)\.(.+)", complaint.key or "")
        if within is None:
            raise file.locate(complaint) from None
        # The same key stands in other steps, too: the step's number tells more than a line would.
        number, key = int(within[1]) + 1, within[2]
        unknown = complaint.what.startswith("unknown key")
        mend = nearest(key, _Step.model_fields) if unknown else complaint.mend
        raise ConfigError(
            complaint.what, file=shown(file.path), key=f"step {number}, {key}", mend=mend
        ) from None


def _flat_settings(step: Any) -> Any:
    """`k12.students = 5` in TOML is a table in a table; a setting has a dotted key."""
    if not isinstance(step, Mapping) or not isinstance(step.get("settings"), Mapping):
        return step
    return {**step, "settings": dict(_dotted(step["settings"]))}


def _dotted(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def _options(step: _Step, given: Options, profile: str | None, places: Places) -> Options:
    """A flag wins over the step, and the step over what a run is without either."""
    path = places.find("scenarios", step.scenario, "scenario")
    workloads = TomlFile.read(path).data.get("workloads")
    workloads = workloads if isinstance(workloads, Mapping) else {}
    fitting = {key: text for key, text in given.settings.items() if _workload(key) in ("", *workloads)}
    return replace(
        given,
        scenario=step.scenario,
        profile=profile or step.profile or given.profile,
        objectives=step.objectives if given.objectives is None else given.objectives,
        vus=step.vus,
        duration_s=step.duration,
        settings={**step.settings, **fitting},
    )


def _workload(key: str) -> str:
    """The workload that a setting is for; empty: it is for the whole scenario, or the profile."""
    table, _, rest = key.partition(".")
    return rest.partition(".")[0] if table == "workloads" else ""


def _check_used(given: Options, chosen: list[Options]) -> None:
    for key in given.settings:
        if not any(key in options.settings for options in chosen):
            raise ConfigError(
                f"no step has a workload {_workload(key)!r}", key=f"--set {key}", mend="see the scenarios"
            )


@contextmanager
def _told_of(file: TomlFile, number: int, step: _Step) -> Iterator[None]:
    """What is wrong is told with the step that it is in."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(str(error), file=shown(file.path), key=f"step {number}, {step.scenario}") from None
