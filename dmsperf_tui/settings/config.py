"""Everything that a run is made from, resolved once and frozen."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, field_serializer

from dmsperf_tui.plan.errors import ConfigError, nearest
from dmsperf_tui.plan.objectives import ObjectiveSet
from dmsperf_tui.plan.scenario import Plan, parse_plan
from dmsperf_tui.settings.accounts import with_people
from dmsperf_tui.settings.environment import EMBEDDED, Environment, load_environment
from dmsperf_tui.settings.masking import masked
from dmsperf_tui.settings.objectives import choose_objectives
from dmsperf_tui.settings.origin import Origin, find_origin
from dmsperf_tui.settings.places import Places
from dmsperf_tui.settings.profile import Profile, behind, load_profile
from dmsperf_tui.settings.profile_tables import PROFILE_KEYS
from dmsperf_tui.settings.references import assign, fill, from_mapping
from dmsperf_tui.settings.toml_file import TomlFile, shown
from dmsperf_tui.settings.variables import Variables
from dmsperf_tui.systems.registry import PEOPLED, check_flow, check_list

DEFAULT_SCENARIO = "dms/smoke"
DEFAULT_PROFILE = "dev"
_TOP_KEYS = ("warm_up", "max_duration")
"""Keys of a scenario that stand in no table and that `--set` may change."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a person asked for, on the command line or on the set-up screen."""

    scenario: str = DEFAULT_SCENARIO
    profile: str = DEFAULT_PROFILE
    environment: str = EMBEDDED
    vus: int | None = None
    duration_s: float | None = None
    workers: int = 1
    seed: int | None = None
    speedup: float = 1.0
    settings: Mapping[str, str] = field(default_factory=dict)
    """`--set`: dotted keys of the scenario or the profile."""
    results: str = "results"
    summary: tuple[str, ...] = ()
    """Where the summary goes as well: the record in JSON, `.md` Markdown, `.txt` the text."""
    in_process: bool = False
    http_debug: bool = False
    data: str | None = None
    """The run whose data is worked on: a path, an id, or `last`."""
    resume: str | None = None
    """The run whose load phase is gone on with."""
    abort_on_4xx: bool = False
    objectives: str | None = None
    """The objectives to hold the run to, by name or file; `none` hides the scenario's own."""
    content: Mapping[str, Any] | None = None
    """The scenario's content, where it is not a file."""


class RunConfig(BaseModel):
    """The frozen configuration of one run. Dumped only to the host's standard input: it holds secrets."""

    model_config = ConfigDict(frozen=True)

    plan: Plan
    scenario_folder: Path
    """Where flows of its own (`my_flows.py:checkout`) are looked for."""
    scenario_source: dict[str, Any]
    """The scenario file's content as it ran: values filled in, overrides applied, secrets masked."""
    profile: Profile
    environment: Environment
    workers: int
    seed: int
    speedup: float
    results: Path
    summary: tuple[Path, ...]
    sources: dict[str, str]
    """Where each value came from."""
    objectives: ObjectiveSet | None = None
    """Those that concern this run."""
    objectives_gate: bool = False
    """They are among the plan's thresholds."""
    in_process: bool = False
    """The load runs in the host's own process."""
    http_debug: bool = False
    """Each request and answer is printed, secrets removed."""
    abort_on_4xx: bool = False
    """The first 4xx answer that is a failed request ends the run."""
    origin: Origin | None = None
    """The run whose data this one works on, or whose load phase it goes on with."""
    profile_keys: tuple[str, ...] = ()
    """The profile's values that the scenario is made from."""

    @field_serializer("environment", when_used="json")
    def _with_secret(self, environment: Environment) -> dict[str, Any]:
        return environment.revealed()


