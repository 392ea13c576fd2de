"""The command palette: what can be done now, by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Protocol, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from dmsperf_tui.run.commands import SetRate, SetVus
from dmsperf_tui.run.snapshot import RunSnapshot
from dmsperf_tui.tui.keys import KEYS
from dmsperf_tui.tui.levels import Level, all_levels, by_rate
from dmsperf_tui.tui.phases import STEERED, Phase


class Steered(Protocol):
    """What the palette needs of the app."""

    phase: Phase
    snapshot: RunSnapshot | None

    def tell(self, command: SetVus | SetRate) -> None: ...

    def ask_level(self, level: Level | None) -> None: ...

    async def run_action(self, action: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class _Offer:
    name: str
    help: str
    action: str = ""
    percent: int = 0
    level: Level | None = None


class RunCommands(Provider):
    """Offers the keys of the present phase and a few changes that have no key."""

    @property
    def _steered(self) -> Steered:
        return cast("Steered", self.app)

    @property
    def _by_rate(self) -> bool:
        return self._steered.snapshot is not None and by_rate(self._steered.snapshot)

    def _offers(self) -> Iterator[_Offer]:
        phase, snapshot = self._steered.phase, self._steered.snapshot
        for key in KEYS:
            if key.action and phase in key.phases and key.action != "step_back":
                word, help = key.words(by_rate=self._by_rate)
                yield _Offer(f"{word}: {help}" if word else help, f"key {key.shown}", action=key.action)
        if phase in STEERED and snapshot is not None:
            yield from self._changes(snapshot)

    def _changes(self, snapshot: RunSnapshot) -> Iterator[_Offer]:
        what, target = ("Rate", "the rate") if self._by_rate else ("VUs", "the VU target")
        for percent, name, words in (
            (10, "10 % more", "Raise {} by a tenth"),
            (-10, "10 % less", "Lower {} by a tenth"),
            (100, "double", "Twice {}"),
            (-50, "halve", "Half {}"),
        ):
            yield _Offer(f"{what}: {name}", words.format(target), percent=percent)
        for level in all_levels(snapshot):
            yield _Offer(f"{level.title}: set", level.now, level=level)

    async def _do(self, offer: _Offer) -> None:
        if offer.level is not None:
            self._steered.ask_level(offer.level)
        elif offer.percent:
            kind = SetRate if self._by_rate else SetVus
            self._steered.tell(kind(amount=offer.percent, unit="percent"))
        else:
            await self._steered.run_action(offer.action)

    async def discover(self) -> Hits:
        for offer in self._offers():
            yield DiscoveryHit(offer.name, partial(self._do, offer), help=offer.help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for offer in self._offers():
            if (score := matcher.match(offer.name)) > 0:
                yield Hit(score, matcher.highlight(offer.name), partial(self._do, offer), help=offer.help)
