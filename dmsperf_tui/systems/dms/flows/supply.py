"""What the read-write flows work with: nine resources, what may be made of each, and how each is changed."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from random import Random
from typing import Any

from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.systems.dms.created import KEPT, Data, Item, Pool
from dmsperf_tui.systems.dms.flows import calls
from dmsperf_tui.systems.dms.flows.changes import marks
from dmsperf_tui.systems.dms.flows.fresh import Fresh
from dmsperf_tui.systems.dms.flows.resources import CREATED
from dmsperf_tui.systems.dms.generators import Body, uri
from dmsperf_tui.systems.dms.generators._levels import GRADE_LEVEL_URIS
from dmsperf_tui.systems.dms.generators._year import KINDERGARTEN_AGE

_GRADE_TYPE = uri("gradeTypeDescriptors", "Grading Period")
NEEDED = {
    "studentSchoolAssociations": "students",
    "studentSectionAssociations": "students",
    "grades": "studentSectionAssociations",
    "staffSchoolAssociations": "staffs",
}
"""What a new item of some resources is made for: a student, staff member or section enrolment that is new as
well, because keys of those that the data has are taken, or would be by the next run."""
_RESOURCES, _SHARES = tuple(CREATED), tuple(CREATED.values())
_TRIES = 6
_KEY = "dms.supply"


class Supply:
    """This worker's documents and items."""

    def __init__(self, fresh: Fresh, pool: Pool) -> None:
        self.pool = pool
        self._fresh = fresh
        self._bases: dict[str, deque[tuple[Item, int]]] = {
            resource: deque(maxlen=KEPT) for resource in NEEDED
        }
        """For each resource that needs one: new items that it may be made for, and which turn of each."""
        self._periods: defaultdict[int, list[Body]] = defaultdict(list)
        """References to the grading periods of each school."""
        if pool.data is not None:
            self._find_periods(pool.data)

    @classmethod
    def of(cls, vu: VirtualUser) -> Supply:
        found = vu.shared.get(_KEY)
        if not isinstance(found, Supply):
            pool = Pool(Data.of(vu.context, vu.setup), *vu.worker)
            found = vu.shared[_KEY] = cls(Fresh.of(vu), pool)
        return found

    def any_created(self, random: Random) -> str:
        """A resource to create an item of, by its share."""
        return random.choices(_RESOURCES, _SHARES)[0]

    async def make(self, vu: VirtualUser, resource: str) -> Item | None:
        """Creates an item, and first what it is made for where there is none left."""
        need = NEEDED.get(resource)
        base, turn = None, 0
        if need is not None:
            if not self._bases[resource]:
                await self.make(vu, need)
            if not self._bases[resource]:
                return None
            base, turn = self._bases[resource].popleft()
        body = self._body(resource, base, turn, vu.random)
        if body is None:
            return None
        identity = await calls.create(vu, resource, body)
        if identity is None:
            return None
        item = Item(resource, identity, body)
        self.pool.add(item)
        for other, needed in NEEDED.items():
            if needed == resource:
                turns = len(self._periods_of(body)) if other == "grades" else 1
                self._bases[other].extend((item, turn) for turn in range(turns))
        return item

    def turn(self) -> int:
        """Which change this is, of all that this worker makes."""
        return self._fresh.number("changes")

    def _body(self, resource: str, base: Item | None, turn: int, random: Random) -> Body | None:
        """A new document; None where the data has nothing that it could refer to."""
        fresh = self._fresh
        if resource == "students":
            return fresh.student()[0]
        if resource == "staffs":
            return fresh.staff()
        if resource == "grades":
            assert base is not None
            return self._grade(base.body, turn, random)
        if resource == "studentAssessments":
            return self._score(random)
        if resource == "studentSchoolAssociations":
            assert base is not None
            return self._enrolment(base.body, random)
        like = self._like(resource, random)
        if like is None:
            return None
        match resource:
            case "studentSectionAssociations":
                assert base is not None
                like["studentReference"] = {"studentUniqueId": base.body["studentUniqueId"]}
            case "staffSchoolAssociations":
                assert base is not None
                like["staffReference"] = {"staffUniqueId": base.body["staffUniqueId"]}
            case "courses":
                like["courseCode"] = code = fresh.key(resource)
                like["identificationCodes"] = [{**like["identificationCodes"][0], "identificationCode": code}]
            case "sections":
                like["sectionIdentifier"] = fresh.key(resource)
        return like

    def _like(self, resource: str, random: Random) -> Body | None:
        """The document of an item of the data that exists: all that it refers to exists as well."""
        item = self.pool.choose(resource, random)
        return None if item is None else {**item.body}

    def _enrolment(self, student: Mapping[str, Any], random: Random) -> Body | None:
        """At a school that has the student's grade, if a few tries find one."""
        grade = _grade_level(student["birthDate"], self._fresh.school_year)
        found = [self._like("studentSchoolAssociations", random) for _ in range(_TRIES)]
        likes = [like for like in found if like is not None]
        if not likes:
            return None
        like = next((like for like in likes if like["entryGradeLevelDescriptor"] == grade), likes[0])
        return {
            **like,
            "studentReference": {"studentUniqueId": student["studentUniqueId"]},
            "entryGradeLevelDescriptor": grade,
        }

    def _score(self, random: Random) -> Body | None:
        student, assessment = (self.pool.choose(kind, random) for kind in ("students", "assessments"))
        if student is None or assessment is None:
            return None
        return {
            "studentAssessmentIdentifier": self._fresh.key("studentAssessments"),
            "studentReference": {"studentUniqueId": student.body["studentUniqueId"]},
            "assessmentReference": {
                key: assessment.body[key] for key in ("assessmentIdentifier", "namespace")
            },
            "serialNumber": "0",
        }

    def _grade(self, enrolment: Mapping[str, Any], period: int, random: Random) -> Body:
        return {
            "gradeTypeDescriptor": _GRADE_TYPE,
            "gradingPeriodReference": self._periods_of(enrolment)[period],
            "studentSectionAssociationReference": {
                **enrolment["sectionReference"],
                "studentUniqueId": enrolment["studentReference"]["studentUniqueId"],
                "beginDate": enrolment["beginDate"],
            },
            **marks(60 + random.randrange(41)),
        }

    def _find_periods(self, data: Data) -> None:
        for number in range(data.count("gradingPeriods")):
            body = data.body("gradingPeriods", number)
            self._periods[body["schoolReference"]["schoolId"]].append(
                {
                    "gradingPeriodDescriptor": body["gradingPeriodDescriptor"],
                    "gradingPeriodName": body["gradingPeriodName"],
                    "schoolId": body["schoolReference"]["schoolId"],
                    "schoolYear": body["schoolYearTypeReference"]["schoolYear"],
                }
            )

    def _periods_of(self, enrolment: Mapping[str, Any]) -> list[Body]:
        return self._periods[enrolment["sectionReference"]["schoolId"]]


def _grade_level(birth_date: str, school_year: int) -> str:
    """Of somebody who was 5 on 1 September of the kindergarten's year, 6 of the next, and so on."""
    born = int(birth_date[:4]) + (birth_date[5:] > "09-01")
    years = school_year - 1 - KINDERGARTEN_AGE - born
    return GRADE_LEVEL_URIS[min(max(0, years), len(GRADE_LEVEL_URIS) - 1)]