def resolve(options: Options, places: Places | None = None, variables: Variables | None = None) -> RunConfig:
    """Reads and checks everything that `options` name. Raises ConfigError, one line with the mend."""
    places = places or Places.here()
    variables = variables or Variables.here()
    of_profile = {key: text for key, text in options.settings.items() if key in PROFILE_KEYS}
    of_scenario = {key: text for key, text in options.settings.items() if key not in PROFILE_KEYS}
    _check_numbers(options)
    profile = load_profile(options.profile, places, variables, of_profile)
    environment = load_environment(options.environment, places, variables)
    origin = _origin(options, environment, of_profile)
    if origin is not None and origin.resume:
        profile = profile.of_run(origin.run, origin.sizes)
    if options.content is not None:
        file = TomlFile(Path.cwd() / options.scenario, "", dict(options.content))
    else:
        file = TomlFile.read(places.find("scenarios", options.scenario, "scenario"))
        if "steps" in file.data and "workloads" not in file.data:
            mend = f"use: dmsperf-tui suite {options.scenario}"
            raise ConfigError("is a suite, not a scenario", file=shown(file.path), mend=mend)
    name = options.scenario
    if name.endswith(".toml"):
        name = Path(name).stem
    data = file.data
    for key, text in of_scenario.items():
        _check_settable(key, data)
        _set(data, key, text)
    used: set[str] = set()
    values = from_mapping(profile.values, "profile value")

    def value(key: str, default: str | None) -> Any:
        used.add(key)
        return values(key, default)

    try:
        data = fill(data, value)
        plan = parse_plan(name, data, vus=options.vus, duration_s=options.duration_s, speedup=options.speedup)
        _check_files(plan, file.path.parent)
    except ConfigError as error:
        if error.key in of_scenario:
            raise error.located(file=f"flag --set {error.key}", key="") from None
        raise (file.locate(error) if error.key else error) from None
    _check_system(plan, environment)
    if plan.system in PEOPLED:
        environment = with_people(environment, places, variables)
    chosen = choose_objectives(options.objectives, file, plan, places)
    if chosen is not None and chosen.gate:
        plan = replace(plan, thresholds=chosen.objectives.beside(plan.thresholds))
    if options.http_debug and plan.peak_vus > 1:
        raise ConfigError(
            f"prints the requests of one VU, and {plan.name} has up to {plan.peak_vus}",
            key="--http-debug",
            mend="add --vus 1" if len(plan.workloads) == 1 else "use a scenario of one VU",
        )
    _check_lists(plan, options)
    for workload in plan.workloads:
        if workload.arrival and workload.arrival.max_vus < options.workers:
            raise ConfigError(
                f"{workload.arrival.max_vus} VUs for {options.workers} workers, which take arrivals in turn",
                key=f"workloads.{workload.name}.max_vus",
                mend="give each worker at least one VU, or use fewer --workers",
            )
    if options.in_process and options.workers > 1:
        raise ConfigError("is one worker", key="--in-process", mend="leave --workers out")
    return RunConfig(
        plan=plan,
        scenario_folder=file.path.resolve().parent,
        scenario_source=masked(data),
        profile=profile,
        environment=environment,
        workers=options.workers,
        seed=_seed(options, origin),
        speedup=options.speedup,
        results=Path(options.results).resolve(),
        summary=tuple(Path(file).resolve() for file in options.summary),
        sources=_sources(options, profile, file) | (chosen.sources if chosen else {}),
        objectives=chosen.objectives if chosen else None,
        objectives_gate=chosen is not None and chosen.gate,
        in_process=options.in_process or options.http_debug,
        http_debug=options.http_debug,
        abort_on_4xx=options.abort_on_4xx or (variables.get("ABORT_ON_4XX") or ("",))[0] == "true",
        origin=origin,
        profile_keys=behind(used, listed=any(one.entities is not None for one in plan.workloads)),
    )


def _check_system(plan: Plan, environment: Environment) -> None:
    """A scenario of plain requests can be aimed at anything, any other at its own kind of system alone."""
    kind = environment.system
    if kind is not None and plan.system not in (kind, "http"):
        raise ConfigError(
            f"{environment.name} is a {kind} environment, and {plan.name} is for {plan.system}",
            key="--env",
            mend="name another environment, or another scenario",
        )


def _origin(options: Options, environment: Environment, settings: Mapping[str, str]) -> Origin | None:
    if options.data is None and options.resume is None:
        return None
    if options.data is not None and options.resume is not None:
        raise ConfigError("does not go with --resume", key="--data", mend="leave one of them out")
    key, reference = ("--data", options.data) if options.data is not None else ("--resume", options.resume)
    assert reference is not None
    if environment.embedded:
        raise ConfigError(
            "the embedded system forgets its data with each run",
            key=key,
            mend="start one that stays, `dmsperf-tui serve`, and name it with --env",
        )
    origin = find_origin(reference, Path(options.results), key, resume=key == "--resume")
    there = origin.load_url or origin.url
    here = environment.load_url if origin.load_url else environment.url
    if there != here:
        raise ConfigError(
            f"run {origin.run} made its data at {there}, and this environment is {here}",
            key=key,
            mend="name the same environment",
        )
    if origin.resume:
        given = [name for name in settings if name.startswith("data.")]
        if given or options.seed is not None:
            raise ConfigError(
                "takes seed and sizes from the run that it goes on with",
                key=key,
                mend=f"leave out {f'--set {given[0]}' if given else '--seed'}",
            )
    return origin


