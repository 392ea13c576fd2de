"""The school: people, courses, unit plans and assignments, the same in every process at its start."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dmsperf_tui.standin.k12.answers import not_found
from dmsperf_tui.standin.k12.people import Person, Role, person, person_of
from dmsperf_tui.standin.k12.shelf import Shelf

COURSES = 30
ASSIGNMENTS = 6
"""In each course, as are the quizzes."""
QUIZZES = 2
UNIT_PLANS = 40

_SUBJECTS = ("Mathematics", "Science", "English", "History", "Art", "Music", "Geography", "Physics")
_POPULATION = {Role.TEACHER: 20, Role.STUDENT: 300, Role.ADMIN: 3}
_ENROLLED = 5
_TEACHES_EVERY = 10
_LISTED = 60
"""How many of the newest that people made appear in the list of a course or a teacher."""


@dataclass(slots=True)
class Course:
    id: int
    title: str
    subject: str
    quiz_ids: list[int]
    assignment_ids: list[int]
    """Those that it began with."""
    made_ids: deque[int]
    """The newest that teachers added; the school may have dropped some since."""
    roster: dict[int, None]
    """The students' ids, in the order of their enrolment."""

    def row(self) -> dict[str, object]:
        return {
            "id": self.id,
            "title": self.title,
            "subject": self.subject,
            "student_count": len(self.roster),
        }


@dataclass(frozen=True, slots=True)
class UnitPlan:
    id: int
    title: str
    subject: str
    grade_level: str
    course_id: int | None


@dataclass(frozen=True, slots=True)
class Assignment:
    id: int
    course_id: int
    title: str
    description: str
    max_grade: int = 100


class School:
    """Students of any number come into being when they log in, each enrolled in five courses by the number;
    a teacher teaches every tenth course, beginning with the one that the last digit of the number says.
    """

    def __init__(self) -> None:
        self._by_email: dict[str, Person] = {}
        self.people: dict[int, Person] = {}
        self.courses = Shelf(500, _courses())
        self.assignments = Shelf(2000, _assignments(self.courses))
        self.unit_plans = Shelf(2000, _unit_plans())
        self._own_plans: defaultdict[int, deque[UnitPlan]] = defaultdict(lambda: deque(maxlen=_LISTED))
        self._common_plans = list(self.unit_plans)
        for role, count in _POPULATION.items():
            for number in range(1, count + 1):
                self._welcome(person(role, number))

    def person(self, email: str) -> Person | None:
        """Whose address it is; somebody new joins the school. None where it is nobody's."""
        known = self._by_email.get(email)
        if known is None:
            known = person_of(email)
            if known is not None and known.id not in self.people:
                self._welcome(known)
        return known

    def course(self, id: int) -> Course:
        """Raises 404."""
        found = self.courses.get(id)
        if found is None:
            raise not_found("course")
        return found

    def assignment(self, id: int) -> Assignment:
        """Raises 404."""
        found = self.assignments.get(id)
        if found is None:
            raise not_found("assignment")
        return found

    def courses_of(self, person: Person) -> Iterator[Course]:
        """Those a student is enrolled in, those a teacher teaches, all for an admin."""
        if person.role is Role.STUDENT:
            return (course for course in self.courses if person.id in course.roster)
        if person.role is Role.TEACHER:
            digit = person.number % _TEACHES_EVERY
            return (course for course in self.courses if (course.id - 1) % _TEACHES_EVERY == digit)
        return iter(self.courses)

    def assignments_of(self, course: Course) -> list[Assignment]:
        """Those of the start, and the newest that are still there."""
        found = (self.assignments.get(id) for id in (*course.assignment_ids, *course.made_ids))
        return [assignment for assignment in found if assignment is not None]

    def plans_of(self, person: Person) -> list[UnitPlan]:
        """The school's, and the newest of the person's own that are still there."""
        own = self._own_plans.get(person.id, ())
        return [*self._common_plans, *(plan for plan in own if self.unit_plans.get(plan.id))]

    def new_course(self, title: str, subject: str) -> Course:
        return self.courses.add(lambda id: _course(id, title, subject))

    def new_plan(
        self, author: Person, title: str, subject: str, grade_level: str, course_id: int | None
    ) -> UnitPlan:
        plan = self.unit_plans.add(lambda id: UnitPlan(id, title, subject, grade_level, course_id))
        self._own_plans[author.id].append(plan)
        return plan

    def new_assignment(self, course: Course, title: str, description: str) -> Assignment:
        made = self.assignments.add(lambda id: Assignment(id, course.id, title, description))
        course.made_ids.append(made.id)
        return made

    def _welcome(self, person: Person) -> None:
        self._by_email[person.email] = self.people[person.id] = person
        if person.role is Role.STUDENT:
            for nth in range(_ENROLLED):
                # Sevens, so that students of neighbouring numbers share some of their courses only.
                self.course((person.number + 7 * nth) % COURSES + 1).roster[person.id] = None


def quiz_exists(id: int) -> bool:
    """Quizzes are numbered through the courses; none is made later."""
    return 1 <= id <= COURSES * QUIZZES


def _course(id: int, title: str, subject: str) -> Course:
    return Course(id, title, subject, [], [], deque(maxlen=_LISTED), {})


def _courses() -> Iterator[Course]:
    for number in range(COURSES):
        subject = _SUBJECTS[number % len(_SUBJECTS)]
        course = _course(number + 1, f"{subject} {number // len(_SUBJECTS) + 1}", subject)
        course.quiz_ids.extend(range(QUIZZES * number + 1, QUIZZES * (number + 1) + 1))
        yield course


def _assignments(courses: Iterable[Course]) -> Iterator[Assignment]:
    id = 0
    for course in courses:
        for chapter in range(1, ASSIGNMENTS + 1):
            id += 1
            course.assignment_ids.append(id)
            title = f"{course.title}: assignment {chapter}"
            yield Assignment(id, course.id, title, f"Read chapter {chapter} and answer its questions.")


def _unit_plans() -> Iterator[UnitPlan]:
    for id in range(1, UNIT_PLANS + 1):
        subject = _SUBJECTS[id % len(_SUBJECTS)]
        yield UnitPlan(id, f"{subject} unit {id}", subject, str(id % 12 + 1), id % COURSES + 1)
