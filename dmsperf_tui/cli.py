"""The `dmsperf-tui` command: parse, choose a front end, exit code. Nothing else.

Everything heavy is imported where it is used: `--help` answers at once, and a batch run never loads
the terminal app.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dmsperf_tui import __version__
from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.units import parse_duration_s

if TYPE_CHECKING:
    from dmsperf_tui.run.commands import Command
    from dmsperf_tui.settings.config import Options

_C = TypeVar("_C", bound=click.Command)

CONFIG_EXIT = 104
_HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class _Duration(click.ParamType[float]):
    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            return parse_duration_s(value)
        except ConfigError as error:
            self.fail(f"{error.what}; {error.mend}", param, ctx)


class _Setting(click.ParamType[tuple[str, str]]):
    name = "key=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        key, equals, text = str(value).partition("=")
        if not equals or not key:
            self.fail(f"{value!r} is not KEY=VALUE", param, ctx)
        return key.strip(), text.strip()


def _example(text: str) -> Callable[[_C], _C]:
    def add(command: _C) -> _C:
        command.epilog = f"Example: {text}"
        return command

    return add


@click.group(invoke_without_command=True, context_settings=_HELP)
@click.version_option(__version__, prog_name="dmsperf-tui")
@click.option("--batch", is_flag=True, help="Plain lines instead of the terminal app: for CI and scripts.")
@click.option("--scenario", metavar="NAME|FILE", help="What to run [dms/smoke].")
@click.option("--profile", metavar="NAME", help="How large: smoke, dev, staging, prod, or your own [dev].")
@click.option("--env", "environment", metavar="embedded|URL|NAME", help="Where the system is [embedded].")
@click.option("--vus", type=click.IntRange(1), help="A constant plan's VUs, or the peak of a staged one.")
@click.option("--duration", type=_Duration(), help="How long, as 30s or 5m; stages are stretched to it.")
@click.option("--workers", type=click.IntRange(1), default=1, help="Engine processes [1].")
@click.option("--seed", type=click.IntRange(0), help="The same seed gives the same data.")
@click.option("--speedup", type=click.FloatRange(1), default=1.0, help="Divide times and iterations by X.")
@click.option("--set", "settings", type=_Setting(), multiple=True, help="A key of scenario or profile.")
@click.option("--results", metavar="DIR", default="results", help="Where records go [results].")
@click.option("--summary", metavar="FILE", help="Copy summary.json here as well.")
@click.option("--in-process", is_flag=True, help="Load and host in this process: for tests, small machines.")
@click.option("--http-debug", is_flag=True, help="Print each request and answer of one VU; with --batch.")
@click.option("--debug", is_flag=True, help="Show stack traces.")
@click.pass_context
def cli(context: click.Context, /, batch: bool, debug: bool, **given: Any) -> None:
    """Load tests that people steer from a terminal, with numbers that can be trusted.

    Without a command it opens the terminal app, on the embedded DMS where no environment is named.
    """
    if context.invoked_subcommand is not None:
        return
    options = _options(given)
    if batch:
        from dmsperf_tui.batch import run_batch
        from dmsperf_tui.settings.config import resolve

        context.exit(run_batch(resolve(options)))
    if options.http_debug:
        raise ConfigError("prints lines, and the terminal app draws", key="--http-debug", mend="add --batch")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError("the terminal app needs a terminal", mend="use --batch here")
    from dmsperf_tui.tui import run_app

    context.exit(run_app(options))


cli.epilog = "Example: dmsperf-tui --batch --scenario dms/smoke --summary out.json"


def _options(given: dict[str, Any]) -> Options:
    from dmsperf_tui.settings.config import Options

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
    )


@_example("dmsperf-tui serve --port 8080 --latency 20ms --error-rate 0.01")
@cli.command(context_settings=_HELP)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="A free one by default.")
@click.option("--latency", type=_Duration(), default=0.0, help="Added to every answer about data.")
@click.option("--error-rate", type=click.FloatRange(0, 1), default=0.0, help="Share of answers that are 500.")
@click.option("--token-ttl", type=_Duration(), default=1800.0, help="How long a token is valid [30m].")
@click.option("--client-id", default="", help="The key to log in with [made up].")
@click.option(
    "--client-secret", default="", envvar="CLIENT_SECRET", help="Its secret [made up, or CLIENT_SECRET]."
)
@click.option("--until-eof", is_flag=True, hidden=True)
@click.pass_context
def serve(
    context: click.Context,
    /,
    port: int,
    latency: float,
    error_rate: float,
    token_ttl: float,
    client_id: str,
    client_secret: str,
    until_eof: bool,
) -> None:
    """Start the embedded DMS, a stand-in on this machine, until Ctrl-C.

    Its first line on standard output is one JSON object: url, client_id, client_secret, pid.
    """
    from dmsperf_tui.standin.server import StandinOptions, serve

    options = StandinOptions(
        port=port,
        latency_s=latency,
        error_rate=error_rate,
        token_ttl_s=token_ttl,
        client_id=client_id,
        client_secret=client_secret,
        until_eof=until_eof,
    )
    context.exit(serve(options))


@_example("dmsperf-tui attach")
@cli.command(context_settings=_HELP)
@click.argument("run", required=False)
@click.option("--results", metavar="DIR", default="results", help="Where records are [results].")
def attach(run: str | None, results: str) -> None:
    """Open the terminal app on a run, with its history: a running one, else a recorded one.

    RUN is an id, a path or `last`.
    """
    from pathlib import Path

    from dmsperf_tui.run.replay import open_run
    from dmsperf_tui.settings.config import Options

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError("the terminal app needs a terminal", mend="use: dmsperf-tui ctl status")
    from dmsperf_tui.tui import run_app

    sys.exit(run_app(Options(results=results), lambda: open_run(run, Path(results))))


@_example("dmsperf-tui ctl vus 20 --over 10s")
@cli.group(context_settings=_HELP)
def ctl() -> None:
    """Steer a run from another terminal or a script."""


_RUN = click.option("--run", metavar="RUN", help="An id, a path or `last`; needed where several are active.")
_WORKLOAD = click.option("--workload", metavar="NAME", help="One workload; all of them by default.")


def _tell(run: str | None, command: Command) -> None:
    from dmsperf_tui.run.ctl import tell

    sys.exit(tell(run, command))


@_example("dmsperf-tui ctl status --json")
@ctl.command(context_settings=_HELP)
@_RUN
@click.option("--json", "as_json", is_flag=True, help="The whole snapshot as JSON.")
def status(run: str | None, as_json: bool) -> None:
    """How a run stands now."""
    from dmsperf_tui.run.ctl import show_status

    sys.exit(show_status(run, as_json))


_OVER = click.option("--over", type=_Duration(), default=0.0, help="Ramp there within this time.")
_SIGNED = {**_HELP, "ignore_unknown_options": True}


@_example("dmsperf-tui ctl vus +20% --over 30s")
@ctl.command(context_settings=_SIGNED)
@click.argument("change")
@_OVER
@_WORKLOAD
@_RUN
def vus(change: str, over: float, workload: str | None, run: str | None) -> None:
    """Set the VU target: 50, +10, -10 or +20%; of an arrival rate the most VUs that it may have."""
    from dmsperf_tui.plan.changes import parse_vu_change
    from dmsperf_tui.run.commands import SetVus

    _tell(run, SetVus.of(parse_vu_change(change), workload, over))


@_example("dmsperf-tui ctl rate 200 --over 10s")
@ctl.command(context_settings=_SIGNED)
@click.argument("change")
@_OVER
@_WORKLOAD
@_RUN
def rate(change: str, over: float, workload: str | None, run: str | None) -> None:
    """Set an arrival rate, per the scenario's time_unit or as written: 200, 200/s, 90/m, +10, +20%."""
    from dmsperf_tui.plan.changes import parse_rate_change
    from dmsperf_tui.run.commands import SetRate

    _tell(run, SetRate.of(parse_rate_change(change), workload, over))


