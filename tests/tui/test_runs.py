"""The list of runs: read cheaply, filtered, opened; and what becomes of the run that is on the screen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from textual.widgets import Input, OptionList

from dmsperf_tui.run import record_head, replay
from dmsperf_tui.run.record_head import Heads, read_head
from dmsperf_tui.run.registry import LiveRun
from dmsperf_tui.run.replay import read_snapshot
from dmsperf_tui.run.snapshot import RunSnapshot, RunState
from dmsperf_tui.settings.config import Options
from dmsperf_tui.settings.places import Places
from dmsperf_tui.tui import run_reading, watching
from dmsperf_tui.tui.app import DmsPerfApp
from dmsperf_tui.tui.dialogs import Confirm, QuitDialog
from dmsperf_tui.tui.header import clock_forms
from dmsperf_tui.tui.phases import Phase
from dmsperf_tui.tui.run_lines import Live, live_line, record_line, when_words
from dmsperf_tui.tui.run_reading import matches
from dmsperf_tui.tui.runs import RunsView
from dmsperf_tui.tui.setup import SetupView
from tests.report.records import summary
from tests.tui.conftest import screen_lines, settled, until
from tests.tui.fakes import FakeLink, ended, preparing, running
from tests.tui.test_set_up import Starter

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LIVE = LiveRun("7f3a", 1, 0.0, "dms/concurrent", "/results/7f3a", "/nowhere.sock")


def record(results: Path, day: int, run: str, **changes: object) -> Path:
    """A record of the `day`th of November."""
    whole = summary()
    validity = whole.validity.model_copy(
        update={"verdict": changes.pop("verdict", "valid"), "findings": changes.pop("findings", [])}
    )
    if changes.pop("open", False):
        whole.workloads = {name: part for name, part in whole.workloads.items() if part.max_vus}
    if changes.pop("closed", False):
        del whole.metrics["http_req_response_time"]
    part = whole.run.model_copy(
        update={"id": run, "exit_code": 0, "started_at": f"2026-11-{day:02}T10:15:00.000+00:00", **changes}
    )
    folder = results / f"2026-11-{day:02}T101500Z-dms-smoke-{run}"
    folder.mkdir(parents=True)
    text = whole.model_copy(update={"run": part, "validity": validity}).to_json()
    (folder / "summary.json").write_text(text)
    return folder


def test_a_head_is_what_the_whole_record_says(tmp_path: Path) -> None:
    head = read_head(record(tmp_path, 20, "ab12", findings=["rate limiting"]))
    whole = summary()
    assert (head.id, head.scenario, head.profile, head.environment) == (
        "ab12",
        whole.run.scenario,
        whole.run.profile,
        whole.run.environment,
    )
    assert head.started == datetime(2026, 11, 20, 10, 15, tzinfo=UTC)
    assert (head.requests, head.duration_s, head.state) == (1000, 50.0, RunState.FINISHED)
    assert head.findings == 1


@pytest.mark.parametrize("kind", ["open", "closed", ""])
def test_the_list_and_the_header_of_a_run_show_the_same_p95(tmp_path: Path, kind: str) -> None:
    """Service time, unless all workloads are open."""
    folder = record(tmp_path, 20, "ab12", **({kind: True} if kind else {}))
    snapshot = read_snapshot(folder)
    shown = snapshot.response_p95_ms if snapshot.info.open else snapshot.p95_ms
    assert read_head(folder).p95_ms == shown == (13.0 if kind == "open" else 12.0)


def test_a_recorded_run_keeps_its_planned_length(tmp_path: Path) -> None:
    stopped = read_snapshot(record(tmp_path, 20, "ab12", planned_s=360.0))
    assert (stopped.elapsed_s, stopped.info.planned_s) == (50.0, 360.0)
    assert clock_forms(stopped, wide=False)[0].plain == "00:50/06:00"
    older = read_snapshot(record(tmp_path, 21, "cd34"))
    assert older.info.planned_s == 50.0


def test_only_the_head_of_a_record_is_read_and_only_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = record(tmp_path, 20, "ab12", closed=True)
    path = folder / "summary.json"
    text = path.read_text()
    # Torn behind the metrics, as no reader of the whole would have it.
    at = text.index('"operations":') + 20
    path.write_text(text[:at] + "x" * 100_000)
    reader = Heads(tmp_path)
    assert [head.id for head in reader.newest_first()] == ["ab12"]
    read: list[Path] = []

    def counted(path: Path) -> record_head.RecordHead:
        read.append(path)
        return read_head(path)

    monkeypatch.setattr(record_head, "read_head", counted)
    newer = record(tmp_path, 21, "cd34")
    assert [head.id for head in reader.newest_first()] == ["cd34", "ab12"]
    assert read == [newer]


def test_metrics_longer_than_a_head_are_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_head, "_HEAD_BYTES", 200)
    assert read_head(record(tmp_path, 20, "ab12")).requests == 1000


@pytest.mark.parametrize("text", ["", "{", "[]", '{"run": {}, "validity": {}, "operations": []}'])
def test_what_is_no_record_is_listed_as_such(tmp_path: Path, text: str) -> None:
    folder = record(tmp_path, 20, "ab12")
    (folder / "summary.json").write_text(text)
    head = read_head(folder)
    assert (head.id, head.problem) == ("ab12", "is no record")
    assert "✗  ab12    unreadable" in record_line(head, 120, NOW).plain


def test_a_run_whose_host_left_no_ending_has_crashed(tmp_path: Path) -> None:
    head = read_head(record(tmp_path, 20, "ab12", state="running", exit_code=None))
    assert head.state is RunState.CRASHED


def test_a_line_says_a_run_in_columns_that_fit(tmp_path: Path) -> None:
    head = read_head(record(tmp_path, 21, "ab12", exit_code=99, findings=["rate limiting"]))
    live = Live(LIVE, running())
    for width in (18, 38, 60, 76, 116, 200):
        for line in (record_line(head, width, NOW), live_line(live, width), live_line(Live(LIVE), width)):
            assert line.cell_length <= width
    words = "✗▲ ab12 today 10:15 dms/smoke · dev · embedded 1,000 12 ms 00:50 THRESHOLDS FAILED, 1 finding"
    assert " ".join(record_line(head, 116, NOW).plain.split()) == words
    assert "●  7f3a    RUNNING" in live_line(live, 116).plain
    assert "48 VUs  04:12 / 23:00" in live_line(live, 116).plain
    assert record_line(head, 40, NOW).plain.startswith("✗▲ ab12    dms/smoke")
    doubted = replace(head, exit_code=0, findings=0, verdict="suspect", scenario="dms/query_performance")
    assert record_line(doubted, 115, NOW).plain.endswith("00:50  PASSED ▲ suspect")
    assert "mance · dev · embedded " in record_line(doubted, 115, NOW).plain
    narrow = record_line(doubted, 75, NOW)
    assert (narrow.plain[:2], narrow.cell_length) == ("✓▲", 75)
    assert " ▲ suspect " in narrow.plain
    failed = replace(doubted, exit_code=99, findings=12)
    assert record_line(failed, 115, NOW).plain.endswith("THRESHOLDS FAILED ▲ suspect")
    assert record_line(replace(head, verdict="invalid"), 115, NOW).plain.count("INVALID") == 1
    columns = {line.plain.index("00:50") for line in (record_line(one, 75, NOW) for one in (head, doubted))}
    assert len(columns) == 1


def test_times_are_told_as_people_do() -> None:
    assert when_words(NOW.replace(hour=9), NOW) == "today 09:00"
    assert when_words(NOW.replace(day=3), NOW) == "3 Nov 12:00"
    assert when_words(NOW.replace(year=2025), NOW) == "21 Nov 2025"
    assert when_words(None, NOW) == "never started"
    assert matches("✓ 7f3a DMS/smoke", ["smoke", "7f"])
    assert not matches("✓ 7f3a DMS/smoke", ["smoke", "8"])


def answer(monkeypatch: pytest.MonkeyPatch, *live: Live) -> None:
    """These runs are live, whatever this machine runs."""
    monkeypatch.setattr(run_reading, "live_runs", lambda: [one.run for one in live])

    async def ask(run: LiveRun) -> Live:
        return next(one for one in live if one.run is run)

    monkeypatch.setattr(run_reading, "ask", ask)


def phase(app: DmsPerfApp) -> Phase:
    """The screen's phase now."""
    return app.phase


