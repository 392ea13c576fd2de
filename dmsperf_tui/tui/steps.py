"""The steps that make an environment ready, as the screen offers them: each is a stream of rows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

import httpx

from dmsperf_tui.run.cleanup import clean_run, left_at
from dmsperf_tui.run.preparation import check
from dmsperf_tui.settings.config import RunConfig
from dmsperf_tui.settings.environment import Environment, is_loopback
from dmsperf_tui.settings.places import Places
from dmsperf_tui.settings.variables import DOTENV, Variables, keeper
from dmsperf_tui.systems.checks import StepRow
from dmsperf_tui.systems.dms.setup.claimset import (
    CLAIM_SET_FILE,
    Backup,
    add_claim_set,
    read_claims,
    restore_claims,
)
from dmsperf_tui.systems.dms.setup.clients import make_client
from dmsperf_tui.systems.dms.setup.ordering import fetch_order
from dmsperf_tui.systems.dms.setup.schema import SCHEMA_FILE, deploy_schema, read_schema
from dmsperf_tui.systems.dms.setup.seeding import reference_population, seed
from dmsperf_tui.systems.dms.setup.waiting import run_command, wait_for_services
from dmsperf_tui.tui.rows import Row, failed

PATIENCE_S = 120.0

Rows = AsyncIterator[Row]


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `rows` is called with a client for the environment and the choice of the set-up screen."""

    name: str
    """Its command is `dmsperf-tui setup NAME`."""
    what: str
    """In a few words."""
    help: str
    rows: Callable[[httpx.AsyncClient, RunConfig], Rows]
    question: Callable[[Environment], str] = lambda environment: ""
    """Asked before it runs, as what it does is hard to undo; empty: there is nothing to ask."""
    here: bool = False
    """It works on this machine, wherever the environment is."""
    streams: bool = False
    """Each of its rows is a line of output, rather than the newest word on the one before."""


def hosts(environment: Environment) -> list[str]:
    """The hosts, with ports, that its steps talk to."""
    urls = (environment.url, environment.oauth_url, environment.cms_url or "")
    return list(dict.fromkeys(host for url in urls if (host := urlsplit(url).netloc)))


def on_this_machine(environment: Environment) -> bool:
    """Whether none of its hosts is another machine."""
    return all(is_loopback(f"//{host}") for host in hosts(environment))


def _wait(client: httpx.AsyncClient, config: RunConfig) -> Rows:
    return wait_for_services(client, config.environment.place(), PATIENCE_S, dms=config.plan.system == "dms")


async def _prepare(client: httpx.AsyncClient, config: RunConfig) -> Rows:
    command = config.environment.prepare
    if not command:
        mend = 'give it one with e on the set-up screen: prepare = "docker compose up -d"'
        yield StepRow("prepare", False, "this environment has no command that starts it", mend=mend)
        return
    async for row in run_command(command):
        yield row


async def _client(client: httpx.AsyncClient, config: RunConfig, *, new: bool = False) -> Rows:
    """Says at the end where a variable keeps what was saved from being used."""
    saved: dict[str, str] = {}
    save = keeper(config.environment.url)

    def keep(values: Mapping[str, str]) -> None:
        save(values)
        saved.update(values)

    async for row in make_client(client, config.environment.place(), keep, new=new):
        yield row
    found = Variables.here() if saved else None
    for name, value in saved.items():
        now = found.get(name) if found else None
        if now is not None and now[0] != value:
            yield StepRow(name, None, f"{now[1]} goes before {DOTENV}: unset it, or later runs use that one")


def _claim_set(client: httpx.AsyncClient, config: RunConfig) -> Rows:
    ours = read_claims(Places.here().file(CLAIM_SET_FILE))
    return add_claim_set(client, config.environment.place(), ours, _backup(config))


def _schema(client: httpx.AsyncClient, config: RunConfig) -> Rows:
    return deploy_schema(client, config.environment.place(), read_schema(Places.here().file(SCHEMA_FILE)))


def _seed(client: httpx.AsyncClient, config: RunConfig) -> Rows:
    year = int(config.profile.values["data.school_year"])
    return seed(client, config.environment.place(), reference_population(year))


