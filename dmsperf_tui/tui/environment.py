"""The environment panel: which system the load goes to, how it is reached, and whether that was checked."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from dmsperf_tui.run.snapshot import RunSnapshot, RunState
from dmsperf_tui.settings.environment import Environment
from dmsperf_tui.systems.checks import PreflightRow
from dmsperf_tui.tui.panel import RunPanel, View
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.wording import JUDGED, VERDICTS, record_of

LAG_LIMIT_MS, SLIP_LIMIT_MS, CPU_LIMIT = 10.0, 10.0, 0.9
"""Above these in more than a few seconds a run is `suspect`: run/verdict.py."""


def tls_words(url: str, *, insecure: bool) -> tuple[str, str]:
    """How the connection is protected, and the tone to say it in."""
    if not url.startswith("https"):
        return ("plain HTTP", "$foreground-muted")
    return (
        ("▲ INSECURE TLS: certificates are not verified", "bold $error")
        if insecure
        else (
            "✓ TLS verified",
            "$success",
        )
    )


def login_words(environment: Environment) -> tuple[str, str]:
    """Who logs in there, and the tone to say it in: the client of a DMS, never what it is, or how many users.

    Empty where nobody is known to.
    """
    if environment.accounts:
        roles = Counter(account.role for account in environment.accounts)
        counts = (f"{number:,} {role}{'' if number == 1 else 's'}" for role, number in roles.items())
        return (f"✓ {', '.join(counts)}", "$success")
    if environment.client_id and environment.client_secret is not None:
        return ("✓ client id and secret set", "$success")
    if environment.system in (None, "dms"):
        return ("▲ no client: make one, or set CLIENT_ID and CLIENT_SECRET", "$warning")
    return ("", "")


def warns(row: PreflightRow) -> bool:
    """It has failed, and a run is worth its while all the same."""
    return row.ok is False and not row.fatal


def check_line(row: PreflightRow) -> Content:
    """`✓ token  client credentials accepted  0.12 s`; without a time that would be shown as none."""
    glyph, tone = ("▲", "$warning") if warns(row) else JUDGED[row.ok]
    parts: list[str | tuple[str, str]] = [(f"{glyph} {row.name}", tone), f"  {row.detail}"]
    if row.seconds >= 0.005:
        parts.append((f"  {row.seconds:.2f} s", "$foreground-muted"))
    if row.mend and row.ok is False:
        parts.append((f"\n  → {row.mend}", "$warning"))
    return Content.assemble(*parts)


def _generator(snapshot: RunSnapshot) -> Content:
    """Whether the load generator keeps up: its figures beside their limits, and why it is not trusted."""
    health = snapshot.health
    verdict = VERDICTS.get(health.verdict, VERDICTS["suspect"])
    workers = f"{health.workers_alive}/{health.workers} workers"
    tone = "$foreground-muted" if health.workers_alive == health.workers else "bold $error"
    figures = (
        _figure("lag", health.loop_lag_p99_ms, LAG_LIMIT_MS, "{:.1f} ms"),
        _figure("slip", health.start_slip_p99_ms, SLIP_LIMIT_MS, "{:.1f} ms"),
        _figure("CPU", 100 * health.cpu_share, 100 * CPU_LIMIT, "{:.0f} %"),
    )
    return Content.assemble(
        "generator ",
        (f"{verdict.glyph} {verdict.word}", verdict.style),
        (f"  {workers}", tone),
        _checks(snapshot.preflight),
        "\n  ",
        Content("  ").join(figures),
        *[(f"\n  {verdict.glyph} {reason}", verdict.style) for reason in health.reasons],
        *[(f"\n▲ {finding}", "$warning") for finding in health.findings],
    )


def _figure(name: str, value: float, limit: float, form: str) -> Content:
    """`lag 0.4 ms of 10`: the newest second's, and what makes the verdict suspect where it is often above."""
    above = value > limit
    said = ("▲ " if above else "") + form.format(value)
    return Content.assemble(
        (f"{name} ", "$foreground-muted"),
        (said, "bold $warning" if above else "bold"),
        (f" of {limit:g}", "$foreground-muted"),
    )


def _checks(rows: tuple[PreflightRow, ...]) -> Content:
    """How many checks have passed, in a word."""
    if not rows:
        return Content("")
    good = sum(row.ok is True for row in rows)
    tone = "$error" if any(row.ok is False and row.fatal for row in rows) else "$foreground-muted"
    warnings = sum(map(warns, rows))
    return Content.assemble(
        (f"  {good}/{len(rows)} checks ✓", tone), (f"  {warnings} ▲" if warnings else "", "$warning")
    )


class EnvironmentPanel(VerticalScroll, RunPanel):
    """Where the load goes, the checks made before it, and the generator's health."""

    TITLE: ClassVar = "Environment"
    SHORT: ClassVar = "Env"
    ABOUT: ClassVar = (
        "where the load goes and how it is protected; the load generator's health: lag of its loop and slip "
        "of starts (p99 of the newest second) and its busiest worker's CPU, each beside the verdict's limit; "
        "▲ what was found about the system under load; the checks made before the run; its record"
    )

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="panel")

    def compose(self) -> ComposeResult:
        yield Reading(classes="lines")

    def on_mount(self) -> None:
        self.border_title = self.TITLE

    def show(self, view: View) -> None:
        snapshot = view.snapshot
        info = snapshot.info
        self.border_title = Content(f"Environment · {info.environment}")
        url = info.url or "starting"
        address: list[str | tuple[str, str]] = [
            (url, "bold"),
            "  ",
            tls_words(info.url, insecure=info.insecure),
        ]
        if info.try_out:
            address += ["  ", ("shares this CPU", "$foreground-muted")]
        lines = [Content.assemble(*address)]
        lines += [check_line(row) for row in snapshot.preflight if row.ok is False and row.fatal]
        if snapshot.state is not RunState.PREPARING:
            lines.append(_generator(snapshot))
        lines += [check_line(row) for row in snapshot.preflight if warns(row)]
        if snapshot.message and not snapshot.state.over:
            lines.append(Content.styled(f"◌ {snapshot.message}", "$primary"))
        elif not snapshot.preflight:
            lines.append(Content.styled("Checks appear here as they are made.", "$foreground-muted"))
        lines += [check_line(row) for row in snapshot.preflight if row.ok is not False]
        lines.append(Content.assemble(("record ", "$foreground-muted"), record_of(info)))
        self.query_one(Reading).put(Content("\n").join(lines))
