"""Two lines that answer at a glance: is it running as planned, is the service healthy, can I trust this."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content

from dmsperf_tui.plan.units import format_clock
from dmsperf_tui.run.snapshot import RunSnapshot, RunState
from dmsperf_tui.tui.entities import progress
from dmsperf_tui.tui.figures import Figures
from dmsperf_tui.tui.layout import WIDE
from dmsperf_tui.tui.panel import View
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.wording import VERDICTS, environment_name, middle_cut, shorten, state_tone

_STATE = 12
"""Cells of the longest state of a run that goes on, so that what follows stands still."""
_LEAST_STAGE = 12


def ends_early(snapshot: RunSnapshot) -> bool:
    """Whether the planned length is a limit: iterations, or a list, may be done before it."""
    return bool(snapshot.lists) or any(row.executor.endswith("iterations") for row in snapshot.workloads)


def left_words(snapshot: RunSnapshot, *, wide: bool) -> str:
    """`18:48 left`, `≤18:48 left` where the end is a limit, `eta 29:20` of a list; empty once it is over."""
    planned = format_clock(round(snapshot.info.planned_s))
    if snapshot.state.over:
        return ""
    if snapshot.state is RunState.STOPPING:
        return "ending".ljust(len(planned) + 5)
    if snapshot.lists and not progress(snapshot.lists).finished:
        eta_s = progress(snapshot.lists).eta_s
        return f"eta {format_clock(eta_s) if eta_s is not None else '-':<{len(planned)}}"
    left = format_clock(max(0, round(snapshot.info.planned_s) - int(snapshot.elapsed_s)))
    most = ("at most " if wide else "≤") if ends_early(snapshot) else ""
    return f"{most}{left:>{len(planned)}} left"


def clock_forms(snapshot: RunSnapshot, *, wide: bool) -> list[Content]:
    """The clock as `04:12 / 23:00  18:48 left`, without what is left, and alone."""
    planned = format_clock(round(snapshot.info.planned_s))
    elapsed = f"{format_clock(snapshot.elapsed_s):>{len(planned)}}"
    alone = Content.styled(elapsed, "bold")
    of = Content.assemble(alone, (f"{' / ' if wide else '/'}{planned}", "$foreground-muted"))
    left = left_words(snapshot, wide=wide)
    if not left:
        return [of, alone]
    return [Content.assemble(of, "  " if wide else " ", (left, "bold")), of, alone]


def what_words(snapshot: RunSnapshot, room: int, *, wide: bool) -> Content:
    """What runs, as much of it as there is room for: what changes its meaning before what it is called."""
    info = snapshot.info
    name = environment_name(info.environment, try_out=info.try_out)
    if not wide and info.try_out:
        name = "try-out"
    extras: list[tuple[str, str]] = []
    if info.insecure:
        extras.append((" · INSECURE TLS" if wide else " · INSECURE", "bold $error"))
    if info.speedup != 1:
        extras.append((f" · x{info.speedup:g}" + (" speed" if wide else ""), "$warning"))
    extras += [(f" · {info.profile}", ""), (f" · {name}", "")]
    scenario = info.scenario
    if room < len(scenario):
        return Content.styled(middle_cut(scenario, room) if room >= 8 else "", "bold")
    parts: list[tuple[str, str]] = [(scenario, "bold")]
    used = len(scenario)
    for text, style in extras:
        if used + len(text) <= room:
            parts.append((text, style))
            used += len(text)
    stage = _stage(snapshot)
    if stage and room - used - 3 >= min(_LEAST_STAGE, len(stage)):
        parts.append((f"   {shorten(stage, room - used - 3)}", "$accent"))
    return Content.assemble(*parts)


def _stage(snapshot: RunSnapshot) -> str:
    if snapshot.state is RunState.PREPARING:
        return snapshot.message
    if snapshot.state.over:
        return ""
    if any(row.by_hand for row in snapshot.workloads):
        return "by hand"
    return next((event.text for event in reversed(snapshot.events) if event.kind == "stage"), "")


@dataclass(frozen=True, slots=True)
class Identity:
    """The first line's parts, none of which is cut at its width."""

    state: Content
    clock: Content
    what: Content
    verdict: Content

    @classmethod
    def fitting(cls, snapshot: RunSnapshot, width: int, *, lost: bool) -> Identity:
        """In `width` cells: gives up the verdict's word first, then what is left, the length, the glyph."""
        wide = width + 2 >= WIDE
        tone = state_tone(snapshot, lost=lost)
        state = Content.styled(f"{tone.glyph} {tone.word}".ljust(_STATE), tone.style)
        verdict = VERDICTS.get(snapshot.health.verdict, VERDICTS["suspect"])
        nothing = Content("")
        clocks = clock_forms(snapshot, wide=wide)
        if lost:
            clocks = clocks[-2:]
        glyph = Content.styled(verdict.glyph, verdict.style)
        forms = [
            (clocks[0], verdict.content()),
            *[(clock, glyph) for clock in clocks],
            (clocks[-1], nothing),
        ]
        # As the style sheet has the space between them.
        gap = 2 if wide else 1
        room = width - state.cell_length - gap
        clock, judged = next(
            ((c, v) for c, v in forms if c.cell_length + (gap + 1 + v.cell_length if v else 0) <= room),
            (nothing, nothing),
        )
        room -= clock.cell_length + gap + (judged.cell_length + 1 if judged else 0)
        return cls(state, clock, what_words(snapshot, max(0, room), wide=wide), judged)


class RunHeader(Vertical):
    """State and identity above, key figures below."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._view: View | None = None
        self._starts: float | None = None
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

    def show(self, view: View) -> None:
        """Shows the run as it is now, with the newest rate of starts."""
        starts = view.timeline.starts
        self._starts = starts[-1] if starts and not view.snapshot.state.over else None
        self._view = view
        self._paint()

    def _paint(self) -> None:
        view = self._view
        if view is None:
            return
        width = self.app.size.width - 2
        line = Identity.fitting(view.snapshot, width, lost=view.lost)
        self._put("state", line.state)
        self._put("clock", line.clock)
        self._put("what", line.what)
        self._put("verdict", line.verdict)
        self._put("figures", self._figures.line(view.snapshot, self._starts, width, wide=width + 2 >= WIDE))

    def _put(self, name: str, content: Content) -> None:
        self.query_one(f"#{name}", Reading).put(content)