async def _order(client: httpx.AsyncClient, config: RunConfig) -> Rows:
    found, traps = await fetch_order(client, config.environment.place())
    for number, names in found.groups():
        kinds = [name for name in names if not name.endswith("Descriptors")]
        if descriptors := len(names) - len(kinds):
            kinds.append(f"{descriptors} descriptor types")
        yield StepRow(f"{number:>2}", True, ", ".join(kinds))
    for trap in traps:
        yield StepRow("note", None, trap)


async def _clean(client: httpx.AsyncClient, config: RunConfig) -> Rows:
    """Run after run, the newest first; then the claims."""
    environment = config.environment
    left = left_at(config.results, environment.place())
    for folder in left:
        async for row in clean_run(client, environment.place(), folder):
            yield row
            if failed(row):
                return
    if not left:
        yield StepRow("runs", True, "none has left anything here")
    if environment.cms_url is None:
        yield StepRow("claims", None, "no address of the Configuration Service: they stay as they are")
        return
    ours = read_claims(Places.here().file(CLAIM_SET_FILE))
    async for row in restore_claims(client, environment.place(), ours, _backup(config)):
        yield row


def _backup(config: RunConfig) -> Backup:
    return Backup.of(config.environment.name, config.results)


def _asks(question: str) -> Callable[[Environment], str]:
    """A question that names the environment's hosts."""
    return lambda environment: question.format(host=" and ".join(hosts(environment)))


def _shows_command(environment: Environment) -> str:
    return f"Run this on your machine?\n{environment.prepare}" if environment.prepare else ""


CHECK = Step(
    "check",
    "all that a run needs; changes nothing",
    "Looks whether the scenario that was chosen can run here: service, TLS, log-in, open files, disk; at a "
    "DMS also the permission for each resource and action, descriptors, school year and rate limit. A run "
    "does the same first.",
    check,
)
PREPARE = Step(
    "prepare",
    "starts the system; asks first",
    "Runs the environment's own command (prepare = …), which starts the system. It is shown before it runs.",
    _prepare,
    _shows_command,
    here=True,
    streams=True,
)
WAIT = Step(
    "wait",
    "until the services answer",
    f"Waits until the service answers, at most {PATIENCE_S / 60:.0f} minutes; with a DMS its Configuration "
    "Service as well.",
    _wait,
)
STEPS = (
    CHECK,
    PREPARE,
    WAIT,
    Step(
        "client",
        "a key and a secret, kept for runs",
        "Registers an administrator where there is none, then makes data store, vendor and application. Key "
        "and secret go to .env.load-test, which only you can read. A client that works is left alone.",
        _client,
    ),
    Step(
        "client --new",
        "another one, asks first",
        "The same where a client works already: with it comes the administrator that the claim set needs.",
        partial(_client, new=True),
        _asks("Make another client at {host}?"),
    ),
    Step(
        "claimset",
        "what scenarios may do; asks first",
        "Merges the scenarios' claim set into the current claims, keeps a backup and has the DMS read them "
        "again. No other claim set is changed.",
        _claim_set,
        _asks("Change the claims of {host}?"),
    ),
    Step(
        "schema",
        "the tests' schema, sent",
        "Uploads the tests' schema to a DMS up to v0.7. That of an 8.x one is fixed: says what it lacks.",
        _schema,
    ),
    Step(
        "seed",
        "descriptors, school year, agencies",
        "Creates the descriptors that bodies refer to, the profile's school year, a state and a district. "
        "What is there already is left alone.",
        _seed,
    ),
    Step(
        "order",
        "in which order things are created",
        "Shows the order of creation by which the DMS's resources depend on each other, and where its own "
        "list misleads. Changes nothing.",
        _order,
        streams=True,
    ),
    Step(
        "clean",
        "deletes what runs made; asks first",
        "Deletes what recorded runs created here, in reverse order of its dependencies, and takes our claim "
        "set out again.",
        _clean,
        _asks("Delete at {host} what runs have created?"),
    ),
)


def steps_for(config: RunConfig) -> Sequence[Step]:
    """Those that the chosen system has."""
    return STEPS if config.plan.system == "dms" else (CHECK, PREPARE, WAIT)
