"""School years. Not in the server's dependency list, though most of a calendar refers to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms.generators._generator import Body, Generator

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population


def reference(population: Population) -> Body:
    return {"schoolYear": population.school_year}


def body(population: Population, index: int) -> Body:
    return {
        "schoolYear": population.school_year,
        "currentSchoolYear": True,
        "schoolYearDescription": population.year.name,
    }


GENERATOR = Generator("schoolYearTypes", count=lambda sizes: 1, body=body, reference_data=True)
