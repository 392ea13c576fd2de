"""Everything that a load phase creates, as numbers: nothing is kept for an item.

Item `index` of a resource is computed when it is needed, the same in each process and on each run with the
same sizes, seed and prefix. Keys carry the prefix or stand below an education organization whose id
follows from it, so that populations of different prefixes share no key.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from hashlib import blake2b
from typing import Any

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.systems.dms.generators import GENERATORS, Body, descriptors_of
from dmsperf_tui.systems.dms.generators._curriculum import Course, courses
from dmsperf_tui.systems.dms.generators._levels import SCHOOL_KINDS, SchoolKind
from dmsperf_tui.systems.dms.generators._year import SchoolYear

UNIQUE_ID_LENGTH = 32
"""The most characters of a studentUniqueId, staffUniqueId or contactUniqueId."""
ID_BLOCK = 10_000
"""Ids of education organizations that belong to one prefix."""
LARGEST_ID = 2**53
"""Beyond this, JavaScript and many JSON tools round numbers."""
SCHOOL_YEARS = range(1900, 2101)
"""What the Data Standard takes for a schoolYear."""
AGENCIES = 2
"""The state's and the district's ids stand just below the first school's."""

_PREFIX = re.compile(r"[A-Za-z0-9_-]+\Z")
_MASK = 2**64 - 1
_GOLDEN = 0x9E3779B97F4A7C15


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large a district is. Courses are counted for each school, sections for each course."""

    schools: int = 10
    students: int = 100
    staff: int = 20
    courses_per_school: int = 10
    sections_per_course: int = 3

    @classmethod
    def of(cls, profile: Mapping[str, Any]) -> Sizes:
        """From a profile's values (`data.schools` ...); what is missing has the `dev` profile's size.

        Raises ConfigError for what is no count.
        """
        keys = {field.name: f"data.{field.name}" for field in fields(cls)}
        sizes = {name: profile[key] for name, key in keys.items() if key in profile}
        for name, value in sizes.items():
            least = 1 if name == "schools" else 0
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise ConfigError(
                    f"{value!r} is no count", key=keys[name], mend=f"use a whole number from {least}"
                )
        return cls(**sizes)


class Shares:
    """`total` items dealt to `parts` in blocks: the first parts have one more where it does not divide."""

    def __init__(self, total: int, parts: int) -> None:
        self._least, self._larger = divmod(total, parts)
        self._border = self._larger * (self._least + 1)

    def place(self, index: int) -> tuple[int, int]:
        """The part that has the item, and its place in there."""
        if index < self._border:
            return divmod(index, self._least + 1)
        part, place = divmod(index - self._border, self._least)
        return part + self._larger, place

    def first(self, part: int) -> int:
        """The index of a part's first item."""
        return part * self._least + min(part, self._larger)

    def size(self, part: int) -> int:
        return self._least + (part < self._larger)


