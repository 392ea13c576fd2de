"""Two lines that answer at a glance: is it running as planned, is the service healthy, can I trust this."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content

from dmsperf_tui.plan.units import format_clock
from dmsperf_tui.run.snapshot import RunSnapshot, RunState
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.wording import (
    LOST,
    STATES,
    VERDICTS,
    environment_name,
    milliseconds,
    percent,
    rate,
)

WIDE = 112
"""Columns from which the long labels fit, and two panels stand side by side."""


class RunHeader(Vertical):
    """State and identity above, key figures below."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._snapshot: RunSnapshot | None = None
        self._lost = False
        self._digits = 2

    def compose(self) -> ComposeResult:
        with Horizontal(id="identity"):
            yield Reading(id="state")
            yield Reading(id="clock")
            yield Reading(id="what")
            yield Reading(id="verdict")
        with Horizontal(id="figures"):
            for name in ("vus", "rate", "p95", "failed", "judged", "lag", "cpu"):
                yield Reading(id=f"figure-{name}", classes="figure")

    def on_resize(self) -> None:
        # After the layout that this comes from: it would swallow the request for another one.
        self.call_after_refresh(self._paint)

    def show(self, snapshot: RunSnapshot, *, lost: bool) -> None:
        """Shows `snapshot`; `lost` when its host has gone since."""
        if self._snapshot is None or snapshot.info.id != self._snapshot.info.id:
            self._digits = 2
        self._snapshot, self._lost = snapshot, lost
        self._paint()

    def _paint(self) -> None:
        snapshot = self._snapshot
        if snapshot is None:
            return
        wide = self.app.size.width >= WIDE
        self._digits = max(self._digits, len(str(max(snapshot.vus, snapshot.heading, snapshot.planned))))
        state = LOST if self._lost else STATES[snapshot.state]
        self._put("state", state.content())
        self._put("clock", self._clock(snapshot, wide))
        self._put("what", self._what(snapshot, wide))
        self._put("verdict", VERDICTS.get(snapshot.health.verdict, VERDICTS["suspect"]).content())
        for name, content in self._figures(snapshot, wide).items():
            self._put(f"figure-{name}", content)

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

    def _figures(self, snapshot: RunSnapshot, wide: bool) -> dict[str, Content]:
        digits, arrow = self._digits, " → " if wide else "→"
        bad = sum(row.ok is False for row in snapshot.thresholds)
        good = sum(row.ok is True for row in snapshot.thresholds)
        failed = percent(snapshot.failed, snapshot.requests)
        lag = snapshot.health.loop_lag_p99_ms
        cpu = snapshot.health.cpu_share

        def figure(label: str, short: str, value: str, unit: str = "", tone: str = "bold") -> Content:
            return Content.assemble(
                (f"{label if wide else short} ", "$foreground-muted"),
                (value, tone),
                (unit, "$foreground-muted"),
            )

        figures = {
            "vus": figure("VUs", "VUs", f"{snapshot.vus:>{digits}}{arrow}{snapshot.heading:<{digits}}"),
            "rate": figure("req/s", "req/s", f"{rate(snapshot.rate):>6}"),
            "p95": figure("p95", "p95", f"{milliseconds(snapshot.p95_ms):>6}", " ms"),
            "failed": figure(
                "errors", "err", f"{failed:>4}", " %", "bold $error" if snapshot.failed else "bold"
            ),
            "lag": figure("loop lag", "lag", f"{lag:>5.1f}", " ms", "bold $warning" if lag > 10 else "bold"),
            "cpu": figure(
                "gen CPU", "cpu", f"{cpu * 100:>3.0f}", " %", "bold $warning" if cpu > 0.9 else "bold"
            ),
        }
        label = "thresholds " if wide else ""
        if not snapshot.thresholds:
            judged = Content.styled(f"{label}none" if wide else "0 ✓ 0 ✗", "$foreground-muted")
        else:
            judged = Content.assemble(
                (label, "$foreground-muted"),
                (f"{good} ✓", "bold $success" if good else "$foreground-muted"),
                " ",
                (f"{bad} ✗", "bold $error" if bad else "$foreground-muted"),
            )
        return {**figures, "judged": judged}