def told(app: DmsPerfApp, words: str) -> bool:
    """Whether a notice says so; on the screen its lines break where they will."""
    return any(words in each.message for each in app._notifications)


def listed(app: DmsPerfApp) -> list[str]:
    return [option.id or "" for option in app.query_one("#runs-list", OptionList).options]


@pytest.mark.anyio
async def test_another_run_is_found_and_opened_and_the_live_one_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, newer = record(tmp_path, 19, "ab12", exit_code=99), record(tmp_path, 20, "cd34")
    here, other = Live(LIVE, running()), Live(replace(LIVE, id="9c1e", results="/other"), running())
    answer(monkeypatch, here, other)
    link = FakeLink(running())
    app = DmsPerfApp(Options(results=str(tmp_path)), link=link, refresh_hz=50)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("3")
        await until(pilot, lambda: len(listed(app)) == 4)
        assert listed(app)[2:] == [f"record/{newer}", f"record/{older}"]
        assert phase(app) is Phase.RUNS
        # The one on the screen is gone back to, not opened a second time.
        listing = app.query_one("#runs-list", OptionList)
        listing.highlighted = listing.get_option_index("live/7f3a")
        await pilot.press("enter")
        await until(pilot, lambda: app.phase is Phase.RUNNING)
        assert not link.closed
        await pilot.press("3", "slash", *"FAILED", "enter")
        await until(pilot, lambda: listed(app) == [f"record/{older}"])
        await pilot.press("enter")
        await until(pilot, lambda: app.phase is Phase.OVER)
        assert app.snapshot is not None
        assert app.snapshot.info.id == "ab12"
        assert link.closed
        assert link.sent == []
        await until(pilot, lambda: any("attach 7f3a" in line for line in screen_lines(app)))
        await pilot.press("3", "escape")
        await until(pilot, lambda: len(listed(app)) == 4)
        await pilot.press("escape")
        assert phase(app) is Phase.OVER