class Population:
    """Everything that a load phase creates: a pure function of sizes, seed and prefix.

    `prefix` makes the keys this run's own: letters, digits, - and _. `first_school_id` follows from it
    unless it is given; with "PERF" and 100,000 the keys are those of the performance strategy:
    `PERF100000S0`, `PERFSTAFF0`. `school_year` is the year in which the school year ends.

    Raises ConfigError for a prefix that makes keys too long, ids without room, and what is no school year.
    """

    resources: tuple[str, ...] = tuple(
        sorted(name for name, generator in GENERATORS.items() if not generator.reference_data)
    )
    """Endpoints that a load phase creates."""
    reference_data: tuple[str, ...] = tuple(
        sorted(name for name, generator in GENERATORS.items() if generator.reference_data)
    )
    """Endpoints that set-up fills: schoolYearTypes and descriptors. They have bodies too."""

    def __init__(
        self,
        sizes: Sizes,
        seed: int,
        prefix: str,
        first_school_id: int | None = None,
        school_year: int = 2026,
    ) -> None:
        self.sizes = sizes
        self.seed = seed
        self.prefix = prefix
        self.first_school_id = _first_school_id(prefix) if first_school_id is None else first_school_id
        self.local_agency_id = self.first_school_id - 1
        self.state_agency_id = self.first_school_id - 2
        self.school_year = school_year
        if school_year not in SCHOOL_YEARS:
            raise ConfigError(
                f"{school_year} is no school year",
                key="data.school_year",
                mend=f"use {SCHOOL_YEARS[0]} to {SCHOOL_YEARS[-1]}, the year in which it ends",
            )
        self.year = SchoolYear(school_year)
        self.students = Shares(sizes.students, sizes.schools)
        self.staff = Shares(sizes.staff, sizes.schools)
        self._check_keys(derived=first_school_id is None)
        self._courses = {kind: courses(kind, sizes.courses_per_school) for kind in set(SCHOOL_KINDS)}
        self._counts = {name: generator.count(sizes) for name, generator in GENERATORS.items()}
        self._salts = {name: _mix(seed ^ zlib.crc32(name.encode()) << 32) for name in GENERATORS}

    def count(self, resource: str) -> int:
        return self._counts[resource]

    def body(self, resource: str, index: int) -> Body:
        """The document to send for item `index`; the caller may change it.

        Raises IndexError beyond the count, KeyError for a resource that has no generator.
        """
        if not 0 <= index < self._counts[resource]:
            raise IndexError(f"{resource} has {self._counts[resource]} items, no item {index}")
        return GENERATORS[resource].body(self, index)

    def descriptors(self, resources: Iterable[str] | None = None) -> dict[str, tuple[str, ...]]:
        """Descriptor endpoint -> code values that the bodies of those resources (default: all) use."""
        chosen = self.resources if resources is None else resources
        return descriptors_of(GENERATORS[name] for name in chosen if name in GENERATORS)

    def random(self, resource: str, index: int) -> int:
        """64 bits of chance that belong to this item."""
        return _mix(self._salts[resource] + index * _GOLDEN)

    def school_id(self, school: int) -> int:
        return self.first_school_id + school

    def kind(self, school: int) -> SchoolKind:
        return SCHOOL_KINDS[school % len(SCHOOL_KINDS)]

    def course(self, school: int, number: int) -> Course:
        """Course `number` of that school."""
        return self._courses[SCHOOL_KINDS[school % len(SCHOOL_KINDS)]][number]

    def to_json(self) -> dict[str, Any]:
        return {
            "sizes": asdict(self.sizes),
            "seed": self.seed,
            "prefix": self.prefix,
            "first_school_id": self.first_school_id,
            "school_year": self.school_year,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Population:
        return cls(
            Sizes(**data["sizes"]),
            data["seed"],
            data["prefix"],
            first_school_id=data["first_school_id"],
            school_year=data["school_year"],
        )

    def _check_keys(self, *, derived: bool) -> None:
        if not _PREFIX.match(self.prefix):
            raise ConfigError(
                f"{self.prefix!r} is no prefix for keys", key="prefix", mend="use letters, digits, - and _"
            )
        last_school = self.school_id(self.sizes.schools - 1)
        if self.first_school_id <= AGENCIES or last_school >= LARGEST_ID:
            raise ConfigError(
                f"{self.first_school_id} cannot be the first school's id",
                key="data.first_school_id",
                mend=f"use a number above {AGENCIES}, where the agencies are, and well below 2^53",
            )
        if derived and self.sizes.schools > ID_BLOCK - AGENCIES:
            raise ConfigError(
                f"{self.sizes.schools} schools are more than a prefix has ids for",
                key="data.schools",
                mend=f"use at most {ID_BLOCK - AGENCIES}",
            )
        longest = max(
            len(f"{last_school}S{self.students.size(0)}"),
            len(f"STAFF{self.sizes.staff}"),
            len(f"C{2 * self.sizes.students}"),
        )
        if len(self.prefix) + longest > UNIQUE_ID_LENGTH:
            raise ConfigError(
                f"{self.prefix!r} makes ids of more than {UNIQUE_ID_LENGTH} characters",
                key="prefix",
                mend=f"use at most {UNIQUE_ID_LENGTH - longest} characters",
            )


def _first_school_id(prefix: str) -> int:
    """16 digits: a block of ids for each prefix."""
    blocks = (LARGEST_ID - 10**15) // ID_BLOCK
    number = int.from_bytes(blake2b(prefix.encode(), digest_size=8).digest(), "big") % blocks
    return 10**15 + number * ID_BLOCK + AGENCIES


def _mix(value: int) -> int:
    """splitmix64's finalizer: neighbours in, unrelated numbers out."""
    value &= _MASK
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    value = (value ^ value >> 27) * 0x94D049BB133111EB & _MASK
    return value ^ value >> 31
