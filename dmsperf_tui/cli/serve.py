"""`dmsperf-tui serve`: the embedded system, until Ctrl-C."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from dmsperf_tui.cli.options import HELP, Duration, Setting, example
from dmsperf_tui.plan.errors import ConfigError

if TYPE_CHECKING:
    from dmsperf_tui.settings.standins import Standin

_SHARE = click.FloatRange(0, 1)


@example("dmsperf-tui serve --vintage v0.7 --bare --rate-limit 5000/10s")
@click.command(context_settings=HELP)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="A free one by default.")
@click.option("--vintage", type=click.Choice(["v0.7", "v8"]), default="v8", help="Which DMS to play [v8].")
@click.option("--bare", is_flag=True, help="Start without descriptors and school years.")
@click.option(
    "--latency",
    default="0",
    help="Added to every answer about data: 20ms, 20ms..80ms, or lognormal 20ms p99 200ms.",
)
@click.option("--error-rate", type=_SHARE, default=0.0, help="Share of answers that are --error-status.")
@click.option("--error-status", type=click.IntRange(400, 599), default=500, help="[500]")
@click.option("--write-conflict-rate", type=_SHARE, default=0.0, help="Share of writes that conflict.")
@click.option("--reset-rate", type=_SHARE, default=0.0, help="Share of connections reset, not answered.")
@click.option("--truncate-rate", type=_SHARE, default=0.0, help="Share of bodies cut short.")
@click.option("--slow-body", type=Duration(), default=0.0, help="Time over which each body is trickled.")
@click.option("--token-ttl", type=Duration(), default=1800.0, help="How long a token is valid [30m].")
@click.option("--token-limit", type=click.IntRange(0), default=0, help="Live tokens per client [no limit].")
@click.option("--rate-limit", default="", help="Requests in a fixed window, such as 5000/10s [no limit].")
@click.option("--circuit-breaker", is_flag=True, help="Open for 30 s: v0.7 at one failure, v8 at a tenth.")
@click.option("--tenant", default="", help="Serve this tenant, under /NAME/.")
@click.option("--qualifier", multiple=True, metavar="NAME=VALUE", help="A route qualifier; may be repeated.")
@click.option("--client-id", default="", help="The key to log in with [made up].")
@click.option(
    "--client-secret", default="", envvar="CLIENT_SECRET", help="Its secret [made up, or CLIENT_SECRET]."
)
@click.option(
    "--k12-password",
    default="",
    envvar="K12_PASSWORD",
    help="Of every user of the K-12 platform [made up, or K12_PASSWORD].",
)
@click.option(
    "--k12-latency",
    type=Setting(),
    multiple=True,
    metavar="CATEGORY=LATENCY",
    help="Of a category of endpoints, as gradebook=2s, or of all but ai, as all=5ms; may be repeated "
    "[ai=lognormal 2s p99 8s].",
)
@click.option("--k12-session-ttl", type=Duration(), default=1800.0, help="How long a log-in lasts [30m].")
@click.option("--k12-error-rate", type=_SHARE, default=0.0, help="Share of its answers that are errors.")
@click.option("--k12-error-status", type=click.IntRange(400, 599), default=500, help="[500]")
@click.option("--k12-ai-limit", default="300/1m", help="AI generations in a fixed window [300/1m].")
@click.option("--until-eof", is_flag=True, hidden=True)
@click.pass_context
def serve(
    context: click.Context,
    /,
    port: int,
    vintage: str,
    bare: bool,
    latency: str,
    error_rate: float,
    error_status: int,
    write_conflict_rate: float,
    reset_rate: float,
    truncate_rate: float,
    slow_body: float,
    token_ttl: float,
    token_limit: int,
    rate_limit: str,
    circuit_breaker: bool,
    tenant: str,
    qualifier: tuple[str, ...],
    client_id: str,
    client_secret: str,
    k12_password: str,
    k12_latency: tuple[tuple[str, str], ...],
    k12_session_ttl: float,
    k12_error_rate: float,
    k12_error_status: int,
    k12_ai_limit: str,
    until_eof: bool,
) -> None:
    """Start the embedded DMS, CMS and K-12 platform, stand-ins on this machine, until Ctrl-C.

    Options without k12 in their names are those of the DMS and its CMS. Until it ends it is an environment
    of this user, `--env embedded:PORT`. Its first line on standard output is one JSON object: url, cms_url,
    vintage, client_id, client_secret, k12_password and pid.
    """
    from dmsperf_tui.standin.app import AppOptions
    from dmsperf_tui.standin.breaker import BreakerSettings
    from dmsperf_tui.standin.faults import Knobs
    from dmsperf_tui.standin.k12 import K12Options
    from dmsperf_tui.standin.rate_limit import RateLimit
    from dmsperf_tui.standin.server import StandinOptions, serve
    from dmsperf_tui.standin.vintage import Vintage

    played = Vintage(vintage)
    knobs = Knobs(
        latency=latency,
        error_rate=error_rate,
        error_status=error_status,
        write_conflict_rate=write_conflict_rate,
        reset_rate=reset_rate,
        truncate_rate=truncate_rate,
        slow_body_s=slow_body,
        token_ttl_s=token_ttl,
        token_limit=token_limit,
    )
    try:
        app = AppOptions(
            client_id,
            client_secret,
            vintage=played,
            bare=bare,
            knobs=knobs,
            rate_limit=RateLimit.read(rate_limit) if rate_limit else None,
            circuit_breaker=BreakerSettings.of(played) if circuit_breaker else None,
            tenant=tenant,
            qualifiers=tuple(_qualifier(each) for each in qualifier),
            k12=K12Options(
                k12_password,
                k12_latency,
                k12_session_ttl,
                RateLimit.read(k12_ai_limit),
                k12_error_rate,
                k12_error_status,
            ),
        )
        known = _Known(app.tenant, tuple(value for _, value in app.qualifiers))
        ready = None if until_eof else known.enter
        try:
            code = serve(StandinOptions(app, port=port, until_eof=until_eof, ready=ready))
        finally:
            known.leave()
    except ValueError as error:
        raise click.UsageError(str(error), context) from None
    context.exit(code)


class _Known:
    """The stand-in among this user's environments, from its first answer to its end."""

    def __init__(self, tenant: str, qualifiers: tuple[str, ...]) -> None:
        self._tenant, self._qualifiers = tenant, qualifiers
        self._standin: Standin | None = None

    def enter(self, ready: Mapping[str, object]) -> None:
        from dmsperf_tui.settings.standins import register

        try:
            self._standin = register(ready, self._tenant, self._qualifiers)
        except (ConfigError, OSError) as fault:
            click.echo(f"it cannot be named as embedded:PORT, only by its URL: {fault}", err=True)

    def leave(self) -> None:
        if self._standin is not None:
            from dmsperf_tui.settings.standins import unregister

            with contextlib.suppress(ConfigError, OSError):
                unregister(self._standin)


def _qualifier(text: str) -> tuple[str, str]:
    """`schoolYear=2026` as its two halves. Raises `ValueError`."""
    name, _, value = text.partition("=")
    if not name or not value:
        raise ValueError(f"'{text}' is no qualifier; write its name and value, such as schoolYear=2026.")
    return name, value