def _seed(options: Options, origin: Origin | None) -> int:
    if origin is not None and origin.resume:
        return origin.seed
    return options.seed if options.seed is not None else secrets.randbelow(2**31)


def _check_lists(plan: Plan, options: Options) -> None:
    """Whether the lists that the scenario names are known, and the flags fit them."""
    listed = [workload for workload in plan.workloads if workload.entities is not None]
    for workload in listed:
        assert workload.entities is not None
        check_list(workload.entities, f"workloads.{workload.name}.entities")
    if len(listed) > 1:
        raise ConfigError(
            "a run has one list", key=f"workloads.{listed[1].name}.entities", mend="give it to one workload"
        )
    if listed and options.data is not None:
        raise ConfigError(
            f"{plan.name} makes its own data", key="--data", mend="--resume RUN goes on with a load phase"
        )
    if not listed and options.resume is not None:
        raise ConfigError(
            f"{plan.name} has no load phase", key="--resume", mend="use dms/load or dms/full, or --data RUN"
        )


def _check_files(plan: Plan, folder: Path) -> None:
    """Whether the flows and data files that the scenario names can be there."""
    for workload in plan.workloads:
        key = f"workloads.{workload.name}"
        for flow in workload.flows:
            single = len(workload.flows) == 1 and flow.name == workload.name
            check_flow(flow.flow, folder, f"{key}.flow" if single else f"{key}.mix.{flow.name}.flow")
    for key, flow_name in (("setup", plan.setup), ("teardown", plan.teardown)):
        if flow_name is not None:
            check_flow(flow_name, folder, key)
    for name, file in plan.data.items():
        if not (folder / file).is_file():
            raise ConfigError(
                f"no such file {file!r}", key=f"data.{name}", mend=f"put it beside the scenario, in {folder}"
            )


def _check_numbers(options: Options) -> None:
    for flag, value, least in (
        ("--vus", options.vus, 1),
        ("--workers", options.workers, 1),
        ("--seed", options.seed, 0),
    ):
        if value is not None and value < least:
            raise ConfigError(f"{value} is too small", key=flag, mend=f"give {least} or more")
    if options.speedup < 1:
        raise ConfigError(f"{options.speedup:g} is too small", key="--speedup", mend="give 1 or more")
    if options.duration_s is not None and options.duration_s <= 0:
        raise ConfigError("must be longer than 0", key="--duration", mend="write 30s or 5m")


def _set(data: dict[str, Any], key: str, text: str) -> None:
    table, _, metric = key.partition(".")
    if table != "thresholds":
        assign(data, key, text)
    elif isinstance(thresholds := data.setdefault(table, {}), dict):
        # One expression; dots after the first one belong to the metric's tags.
        thresholds[metric] = [text]


def _check_settable(key: str, data: Mapping[str, Any]) -> None:
    table, _, rest = key.partition(".")
    workloads = data.get("workloads")
    workloads = workloads if isinstance(workloads, Mapping) else {}
    if table == "workloads" and rest and rest.partition(".")[0] in workloads:
        return
    if (table == "thresholds" and rest) or key in _TOP_KEYS:
        return
    option = rest.partition(".")[2] or "vus"
    known = [
        *PROFILE_KEYS,
        *_TOP_KEYS,
        *(f"workloads.{name}.{option}" for name in workloads),
        "thresholds.http_req_duration",
    ]
    raise ConfigError(f"unknown key {key!r}", key="--set", mend=nearest(key, known))


def _sources(options: Options, profile: Profile, file: TomlFile) -> dict[str, str]:
    sources = {
        "scenario": shown(file.path),
        "profile": profile.name,
        "environment": options.environment,
        **profile.sources,
        **{key: f"flag --set {key}" for key in options.settings},
    }
    flags = {"vus": options.vus, "duration": options.duration_s, "seed": options.seed}
    sources |= {name: f"flag --{name}" for name, value in flags.items() if value is not None}
    if options.speedup != 1:
        sources["speedup"] = "flag --speedup"
    return sources
