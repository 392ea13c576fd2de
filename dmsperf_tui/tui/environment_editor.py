"""An environment's editor: its file as fields, checked as they are typed, tested before they are saved."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Input, Label

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.settings.accounts import with_people
from dmsperf_tui.settings.config import DEFAULT_SCENARIO, Options, RunConfig, resolve
from dmsperf_tui.settings.draft import FOLDER, Draft, check_name
from dmsperf_tui.settings.environment import EMBEDDED, Environment, url_of
from dmsperf_tui.settings.places import Places
from dmsperf_tui.settings.toml_file import shown
from dmsperf_tui.settings.variables import Variables
from dmsperf_tui.systems.registry import PEOPLED
from dmsperf_tui.tui.checklist import CheckList
from dmsperf_tui.tui.dialogs import Confirm
from dmsperf_tui.tui.environment_fields import GROUPS, Choice, FieldRow, note, note_content
from dmsperf_tui.tui.naming import NamePrompt
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.steps_screen import StepsScreen

_BUTTONS = {
    "save": "^s Save",
    "save_as": "^o Save as",
    "test": "^t Test",
    "steps": "^g Set up",
    "new": "^n New",
    "delete": "Delete",
    "leave": "esc Back",
}
_USUAL = {"dms": DEFAULT_SCENARIO, "k12": "k12/load", "http": "http/get"}
"""What an environment is tested with where the chosen scenario is for another kind of system."""
_HINT = "Test checks what stands here, saved or not: its rows appear here."


class EnvironmentEditor(ModalScreen[str | None]):
    """Returns the environment to choose: what was saved last, None where nothing was."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back"),
        Binding("ctrl+s", "save", "Save", priority=True),
        Binding("ctrl+o", "save_as", "Save as", priority=True),
        Binding("ctrl+t", "test", "Test", priority=True),
        Binding("ctrl+g", "steps", "Set up", priority=True),
        Binding("ctrl+n", "new", "New", priority=True),
        Binding("down", "app.focus_next", "Next field"),
        Binding("up", "app.focus_previous", "Field before"),
    ]

    def __init__(self, options: Options, places: Places | None, draft: Draft | None = None) -> None:
        """The editor of the environment that `options` choose, or of `draft`. Raises ConfigError."""
        super().__init__()
        self._options = options
        self._places = places or Places.here()
        self._variables = Variables.here()
        self.draft = draft or Draft.open(options.environment, self._places)
        self._chosen: str | None = None
        self._tested: Environment | None = None
        """What the last test was of, without its people."""

    def compose(self) -> ComposeResult:
        yield Reading(id="editor-title")
        with Horizontal(id="editor-body"):
            with VerticalScroll(id="fields", can_focus=False):
                for group, specs in GROUPS.items():
                    yield Label(group, classes="group", markup=False)
                    for spec in specs:
                        yield FieldRow(spec, self.draft.text(spec.key))
            with VerticalScroll(id="editor-checks", classes="panel"):
                yield CheckList()
        yield Reading(id="editor-says")
        with Horizontal(classes="bar-buttons"):
            for name, words in _BUTTONS.items():
                yield Button(words, id=f"editor-{name}", name=name, compact=True)

    def on_mount(self) -> None:
        self.query_one("#fields").border_title = "Environment"
        self.query_one("#editor-checks").border_title = "Test"
        self.query_one(CheckList).put(Content.styled(_HINT, "$foreground-muted"))
        self.query_one("#field-url" if not self.draft.name else "#field-title").focus()
        self._show_fitting()
        self._judge()

    # What is typed

    @on(Input.Changed)
    @on(Choice.Changed)
    def _typed(self, event: Input.Changed | Choice.Changed) -> None:
        row = event.control.parent
        if isinstance(row, FieldRow):
            self.draft.put(row.spec.key, row.read())
            if row.spec.key == "system":
                self._show_fitting()
            self._judge()

    def _show_fitting(self) -> None:
        """Only the fields of the chosen system, and the groups that have any."""
        for group in self.query("#fields > .group"):
            group.display = False
        heading: Widget | None = None
        for child in self.query("#fields > *"):
            if not isinstance(child, FieldRow):
                heading = child
                continue
            child.display = child.fits(self.draft)
            if heading is not None and child.display:
                heading.display = True

    def _gather(self) -> None:
        """What stands in the fields, also where its message is still on its way."""
        for row in self.query(FieldRow):
            # A secret that was taken over from an embedded system is in no field.
            if (text := row.read()) or not row.spec.secret:
                self.draft.put(row.spec.key, text)

    def _judge(self) -> None:
        """Says below each field what it means, or what is wrong with it."""
        problems = self.draft.problems(self._variables)
        made = self._made()
        for row in self.query(FieldRow):
            words = note(row.spec, self.draft, self._variables, made, problems.get(row.spec.key, ""))
            row.note.put(note_content(words))
            row.set_class(row.spec.key in problems, "-wrong")
        other = [f"{key}: {words}" for key, words in problems.items() if not self._has(key)]
        if other:
            self._say(f"✗ {other[0]}", "$error")
        elif problems:
            self._say(f"✗ {len(problems)} to mend: {', '.join(problems)}", "$error")
        else:
            self._say("")
        if self.query_one(CheckList).environment is not None and made != self._tested:
            before = Content.styled("▲ before your last change", "$warning")
            self.query_one("#editor-checks").border_subtitle = before
        self._title()

    def _has(self, key: str) -> bool:
        return any(row.spec.key == key for row in self.query(FieldRow))

    def _made(self) -> Environment | None:
        try:
            return self.draft.environment(self._variables)
        except ConfigError:
            return None

    def _title(self) -> None:
        draft = self.draft
        name = draft.name or "New environment"
        own = draft.is_own(self._places)
        where = shown(draft.path) if draft.path else f"to be saved below {FOLDER}/"
        if draft.path and not own:
            where = "ships with the tool: it is saved as one of your own"
        parts: list[str | tuple[str, str]] = [(name, "bold"), (f"  {where}", "$foreground-muted")]
        if draft.values.get("insecure") is True:
            parts.append(("  ▲ INSECURE TLS", "bold $error"))
        if draft.changed:
            parts.append(("  ● not saved", "$accent"))
        self.query_one("#editor-title", Reading).put(Content.assemble(*parts))
        self.query_one("#editor-delete", Button).disabled = not own

    def _say(self, text: str, style: str = "$success") -> None:
        self.query_one("#editor-says", Reading).put(Content.styled(text, style))

    def _load(self, draft: Draft) -> None:
        """Another draft in the same fields."""
        self.draft = draft
        for row in self.query(FieldRow):
            row.write(draft.text(row.spec.key))
        self._show_fitting()
        checks = self.query_one(CheckList)
        checks.forget()
        checks.put(Content.styled(_HINT, "$foreground-muted"))
        self.query_one("#field-url").focus()
        self._judge()

    # What is done

    @on(Button.Pressed)
    async def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        await self.run_action(f"screen.{event.button.name}")

    def _config(self) -> RunConfig:
        """The chosen scenario, or one that fits, at what was typed; also called in a thread. Raises
        ConfigError."""
        variables = Variables.here()
        environment = self.draft.environment(variables)
        config = self._fitting(environment.system, variables)
        if config.plan.system in PEOPLED:
            environment = with_people(environment, self._places, variables)
        return config.model_copy(update={"environment": environment})

    def _fitting(self, system: str | None, variables: Variables) -> RunConfig:
        options = replace(self._options, environment=EMBEDDED, data=None, resume=None)
        config = resolve(options, self._places, variables)
        if system is None or config.plan.system in (system, "http"):
            return config
        # What was set for the one scenario does not fit the other.
        usual = Options(_USUAL[system], options.profile, results=options.results)
        return resolve(usual, self._places, variables)

    @work(group="read", exclusive=True)
    async def action_test(self) -> None:
        """The pre-flight of what stands here; nothing is asked of the address before."""
        self._gather()
        self._tested = self._made()
        try:
            self.query_one(CheckList).begin(await asyncio.to_thread(self._config))
        except ConfigError as error:
            self.query_one(CheckList).refuse(str(error))
        self.add_class("-tested")

    @on(CheckList.Changed)
    def _checked(self) -> None:
        panel, checks = self.query_one("#editor-checks", VerticalScroll), self.query_one(CheckList)
        panel.border_subtitle = checks.summary
        end = panel.scroll_end if checks.under_way else panel.scroll_home
        self.call_after_refresh(end, animate=False)

    @work(group="read", exclusive=True)
    async def action_steps(self) -> None:
        """The steps that make it ready, saved or not."""
        self._gather()
        try:
            config = await asyncio.to_thread(self._config)
        except ConfigError as error:
            self._say(f"✗ {error}", "$error")
            return
        self.app.push_screen(StepsScreen(config, self._config), lambda _: self._read_again())

    def _read_again(self) -> None:
        self._variables = Variables.here()
        self._judge()

    def action_save(self) -> None:
        if self.draft.name and self.draft.is_own(self._places):
            self._save(self.draft.name)
        else:
            self.action_save_as()

    @work(group="save", exclusive=True)
    async def action_save_as(self) -> None:
        name = self.draft.name
        known = Path(name).stem if name.endswith(".toml") else name
        suggested = known or (urlsplit(url_of(self.draft.values, self._variables)).hostname or "")
        answer = await self.app.push_screen_wait(NamePrompt("Save as", suggested, self._would))
        if answer is None:
            return
        if (file := self._file(answer)) is not None:
            asked = Confirm(f"Replace {file}?", "Another environment is in it.", "Replace it", "Leave it")
            if not await self.app.push_screen_wait(asked):
                return
        self._save(answer)

    def _file(self, name: str) -> str | None:
        """The file of another environment that a save would replace."""
        path = self._places.folders[0] / FOLDER / f"{name}.toml"
        mine = self.draft.path is not None and path.resolve() == self.draft.path.resolve()
        return shown(path) if path.is_file() and not mine else None

    def _would(self, name: str) -> str:
        """What saving as `name` does. Raises ConfigError."""
        check_name(name)
        if file := self._file(name):
            return f"▲ {file} is there: you are asked before it is replaced"
        there = self._places.names(FOLDER).get(name)
        over = there is not None and not self._places.is_own(there)
        before = ", which goes before the one that ships with the tool" if over else ""
        return f"Enter saves {FOLDER}/{name}.toml{before}"

    def _save(self, name: str) -> None:
        self._gather()
        try:
            path = self.draft.save(name, self._places)
        except ConfigError as error:
            self._say(f"✗ not saved: {error}", "$error")
            return
        self._chosen = name
        # A secret is kept elsewhere now, and the file may have been changed by another hand meanwhile.
        for row in self.query(FieldRow):
            row.write(self.draft.text(row.spec.key))
        self._read_again()
        self._say(f"✓ saved as {shown(path)}")

    @work(group="save", exclusive=True)
    async def action_new(self) -> None:
        """An empty one; what was not saved is asked for."""
        if await self._may_lose("Begin a new one without saving?"):
            self._load(Draft.open(EMBEDDED, self._places))

    @work(group="save", exclusive=True)
    async def action_delete(self) -> None:
        draft = self.draft
        if draft.path is None or not draft.is_own(self._places):
            return
        what = "The file goes; what it names stays as it is, and so does .env.load-test."
        if await self.app.push_screen_wait(
            Confirm(f"Delete {shown(draft.path)}?", what, "Delete it", "Keep it")
        ):
            try:
                draft.path.unlink(missing_ok=True)
            except OSError as fault:
                self._say(f"✗ not deleted: {fault.strerror}", "$error")
                return
            self.dismiss(EMBEDDED)

    @work(group="save", exclusive=True)
    async def action_leave(self) -> None:
        if await self._may_lose("Leave without saving?"):
            self.dismiss(self._chosen)

    async def _may_lose(self, question: str) -> bool:
        self._gather()
        if not self.draft.changed:
            return True
        what = "What was typed here is not in the file yet."
        return (
            await self.app.push_screen_wait(Confirm(question, what, "Do not save", "Go on editing")) is True
        )
