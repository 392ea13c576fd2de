"""When the bell rings: one schedule a school, with all its periods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms.generators import class_periods, schools
from dmsperf_tui.systems.dms.generators._generator import Body, Generator

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population


def body(population: Population, index: int) -> Body:
    return {
        "bellScheduleName": "Regular Schedule",
        "schoolReference": schools.reference(population, index),
        "classPeriods": [
            {"classPeriodReference": class_periods.reference(population, index, number)}
            for number in range(class_periods.PERIODS)
        ],
        "startTime": "08:15:00",
        "endTime": "15:30:00",
    }


GENERATOR = Generator(
    "bellSchedules",
    count=lambda sizes: sizes.schools,
    body=body,
    references=("schools", "classPeriods"),
)
