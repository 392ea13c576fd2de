"""`dmsperf-tui serve`: the embedded system, until Ctrl-C."""

from __future__ import annotations

import click

from dmsperf_tui.cli.options import HELP, Duration, example


@example("dmsperf-tui serve --port 8080 --latency 20ms --error-rate 0.01")
@click.command(context_settings=HELP)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="A free one by default.")
@click.option("--latency", type=Duration(), default=0.0, help="Added to every answer about data.")
@click.option("--error-rate", type=click.FloatRange(0, 1), default=0.0, help="Share of answers that are 500.")
@click.option("--token-ttl", type=Duration(), default=1800.0, help="How long a token is valid [30m].")
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
