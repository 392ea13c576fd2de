"""A list to choose one thing from: names grouped by folder, each with a few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from dmsperf_tui.plan.secrecy import without_userinfo
from dmsperf_tui.settings.catalogue import Entry
from dmsperf_tui.tui.wording import shorten

_LEAST_FOR_TITLES = 36
"""Cells of a line from which a title fits beside its name."""


def matching(entries: Sequence[Entry], words: str) -> list[Entry]:
    """Those whose name, title or description have all the words, or parts of words."""
    wanted = words.casefold().split()
    return [
        entry
        for entry in entries
        if all(word in f"{entry.name} {entry.title} {entry.description}".casefold() for word in wanted)
    ]


class Choices(OptionList):
    """The highlighted line is the choice; nothing needs to be confirmed."""

    def __init__(self, title: str, *, id: str) -> None:
        super().__init__(id=id, classes="choices", markup=False)
        self._title = title
        self._entries: list[Entry] = []
        self._words = ""
        self._width = 0

    def on_mount(self) -> None:
        self.border_title = self._title

    def on_resize(self) -> None:
        # A line's cells: the scroll bar's column is kept free, as one may come and go.
        width = self.scrollable_content_region.width + self.scrollbar_size_vertical * (
            not self.show_vertical_scrollbar
        )
        if width != self._width:
            self._width = width
            if self._entries:
                self._list(self.chosen)

    @property
    def chosen(self) -> str:
        """The name of the choice; empty where there is none."""
        option = self.highlighted_option
        return option.id or "" if option is not None else ""

    @property
    def names(self) -> list[str]:
        """All that can be chosen from, whatever is searched for."""
        return [entry.name for entry in self._entries]

    @property
    def words(self) -> str:
        """What is searched for."""
        return self._words

    def fill(self, entries: Sequence[Entry], chosen: str) -> None:
        """Lists `entries`, and `chosen` even where it is none of them, such as a URL or a file's path.

        A URL's password is not shown: such a URL is refused.
        """
        self._entries = list(entries)
        if chosen not in self.names:
            problem = "" if without_userinfo(chosen) == chosen else "a URL must not carry credentials"
            self._entries.insert(0, Entry(chosen, chosen, "", None, problem))
        self._list(chosen)

    def choose(self, name: str) -> None:
        """The same entries, and `name` is the choice."""
        self.fill(self._entries, name)

    def mark(self, problems: Mapping[str, str]) -> None:
        """Says of these entries why they cannot be used."""
        marked = [replace(one, problem=problems.get(one.name, one.problem)) for one in self._entries]
        if marked != self._entries:
            self._entries = marked
            self._list(self.chosen)

    def narrow(self, words: str, chosen: str) -> None:
        """Lists what has all of the `words`; `chosen` stays the choice where it is among them."""
        if words != self._words:
            self._words = words
            self._list(chosen)

    def _list(self, chosen: str) -> None:
        listed = matching(self._entries, self._words)
        folder = ""
        options: list[Option] = []
        for entry in listed:
            above, slash, name = entry.name.rpartition("/")
            if slash and "://" not in entry.name and not entry.name.endswith((".toml", ".env")):
                if above != folder:
                    options.append(Option(Content.styled(f"{above}/", "$foreground-muted"), disabled=True))
                folder = above
                options.append(Option(self._line(entry, f"  {name}"), id=entry.name))
            else:
                options.append(Option(self._line(entry, without_userinfo(entry.name)), id=entry.name))
        if not options:
            nothing = Content.styled(f"nothing has {self._words!r}", "$foreground-muted")
            options.append(Option(nothing, disabled=True))
        # In one step: each change of the highlighted line is a choice.
        with self.prevent(OptionList.OptionHighlighted):
            self.clear_options()
            self.add_options(options)
        self.highlighted = self._place(chosen, options)
        if self.highlighted == 1 and options[0].disabled:
            # The folder's name above the first line.
            self.scroll_home(animate=False)
        self.border_subtitle = (
            Content(f"/{self._words}  {len(listed)} of {len(self._entries)}") if self._words else ""
        )

    @staticmethod
    def _place(chosen: str, options: Sequence[Option]) -> int | None:
        ids = [option.id for option in options]
        if chosen in ids:
            return ids.index(chosen)
        return next((at for at, name in enumerate(ids) if name is not None), None)

    def _line(self, entry: Entry, name: str) -> Content:
        room = self._width - len(name) - 2
        if entry.problem:
            why = shorten(entry.problem, room - 2) if self._width >= _LEAST_FOR_TITLES else "cannot be used"
            return Content.styled(f"{name}  ✗ {why}", "$error")
        words = (
            "" if entry.title == entry.name or self._width < _LEAST_FOR_TITLES else shorten(entry.title, room)
        )
        return Content.assemble((name, "bold"), (f"  {words}" if words else "", "$foreground-muted"))
