"""All that is known of one operation: how often, how fast, and what failed."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from dmsperf_tui.plan.plain import line
from dmsperf_tui.plan.units import format_clock
from dmsperf_tui.run.snapshot import ErrorRow, OperationRow, RunSnapshot
from dmsperf_tui.tui.detail import DetailScreen
from dmsperf_tui.tui.wording import count, milliseconds, percent, rate


def operation_text(row: OperationRow, requests: int, errors: Sequence[ErrorRow]) -> Content:
    """The operation's figures; `requests` are those of the whole run."""
    lines: list[Content] = [
        Content.assemble(
            ("workload   ", "$foreground-muted"),
            line(row.workload),
            "\n",
            ("requests   ", "$foreground-muted"),
            (f"{count(row.count)}", "bold"),
            f"   {rate(row.rate)}/s   {percent(row.count, requests)} % of all requests",
        ),
        Content.assemble(
            ("failed     ", "$foreground-muted"),
            (
                f"{'✗' if row.failed else '✓'} {count(row.failed)}",
                "bold $error" if row.failed else "$success",
            ),
            f"   {percent(row.failed, row.count)} %",
        ),
        Content(""),
        *_latencies(row),
        Content(""),
        *_errors(errors),
    ]
    return Content("\n").join(lines)


def _latencies(row: OperationRow) -> list[Content]:
    """Service time, and beside it response time where there is any."""
    there = row.r95_ms is not None
    head = f"{'ms':<11}{'service':>9}" + (f"{'response':>11}" if there else "")
    lines = [Content.styled(head, "$foreground-muted")]
    for name, service, response in (
        ("p50", row.p50_ms, row.r50_ms),
        ("p90", row.p90_ms, None),
        ("p95", row.p95_ms, row.r95_ms),
        ("p99", row.p99_ms, row.r99_ms),
        ("max", row.max_ms, None),
        ("average", row.avg_ms, None),
    ):
        beside = f"{milliseconds(response) if response is not None else '':>11}" if there else ""
        strong = "bold" if name == "p95" else ""
        lines.append(
            Content.assemble(
                (f"{name:<11}", "$foreground-muted"), (f"{milliseconds(service):>9}{beside}".rstrip(), strong)
            )
        )
    if there:
        words = "response time counts from the planned start of the iteration that it opens"
        lines.append(Content.styled(words, "$foreground-muted"))
    return lines


def _errors(errors: Sequence[ErrorRow]) -> list[Content]:
    if not errors:
        return [Content.styled("no failures", "$foreground-muted")]
    return [
        Content.styled("failures: Errors has samples of them", "$foreground-muted"),
        *(
            Content.assemble(
                (f"{count(row.count):>9} × ", "bold $error"),
                (line(row.kind), "bold"),
                f"  {row.phase}, last {format_clock(row.last_s)}",
                (f"\n            {line(row.sample)}" if row.sample else "", "$foreground-muted"),
            )
            for row in errors
        ),
    ]


class OperationDetail(DetailScreen):
    """Keeps up with the run while it is open."""

    def __init__(self, row: OperationRow, snapshot: RunSnapshot) -> None:
        super().__init__()
        self._row, self._snapshot = row, snapshot

    def on_mount(self) -> None:
        super().on_mount()
        self._paint()

    def show(self, snapshot: RunSnapshot) -> None:
        """The run has gone on."""
        name = (self._row.workload, self._row.name)
        self._row = next((row for row in snapshot.operations if (row.workload, row.name) == name), self._row)
        self._snapshot = snapshot
        self._paint()

    @property
    def _text(self) -> Content:
        errors = [row for row in self._snapshot.errors if row.operation == self._row.name]
        return operation_text(self._row, sum(row.count for row in self._snapshot.operations), errors)

    def _paint(self) -> None:
        self.put(Content.styled(line(self._row.name), "bold"), self._text)

    def said(self) -> tuple[str, str]:
        return f"{line(self._row.name)}\n{self._text.plain}\n", "This operation"
