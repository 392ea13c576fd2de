"""What a generator of one resource declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population, Sizes

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Generator:
    """How many items of a resource there are, and the body of each."""

    resource: str
    """The endpoint: `studentSchoolAssociations`."""
    count: Callable[[Sizes], int]
    body: Callable[[Population, int], Body]
    """The item with that index: the same body for the same population and index, in a dict of its own."""
    references: tuple[str, ...] = ()
    """Endpoints that a body cannot do without."""
    optional: tuple[str, ...] = ()
    """Endpoints that a body refers to where they exist: a DMS that does not know them drops the property."""
    descriptors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Descriptor endpoint -> every code value that bodies may use."""
    reference_data: bool = False
    """Part of the environment's set-up (`setup seed`), not of a load phase."""
