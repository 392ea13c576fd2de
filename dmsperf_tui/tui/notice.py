"""The one line below the header: what a person should know now and might not be looking at."""

from __future__ import annotations

from textual import events
from textual.content import Content

from dmsperf_tui.plan.plain import line
from dmsperf_tui.plan.units import format_clock
from dmsperf_tui.run.snapshot import RunSnapshot
from dmsperf_tui.tui.environment import warns
from dmsperf_tui.tui.layout import small
from dmsperf_tui.tui.panel import View
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.wording import VERDICTS, count, shorten

_GRAVE = ("nearly everything was", "rate limiting:")
"""How findings of an outage and of rate limiting begin: what they say is about all of the numbers."""


def notices(snapshot: RunSnapshot, *, errors: bool = False) -> list[Content]:
    """Why the numbers may not be trusted, then what was found about the system; the gravest first.

    With `errors` the newest failure too, behind those, for a screen that has no panel for it.
    """
    health = snapshot.health
    verdict = VERDICTS.get(health.verdict, VERDICTS["suspect"])
    found = [
        Content.styled(f"{verdict.glyph} {verdict.word}: {reason}", verdict.style)
        for reason in health.reasons
    ]
    if health.workers_alive < health.workers and not snapshot.state.over and not health.reasons:
        gone = health.workers - health.workers_alive
        found.append(Content.styled(f"✗ {gone} of {health.workers} workers lost", "bold $error"))
    findings = sorted(health.findings, key=lambda finding: not finding.startswith(_GRAVE))
    found += [Content.styled(f"▲ {finding}", "$warning") for finding in findings]
    if errors and snapshot.errors:
        row = snapshot.errors[0]
        operation, kind, sample = map(line, (row.operation, row.kind, row.sample))
        words = f"✗ {count(row.count)} × {operation}  {kind}  {format_clock(row.last_s)}  {sample}"
        found.append(Content.styled(words, "$error"))
    found += [
        Content.styled(f"▲ {row.name}: {line(row.detail)}", "$warning")
        for row in snapshot.preflight
        if warns(row)
    ]
    if snapshot.info.insecure:
        found.append(Content.styled("▲ INSECURE TLS: certificates are not verified", "bold $error"))
    return found


class Notice(Reading):
    """Not there until there is something to say; from then on its line stays, so that nothing jumps."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._run = ""
        self._panel = "environment"

    def show(self, view: View) -> None:
        """The gravest of what there is to say, and how much more there is."""
        snapshot, size = view.snapshot, self.app.size
        said = notices(snapshot, errors=small(*size))
        if snapshot.info.id != self._run:
            self._run = snapshot.info.id
            self.remove_class("-said")
        if said:
            self.add_class("-said")
        else:
            self.put(Content(""))
            return
        first = said[0]
        self._panel = "errors" if first.plain.startswith("✗ ") and "×" in first.plain else "environment"
        more = f"  +{len(said) - 1} more" + (": Environment" if size.width >= 60 else "")
        more = more if len(said) > 1 and size.width >= 40 else ""
        words = shorten(first.plain, max(10, size.width - 2 - len(more)))
        style = first.spans[0].style if first.spans else ""
        self.put(Content.assemble((words, style), (more, "$foreground-muted")))

    async def on_click(self, event: events.Click) -> None:
        """The panel that has all of it."""
        event.stop()
        await self.run_action(f"app.panel({self._panel!r})")
