"""`dmsperf-tui setup ...` in lines: what it does on standard error, what it finds on standard output."""

from __future__ import annotations

import asyncio
import json
import sys
import tomllib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, TextIO

import httpx

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.run.cleanup import clean_run, left_at
from dmsperf_tui.run.leftovers import runs_with_leftovers
from dmsperf_tui.run.preparation import SetupError, check, control_client
from dmsperf_tui.settings.config import Options, resolve
from dmsperf_tui.settings.env_flag import named_environment
from dmsperf_tui.settings.environment import Environment, load_environment
from dmsperf_tui.settings.places import Places
from dmsperf_tui.settings.variables import Variables, keeper
from dmsperf_tui.systems.answers import unreachable
from dmsperf_tui.systems.checks import PreflightRow, StepError, StepRow
from dmsperf_tui.systems.dms.order import LoadOrder
from dmsperf_tui.systems.dms.place import Place
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

DONE, FAILED = 0, 107
DESCRIPTORS = Path(__file__).resolve().parent / "standin" / "descriptors.toml"
"""The values of the Data Standard, kept beside the stand-in that offers them."""

_OF_DMS = (None, "dms")
"""An environment that does not say what it is may be one."""
_WHOLE = {"k12": "k12/load", "http": "http/get"}
"""What an environment is checked for where nothing is named: all that there is to its kind of system."""

Rows = AsyncIterator[StepRow]
Step = Callable[[httpx.AsyncClient, Place], Rows]


class Desk:
    """One environment, the client that talks to it, and the lines that people see."""

    def __init__(self, name: str | None, cms_url: str | None = None, timeout_s: float | None = None) -> None:
        """The environment that `name` names, or the address in the variables. Raises ConfigError."""
        variables = Variables.here()
        name = named_environment(name, Places.here(), variables)
        if name is None:
            if variables.get("API_BASE_URL") is None:
                mend = "name one (dmsperf-tui list environments) or a URL"
                raise ConfigError("which environment?", key="--env", mend=mend)
            name = "local"
        environment = load_environment(name, Places.here(), variables)
        if environment.embedded:
            mend = "name another one, or start one that stays: dmsperf-tui serve"
            raise ConfigError("the embedded system needs no set-up", key="--env", mend=mend)
        if cms_url:
            environment = environment.model_copy(update={"cms_url": cms_url.rstrip("/")})
        self.name = name
        self.environment: Environment = environment
        self._timeout_s = timeout_s

    def for_dms(self, step: str) -> Self:
        """Raises ConfigError for an environment that is no DMS: the step would be lost on it."""
        if self.environment.system not in _OF_DMS:
            raise ConfigError(
                f"{self.name} is a {self.environment.system} environment, and setup {step} is for a DMS",
                key="--env",
                mend="it has: setup check, setup prepare, setup wait",
            )
        return self

    def run(self, *steps: Step) -> int:
        """The steps one after the other, up to the first that fails; the exit code."""

        async def main(client: httpx.AsyncClient) -> int:
            for step in steps:
                async for row in step(client, self.environment.place()):
                    tell(row)
                    if row.ok is False:
                        return FAILED
            return DONE

        return self.call(main)

    def call(self, main: Callable[[httpx.AsyncClient], Coroutine[Any, Any, int]]) -> int:
        """What `main` returns; what stops it is said in a line."""

        async def guarded() -> int:
            async with control_client(self.environment) as client, asyncio.timeout(self._timeout_s):
                return await main(client)

        try:
            return asyncio.run(guarded())
        except TimeoutError:
            say(f"✗ not done within {self._timeout_s:g} s; allow it longer with --timeout")
        except (SetupError, StepError) as fault:
            say(f"✗ {fault}")
        except httpx.HTTPError as fault:
            say(f"✗ {unreachable(fault)}; is the service running?")
        return FAILED


def say(text: str, to: TextIO | None = None) -> None:
    """One line, at once; on standard error unless told otherwise."""
    file = to or sys.stderr
    file.write(f"{text}\n")
    file.flush()


def tell(row: StepRow) -> None:
    mark = "✗" if row.ok is False else "✓" if row.ok else "·"
    say(f"{mark} {row.name}: {row.detail}" + (" (changed)" if row.changed else ""))
    if row.mend:
        say(f"  → {row.mend}")


def check_environment(desk: Desk, scenario: str | None, profile: str, *, as_json: bool) -> int:
    """The pre-flight, as a run of this scenario makes it; its rows are data."""
    scenario = scenario or _WHOLE.get(desk.environment.system or "", "dms/full")
    config = resolve(Options(scenario=scenario, profile=profile, environment=desk.name))
    environment = config.environment.model_copy(update={"cms_url": desk.environment.cms_url})
    rows: list[PreflightRow] = []

    async def main(client: httpx.AsyncClient) -> int:
        async for row in check(client, config.model_copy(update={"environment": environment})):
            rows.append(row)
            if not as_json:
                tell_check(row)
        return FAILED if any(row.ok is False and row.fatal for row in rows) else DONE

    code = desk.call(main)
    if as_json:
        say(json.dumps([_row_json(row) for row in rows], indent=1), sys.stdout)
    return code


def tell_check(row: PreflightRow) -> None:
    mark = "✓" if row.ok else "-" if row.ok is None else "✗" if row.fatal else "▲"
    took = f" ({row.seconds:.2f} s)" if row.seconds >= 0.01 else ""
    say(f"{mark} {row.name}: {row.detail}{took}", sys.stdout)
    if row.mend:
        say(f"  → {row.mend}", sys.stdout)


