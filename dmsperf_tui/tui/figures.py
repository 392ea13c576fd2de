"""The key figures of a run, in one line: those that matter most where not all fit."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content

from dmsperf_tui.run.snapshot import RunSnapshot
from dmsperf_tui.tui.entities import progress
from dmsperf_tui.tui.wording import (
    count,
    milliseconds,
    percent,
    rate,
    rate_unit_s,
    rate_words,
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One of them."""

    rank: int
    """The highest goes first where there is no room."""
    content: Content
    short: Content | None = None
    """A form that says the most needed part of it."""


_NEEDED = 3
"""Up to this rank a figure is made room for, by less space and by short forms."""


def fitting(figures: list[Figure], width: int, gap: int) -> Content:
    """The figures in their order: first the least needed left out, then the rest pressed together."""
    kept = list(figures)

    def too_long() -> bool:
        return sum(figure.content.cell_length + gap for figure in kept) - gap > width

    def least() -> Figure:
        return max(kept, key=lambda figure: (figure.rank, kept.index(figure)))

    while kept and too_long() and least().rank > _NEEDED:
        kept.remove(least())
    if too_long():
        gap = min(gap, 2)
    for at, figure in reversed(list(enumerate(kept))):
        if figure.short is not None and too_long():
            kept[at] = Figure(figure.rank, figure.short)
    while kept and too_long():
        kept.remove(least())
    return Content(" " * gap).join([figure.content for figure in kept])


def late_parts(snapshot: RunSnapshot) -> list[Content]:
    """`12 waiting`, `30 dropped`, `2 cut`: the iterations that were due and have not started.

    Once some have waited, none that waits is said as well, so that the line does not jump.
    """
    parts: list[Content] = []
    if snapshot.waiting:
        parts.append(Content.styled(f"{count(snapshot.waiting)} waiting", "bold $warning"))
    elif not snapshot.state.over and any(event.kind == "busy" for event in snapshot.events):
        parts.append(Content.styled("0 waiting", "$foreground-muted"))
    if snapshot.dropped:
        parts.append(Content.styled(f"{count(snapshot.dropped)} dropped", "bold $error"))
    if snapshot.cut:
        parts.append(Content.styled(f"{count(snapshot.cut)} cut", "bold $warning"))
    return parts


def busy_vus(snapshot: RunSnapshot) -> tuple[int, int]:
    """Of the open workloads: the VUs that run an iteration, and the most that there may be."""
    rows = [row for row in snapshot.workloads if row.open]
    return sum(row.vus for row in rows), sum(row.max_vus for row in rows)


def closed_vus(snapshot: RunSnapshot) -> int:
    """The VUs of workloads without a rate: those that the target is for."""
    return snapshot.vus - busy_vus(snapshot)[0]


class Figures:
    """Makes them, each as wide as it ever was in this run, so that they stand still."""

    def __init__(self) -> None:
        self._digits = 2
        self._run = ""

    def line(self, snapshot: RunSnapshot, starts: float | None, width: int, *, wide: bool) -> Content:
        """`starts` is the newest rate of starts, a second. `wide` has long labels."""
        if snapshot.info.id != self._run:
            self._run, self._digits = snapshot.info.id, 2
        figures = [
            *self._levels(snapshot, starts, wide=wide),
            *_entities(snapshot, wide=wide),
            *_latencies(snapshot, wide=wide),
            *_judgements(snapshot, wide=wide),
            *[Figure(3, part) for part in late_parts(snapshot)],
            *_generator(snapshot, wide=wide),
        ]
        return fitting(figures, width, 3 if wide else 2)

    def _levels(self, snapshot: RunSnapshot, starts: float | None, *, wide: bool) -> list[Figure]:
        figures: list[Figure] = []
        open_ = snapshot.info.open
        if not open_ and not snapshot.state.over:
            value = self._pair(str(closed_vus(snapshot)), str(snapshot.heading), wide=wide)
            figures.append(Figure(0, _figure("VUs", value)))
        if snapshot.state.over:
            figures += [Figure(0 if open_ else 3, mean) for mean in _mean_rate(snapshot)]
        elif any(row.open for row in snapshot.workloads):
            unit_s, busy, most = rate_unit_s(snapshot), *busy_vus(snapshot)
            actual = rate((starts if starts is not None else snapshot.starts_rate) * unit_s)
            target = rate_words(snapshot.target_rate, unit_s)
            if open_:
                tone = "bold $warning" if busy >= most else "bold"
                value = f"{busy:>{len(str(most))}}/{most}"
                pair = self._pair(actual, target, wide=wide)
                # Its unit tells what it is where the room is short.
                figures.append(Figure(0, _figure("rate", pair), Content.styled(pair, "bold")))
                figures.append(Figure(1, _figure("VUs busy" if wide else "VUs", value, "", tone)))
            else:
                # A second's starts are those of all workloads, so only the target is known here.
                figures.append(Figure(3, _figure("rate", f"{target:<6}")))
        label = "mean req/s" if wide and snapshot.state.over else "req/s"
        return [*figures, Figure(1, _figure(label, f"{rate(snapshot.rate):>6}"))]

    def _pair(self, actual: str, target: str, *, wide: bool) -> str:
        """`98 → 100/s`: what is there, and what is aimed at."""
        number, slash, unit = target.partition("/")
        self._digits = max(self._digits, len(actual), len(number))
        arrow = " → " if wide else "→"
        return f"{actual:>{self._digits}}{arrow}{number}{slash}{unit}" + " " * (self._digits - len(number))


