"""Errors and the failure log: groups, samples, the live tail; what a server says harms no terminal."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from dmsperf_tui.engine.messages import Sample
from dmsperf_tui.run.record import Record
from dmsperf_tui.run.snapshot import ErrorRow, FailureRow, RunSnapshot
from dmsperf_tui.run.statistics import ErrorGroup as Recorded
from dmsperf_tui.settings.config import Options
from dmsperf_tui.tui.app import DmsPerfApp
from dmsperf_tui.tui.error_groups import entries, grouped
from dmsperf_tui.tui.errors import ErrorsPanel, entry_lines, short_count
from dmsperf_tui.tui.failure_detail import FailureDetail, pretty, sample_text
from dmsperf_tui.tui.failure_log import FailureLog, LogLines, group_of
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.run_view import RunView
from dmsperf_tui.tui.table import StableTable
from dmsperf_tui.tui.tail import Tail
from tests.tui.conftest import settled, until
from tests.tui.fakes import ERRORS, FakeLink, running

REFUSED = tuple(
    ErrorRow(f"GET thing{n}", "connecting", "connect refused", n + 1, 10.0 + n, 200.0 + n, "nobody listens")
    for n in range(23)
)
EVIL = "red \x1b[31m\x1b]52;c;eA==\x07 [/ref] [bold]x \x9b2J \u202e back"
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")


# --- groups


def test_one_kind_at_many_operations_is_one_group_that_opens() -> None:
    groups = grouped((*ERRORS, *REFUSED), "newest")
    assert [(group.kind, group.gathered, group.count) for group in groups] == [
        ("409", False, 29),
        ("timeout", False, 2),
        ("connect refused", True, 276),
    ]
    closed = entries(groups, ())
    assert len(closed) == 3
    opened = entries(groups, {groups[2].key})
    assert len(opened) == 3 + 23
    assert [entry.row.operation for entry in opened[3:5] if entry.row] == ["GET thing22", "GET thing21"]
    assert opened[2].row is None
    assert len({entry.key for entry in opened}) == len(opened)
    assert grouped((*ERRORS, *REFUSED), "count")[0].kind == "connect refused"
    assert [group.gathered for group in grouped(REFUSED[:2], "newest")] == [False, False]


def test_a_group_says_what_the_newest_of_its_failures_said() -> None:
    rows = [replace(row, sample=f"words {n}") for n, row in enumerate(REFUSED)]
    rows[7] = replace(rows[7], last_s=900.0)
    for two in (False, True):
        (parts,) = entry_lines(entries(grouped(rows, "count"), ()), 100, two=two)
        text = "".join(words for words, _ in parts)
        assert "23 operations  words 7" in text


def test_kinds_that_fail_all_the_time_do_not_take_turns() -> None:
    first, second = ERRORS
    now = replace(first, last_s=250.1), replace(second, last_s=250.9)
    then = replace(first, last_s=251.8), replace(second, last_s=250.9)
    assert [g.kind for g in grouped(now, "newest")] == [g.kind for g in grouped(then, "newest")]


@pytest.mark.parametrize(("width", "two"), [(116, False), (76, False), (44, True), (20, True)])
def test_no_line_of_the_errors_is_too_long(width: int, two: bool) -> None:
    groups = grouped(
        (*ERRORS, *REFUSED, replace(ERRORS[0], kind="a kind of failure with many words")), "newest"
    )
    shown = entries(groups, {group.key for group in groups})
    for parts in entry_lines(shown, width, two=two):
        text = "".join(words for words, _ in parts)
        assert text.count("\n") == int(two)
        if width > 20:
            assert all(len(each) <= width for each in text.splitlines()), text


def test_counts_of_a_badge_are_short() -> None:
    assert [short_count(n) for n in (31, 9_999, 12_345, 3_456_789)] == ["31", "9,999", "12k", "3M"]


# --- samples


def test_a_sample_is_laid_out_and_harmless() -> None:
    body = orjson.dumps({"detail": EVIL, "errors": []}).decode()
    sample = Sample("POST /schools?x=\x1b[2J", 409, EVIL, body, '{"schoolId":1}', 61.0)
    text = sample_text(sample).plain
    assert not UNSAFE.search(text)
    assert '{\n  "schoolId": 1\n}' in text
    assert '  "detail": "red ' in text
    assert "answered 409" in text
    assert "[/ref] [bold]x" in text, "nothing is taken for markup"
    assert "no answer" in sample_text(replace(sample, status=0)).plain
    cut = sample_text(replace(sample, body='{"a": "' + "x" * 4089)).plain
    assert "… cut: 4,096 characters are kept" in cut
    for deep in ("[" * 4000, "[" * 300 + "]" * 300, "not json", "\ufffd"):
        assert deep[:8] in sample_text(replace(sample, body=deep)).plain


def test_what_a_server_said_is_laid_out_and_nothing_else() -> None:
    body = '{"id":12345678901234567890123,"a":1.10,"a":"\\u00e4 {[,:]}\\"","none":[],"e":{},'
    body += '"list":[1,{"b":null}]}'
    laid = pretty(body)
    assert laid.splitlines() == [
        "{",
        '  "id": 12345678901234567890123,',
        '  "a": 1.10,',
        '  "a": "\\u00e4 {[,:]}\\"",',
        '  "none": [],',
        '  "e": {},',
        '  "list": [',
        "    1,",
        "    {",
        '      "b": null',
        "    }",
        "  ]",
        "}",
    ]
    sample = Sample("POST /schools", 409, "", body, "", 61.0)
    assert body in sample_text(sample, laid_out=False).plain
    deep = "[" * 900 + "]" * 900
    assert (pretty(deep), pretty("5"), pretty(laid)) == (deep, "5", laid)


def test_the_log_stands_in_columns_and_is_harmless() -> None:
    rows = [FailureRow(61.0 + n, f"POST thing{n}", "409", n, EVIL) for n in range(3)]

    def said(width: int) -> list[str]:
        lines = LogLines(rows, width)
        return ["".join(words for words, _ in lines[at]) for at in range(len(lines))]

    for width in (120, 60):
        assert all(cell_len(each) <= width for each in said(width))
        assert not any(UNSAFE.search(each) for each in said(width))
    assert said(120)[2].startswith("01:03     2 × POST thing2  409  red ␛[31m")


def test_a_line_of_the_log_is_of_the_group_that_counts_it() -> None:
    early = replace(ERRORS[0], first_s=1.0, last_s=9.0, phase="setup")
    row = FailureRow(61.0, ERRORS[0].operation, ERRORS[0].kind, 1, "")
    assert group_of(row, (early, *ERRORS)) == ERRORS[0]
    assert group_of(replace(row, at_s=5.0), (early, *ERRORS)) == early
    assert group_of(replace(row, kind="500"), ERRORS) is None


# --- on the screen


@asynccontextmanager
async def watching(
    snapshot: RunSnapshot, panel: str
) -> AsyncIterator[tuple[DmsPerfApp, FakeLink, Pilot[None]]]:
    """The app on a run, the keyboard in one panel, which has the whole screen."""
    link = FakeLink(snapshot)
    app = DmsPerfApp(Options(), link=link, refresh_hz=50)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        app.query_one(RunView).go_to(panel)
        await pilot.press("z")
        await settled(pilot)
        yield app, link, pilot


def recorded(tmp_path: Path, *rows: ErrorRow) -> RunSnapshot:
    """A run with these failures, two samples of each in its record."""
    record = Record.create(tmp_path, "7f3a", "dms/concurrent")
    for row in rows:
        for number in (1, 2):
            body = orjson.dumps({"detail": EVIL, "number": number}).decode()
            sample = Sample(f"{row.operation} /data/{number}", 409, EVIL, body, '{"sent":1}', 60.0 + number)
            record.error(Recorded(row.operation, row.phase, row.kind), sample)
    record.close()
    base = running(5)
    return replace(base, errors=rows, info=replace(base.info, results=str(record.folder)))


@pytest.mark.anyio
async def test_samples_are_read_copied_and_exported(tmp_path: Path) -> None:
    snapshot = recorded(tmp_path, *ERRORS, *REFUSED)
    folder = Path(snapshot.info.results)
    async with watching(snapshot, "errors") as (app, link, pilot):
        table, panel = app.query_one("#errors StableTable", StableTable), app.query_one(ErrorsPanel)
        assert panel.badge(snapshot) == "✗307"
        assert table.row_count == 3
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, FailureDetail))
        detail = app.screen
        assert isinstance(detail, FailureDetail)
        await until(pilot, lambda: "sample 1 of 2, at 01:01" in detail.shown)
        assert "29 times, first 01:01, last 04:08, phase status" in detail.shown
        assert "POST studentSchoolAssociations /data/1" in detail.shown
        assert not UNSAFE.search(detail.shown)
        assert "\x1b" not in app.export_screenshot()
        await pilot.press("right")
        assert "sample 2 of 2" in detail.shown
        assert '"number": 2' in detail.shown
        link.push(replace(snapshot, rows=(), errors=(replace(ERRORS[0], count=30), *ERRORS[1:])))
        await until(pilot, lambda: "30 times" in detail.shown)
        assert "sample 2 of 2" in detail.shown, "what is being read stays"
        await pilot.press("y", "X")
        assert "POST studentSchoolAssociations /data/2" in app.clipboard
        assert '"number":2}' in app.clipboard, "as it came"
        assert not UNSAFE.search(app.clipboard)
        await until(pilot, lambda: (folder / "samples-export.json").exists())
        samples = orjson.loads((folder / "samples-export.json").read_bytes())["samples"]
        assert [sample["at_s"] for sample in samples] == [61.0, 62.0]
        await pilot.press("escape")
        link.push(snapshot)
        await until(pilot, lambda: table.row_count == 3)

        # The group opens to its operations, and each has its samples.
        await pilot.press("end", "enter")
        assert table.row_count == 26
        await pilot.press("down", "left")
        assert table.row_count == 3
        assert table.at_cursor == "connecting\0connect refused"
        await pilot.press("o")
        assert "by count" in str(panel.border_title)
        assert table.order[0] == "connecting\0connect refused"
        await pilot.press("right")
        assert table.order[1] == "connecting\0connect refused\0GET thing22", "its operations stand below it"
        await pilot.press("left")

        # What is filtered is what is exported.
        await pilot.press("slash", *"time", "enter", "X")
        await until(pilot, lambda: (folder / "errors-export.json").exists())
        document = orjson.loads((folder / "errors-export.json").read_bytes())
        assert (document["filter"], [row["kind"] for row in document["errors"]]) == ("time", ["timeout"])
        await pilot.press("escape")
        assert table.row_count == 3
        assert app.query_one(RunView).zoomed, "the first escape takes the filter back, the next the zoom"
        await pilot.press("escape")
        assert not app.query_one(RunView).zoomed


def failing(base: RunSnapshot, first: int, end: int) -> RunSnapshot:
    rows = tuple(FailureRow(float(n), f"GET thing{n}", "409", 1, "said") for n in range(first, end))
    return replace(base, rows=(), failures=rows)


@pytest.mark.anyio
async def test_the_log_follows_its_end_stays_where_a_person_reads_and_opens_samples(tmp_path: Path) -> None:
    base = recorded(tmp_path, replace(ERRORS[0], operation="GET thing55", kind="409"), *REFUSED)
    async with watching(failing(base, 0, 100), "log") as (app, link, pilot):
        tail, panel = app.query_one(Tail), app.query_one(FailureLog)

        def at_cursor() -> str:
            assert tail.at_cursor is not None
            return tail.text.splitlines()[tail.at_cursor]

        assert tail.below == 0
        link.push(failing(base, 10, 120))
        await until(pilot, lambda: "thing119" in tail.text)
        await pilot.pause()
        assert tail.below == 0
        assert "thing119" in at_cursor()
        await pilot.press("pageup")
        assert tail.below == 0, "the cursor goes first"
        await pilot.press("pageup")
        await pilot.pause()
        seen, read = tail.render_line(0).text, at_cursor()
        below = tail.below
        assert below > 0
        assert f"↓ {below} newer" in str(panel.border_subtitle)
        link.push(failing(base, 20, 130))
        await until(pilot, lambda: "thing129" in tail.text)
        await pilot.pause()
        assert tail.render_line(0).text == seen
        assert at_cursor() == read
        assert tail.below == below + 10
        # The wheel takes the cursor along, and at the end it follows again.
        tail.scroll_home(animate=False, immediate=True)
        await pilot.pause()
        assert tail.at_cursor == tail.size.height - 1
        tail.scroll_end(animate=False, immediate=True)
        await pilot.pause()
        assert "thing129" in at_cursor()
        await pilot.press("home", "end")
        await until(pilot, lambda: tail.below == 0)

        # Enter opens the samples of what the line is about.
        await pilot.press("enter")
        await until(pilot, lambda: app._notifications)
        assert "no sample" in next(iter(app._notifications)).message
        await pilot.press("slash", *"thing55", "enter")
        assert tail.text.count("\n") == 0
        assert "thing55" in tail.text
        assert "filter: thing55" in str(panel.border_title)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, FailureDetail))
        detail = app.screen
        assert isinstance(detail, FailureDetail)
        await until(pilot, lambda: "GET thing55 /data/1" in detail.shown)
        more = replace(failing(base, 20, 130), errors=(replace(base.errors[0], count=31),))
        link.push(more)
        await until(pilot, lambda: "31 times" in detail.shown)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is not detail)
        link.push(replace(base, rows=(), failures=()))
        await until(pilot, lambda: "No failures" in panel.query_one(".empty", Reading).shown)

        # A record that is not there is said in words.
        link.push(replace(failing(base, 55, 56), info=replace(base.info, results=str(tmp_path / "gone"))))
        await until(pilot, lambda: "thing55" in tail.text)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, FailureDetail))
        gone = app.screen
        assert isinstance(gone, FailureDetail)
        await until(pilot, lambda: "is not there: the record has no samples" in gone.shown)
