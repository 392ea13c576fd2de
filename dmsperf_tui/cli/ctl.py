"""`dmsperf-tui ctl`: steer a run from another terminal or a script."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from dmsperf_tui.cli.options import HELP, Duration, example

if TYPE_CHECKING:
    from dmsperf_tui.run.commands import Command


@example("dmsperf-tui ctl vus 20 --over 10s")
@click.group(context_settings=HELP)
def ctl() -> None:
    """Steer a run from another terminal or a script."""


_RUN = click.option("--run", metavar="RUN", help="An id, a path or `last`; needed where several are active.")
_WORKLOAD = click.option("--workload", metavar="NAME", help="One workload; all of them by default.")


def _tell(run: str | None, command: Command) -> None:
    from dmsperf_tui.run.ctl import tell

    sys.exit(tell(run, command))


@example("dmsperf-tui ctl status --json")
@ctl.command(context_settings=HELP)
@_RUN
@click.option("--json", "as_json", is_flag=True, help="The whole snapshot as JSON.")
def status(run: str | None, as_json: bool) -> None:
    """How a run stands now."""
    from dmsperf_tui.run.ctl import show_status

    sys.exit(show_status(run, as_json))


_OVER = click.option("--over", type=Duration(), default=0.0, help="Ramp there within this time.")
_SIGNED = {**HELP, "ignore_unknown_options": True}


@example("dmsperf-tui ctl vus +20% --over 30s")
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


@example("dmsperf-tui ctl rate 200 --over 10s")
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


@example("dmsperf-tui ctl scale 1.5 --over 1m")
@ctl.command(context_settings=HELP)
@click.argument("factor", type=click.FloatRange(0, 1000))
@_OVER
@_WORKLOAD
@_RUN
def scale(factor: float, over: float, workload: str | None, run: str | None) -> None:
    """So many times the plan from now on, with its ups and downs: VUs or rate."""
    from dmsperf_tui.run.commands import Scale

    _tell(run, Scale(factor=factor, over_s=over, workload=workload))


@example("dmsperf-tui ctl hold")
@ctl.command(context_settings=HELP)
@_WORKLOAD
@_RUN
def hold(workload: str | None, run: str | None) -> None:
    """Freeze the load at its present level; the plan's clock goes on."""
    from dmsperf_tui.run.commands import HoldLevel

    _tell(run, HoldLevel(workload=workload))


@example("dmsperf-tui ctl release --over 10s")
@ctl.command(context_settings=HELP)
@_OVER
@_WORKLOAD
@_RUN
def release(over: float, workload: str | None, run: str | None) -> None:
    """Give the load back to the plan, where the plan is by now."""
    from dmsperf_tui.run.commands import Release

    _tell(run, Release(over_s=over, workload=workload))


@example("dmsperf-tui ctl skip")
@ctl.command(context_settings=HELP)
@click.argument("stage", type=click.IntRange(1), required=False)
@_WORKLOAD
@_RUN
def skip(stage: int | None, workload: str | None, run: str | None) -> None:
    """Go on with the plan's next stage, or with stage number STAGE, from 1."""
    from dmsperf_tui.run.commands import Skip

    _tell(run, Skip(stage=stage, workload=workload))


@example("dmsperf-tui ctl extend 5m")
@ctl.command(context_settings=HELP)
@click.argument("by", type=Duration())
@_WORKLOAD
@_RUN
def extend(by: float, workload: str | None, run: str | None) -> None:
    """Make the plan's last stage longer, or the max_duration of iterations."""
    from dmsperf_tui.run.commands import Extend

    _tell(run, Extend(by_s=by, workload=workload))


@example("dmsperf-tui ctl weights read=80,write=20")
@ctl.command(context_settings=HELP)
@click.argument("shares")
@_WORKLOAD
@_RUN
def weights(shares: str, workload: str | None, run: str | None) -> None:
    """Set the shares of a mix of flows, by their requests."""
    from dmsperf_tui.plan.changes import parse_weights
    from dmsperf_tui.run.commands import Weights

    _tell(run, Weights(weights=parse_weights(shares), workload=workload))


@example("dmsperf-tui ctl undo")
@ctl.command(context_settings=HELP)
@_RUN
def undo(run: str | None) -> None:
    """Take the newest change of the load back; again: the one before it."""
    from dmsperf_tui.run.commands import Undo

    _tell(run, Undo())


@example("dmsperf-tui ctl pause")
@ctl.command(context_settings=HELP)
@_RUN
def pause(run: str | None) -> None:
    """Start no further request; the run's clock stands still once those in flight are done."""
    from dmsperf_tui.run.commands import Pause

    _tell(run, Pause())


@example("dmsperf-tui ctl resume")
@ctl.command(context_settings=HELP)
@_RUN
def resume(run: str | None) -> None:
    """Go on after a pause."""
    from dmsperf_tui.run.commands import Resume

    _tell(run, Resume())


@example('dmsperf-tui ctl note "deployed build 42"')
@ctl.command(context_settings=HELP)
@click.argument("text", nargs=-1, required=True)
@_RUN
def note(text: tuple[str, ...], run: str | None) -> None:
    """Put a line of text on the run's timeline."""
    from dmsperf_tui.run.commands import Note

    _tell(run, Note(text=" ".join(text)))


@example("dmsperf-tui ctl stop")
@ctl.command(context_settings=HELP)
@_RUN
def stop(run: str | None) -> None:
    """End the run gracefully: iterations may finish within their grace period."""
    from dmsperf_tui.run.commands import Stop

    _tell(run, Stop())


@example("dmsperf-tui ctl abort")
@ctl.command(context_settings=HELP)
@_RUN
def abort(run: str | None) -> None:
    """End the run at once; its record is written all the same."""
    from dmsperf_tui.run.commands import Stop

    _tell(run, Stop(at_once=True))