def _mean_rate(snapshot: RunSnapshot) -> list[Content]:
    """Of a run that is over: the iterations that its open workloads started, by its time under load."""
    started = sum(row.started for row in snapshot.workloads if row.open)
    if not started or not snapshot.elapsed_s:
        return []
    unit_s = rate_unit_s(snapshot)
    return [_figure("mean rate", rate_words(started / snapshot.elapsed_s, unit_s))]


def _entities(snapshot: RunSnapshot, *, wide: bool) -> list[Figure]:
    """How far a load phase is: `entities 1,204/5,210 23 %`; the clock has how long it takes."""
    if not snapshot.lists:
        return []
    whole = progress(snapshot.lists)
    total = count(whole.total)
    counts = f"{count(whole.created):>{len(total)}}/{total} " if wide else ""
    return [Figure(0, _figure("entities", f"{counts}{whole.share:>5}"))]


def _latencies(snapshot: RunSnapshot, *, wide: bool) -> list[Figure]:
    """p95: of response time first, where there is one."""
    service = f"{milliseconds(snapshot.p95_ms):>6}"
    if not snapshot.info.open:
        return [Figure(0, _figure("p95", service, " ms"))]
    response = f"{milliseconds(snapshot.response_p95_ms):>6}"
    return [
        Figure(0, _figure("p95 response" if wide else "p95 resp", response, " ms")),
        Figure(4, _figure("service", service, " ms")),
    ]


def _judgements(snapshot: RunSnapshot, *, wide: bool) -> list[Figure]:
    failed = f"{percent(snapshot.failed, snapshot.requests):>4}"
    tone = "bold $error" if snapshot.failed else "bold"
    bad = sum(row.ok is False for row in snapshot.thresholds)
    good = sum(row.ok is True for row in snapshot.thresholds)
    label = "thresholds " if wide and not snapshot.info.open else ""
    judged = Content.assemble(
        (label, "$foreground-muted"),
        (f"{good} ✓", "bold $success" if good else "$foreground-muted"),
        " ",
        (f"{bad} ✗", "bold $error" if bad else "$foreground-muted"),
    )
    if label and not snapshot.thresholds:
        judged = Content.styled(f"{label}none", "$foreground-muted")
    worst = (f"{bad} ✗", "bold $error") if bad else (f"{good} ✓", "bold $success")
    return [
        Figure(1, _figure("errors" if wide else "err", failed, " %", tone)),
        Figure(2, judged, Content.styled(*worst)),
    ]


def _generator(snapshot: RunSnapshot, *, wide: bool) -> list[Figure]:
    lag, cpu = snapshot.health.loop_lag_p99_ms, snapshot.health.cpu_share
    late, full = lag > 10, cpu > 0.9
    return [
        Figure(
            5,
            _figure(
                "loop lag" if wide else "lag", f"{lag:>5.1f}", " ms", "bold $warning" if late else "bold"
            ),
        ),
        Figure(
            7,
            _figure(
                "gen CPU" if wide else "cpu", f"{cpu * 100:>3.0f}", " %", "bold $warning" if full else "bold"
            ),
        ),
    ]


def _figure(label: str, value: str, unit: str = "", tone: str = "bold") -> Content:
    return Content.assemble((f"{label} ", "$foreground-muted"), (value, tone), (unit, "$foreground-muted"))
