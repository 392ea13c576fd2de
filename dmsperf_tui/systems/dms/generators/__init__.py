"""Generators: one module for each resource, found by themselves.

To add a resource, add a file that is named after it, with a function that makes the body of item `index`
and a `GENERATOR` that declares the rest:

    # generators/cohorts.py
    def body(population: Population, index: int) -> Body:
        return {
            "cohortIdentifier": f"{population.prefix}-{index}",
            "cohortTypeDescriptor": uri("cohortTypeDescriptors", "Study Hall"),
            "educationOrganizationReference": {"educationOrganizationId": population.school_id(index)},
        }

    GENERATOR = Generator(
        "cohorts",
        count=lambda sizes: sizes.schools,
        body=body,
        references=("schools",),
        descriptors={"cohortTypeDescriptors": ("Study Hall",)},
    )

A body follows from the population and the index alone; chance comes from `population.random`. It refers
only to items that the population has, through the `reference` function of the module of that resource.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping

from dmsperf_tui.systems.dms.generators import _descriptors
from dmsperf_tui.systems.dms.generators._descriptors import descriptor_body, uri
from dmsperf_tui.systems.dms.generators._generator import Body, Generator

__all__ = ["GENERATORS", "Body", "Generator", "descriptor_body", "descriptors_of", "uri"]


def descriptors_of(generators: Iterable[Generator]) -> dict[str, tuple[str, ...]]:
    """Descriptor endpoint -> all code values that those generators use."""
    used: dict[str, dict[str, None]] = {}
    for generator in generators:
        for endpoint, values in generator.descriptors.items():
            used.setdefault(endpoint, {}).update(dict.fromkeys(values))
    return {endpoint: tuple(used[endpoint]) for endpoint in sorted(used)}


def _modules() -> Iterator[Generator]:
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            generator: Generator = importlib.import_module(f"{__name__}.{module.name}").GENERATOR
            yield generator


def discover() -> dict[str, Generator]:
    """All generators by endpoint. Raises ValueError where two are for the same."""
    generators: dict[str, Generator] = {}
    for generator in _modules():
        if generators.setdefault(generator.resource, generator) is not generator:
            raise ValueError(f"two modules generate {generator.resource}")
    for endpoint, values in descriptors_of(generators.values()).items():
        generators.setdefault(endpoint, _descriptors.generator(endpoint, values))
    return generators


GENERATORS: Mapping[str, Generator] = discover()
"""By endpoint; those of the descriptors that the others use among them."""
