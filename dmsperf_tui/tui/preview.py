"""The load that a plan will make, before it is made."""

from __future__ import annotations

from collections.abc import Sequence

from dmsperf_tui.tui.chart import Chart
from dmsperf_tui.tui.chart_data import clock_axis, count_axis
from dmsperf_tui.tui.plot import LINE, Picture, Series


class PreviewChart(Chart):
    """A plan's VUs or rate over its time."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._shape: Sequence[tuple[float, float]] = ()
        self._length_s = 0.0
        self._whole = True

    def empty(self) -> str:
        return "Choose a scenario to see its load."

    def show(self, shape: Sequence[tuple[float, float]], length_s: float, *, whole: bool = True) -> None:
        """Draws levels at seconds; no points leave it empty. VUs are `whole` numbers, rates are not."""
        self._shape, self._length_s, self._whole = shape, length_s, whole
        self.redraw()

    def picture(self, width: int, height: int) -> Picture | None:
        if not self._shape:
            return None
        run = [(at, float(level)) for at, level in self._shape]
        y = count_axis(max(level for _, level in run), height - 2, whole=self._whole)
        return Picture(clock_axis(0.0, self._length_s, width), y, (Series("actual", LINE, [run]),))
