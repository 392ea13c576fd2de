"""Questions with a line of text for an answer: each makes a command of it, None where it was called off."""

from __future__ import annotations

import re
from typing import ClassVar

from pydantic import ValidationError
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.units import format_clock, format_duration, parse_duration_s
from dmsperf_tui.run.commands import Command, Extend, Note, Scale
from dmsperf_tui.run.snapshot import RunSnapshot
from dmsperf_tui.tui.levels import Level
from dmsperf_tui.tui.wording import rate_unit_s, rate_words

_KEYS = "Enter sets it, Esc does not"


class Prompt(ModalScreen[Command | None]):
    """One line of text, checked as it is typed; what it will do, or what is wrong with it, stands below."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "call_off", "Cancel")]

    def __init__(self, question: str, hint: str, placeholder: str = "", most: int = 0) -> None:
        super().__init__()
        self._question, self._hint = question, hint
        self._placeholder, self._most = placeholder, most

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self._question, classes="question", markup=False)
            yield Input(placeholder=self._placeholder, max_length=self._most)
            yield Static(self._hint, classes="hint", id="says", markup=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def read(self, text: str) -> tuple[Command, str]:
        """The command that `text` means, and what it will do. Raises ConfigError."""
        raise NotImplementedError

    def _judge(self, text: str) -> tuple[Command | None, Content]:
        if not text.strip():
            return None, Content(self._hint)
        try:
            command, effect = self.read(text.strip())
        except ConfigError as error:
            return None, Content.styled(f"✗ {error}", "$error")
        except ValidationError as error:
            first = error.errors()[0]["msg"].lower()
            return None, Content.styled(f"✗ {text.strip()!r} cannot be: {first}", "$error")
        return command, Content.styled(f"✓ {effect}", "$success") if effect else Content(self._hint)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        self.query_one("#says", Static).update(self._judge(event.value)[1])

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        command, says = self._judge(event.value)
        if command is not None:
            self.dismiss(command)
        else:
            self.query_one("#says", Static).update(says)

    def action_call_off(self) -> None:
        self.dismiss(None)


class LevelPrompt(Prompt):
    """A new number of VUs or a new rate."""

    def __init__(self, level: Level) -> None:
        forms = {
            "vus": ("50  +10  -10  +20%  50 over 30s", "50 over 30s"),
            "rate": ("120  90/m  +10  +20%  120 over 30s", "120 over 30s"),
            "most": ("50  +10  +20%", "50"),
        }
        hint, placeholder = forms[level.kind]
        super().__init__(f"{level.title}: {level.now}", f"{hint}   {_KEYS}", placeholder)
        self._level = level

    def read(self, text: str) -> tuple[Command, str]:
        return self._level.read(text)


_FACTOR = re.compile(r"[x×]?\s*(?P<factor>\d+(?:\.\d+)?)\s*[x×]?(?:\s+over\s+(?P<over>\S+))?")


class ScalePrompt(Prompt):
    """So many times the plan."""

    def __init__(self, snapshot: RunSnapshot) -> None:
        super().__init__(
            "Scale: how many times the plan, until it is released",
            f"2  0.5  1.5 over 30s   {_KEYS}",
            "1.5 over 30s",
        )
        self._snapshot = snapshot

    def read(self, text: str) -> tuple[Command, str]:
        match = _FACTOR.fullmatch(text)
        if match is None:
            raise ConfigError(f"{text!r} is not a factor", mend="write 2, 0.5 or 1.5 over 30s")
        factor = float(match["factor"])
        over_s = parse_duration_s(match["over"]) if match["over"] else 0.0
        now, levels = self._snapshot, []
        if not now.info.open:
            levels.append(f"{int(now.planned * factor + 0.5)} VUs")
        if now.planned_rate:
            levels.append(rate_words(now.planned_rate * factor, rate_unit_s(now)))
        over = f", over {over_s:g} s" if over_s else ", now"
        effect = f"{factor:g} times the plan: at present {' and '.join(levels)}{over}"
        return Scale(factor=factor, over_s=over_s), effect


class ExtendPrompt(Prompt):
    """A longer plan."""

    def __init__(self, snapshot: RunSnapshot) -> None:
        self._planned_s = snapshot.info.planned_s
        super().__init__(
            f"Extend: how much longer than the planned {format_clock(round(self._planned_s))}",
            f"30s  5m  1h30m   {_KEYS}",
            "5m",
        )

    def read(self, text: str) -> tuple[Command, str]:
        by_s = parse_duration_s(text.removeprefix("+"))
        effect = f"{format_duration(by_s)} longer, to {format_clock(round(self._planned_s + by_s))}"
        return Extend(by_s=by_s), effect


class NotePrompt(Prompt):
    """A line for the record."""

    def __init__(self) -> None:
        hint = "Enter writes it into the record, Esc leaves it"
        super().__init__("A note on the timeline", hint, most=500)

    def read(self, text: str) -> tuple[Command, str]:
        return Note(text=text), ""
