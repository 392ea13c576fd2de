"""What students handed in, and the grades that it got."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from dmsperf_tui.standin.k12.answers import not_found
from dmsperf_tui.standin.k12.people import Person
from dmsperf_tui.standin.k12.school import Assignment, Course, School

SEEDED = 300
"""Ungraded submissions at the start, spread over the courses."""
LISTED = 50
"""The most that a list of submissions holds."""
STATES = ("submitted", "graded")


@dataclass(slots=True)
class Submission:
    """One student's work on one assignment; handed in again it is the same with the next revision."""

    id: int
    assignment_id: int
    course_id: int
    student_id: int
    revision: int
    characters: int
    """Length of the text, which is not kept itself."""
    state: str = STATES[0]
    grade: int | None = None
    feedback: str = ""


@dataclass(slots=True)
class _Coursework:
    by_state: dict[str, dict[int, Submission]] = field(default_factory=lambda: {each: {} for each in STATES})
    grades: defaultdict[int, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    """By student, by assignment."""


class Submissions:
    """All of the school's: one record for each student and assignment, however often it is handed in."""

    def __init__(self, school: School) -> None:
        self._by_id: dict[int, Submission] = {}
        self._by_work: dict[tuple[int, int], Submission] = {}
        self._courses: defaultdict[int, _Coursework] = defaultdict(_Coursework)
        self._graded_sum = 0
        self._graded = 0
        self._seed(school)

    def hand_in(self, student_id: int, assignment: Assignment, text: str) -> Submission:
        work = (student_id, assignment.id)
        found = self._by_work.get(work)
        if found is None:
            id = len(self._by_id) + 1
            found = Submission(id, assignment.id, assignment.course_id, student_id, 0, 0)
            self._by_work[work] = self._by_id[id] = found
        found.revision += 1
        found.characters = len(text)
        self._move(found, STATES[0])
        return found

    def get(self, id: int) -> Submission:
        """Raises 404."""
        found = self._by_id.get(id)
        if found is None:
            raise not_found("submission")
        return found

    def grade(self, submission: Submission, grade: int, feedback: str) -> None:
        if submission.grade is None:
            self._graded += 1
        self._graded_sum += grade - (submission.grade or 0)
        submission.grade = grade
        submission.feedback = feedback
        self._courses[submission.course_id].grades[submission.student_id][submission.assignment_id] = grade
        self._move(submission, STATES[1])

    def of_course(self, course: Course, state: str) -> list[Submission]:
        """The oldest of this state, or of any where it is empty."""
        by_state = self._courses[course.id].by_state
        found = (one for each in ([state] if state else STATES) for one in by_state[each].values())
        return list(islice(found, LISTED))

    def of_student(self, student: Person, assignments: Iterable[Assignment]) -> list[Submission]:
        found = (self._by_work.get((student.id, assignment.id)) for assignment in assignments)
        return [submission for submission in found if submission is not None]

    def gradebook(self, course: Course) -> list[dict[str, object]]:
        """A row for each student of the course, worked out from the grades each time that it is asked for."""
        grades = self._courses[course.id].grades
        return [_row(student_id, grades.get(student_id, {})) for student_id in course.roster]

    def summary(self) -> dict[str, object]:
        average = round(self._graded_sum / self._graded, 2) if self._graded else None
        return {"submissions": len(self._by_id), "graded": self._graded, "average_grade": average}

    def _move(self, submission: Submission, state: str) -> None:
        by_state = self._courses[submission.course_id].by_state
        by_state[submission.state].pop(submission.id, None)
        submission.state = state
        by_state[state][submission.id] = submission

    def _seed(self, school: School) -> None:
        courses = list(school.courses)
        rosters = [list(course.roster) for course in courses]
        for number in range(SEEDED):
            nth, place = divmod(number, len(courses))
            assignments = courses[place].assignment_ids
            assignment = school.assignment(assignments[nth % len(assignments)])
            self.hand_in(rosters[place][nth], assignment, "Handed in on paper.")


def _row(student_id: int, grades: dict[int, int]) -> dict[str, object]:
    average = round(sum(grades.values()) / len(grades), 2) if grades else None
    listed = [{"assignment_id": id, "grade": grade} for id, grade in grades.items()]
    return {"student_id": student_id, "grades": listed, "average": average}