@_example("dmsperf-tui ctl scale 1.5 --over 1m")
@ctl.command(context_settings=_HELP)
@click.argument("factor", type=click.FloatRange(0, 1000))
@_OVER
@_WORKLOAD
@_RUN
def scale(factor: float, over: float, workload: str | None, run: str | None) -> None:
    """So many times the plan from now on, with its ups and downs: VUs or rate."""
    from dmsperf_tui.run.commands import Scale

    _tell(run, Scale(factor=factor, over_s=over, workload=workload))


@_example("dmsperf-tui ctl hold")
@ctl.command(context_settings=_HELP)
@_WORKLOAD
@_RUN
def hold(workload: str | None, run: str | None) -> None:
    """Freeze the load at its present level; the plan's clock goes on."""
    from dmsperf_tui.run.commands import HoldLevel

    _tell(run, HoldLevel(workload=workload))


@_example("dmsperf-tui ctl release --over 10s")
@ctl.command(context_settings=_HELP)
@_OVER
@_WORKLOAD
@_RUN
def release(over: float, workload: str | None, run: str | None) -> None:
    """Give the load back to the plan, where the plan is by now."""
    from dmsperf_tui.run.commands import Release

    _tell(run, Release(over_s=over, workload=workload))


@_example("dmsperf-tui ctl skip")
@ctl.command(context_settings=_HELP)
@click.argument("stage", type=click.IntRange(1), required=False)
@_WORKLOAD
@_RUN
def skip(stage: int | None, workload: str | None, run: str | None) -> None:
    """Go on with the plan's next stage, or with stage number STAGE, from 1."""
    from dmsperf_tui.run.commands import Skip

    _tell(run, Skip(stage=stage, workload=workload))