def _row_json(row: PreflightRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "ok": row.ok,
        "fatal": row.fatal,
        "detail": row.detail,
        "mend": row.mend,
        "seconds": round(row.seconds, 3),
    }


def wait(desk: Desk, timeout_s: float) -> int:
    dms = desk.environment.system in _OF_DMS
    return desk.run(lambda client, place: wait_for_services(client, place, timeout_s, dms=dms))


def prepare(desk: Desk, agreed: Callable[[str], bool]) -> int:
    """Runs the environment's own command once `agreed` has been shown it."""
    command = desk.environment.prepare
    if not command:
        mend = f'add prepare = "..." to config/environments/{desk.name}.toml'
        raise ConfigError("this environment has no command that starts it", key="prepare", mend=mend)
    if not agreed(command):
        say("· prepare: not run")
        return FAILED
    return desk.run(lambda client, place: run_command(command))


def client(desk: Desk, *, new: bool) -> int:
    """Makes one and saves it. Raises ConfigError where the file holds the client of another address."""
    save = keeper(desk.environment.url)

    def keep(values: Mapping[str, str]) -> None:
        path = save(values)
        found = Variables.here()
        for name, value in values.items():
            if (now := found.get(name)) is not None and now[0] != value:
                say(f"▲ {name}: {now[1]} goes before {path.name}: unset it, or later commands use that one")

    return desk.run(lambda client, place: make_client(client, place, keep, new=new))


def claim_set(desk: Desk, file: str | None, results: str) -> int:
    ours = read_claims(_file(CLAIM_SET_FILE, file))
    backup = Backup.of(desk.environment.name, Path(results))
    return desk.run(lambda client, place: add_claim_set(client, place, ours, backup))


def schema(desk: Desk, file: str | None) -> int:
    ours = read_schema(_file(SCHEMA_FILE, file))
    return desk.run(lambda client, place: deploy_schema(client, place, ours))


def seed_data(desk: Desk, *, everything: bool, school_year: int) -> int:
    population = reference_population(school_year)
    descriptors = standard_descriptors() if everything else None
    return desk.run(lambda client, place: seed(client, place, population, descriptors))


def standard_descriptors() -> dict[str, tuple[str, ...]]:
    """All descriptor values of the Data Standard: endpoint -> code values."""
    data = tomllib.loads(DESCRIPTORS.read_text(encoding="utf-8"))
    return {f"{kind}Descriptors": tuple(entry["values"]) for kind, entry in data.items()}


def order(desk: Desk, *, as_json: bool) -> int:
    """The order of creation on standard output, the traps of the server's list beside it."""

    async def main(client: httpx.AsyncClient) -> int:
        found, traps = await fetch_order(client, desk.environment.place())
        if as_json:
            say(json.dumps(_order_json(found, traps), indent=1), sys.stdout)
            return DONE
        for number, names in found.groups():
            kinds = [name for name in names if not name.endswith("Descriptors")]
            if descriptors := len(names) - len(kinds):
                kinds.append(f"{descriptors} descriptor types")
            say(f"{number:>3}  {', '.join(kinds)}", sys.stdout)
        for trap in traps:
            say(f"· {trap}")
        return DONE

    return desk.call(main)


def _order_json(found: LoadOrder, traps: list[str]) -> dict[str, Any]:
    return {"orders": found.orders, "updates": found.updates, "others": found.others, "traps": traps}


def clean(desk: Desk, run: str | None, results: str, *, keep_claims: bool) -> int:
    """Deletes what recorded runs created at this environment, then takes our claim set out again."""
    place = desk.environment.place()
    folders = left_at(Path(results), place) if run is None else [_folder(Path(results), run)]
    steps = [_deletion(folder, named=run is not None) for folder in folders]
    if not folders:
        say("· no run has left anything at this environment")
    if run is not None:
        say("· claims: they stay, for other runs; setup clean without --run takes our claim set out")
    elif not keep_claims and desk.environment.cms_url is None:
        say("· claims: no address of the Configuration Service (--cms): they stay as they are")
    elif not keep_claims:
        ours = read_claims(_file(CLAIM_SET_FILE))
        backup = Backup.of(desk.environment.name, Path(results))
        steps.append(lambda client, place: restore_claims(client, place, ours, backup))
    return desk.run(*steps)


def _deletion(folder: Path, *, named: bool) -> Step:
    """The step that cleans one run. Of a run that was named, nothing being there is a failure."""

    async def rows(client: httpx.AsyncClient, place: Place) -> Rows:
        async for row in clean_run(client, place, folder):
            yield replace(row, ok=False) if named and row.ok is None and row.mend else row

    return rows


def _folder(results: Path, run: str) -> Path:
    """The run of this id, path or `last` that created anything. Raises ConfigError."""
    folders = runs_with_leftovers(results)
    if run == "last" and folders:
        return folders[0]
    for folder in folders:
        if folder.name == Path(run).name or folder.name.endswith(f"-{run}"):
            return folder
    known = ", ".join(folder.name.rpartition("-")[2] for folder in folders[:5])
    mend = f"there are: {known}" if known else f"none in {results} did"
    raise ConfigError(f"no run {run!r} that created anything", key="--run", mend=mend)


def _file(name: str, given: str | None = None) -> Path:
    """The file that a flag names, else the one of that name."""
    return Path(given) if given is not None else Places.here().file(name)
