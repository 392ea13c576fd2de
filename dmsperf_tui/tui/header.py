"""Two lines that answer at a glance: is it running as planned, is the service healthy, can I trust this."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content

from dmsperf_tui.plan.units import format_clock
from dmsperf_tui.run.snapshot import RunSnapshot, RunState
from dmsperf_tui.tui.figures import Figures
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.wording import VERDICTS, environment_name, state_tone

WIDE = 112
"""Columns from which the long labels fit, and two panels stand side by side."""


class RunHeader(Vertical):
    """State and identity above, key figures below."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._snapshot: RunSnapshot | None = None
        self._starts: float | None = None
        self._lost = False
        self._figures = Figures()

    def compose(self) -> ComposeResult:
        with Horizontal(id="identity"):
            yield Reading(id="state")
            yield Reading(id="clock")
            yield Reading(id="what")
            yield Reading(id="verdict")
        yield Reading(id="figures")

    def on_resize(self) -> None:
        # After the layout that this comes from: it would swallow the request for another one.
        self.call_after_refresh(self._paint)

    def show(self, snapshot: RunSnapshot, starts: float | None, *, lost: bool) -> None:
        """Shows `snapshot`, with the newest rate of starts; `lost` when its host has gone since."""
        self._snapshot, self._starts, self._lost = snapshot, starts, lost
        self._paint()

    def _paint(self) -> None:
        snapshot = self._snapshot
        if snapshot is None:
            return
        columns = self.app.size.width
        wide = columns >= WIDE
        self._put("state", state_tone(snapshot, lost=self._lost).content())
        self._put("clock", self._clock(snapshot, wide))
        self._put("what", self._what(snapshot, wide))
        self._put("verdict", VERDICTS.get(snapshot.health.verdict, VERDICTS["suspect"]).content())
        self._put("figures", self._figures.line(snapshot, self._starts, columns - 2, wide=wide))

    def _put(self, name: str, content: Content) -> None:
        self.query_one(f"#{name}", Reading).put(content)

    @staticmethod
    def _clock(snapshot: RunSnapshot, wide: bool) -> Content:
        slash = " / " if wide else "/"
        return Content.assemble(
            (format_clock(snapshot.elapsed_s), "bold"),
            (f"{slash}{format_clock(round(snapshot.info.planned_s))}", "$foreground-muted"),
        )

    @staticmethod
    def _what(snapshot: RunSnapshot, wide: bool) -> Content:
        info = snapshot.info
        name = environment_name(info.environment, try_out=info.try_out)
        if not wide and info.try_out:
            name = "try-out"
        parts: list[str | tuple[str, str]] = [(info.scenario, "bold"), f" · {info.profile} · {name}"]
        if info.speedup != 1:
            parts.append((f" · x{info.speedup:g}" + (" speed" if wide else ""), "$warning"))
        if info.insecure:
            parts.append((" · INSECURE TLS", "bold $error"))
        stage = next((e.text for e in reversed(snapshot.events) if e.kind == "stage"), "")
        if snapshot.state is RunState.PREPARING:
            stage = snapshot.message
        elif any(row.by_hand for row in snapshot.workloads) and not snapshot.state.over:
            stage = "by hand"
        if stage and wide:
            parts.append((f"   {stage}", "$accent"))
        return Content.assemble(*parts)
