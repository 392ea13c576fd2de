"""What a choice means: what the scenario does, how hard, what judges it, and what the profile gives it."""

from __future__ import annotations

from textwrap import wrap

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from dmsperf_tui.settings.command_line import overrides_shown
from dmsperf_tui.settings.config import Options, RunConfig
from dmsperf_tui.settings.profile_sheet import as_text
from dmsperf_tui.tui.plan_words import judged_words, length_words, peak_words, workload_words
from dmsperf_tui.tui.readings import Reading

_LABEL = 10
_BETWEEN, _TIE = " · ", "\N{NO-BREAK SPACE}"
_NO_THRESHOLDS = "no thresholds: it passes unless the load generator could not keep up"


class DetailsPanel(VerticalScroll):
    """The chosen scenario and profile in words, or why they cannot run."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="panel")
        self._config: RunConfig | None = None
        self._options = Options()
        self._estimate = ""

    def compose(self) -> ComposeResult:
        yield Reading(id="details-lines")

    def on_mount(self) -> None:
        self.border_title = "Scenario"

    def on_resize(self) -> None:
        self._paint()

    def show(self, config: RunConfig, options: Options) -> None:
        if self._config is None or self._config.plan.name != config.plan.name:
            self.scroll_home(animate=False)
        self._config, self._options, self._estimate = config, options, ""
        self.border_title = Content(f"Scenario · {config.plan.name}")
        self._paint()

    def estimated(self, words: str) -> None:
        """How many requests it will make, once that is known."""
        self._estimate = words
        self._paint()

    def refuse(self, text: str) -> None:
        """Shows what is wrong with the choice."""
        self._config = None
        self.border_title = "Scenario"
        self.query_one(Reading).put(Content.assemble(("✗ This cannot run yet:\n", "bold $error"), text))

    def _paint(self) -> None:
        # Wrapped for a scroll bar's column less, as one may come and go with the lines.
        width = self.size.width - 1
        if self._config is not None and width > 20:
            lines = details(self._config, self._options, self._estimate, width)
            self.query_one(Reading).put(Content("\n").join(lines))


def details(config: RunConfig, options: Options, estimate: str, width: int) -> list[Content]:
    """Line by line, none wider than `width`."""
    plan, profile = config.plan, config.profile
    lines = [Content.styled(line, "bold") for line in wrap(plan.title, width)]
    lines += [Content(line) for line in wrap(plan.description, width)]
    if typed := overrides_shown(options):
        lines += _hanging("given", [typed], width, "$accent")
    for workload in plan.workloads:
        name = f"{workload.name}  " if len(plan.workloads) > 1 else ""
        lines += _hanging("workload", [f"{name}{workload_words(workload)}"], width)
    held = config.objectives
    of_objectives = {one.threshold for one in held.objectives} if held and config.objectives_gate else set()
    own = tuple(one for one in plan.thresholds if one not in of_objectives)
    if own or not of_objectives:
        lines += _hanging("judged by", judged_words(own) or [_NO_THRESHOLDS], width)
    if held is not None:
        shown = f"shown alone: --objectives {held.name} fails a run by them"
        fate = "a missed one fails the run" if config.objectives_gate else shown
        words = f"{len(held.objectives)} objectives of {held.name}, {held.title} · {fate}"
        lines += _hanging("held to", [words], width)
    words = ": ".join(filter(None, (profile.title, profile.description)))
    lines += _hanging("profile", [words, *_given(config)], width)
    load = [length_words(plan), peak_words(plan), estimate]
    lines += _hanging("makes", [" · ".join(filter(None, load))], width)
    return lines


def _given(config: RunConfig) -> list[str]:
    """What the profile gives the scenario: each value, and its source where that is not the profile."""
    profile, found = config.profile, []
    for key in config.profile_keys:
        source = profile.sources[key]
        if source == "default" and not profile.values[key]:
            continue
        told = "" if source == f"profile {profile.name}" else f" ({source})"
        found.append(f"{key} = {as_text(key, profile.values[key])}{told}")
    return [_BETWEEN.join(found)] if found else []


def _hanging(label: str, paragraphs: list[str], width: int, style: str = "") -> list[Content]:
    """A label and its words, wrapped beside it and not below."""
    rows = [row for words in paragraphs for row in _wrapped(words, width - _LABEL) or [""]]
    labels = [label, *[""] * len(rows)]
    return [
        Content.assemble((f"{head:<{_LABEL}}", "$foreground-muted"), (row, style))
        for head, row in zip(labels, rows, strict=False)
    ]


def _wrapped(words: str, width: int) -> list[str]:
    """Between the parts of a list rather than within one, where the parts are short enough."""
    parts = words.split(_BETWEEN)
    tied = [
        part.replace(" ", _TIE) if len(part) < width - 2 else part.replace(" →", f"{_TIE}→") for part in parts
    ]
    text = _BETWEEN.join(tied) if len(parts) > 1 else words
    return [
        row.replace(_TIE, " ")
        for row in wrap(text.replace(" · ", f"{_TIE}· "), width, break_on_hyphens=False)
    ]
