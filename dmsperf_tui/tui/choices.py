"""A list to choose one thing from: names grouped by folder, each with a few words."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from dmsperf_tui.settings.catalogue import Entry
from dmsperf_tui.tui.header import WIDE


class Choices(OptionList):
    """The highlighted line is the choice; nothing needs to be confirmed."""

    def __init__(self, title: str, *, id: str) -> None:
        super().__init__(id=id, classes="choices", markup=False)
        self._title = title

        self._entries: Sequence[Entry] = ()
        self._wide = True

    def on_mount(self) -> None:
        self.border_title = self._title

    def on_resize(self) -> None:
        wide = self.app.size.width >= WIDE
        if wide != self._wide and self._entries and self.highlighted_option is not None:
            self.fill(self._entries, self.highlighted_option.id or "")

    def fill(self, entries: Sequence[Entry], chosen: str) -> None:
        """Lists `entries`, and `chosen` even where it is none of them, such as a URL or a file's path."""
        self._entries = listed = list(entries)
        self._wide = self.app.size.width >= WIDE
        if chosen not in {entry.name for entry in listed}:
            listed.insert(0, Entry(chosen, chosen, "", None))
        self.clear_options()
        folder = ""
        options: list[Option] = []
        for entry in listed:
            above, slash, name = entry.name.rpartition("/")
            if slash and "://" not in entry.name and not entry.name.endswith(".toml"):
                if above != folder:
                    options.append(Option(Content.styled(f"{above}/", "$foreground-muted"), disabled=True))
                folder = above
                options.append(Option(self._line(entry, f"  {name}"), id=entry.name))
            else:
                options.append(Option(self._line(entry, entry.name), id=entry.name))
        self.add_options(options)
        self.highlighted = self.get_option_index(chosen)

    def _line(self, entry: Entry, name: str) -> Content:
        if entry.problem:
            return Content.styled(f"{name}  ✗ cannot be used", "$error")
        words = "" if entry.title == entry.name or not self._wide else f"  {entry.title}"
        return Content.assemble((name, "bold"), (words, "$foreground-muted"))
