"""The `dmsperf-tui` command: parse, choose a front end, exit code. Nothing else.

Everything heavy is imported where it is used: `--help` answers at once, and a batch run never loads
the terminal app.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from dmsperf_tui import __version__
from dmsperf_tui.cli.ctl import ctl
from dmsperf_tui.cli.options import HELP, Duration, Setting, example, named_by
from dmsperf_tui.cli.serve import serve
from dmsperf_tui.cli.setup import setup
from dmsperf_tui.cli.suite import suite
from dmsperf_tui.plan.errors import ConfigError

if TYPE_CHECKING:
    from dmsperf_tui.settings.config import Options

CONFIG_EXIT = 104
_refresh = click.option(
    "--refresh",
    metavar="HZ",
    type=click.FloatRange(0.2, 10),
    help="How often the screen is painted, a second [4; over SSH 2].",
)


@click.group(invoke_without_command=True, context_settings=HELP)
@click.version_option(__version__, prog_name="dmsperf-tui")
@click.option("--batch", is_flag=True, help="Plain lines instead of the terminal app: for CI and scripts.")
@click.option("--scenario", metavar="NAME|FILE", help="What to run [dms/smoke].")
@click.option(
    "--phase", type=click.Choice(["load", "readwrite", "full"]), help="The scenario dms/load, and so on."
)
@click.option("--profile", metavar="NAME", help="How large: smoke, dev, staging, prod, or your own [dev].")
@click.option(
    "--env",
    "environment",
    metavar="embedded[:PORT]|URL|NAME",
    help="Where the system is; :PORT is one that `serve` keeps [embedded].",
)
@click.option("--vus", type=click.IntRange(1), help="A constant plan's VUs, or the peak of a staged one.")
@click.option("--duration", type=Duration(), help="How long, as 30s or 5m; stages are stretched to it.")
@click.option("--workers", type=click.IntRange(1), default=1, help="Engine processes [1].")
@click.option("--seed", type=click.IntRange(0), help="The same seed gives the same data.")
@click.option("--speedup", type=click.FloatRange(1), default=1.0, help="Divide times and iterations by X.")
@click.option("--set", "settings", type=Setting(), multiple=True, help="A key of scenario or profile.")
@click.option("--data", metavar="RUN", help="Work on the data that a load phase has made.")
@click.option("--resume", metavar="RUN", help="Go on with a load phase that was ended, or killed.")
@click.option("--results", metavar="DIR", default="results", help="Where records go [results].")
@click.option("--objectives", metavar="NAME|FILE", help="Hold the run to these: a missed one fails it.")
@click.option(
    "--summary",
    metavar="FILE",
    multiple=True,
    help="Write the summary here, too: .json, .md (Markdown) or .txt; may be given again.",
)
@click.option("--in-process", is_flag=True, help="Load and host in this process: for tests, small machines.")
@click.option("--http-debug", is_flag=True, help="Print each request and answer of one VU; with --batch.")
@click.option("--abort-on-4xx", is_flag=True, help="End the run at the first 4xx answer that is a failure.")
@_refresh
@click.option("--debug", is_flag=True, help="Show stack traces.")
@click.pass_context
def cli(context: click.Context, /, batch: bool, debug: bool, refresh: float | None, **given: Any) -> None:
    """Load tests that people steer from a terminal, with numbers that can be trusted.

    Without a command it opens the terminal app, on the embedded DMS where no environment is named.
    """
    if context.invoked_subcommand is not None:
        return
    options = _options(given, batch=batch)
    if batch:
        from dmsperf_tui.batch import run_batch
        from dmsperf_tui.settings.config import resolve

        context.exit(run_batch(resolve(options)))
    if options.http_debug:
        raise ConfigError("prints lines, and the terminal app draws", key="--http-debug", mend="add --batch")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError("the terminal app needs a terminal", mend="use --batch here")
    from dmsperf_tui.tui import run_app

    context.exit(run_app(options, refresh_hz=refresh))


cli.add_command(serve)
cli.add_command(ctl)
cli.add_command(setup)
cli.add_command(suite)
cli.epilog = "Example: dmsperf-tui --batch --scenario dms/smoke --summary out.json"


def _options(given: dict[str, Any], *, batch: bool) -> Options:
    from dmsperf_tui.settings.config import Options

    if given["phase"] and given["scenario"]:
        raise ConfigError("names a scenario, as --scenario does", key="--phase", mend="leave one of them out")
    if given["phase"]:
        given["scenario"] = f"dms/{given['phase']}"
    if given["resume"] and not given["scenario"]:
        from pathlib import Path

        from dmsperf_tui.settings.origin import find_origin

        origin = find_origin(given["resume"], Path(given["results"]), "--resume", resume=True)
        given["scenario"] = origin.scenario
    given["environment"] = named_by(given["environment"], strict=batch)
    named = {name: given[name] for name in ("scenario", "profile", "environment") if given[name]}
    return Options(
        **named,
        vus=given["vus"],
        duration_s=given["duration"],
        workers=given["workers"],
        seed=given["seed"],
        speedup=given["speedup"],
        settings=dict(given["settings"]),
        results=given["results"],
        summary=given["summary"],
        in_process=given["in_process"],
        http_debug=given["http_debug"],
        data=given["data"],
        resume=given["resume"],
        abort_on_4xx=given["abort_on_4xx"],
        objectives=given["objectives"],
    )


@example("dmsperf-tui attach")
@cli.command(context_settings=HELP)
@click.argument("run", required=False)
@click.option("--results", metavar="DIR", default="results", help="Where records are [results].")
@_refresh
def attach(run: str | None, results: str, refresh: float | None) -> None:
    """Open the terminal app on a run, with its history: a running one, else a recorded one.

    RUN is an id, a path or `last`.
    """
    from pathlib import Path

    from dmsperf_tui.run.replay import open_run
    from dmsperf_tui.settings.config import Options

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError("the terminal app needs a terminal", mend="use: dmsperf-tui ctl status")
    from dmsperf_tui.tui import run_app

    sys.exit(run_app(Options(results=results), lambda: open_run(run, Path(results)), refresh_hz=refresh))


@example("dmsperf-tui list scenarios")
@cli.command("list", context_settings=HELP)
@click.argument(
    "kind", type=click.Choice(["scenarios", "suites", "profiles", "environments", "objectives", "runs"])
)
@click.option("--results", metavar="DIR", default="results", help="Where records are [results].")
def list_(kind: str, results: str) -> None:
    """What there is to choose from, or the runs: active ones first, then recorded ones."""
    if kind == "runs":
        from dmsperf_tui.run.ctl import show_runs

        show_runs(results)
        return
    from dmsperf_tui.settings.catalogue import catalogue

    entries = catalogue(kind)
    width = max((len(entry.name) for entry in entries), default=0)
    for entry in entries:
        click.echo(f"{entry.name:<{width}}  {entry.title}")
        for line in (entry.description, f"✗ {entry.problem}" if entry.problem else ""):
            if line:
                click.echo(f"{'':<{width}}  {line}")


def main() -> None:
    """The console script: one clear line for every error; a stack trace only with `--debug`."""
    try:
        sys.exit(cli.main(standalone_mode=False))
    except click.exceptions.Abort:
        sys.exit(105)
    except click.ClickException as error:
        click.echo(f"dmsperf-tui: {error.format_message()}", err=True)
        sys.exit(CONFIG_EXIT)
    except ConfigError as error:
        if "--debug" in sys.argv:
            raise
        click.echo(f"dmsperf-tui: {error}", err=True)
        sys.exit(CONFIG_EXIT)
    except KeyboardInterrupt:
        sys.exit(105)
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        kind = type(error).__name__
        click.echo(f"dmsperf-tui: internal error: {kind}: {error}; --debug shows where", err=True)
        sys.exit(1)
