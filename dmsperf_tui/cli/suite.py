"""`dmsperf-tui suite`: scenarios in order, with cool-downs."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dmsperf_tui.cli.options import HELP, Duration, Setting, example, named_by


@example("dmsperf-tui suite k12-acceptance --env k12 --summary suite.md")
@click.command(context_settings=HELP)
@click.argument("name", metavar="NAME|FILE")
@click.option("--env", "environment", metavar="embedded|URL|NAME", help="Where the system is [embedded].")
@click.option("--profile", metavar="NAME", help="How large, for all steps [each step's own, or dev].")
@click.option("--objectives", metavar="NAME|FILE", help="Hold all steps to these [each step's own].")
@click.option("--cool-down", type=Duration(), help="The time between two steps [the suite's own].")
@click.option("--workers", type=click.IntRange(1), default=1, help="Engine processes [1].")
@click.option("--seed", type=click.IntRange(0), help="The same seed gives the same data.")
@click.option("--speedup", type=click.FloatRange(1), default=1.0, help="Divide times and cool-downs by X.")
@click.option("--set", "settings", type=Setting(), multiple=True, help="A key of the scenarios or profile.")
@click.option("--results", metavar="DIR", default="results", help="Where records go [results].")
@click.option(
    "--summary", metavar="FILE", multiple=True, help="The suite's own: .json, .md (Markdown) or .txt."
)
@click.option("--debug", is_flag=True, help="Show stack traces.")
def suite(
    name: str,
    environment: str | None,
    profile: str | None,
    objectives: str | None,
    cool_down: float | None,
    workers: int,
    seed: int | None,
    speedup: float,
    settings: tuple[tuple[str, str], ...],
    results: str,
    summary: tuple[str, ...],
    debug: bool,
) -> None:
    """Run scenarios one after the other, each as --batch does, and tell at the end what came of them.

    All steps are checked before the first begins. The exit code is the worst of theirs. Against the
    embedded system each step has one of its own.
    """
    from dmsperf_tui.settings.config import Options
    from dmsperf_tui.settings.suite import resolve_suite
    from dmsperf_tui.suite import run_suite

    given = Options(
        environment=named_by(environment, strict=True) or Options().environment,
        objectives=objectives,
        workers=workers,
        seed=seed,
        speedup=speedup,
        settings=dict(settings),
        results=results,
    )
    resolved = resolve_suite(name, given, profile=profile, cool_down_s=cool_down)
    sys.exit(run_suite(resolved, [Path(file).resolve() for file in summary]))
