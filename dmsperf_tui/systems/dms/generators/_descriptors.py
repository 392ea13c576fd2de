"""Descriptors: how they are written in a body, and the bodies that create them.

The standard values are those of Ed-Fi's Data Standard 5.2 (Descriptors/*.xml).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms.generators._generator import Body, Generator

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population

AUTHORITY = "uri://ed-fi.org"


def namespace(endpoint: str) -> str:
    """`sexDescriptors` -> `uri://ed-fi.org/SexDescriptor`."""
    return f"{AUTHORITY}/{endpoint[0].upper()}{endpoint[1:-1]}"


def uri(endpoint: str, code_value: str) -> str:
    """`("sexDescriptors", "Female")` -> `uri://ed-fi.org/SexDescriptor#Female`."""
    return f"{namespace(endpoint)}#{code_value}"


def descriptor_body(endpoint: str, code_value: str) -> Body:
    """What creates a descriptor. Code values have at most 50 characters."""
    return {
        "namespace": namespace(endpoint),
        "codeValue": code_value,
        "shortDescription": code_value,
        "description": code_value,
    }


def generator(endpoint: str, values: tuple[str, ...]) -> Generator:
    """The generator of a descriptor endpoint: one item for each code value."""

    def body(population: Population, index: int) -> Body:
        return descriptor_body(endpoint, values[index])

    return Generator(endpoint, count=lambda sizes: len(values), body=body, reference_data=True)
