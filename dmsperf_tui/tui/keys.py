"""Every key in one table: bindings, footer, help and palette are all read from it."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding

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

    def words(self, *, by_rate: bool) -> tuple[str, str]:
        """The word of the footer, and the sentence."""
        word, help = self.word, self.help
        return (self.rate_word or word, self.rate_help or help) if by_rate else (word, help)


KEYS = (
    Key("s", "s", "start", "Start", "Start the run as set up", "Run", ENDED | {Phase.SETUP}, 0),
    Key(
        "u",
        "u",
        "steps",
        "Environment",
        "Check the chosen environment and make it ready, step by step",
        "Run",
        frozenset({Phase.SETUP}),
        3,
    ),
    Key("space", "space", "pause", "Pause", "Pause the load, or let it go on", "Run", STEERED, 1),
    Key("S", "S", "stop", "Stop", "Stop the run gracefully, after asking", "Run", LIVE, 1),
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
        "set_level",
        "Set",
        "Set virtual users: 50, +20%, 50 over 30s",
        "Load",
        STEERED,
        2,
        rate_help="Set the rate: 120, 90/m, +20%, 120 over 30s",
    ),
    Key(
        "h", "h", "hold", "Hold", "Freeze the load where it is now, until it is released", "Load", STEERED, 4
    ),
    Key("l", "l", "release", "Release", "Give the load back to the plan", "Load", STEERED, 3),
    Key("x", "x", "scale", "Scale", "So many times the plan, until it is released", "Load", STEERED, 6),
    Key("k", "k", "skip", "Skip", "Go on with the plan's next stage, after asking", "Load", STEERED, 7),
    Key("t", "t", "extend", "Extend", "More time: a longer last stage", "Load", STEERED, 7),
    Key("n", "n", "note", "Note", "Write a note on the run's timeline", "Run", LIVE, 6),
    Key("w", "w", "window", "Window", "Charts over 1 minute, 5 minutes, or all", "View", WATCHED, 4),
    Key("z", "z", "zoom", "Zoom", "The current panel over the whole screen, and back", "View", WATCHED, 5),
    Key("e", "e", "setup", "Set-up", "Back to set-up", "Run", ENDED, 1),
    Key("d", "d", "detach", "Detach", "Leave the run running and close this screen", "Run", LIVE, 3),
    Key("q", "q", "quit_run", "Quit", "Quit; asks what becomes of a live run", "Run", EVERY, 0),
    Key("question_mark", "?", "help", "Help", "Keys, and what each panel shows", "View", EVERY, 0),
    Key(
        "escape",
        "esc",
        "step_back",
        "",
        "Out of a zoomed panel, or from an ended run to set-up",
        "View",
        WATCHED,
        9,
    ),
)
TABS = (
    Key(
        "tab",
        "tab",
        "next_panel(1)",
        "Next",
        "The next panel or list",
        "View",
        EVERY,
        2,
    ),
    Key("shift+tab", "shift+tab", "next_panel(-1)", "", "The panel before", "View", EVERY, 9),
)
PALETTE = Key("ctrl+p", "^p", "command_palette", "Commands", "Find a command by its name", "View", EVERY, 7)

ALL_KEYS = (*KEYS, *TABS, PALETTE)
PHASES = {key.action.partition("(")[0]: key.phases for key in ALL_KEYS if key.action}


def bindings() -> list[Binding]:
    """What the app binds; the main screen binds TABS, to stand before Textual's own."""
    return [binding(key) for key in KEYS if key.keys]


def binding(key: Key, prefix: str = "") -> Binding:
    return Binding(key.keys, prefix + key.action, key.help, show=False)