@_example("dmsperf-tui ctl extend 5m")
@ctl.command(context_settings=_HELP)
@click.argument("by", type=_Duration())
@_WORKLOAD
@_RUN
def extend(by: float, workload: str | None, run: str | None) -> None:
    """Make the plan's last stage longer, or the max_duration of iterations."""
    from dmsperf_tui.run.commands import Extend

    _tell(run, Extend(by_s=by, workload=workload))


@_example("dmsperf-tui ctl weights read=80,write=20")
@ctl.command(context_settings=_HELP)
@click.argument("shares")
@_WORKLOAD
@_RUN
def weights(shares: str, workload: str | None, run: str | None) -> None:
    """Set the shares of a mix of flows, by their requests."""
    from dmsperf_tui.plan.changes import parse_weights
    from dmsperf_tui.run.commands import Weights

    _tell(run, Weights(weights=parse_weights(shares), workload=workload))


@_example("dmsperf-tui ctl pause")
@ctl.command(context_settings=_HELP)
@_RUN
def pause(run: str | None) -> None:
    """Start no further request; the run's clock stands still once those in flight are done."""
    from dmsperf_tui.run.commands import Pause

    _tell(run, Pause())


@_example("dmsperf-tui ctl resume")
@ctl.command(context_settings=_HELP)
@_RUN
def resume(run: str | None) -> None:
    """Go on after a pause."""
    from dmsperf_tui.run.commands import Resume

    _tell(run, Resume())


@_example('dmsperf-tui ctl note "deployed build 42"')
@ctl.command(context_settings=_HELP)
@click.argument("text", nargs=-1, required=True)
@_RUN
def note(text: tuple[str, ...], run: str | None) -> None:
    """Put a line of text on the run's timeline."""
    from dmsperf_tui.run.commands import Note

    _tell(run, Note(text=" ".join(text)))


@_example("dmsperf-tui ctl stop")
@ctl.command(context_settings=_HELP)
@_RUN
def stop(run: str | None) -> None:
    """End the run gracefully: iterations may finish within their grace period."""
    from dmsperf_tui.run.commands import Stop

    _tell(run, Stop())


@_example("dmsperf-tui ctl abort")
@ctl.command(context_settings=_HELP)
@_RUN
def abort(run: str | None) -> None:
    """End the run at once; its record is written all the same."""
    from dmsperf_tui.run.commands import Stop

    _tell(run, Stop(at_once=True))


@_example("dmsperf-tui list scenarios")
@cli.command("list", context_settings=_HELP)
@click.argument("kind", type=click.Choice(["scenarios", "profiles", "environments", "runs"]))
@click.option("--results", metavar="DIR", default="results", help="Where records are [results].")
def list_(kind: str, results: str) -> None:
    """What there is to choose from, or the runs: active ones first, then recorded ones."""
    if kind == "runs":
        from dmsperf_tui.run.ctl import show_runs

        show_runs(results)
        return
    from dmsperf_tui.settings.catalogue import catalogue

    for entry in catalogue(kind):
        click.echo(f"{entry.name:<18} {entry.title}")
        for line in (entry.description, f"✗ {entry.problem}" if entry.problem else ""):
            if line:
                click.echo(f"{'':<18} {line}")


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
