"""The school days of each calendar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms.generators import calendars
from dmsperf_tui.systems.dms.generators._descriptors import uri
from dmsperf_tui.systems.dms.generators._generator import Body, Generator
from dmsperf_tui.systems.dms.generators._year import SCHOOL_DAYS

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population

_EVENT = "Instructional day"
_EVENT_URI = uri("calendarEventDescriptors", _EVENT)


def body(population: Population, index: int) -> Body:
    school, day = divmod(index, SCHOOL_DAYS)
    return {
        "date": population.year.days[day],
        "calendarReference": calendars.reference(population, school),
        "calendarEvents": [{"calendarEventDescriptor": _EVENT_URI}],
    }


GENERATOR = Generator(
    "calendarDates",
    count=lambda sizes: SCHOOL_DAYS * sizes.schools,
    body=body,
    references=("calendars",),
    descriptors={"calendarEventDescriptors": (_EVENT,)},
)
