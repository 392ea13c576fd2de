"""Every key in one table: bindings, footer, help and palette are all read from it."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding

from dmsperf_tui.run.snapshot import RunSnapshot
from dmsperf_tui.tui.phases import ENDED, EVERY, LIVE, STEERED, WATCHED, Phase


@dataclass(frozen=True, slots=True)
class Key:
    """One thing to do: its keys, and its words from short to long."""

    keys: str
    """As Textual names them, with commas between."""
    shown: str
    action: str
    word: str
    """In the footer."""
    help: str
    """One sentence, in help and palette."""
    group: str
    phases: frozenset[Phase]
    rank: int = 5
    """The footer leaves out the highest numbers first; 9 is never in it."""
    rate_word: str = ""
    """Word and help where rates set the load, if they are others then."""
    rate_help: str = ""
    needs_run: bool = False
    """It is about the run on the screen, behind whatever is shown now."""

    def words(self, *, by_rate: bool) -> tuple[str, str]:
        """The word of the footer, and the sentence."""
        word, help = self.word, self.help
        return (self.rate_word or word, self.rate_help or help) if by_rate else (word, help)


_LOADED = WATCHED - {Phase.PREPARING}
"""There are panels to look at."""
_SETUP, _RUNS = frozenset({Phase.SETUP}), frozenset({Phase.RUNS})

KEYS = (
    Key("s", "s", "start", "Start", "Start the run as set up", "Run", ENDED | _SETUP, 0),
    Key("e", "e", "edit", "Edit", "Edit the chosen environment, profile or scenario", "Set-up", _SETUP, 1),
    Key("o", "o", "options", "Options", "What this run does otherwise: VUs, time, seed", "Set-up", _SETUP, 2),
    Key("c", "c", "check", "Check", "Check the chosen environment now", "Set-up", _SETUP, 3),
    Key("u", "u", "steps", "Set up", "Make the environment ready, step by step", "Set-up", _SETUP, 3),
    Key("b", "b", "embedded", "Embedded", "Start or stop an embedded system that stays", "Set-up", _SETUP, 5),
    Key("slash", "/", "search", "Search", "Search the scenarios", "Set-up", _SETUP, 4),
    Key("y", "y", "copy_command", "Copy", "Copy the command line of this choice", "Set-up", _SETUP, 8),
    Key("space", "space", "pause", "Pause", "Pause the load, or let it go on", "Run", STEERED, 1),
    Key("S", "S", "stop", "Stop", "Stop the run gracefully, after asking", "Run", LIVE, 1),
    Key("A", "A", "abort", "Abort", "End the run at once, after asking", "Run", LIVE, 7),
    Key(
        "plus,equals_sign",
        "+",
        "level_by(1)",
        "",
        "One virtual user more",
        "Load",
        STEERED,
        9,
        rate_help="The rate one step up",
    ),
    Key(
        "minus",
        "-",
        "level_by(-1)",
        "",
        "One virtual user less",
        "Load",
        STEERED,
        9,
        rate_help="The rate one step down",
    ),
    Key(
        "right_square_bracket",
        "]",
        "level_by(10)",
        "",
        "Ten virtual users more",
        "Load",
        STEERED,
        9,
        rate_help="The rate ten steps up",
    ),
    Key(
        "left_square_bracket",
        "[",
        "level_by(-10)",
        "",
        "Ten virtual users less",
        "Load",
        STEERED,
        9,
        rate_help="The rate ten steps down",
    ),
    Key("", "+-[]", "", "VUs", "", "", STEERED, 1, "Rate"),
    Key(
        "v",
        "v",
        "set_vus",
        "VUs",
        "Set virtual users: 50, +20%, 50 over 30s",
        "Load",
        STEERED,
        2,
        rate_word="Most VUs",
        rate_help="Set the most virtual users that the rate may take: 50, +20%",
    ),
    Key("r", "r", "set_rate", "Rate", "Set the rate: 120, 90/m, +20%, 120 over 30s", "Load", STEERED, 2),
    Key("x", "x", "scale", "Scale", "So many times the plan, until it is released", "Load", STEERED, 6),
    Key("h", "h", "hold", "Hold", "Freeze the load where it is, until it is released", "Load", STEERED, 4),
    Key("l", "l", "release", "Release", "Give the load back to the plan", "Load", STEERED, 3),
    Key("k", "k", "skip", "Skip", "Go on with another stage of the plan, after asking", "Load", STEERED, 7),
    Key("t", "t", "extend", "Extend", "More time: a longer last stage", "Load", STEERED, 7),
    Key(
        "m",
        "m",
        "set_shares",
        "Mix",
        "Set the shares of a mix: read 80, write 20",
        "Load",
        STEERED,
        8,
    ),
    Key("u", "u", "undo", "Undo", "Take the last change of the load back", "Load", STEERED, 4),
    Key("g", "g", "next_scope", "Scope", "Steer all workloads, or one of them", "Load", STEERED, 5),
    Key("n", "n", "note", "Note", "Write a note on the run's timeline", "Run", LIVE, 6),
    Key("w", "w", "window", "Window", "Charts over 1 minute, 5 minutes, or all", "View", _LOADED, 4),
    Key("y", "y", "scale_axis", "Log", "Latencies on a logarithmic scale, or from 0", "View", _LOADED, 8),
    Key("z", "z", "zoom", "Zoom", "The current panel over the whole screen, and back", "View", _LOADED, 5),
    Key(
        "enter",
        "enter",
        "open_run",
        "Open",
        "Open the run: a live one to steer, or a recorded one",
        "Runs",
        _RUNS,
        1,
    ),
    Key("slash", "/", "filter_runs", "Filter", "Show the runs with these words only", "Runs", _RUNS, 2),
    Key("1", "1", "setup", "Set-up", "Set-up: choose what to run", "Run", WATCHED | _RUNS, 5),
    Key("2", "2", "run", "Run", "Back to the run on the screen", "Run", _SETUP | _RUNS, 1, needs_run=True),
    Key("3", "3", "runs", "Runs", "All runs: live ones, then recorded ones", "Run", WATCHED | _SETUP, 5),
    Key("d", "d", "detach", "Detach", "Leave the run running and close this screen", "Run", LIVE, 3),
    Key("q", "q", "quit_run", "Quit", "Quit; asks what becomes of a live run", "Run", EVERY, 0),
    Key("question_mark", "?", "help", "Help", "Keys, and what each panel shows", "View", EVERY, 0),
    Key(
        "escape",
        "esc",
        "step_back",
        "",
        "Back: out of a zoomed panel, to the run, or from an ended run to set-up",
        "View",
        WATCHED | _SETUP | _RUNS,
        9,
    ),
)
TABS = (
    Key("tab", "tab", "next_panel(1)", "Next", "The next panel or list", "View", EVERY, 2),
    Key("shift+tab", "shift+tab", "next_panel(-1)", "", "The panel before", "View", EVERY, 9),
)
PALETTE = Key("ctrl+p", "^p", "command_palette", "Commands", "Find a command by its name", "View", EVERY, 7)

ALL_KEYS = (*KEYS, *TABS, PALETTE)
PHASES = {key.action.partition("(")[0]: key.phases for key in ALL_KEYS if key.action}
_NEED_RUN = {key.action for key in ALL_KEYS if key.needs_run}


def works(action: str, phase: Phase, *, run: bool) -> bool:
    """Whether a key's action does something in `phase`; `run`: there is one behind what is shown."""
    phases = PHASES.get(action)
    return phases is None or (phase in phases and (run or action not in _NEED_RUN))


def idle(snapshot: RunSnapshot | None) -> frozenset[str]:
    """The actions that this run, or none, has nothing for; the footer leaves them out."""
    if snapshot is None:
        return frozenset(_NEED_RUN)
    rows = snapshot.workloads
    found = set() if any(row.open for row in rows) else {"set_rate"}
    found |= set() if any(row.weights for row in rows) else {"set_shares"}
    return frozenset(found | (set() if len(rows) > 1 else {"next_scope"}))


def bindings() -> list[Binding]:
    """What the app binds; the main screen binds TABS, to stand before Textual's own."""
    return [binding(key) for key in KEYS if key.keys]


def binding(key: Key, prefix: str = "") -> Binding:
    return Binding(key.keys, prefix + key.action, key.help, show=False)
