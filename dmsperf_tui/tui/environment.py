"""The environment panel: which system the load goes to, how it is reached, and whether that was checked."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from dmsperf_tui.run.snapshot import RunSnapshot, RunState
from dmsperf_tui.settings.environment import Environment
from dmsperf_tui.systems.checks import PreflightRow
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.wording import JUDGED, VERDICTS, record_of

_EMBEDDED = (
    "starts with the run, in a process of its own on a free port (try-out: it shares this machine's CPU)"
)


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
    """Whether a client of the DMS is known, and the tone to say it in; never what it is."""
    if environment.client_id and environment.client_secret is not None:
        return ("✓ client id and secret set", "$success")
    return ("▲ no client: make one, or set CLIENT_ID and CLIENT_SECRET", "$warning")


def warns(row: PreflightRow) -> bool:
    """It has failed, and a run is worth its while all the same."""
    return row.ok is False and not row.fatal


def check_line(row: PreflightRow) -> Content:
    """`✓ token  client credentials accepted  0.12 s`."""
    glyph, tone = ("▲", "$warning") if warns(row) else JUDGED[row.ok]
    parts: list[str | tuple[str, str]] = [(f"{glyph} {row.name}", tone), f"  {row.detail}"]
    if row.seconds:
        parts.append((f"  {row.seconds:.2f} s", "$foreground-muted"))
    if row.mend and row.ok is False:
        parts.append((f"\n  → {row.mend}", "$warning"))
    return Content.assemble(*parts)


def _generator(snapshot: RunSnapshot) -> Content:
    """Whether the load generator keeps up, and why not; then what was found about the system."""
    health = snapshot.health
    verdict = VERDICTS.get(health.verdict, VERDICTS["suspect"])
    workers = f"{health.workers_alive}/{health.workers} workers"
    tone = "$foreground-muted" if health.workers_alive == health.workers else "bold $error"
    return Content.assemble(
        "generator ",
        (f"{verdict.glyph} {verdict.word}", verdict.style),
        (f"  {workers}", tone),
        _checks(snapshot.preflight),
        *[(f"\n  {verdict.glyph} {reason}", verdict.style) for reason in health.reasons],
        *[(f"\n  ◆ {finding}", "$warning") for finding in health.findings],
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


class EnvironmentPanel(VerticalScroll):
    """Before a run: where its load will go. During one: also its checks, and the generator's health."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="panel")

    def compose(self) -> ComposeResult:
        yield Reading(classes="lines")

    def on_mount(self) -> None:
        self.border_title = "Environment"

    def show_choice(self, environment: Environment) -> None:
        """What is known before a run."""
        self.border_title = Content(f"Environment · {environment.name}")
        if environment.embedded:
            lines = [
                Content(_EMBEDDED),
                Content.styled("◌ checked when the run starts", "$foreground-muted"),
            ]
        else:
            lines = [
                Content.styled(environment.url, "bold"),
                Content.styled(*tls_words(environment.url, insecure=environment.insecure)),
            ]
            if environment.system == "dms":
                lines.append(Content.assemble("log-in: ", login_words(environment)))
            hint = "◌ checked when the run starts; u checks it now, and makes it ready"
            lines.append(Content.styled(hint, "$foreground-muted"))
        self._put(lines)

    def show_problem(self, text: str) -> None:
        self.border_title = "Environment"
        self._put([Content.styled(text, "$foreground-muted")])

    def show_run(self, snapshot: RunSnapshot) -> None:
        """What is known of a run's environment."""
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
        self._put(lines)

    def _put(self, lines: list[Content]) -> None:
        self.query_one(Reading).put(Content("\n").join(lines))
