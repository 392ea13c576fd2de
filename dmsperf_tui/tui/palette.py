"""The command palette: what can be done now, by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Protocol, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from dmsperf_tui.run.commands import SetVus
from dmsperf_tui.tui.keys import KEYS
from dmsperf_tui.tui.phases import STEERED, Phase


class Steered(Protocol):
    """What the palette needs of the app."""

    phase: Phase

    def tell(self, command: SetVus) -> None: ...

    async def run_action(self, action: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class _Offer:
    name: str
    help: str
    action: str = ""
    change: SetVus | None = None


_CHANGES = (
    _Offer("VUs: 10 % more", "Raise the VU target by a tenth", change=SetVus(amount=10, unit="percent")),
    _Offer("VUs: 10 % less", "Lower the VU target by a tenth", change=SetVus(amount=-10, unit="percent")),
    _Offer("VUs: double", "Twice the VU target", change=SetVus(amount=100, unit="percent")),
    _Offer("VUs: halve", "Half the VU target", change=SetVus(amount=-50, unit="percent")),
)


class RunCommands(Provider):
    """Offers the keys of the present phase and a few changes that have no key."""

    def _offers(self) -> Iterator[_Offer]:
        phase = cast("Steered", self.app).phase
        for key in KEYS:
            if key.action and phase in key.phases and key.action != "step_back":
                name = f"{key.word}: {key.help}" if key.word else key.help
                yield _Offer(name, f"key {key.shown}", action=key.action)
        if phase in STEERED:
            yield from _CHANGES

    async def _do(self, offer: _Offer) -> None:
        app = cast("Steered", self.app)
        if offer.change is not None:
            app.tell(offer.change)
        else:
            await app.run_action(offer.action)

    async def discover(self) -> Hits:
        for offer in self._offers():
            yield DiscoveryHit(offer.name, partial(self._do, offer), help=offer.help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for offer in self._offers():
            if (score := matcher.match(offer.name)) > 0:
                yield Hit(score, matcher.highlight(offer.name), partial(self._do, offer), help=offer.help)
