"""Names cut to a width, so that two that differ never look alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from dmsperf_tui.tui.wording import cut_apart


def distinct_cuts(names: Iterable[str], width: int) -> dict[str, str]:
    """Each name in at most `width` cells; those that are alike even where they are cut apart get numbers."""
    cuts = cut_apart(list(dict.fromkeys(names)), width)
    times = Counter(cuts.values())
    alike = [name for name, cut in cuts.items() if times[cut] > 1]
    for number, name in enumerate(alike, 1):
        mark = f"…{number}"
        cuts[name] = f"{name[: max(0, width - len(mark))]}{mark}"[:width]
    return cuts


def beginnings(names: Iterable[str], width: int) -> dict[str, str]:
    """Each name in at most `width` cells, cut at its end where that tells them apart."""
    whole = list(dict.fromkeys(names))
    cuts = {name: name if len(name) <= width else f"{name[: max(0, width - 1)]}…" for name in whole}
    return cuts if len(set(cuts.values())) == len(whole) else distinct_cuts(whole, width)