@pytest.mark.anyio
async def test_what_cannot_be_opened_is_said_and_the_list_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, places: Places
) -> None:
    folder = record(tmp_path / "results", 20, "ab12")
    answer(monkeypatch)

    def of_another_version(folder: Path) -> RunSnapshot:
        raise TypeError("of another version")

    app = DmsPerfApp(Options(results=str(tmp_path / "none")), places=places, refresh_hz=50)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: app.query_one(SetupView).config is not None)
        await pilot.press("3")
        await until(pilot, lambda: any("No runs yet" in line for line in screen_lines(app)))
        assert not any("2 Run" in line for line in screen_lines(app))
        await pilot.press("2")
        assert phase(app) is Phase.RUNS
        (folder / "summary.json").write_text("{")
        for said in ("is no readable record", "its record cannot be read (TypeError: of another version)"):
            app.post_message(RunsView.Chosen("ab12", str(folder), tmp_path))
            await until(pilot, partial(told, app, said))
            assert app.looking_at == "runs"
            monkeypatch.setattr(replay, "read_snapshot", of_another_version)
        await pilot.press("escape")
        assert phase(app) is Phase.SETUP


@pytest.mark.anyio
async def test_set_up_may_be_looked_at_during_a_run_and_another_start_asks(
    tmp_path: Path, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, second = FakeLink(running()), FakeLink(preparing())
    start = Starter(second)
    app = DmsPerfApp(Options(), link=link, places=places, start=start, refresh_hz=50)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("1")
        setup = app.query_one(SetupView)
        await until(pilot, lambda: setup.config is not None)
        assert phase(app) is Phase.SETUP
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuitDialog))
        await pilot.press("escape", "s")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("n")
        await until(pilot, lambda: not isinstance(app.screen, Confirm))
        assert (start.configs, link.closed) == ([], False)
        await pilot.press("2")
        assert phase(app) is Phase.RUNNING
        await pilot.press("1")
        link.push(ended())
        await until(pilot, lambda: any("2 shows it" in line for line in screen_lines(app)))
        await pilot.press("s")
        await until(pilot, lambda: app.phase is Phase.PREPARING)
        assert link.closed


@pytest.mark.anyio
async def test_a_run_that_lives_in_the_app_is_not_left_for_another(tmp_path: Path, places: Places) -> None:
    app = DmsPerfApp(
        Options(in_process=True, results=str(tmp_path)),
        places=places,
        start=Starter(FakeLink(running())),
        refresh_hz=50,
    )
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: app.query_one(SetupView).config is not None)
        await pilot.press("s")
        await until(pilot, lambda: app.phase is Phase.RUNNING)
        app.post_message(RunsView.Chosen("ab12", "ab12", tmp_path))
        await until(pilot, lambda: any("stop it, or stay" in line for line in screen_lines(app)))
        assert app.snapshot is not None


@pytest.mark.anyio
async def test_a_live_run_is_taken_up_from_the_list_and_its_host_may_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(tmp_path, 20, "7f3a")
    answer(monkeypatch, Live(LIVE, running()))
    link = FakeLink(running())

    async def open_live(reference: str | None, results: Path) -> FakeLink:
        assert reference == "7f3a"
        return link

    monkeypatch.setattr(watching, "open_run", open_live)
    app = DmsPerfApp(Options(results=str(tmp_path)), link=FakeLink(ended()), refresh_hz=50)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settled(pilot)
        assert app.snapshot is not None
        app.snapshot = replace(app.snapshot, info=replace(app.snapshot.info, id="0000"))
        await pilot.press("3")
        await until(pilot, lambda: listed(app)[:1] == ["live/7f3a"])
        await pilot.press("enter")
        await until(pilot, lambda: app.phase is Phase.RUNNING)
        link.lose()
        await until(pilot, lambda: app.phase is Phase.LOST)
        await settled(pilot)
        assert any("HOST GONE" in line for line in screen_lines(app))
        assert app.query_one("#runs-filter", Input).value == ""
