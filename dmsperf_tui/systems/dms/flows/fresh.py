"""Documents that nobody has sent before: each is of this run, this worker, and a number that only grows."""

from __future__ import annotations

import math

from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.systems.dms.generators import Body
from dmsperf_tui.systems.dms.population import AGENCIES, ID_BLOCK, Population, Sizes

_BLOCK = ID_BLOCK - AGENCIES
"""Schools that a prefix has ids for."""
_ROOM = 100_000
"""Students, and staff, that a school has room for."""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_ELSEWHERE = ("localEducationAgencyReference", "calendarReference")
"""References that a body may do without, to what is not made here."""
_KEY = "dms.fresh"


class Fresh:
    """New schools with their students and staff, apart from the data of a load phase."""

    def __init__(self, prefix: str, seed: int, worker: int = 0, schools: int = 1) -> None:
        """`schools` is over how many schools people are dealt; `prefix` is the run's."""
        self.prefix = f"{prefix}{_digits(worker)}"
        self._schools = schools
        self._seed = seed
        room = _BLOCK * _ROOM
        self._people = Population(Sizes(_BLOCK, room, room, 1, 1), seed, self.prefix)
        self._counts: dict[str, int] = {}
        self._blocks: dict[int, Population] = {}

    @classmethod
    def of(cls, vu: VirtualUser) -> Fresh:
        """This worker's; people are dealt over its share of the profile's schools."""
        found = vu.shared.get(_KEY)
        if not isinstance(found, Fresh):
            if "prefix" not in vu.context:
                vu.abort(f'the flow of {vu.workload} is for a DMS; write system = "dms" in the scenario')
            worker, workers = vu.worker
            schools = int(vu.profile.get("data.schools", 10))
            share = max(1, math.ceil((schools - worker) / workers))
            found = vu.shared[_KEY] = cls(vu.context["prefix"], vu.seed, worker, share)
        return found

    @property
    def school_year(self) -> int:
        """The year in which it ends; people's ages fit it."""
        return self._people.school_year

    def number(self, kind: str) -> int:
        """From 0, each once."""
        number = self._counts.get(kind, 0)
        self._counts[kind] = number + 1
        return number

    def key(self, kind: str) -> str:
        """A natural key of letters, digits and dashes that nothing else of that kind has."""
        return f"{self.prefix}-{self.number(kind)}"

    def school(self) -> Body:
        """A school that no student of these goes to."""
        block, place = divmod(self.number("schools"), _BLOCK)
        population = self._blocks.get(block)
        if population is None:
            # The ids of one prefix are used up: the next block of schools is another prefix's.
            prefix = f"{self.prefix}-{block}"
            population = self._blocks[block] = Population(Sizes(_BLOCK, 0, 0, 1, 1), self._seed, prefix)
        return _alone(population.body("schools", place))

    def student(self) -> tuple[Body, int]:
        """A student, and its place among all of them."""
        index = self._next("students")
        return self._people.body("students", index), index

    def staff(self) -> Body:
        return self._people.body("staffs", self._next("staffs"))

    def school_of(self, student: int) -> int:
        """The school that the student at that place is to go to."""
        school, _ = self._people.students.place(student)
        return school

    def school_body(self, school: int) -> Body:
        return _alone(self._people.body("schools", school))

    def enrolment(self, student: int) -> Body:
        """The student's studentSchoolAssociation."""
        return _alone(self._people.body("studentSchoolAssociations", student))

    def _next(self, kind: str) -> int:
        """Place after place over the schools in turn; where they are full, over as many others."""
        place, school = divmod(self.number(kind), self._schools)
        further, place = divmod(place, _ROOM)
        return (further * self._schools + school) * _ROOM + place


def _alone(body: Body) -> Body:
    for reference in _ELSEWHERE:
        body.pop(reference, None)
    return body


def _digits(number: int) -> str:
    more, last = divmod(number, len(_DIGITS))
    return (_digits(more) if more else "") + _DIGITS[last]
