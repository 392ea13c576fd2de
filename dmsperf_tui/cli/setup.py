"""`dmsperf-tui setup`: an environment made ready, step by step."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dmsperf_tui.cli.options import HELP, Duration, example
from dmsperf_tui.plan.errors import ConfigError

if TYPE_CHECKING:
    from dmsperf_tui.setup import Desk

F = TypeVar("F", bound=Callable[..., Any])


@example("dmsperf-tui setup check --env local")
@click.group(invoke_without_command=True, context_settings=HELP)
@click.pass_context
def setup(context: click.Context) -> None:
    """Make an environment ready for load, step by step; each step may be run again."""
    if context.invoked_subcommand is not None:
        return
    for name, command in setup.commands.items():
        click.echo(f"dmsperf-tui setup {name:<9} {command.get_short_help_str(limit=200)}")


def _common(function: F) -> F:
    """The options of every step."""
    for option in (
        click.option("--timeout", type=Duration(), help="The longest that it may take."),
        click.option("--cms", metavar="URL", help="The Configuration Service [the environment's, CMS_URL]."),
        click.option("--env", metavar="NAME|URL", help="Which environment [local, with API_BASE_URL set]."),
    ):
        function = option(function)
    return function


_RESULTS = click.option("--results", metavar="DIR", default="results", help="Where records are [results].")


def _desk(env: str | None, cms: str | None, timeout: float | None) -> Desk:
    from dmsperf_tui.setup import Desk

    return Desk(env, cms, timeout)


@example("dmsperf-tui setup wait --env local --timeout 2m")
@setup.command(context_settings=HELP)
@_common
def wait(env: str | None, cms: str | None, timeout: float | None) -> None:
    """Wait until the DMS and its Configuration Service answer [--timeout 2m]."""
    from dmsperf_tui.setup import wait

    sys.exit(wait(_desk(env, cms, None), 120.0 if timeout is None else timeout))


@example("dmsperf-tui setup prepare --env local --yes")
@setup.command(context_settings=HELP)
@click.option("--yes", is_flag=True, help="Do not ask.")
@_common
def prepare(env: str | None, cms: str | None, timeout: float | None, yes: bool) -> None:
    """Start the system with the environment's own command, once you have seen it and said yes."""
    from dmsperf_tui.setup import prepare

    def agreed(command: str) -> bool:
        click.echo(f"This runs on your machine: {command}", err=True)
        if yes:
            return True
        if not sys.stdin.isatty():
            raise ConfigError("there is nobody to ask", mend="add --yes")
        return click.confirm("Run it?", err=True)

    sys.exit(prepare(_desk(env, cms, timeout), agreed))


@example("dmsperf-tui setup client --env local")
@setup.command(context_settings=HELP)
@click.option("--new", is_flag=True, help="Make another one although there is one that works.")
@_common
def client(env: str | None, cms: str | None, timeout: float | None, new: bool) -> None:
    """Make a client of the DMS and keep its key and secret in .env.load-test."""
    from dmsperf_tui.setup import client

    sys.exit(client(_desk(env, cms, timeout).for_dms("client"), new=new))


@example("dmsperf-tui setup claimset --env local")
@setup.command(context_settings=HELP)
@click.option("--file", metavar="FILE", help="Another claim set [config/performance-test-claimset.json].")
@_RESULTS
@_common
def claimset(env: str | None, cms: str | None, timeout: float | None, file: str | None, results: str) -> None:
    """Add the claim set that the scenarios need to those that are there; clean takes it out again."""
    from dmsperf_tui.setup import claim_set

    sys.exit(claim_set(_desk(env, cms, timeout).for_dms("claimset"), file, results))


@example("dmsperf-tui setup schema --env local")
@setup.command(context_settings=HELP)
@click.option("--file", metavar="FILE", help="Another schema [config/performance-test-schema.json].")
@_common
def schema(env: str | None, cms: str | None, timeout: float | None, file: str | None) -> None:
    """Upload the load tests' schema to a DMS up to v0.7; tell what an 8.x one lacks of it."""
    from dmsperf_tui.setup import schema

    sys.exit(schema(_desk(env, cms, timeout).for_dms("schema"), file))


@example("dmsperf-tui setup seed --env local")
@setup.command(context_settings=HELP)
@click.option("--all", "everything", is_flag=True, help="All descriptors of the Data Standard.")
@click.option("--school-year", type=click.IntRange(1900, 2999), default=2026, help="[2026]")
@_common
def seed(env: str | None, cms: str | None, timeout: float | None, everything: bool, school_year: int) -> None:
    """Create the descriptors, the school year and the agencies that are not there yet."""
    from dmsperf_tui.setup import seed_data

    sys.exit(
        seed_data(_desk(env, cms, timeout).for_dms("seed"), everything=everything, school_year=school_year)
    )


@example("dmsperf-tui setup check --env local --scenario dms/full")
@setup.command(context_settings=HELP)
@click.option(
    "--scenario", metavar="NAME|FILE", help="What it must be fit for [dms/full, of a K-12 platform k12/load]."
)
@click.option("--profile", metavar="NAME", default="dev", help="How large [dev].")
@click.option("--json", "as_json", is_flag=True, help="The rows as JSON.")
@_common
def check(
    env: str | None, cms: str | None, timeout: float | None, scenario: str | None, profile: str, as_json: bool
) -> None:
    """Check all that a run needs: service, token, permissions, reference data, this machine."""
    from dmsperf_tui.setup import check_environment

    sys.exit(check_environment(_desk(env, cms, timeout), scenario, profile, as_json=as_json))


@example("dmsperf-tui setup order --env local --json")
@setup.command(context_settings=HELP)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@_common
def order(env: str | None, cms: str | None, timeout: float | None, as_json: bool) -> None:
    """Show the order in which resources are created, and where the server's list misleads."""
    from dmsperf_tui.setup import order

    sys.exit(order(_desk(env, cms, timeout).for_dms("order"), as_json=as_json))


@example("dmsperf-tui setup clean --env local --run last")
@setup.command(context_settings=HELP)
@click.option("--run", metavar="RUN", help="An id, a path or `last` [all runs].")
@click.option("--keep-claims", is_flag=True, help="Leave the claim set where it is.")
@_RESULTS
@_common
def clean(
    env: str | None, cms: str | None, timeout: float | None, run: str | None, keep_claims: bool, results: str
) -> None:
    """Delete what runs created, and put the claims back as they were."""
    from dmsperf_tui.setup import clean

    sys.exit(clean(_desk(env, cms, timeout).for_dms("clean"), run, results, keep_claims=keep_claims))
