"""The command palette: what can be done now, by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Protocol, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from dmsperf_tui.run.commands import (
    Changing,
    Command,
    HoldLevel,
    Release,
    Reply,
    Scale,
    SetRate,
    SetVus,
    Undo,
)
from dmsperf_tui.run.snapshot import RunSnapshot, WorkloadRow
from dmsperf_tui.tui.keys import KEYS
from dmsperf_tui.tui.levels import Level, all_levels, by_rate, under_way
from dmsperf_tui.tui.phases import STEERED, Phase

_PERCENTS = (
    (10, "10 % more", "Raise {} by a tenth"),
    (-10, "10 % less", "Lower {} by a tenth"),
    (100, "double", "Twice {}"),
    (-50, "halve", "Half {}"),
)
_RAMPS = ((10, "10 s"), (30, "30 s"), (60, "1 min"))


class Steered(Protocol):
    """What the palette needs of the app."""

    phase: Phase
    snapshot: RunSnapshot | None
    scope: str | None

    def tell(self, command: Command | None) -> None: ...

    async def foresee(self, change: Changing) -> Reply | None: ...

    def ask_level(self, level: Level) -> None: ...

    def ask_scale(self, workload: str | None) -> None: ...

    def ask_extend(self, workload: str | None) -> None: ...

    def ask_shares(self, row: WorkloadRow) -> None: ...

    def ask_skip(self, rows: list[WorkloadRow], workload: str | None) -> None: ...

    async def run_action(self, action: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class _Offer:
    name: str
    help: str
    do: Callable[[], Awaitable[object] | None]


class RunCommands(Provider):
    """Offers the keys of the present phase, and all that a run and each of its workloads can be told."""

    @property
    def _steered(self) -> Steered:
        return cast("Steered", self.app)

    async def _offers(self) -> list[_Offer]:
        app = self._steered
        phase, snapshot = app.phase, app.snapshot
        offers: list[_Offer] = []
        rates = snapshot is not None and by_rate(snapshot, app.scope)
        for key in KEYS:
            if key.action and phase in key.phases and key.action != "step_back":
                word, help = key.words(by_rate=rates)
                name = f"{word}: {help}" if word else help
                offers.append(_Offer(name, f"key {key.shown}", partial(app.run_action, key.action)))
        if phase in STEERED and snapshot is not None:
            offers += await self._undo()
            offers += self._of_scope(snapshot)
            if len(snapshot.workloads) > 1:
                for row in under_way(snapshot):
                    offers += self._of_workload(row)
            offers += [
                _Offer(f"{level.title}: set", level.now, partial(app.ask_level, level))
                for level in all_levels(snapshot)
            ]
        return offers

    async def _undo(self) -> list[_Offer]:
        """By what it will come to; where there is nothing to undo its key alone, which says why."""
        reply = await self._steered.foresee(Undo())
        if reply is None or not reply.ok:
            return []
        name = f"Undo: {reply.text.removeprefix('undo: ')}"
        return [self._tells(name, "Takes the last change of the load back", Undo())]

    def _of_scope(self, snapshot: RunSnapshot) -> Iterator[_Offer]:
        scope = self._steered.scope
        rows = under_way(snapshot, scope)
        of = f" of {scope}" if scope else ""
        # A percentage is for each workload that it fits.
        if any(not row.open for row in rows):
            yield from self._percents(f"VUs{of}", SetVus, scope)
        if any(row.open for row in rows):
            yield from self._percents(f"Rate{of}", SetRate, scope)
        for seconds, words in _RAMPS:
            release = Release(over_s=seconds, workload=scope)
            yield self._tells(f"Release{of} over {words}", "Back to the plan, on a ramp", release)
        for factor, words in ((2.0, "twice"), (0.5, "half"), (0.0, "nothing of")):
            scale = Scale(factor=factor, workload=scope)
            yield self._tells(f"Scale{of}: {words} the plan", f"× {factor:g} until it is released", scale)

    def _of_workload(self, row: WorkloadRow) -> Iterator[_Offer]:
        app, name = self._steered, row.name
        if app.scope != name:
            what = ("Rate", SetRate) if row.open else ("VUs", SetVus)
            yield from self._percents(f"{what[0]} of {name}", what[1], name)
        yield self._tells(f"Hold {name}", "Freeze it where it is", HoldLevel(workload=name))
        yield self._tells(f"Release {name}", "Back to its plan", Release(workload=name))
        if app.scope != name:
            for seconds, words in _RAMPS:
                release = Release(over_s=seconds, workload=name)
                yield self._tells(f"Release {name} over {words}", "Back to its plan, on a ramp", release)
        yield _Offer(f"Scale {name}", "So many times its plan", partial(app.ask_scale, name))
        yield _Offer(f"Extend {name}", "A longer last stage of it", partial(app.ask_extend, name))
        if row.stages > 1:
            yield _Offer(f"Skip {name}", "To another stage of it", partial(app.ask_skip, [row], name))
        if row.weights:
            yield _Offer(f"Mix of {name}", "The shares of its flows", partial(app.ask_shares, row))

    def _percents(
        self, what: str, kind: type[SetVus] | type[SetRate], workload: str | None
    ) -> Iterator[_Offer]:
        target = "the rate" if kind is SetRate else "the VU target"
        for percent, name, words in _PERCENTS:
            change = kind(amount=percent, unit="percent", workload=workload)
            yield self._tells(f"{what}: {name}", words.format(target), change)

    def _tells(self, name: str, help: str, command: Command) -> _Offer:
        return _Offer(name, help, partial(self._steered.tell, command))

    async def _do(self, offer: _Offer) -> None:
        done = offer.do()
        if done is not None:
            await done

    async def discover(self) -> Hits:
        for offer in await self._offers():
            yield DiscoveryHit(offer.name, partial(self._do, offer), help=offer.help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for offer in await self._offers():
            if (score := matcher.match(offer.name)) > 0:
                yield Hit(score, matcher.highlight(offer.name), partial(self._do, offer), help=offer.help)
