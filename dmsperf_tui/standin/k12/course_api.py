"""Endpoints of the lessons: unit plans, courses, assignments, submissions and grades.

Roles are checked, belonging is not: a teacher may grade in any course, a student hand in to any.
"""

from __future__ import annotations

from collections.abc import Iterator

from dmsperf_tui.standin.k12.answers import Answer, invalid, not_found
from dmsperf_tui.standin.k12.call import Call, text, whole
from dmsperf_tui.standin.k12.knobs import Category
from dmsperf_tui.standin.k12.people import Role
from dmsperf_tui.standin.k12.routes import ADMINS, EVERYBODY, STAFF, STUDENTS, TEACHERS, Endpoint
from dmsperf_tui.standin.k12.school import School
from dmsperf_tui.standin.k12.submissions import STATES, Submissions

_LONGEST_TEXT = 1_000_000
_LONGEST_FEEDBACK = 2000
_LARGEST_ID = 10**15


class CourseApi:
    def __init__(self, school: School, submissions: Submissions) -> None:
        self._school = school
        self._submissions = submissions

    def endpoints(self) -> Iterator[Endpoint]:
        show, detail, write = Category.LIST, Category.DETAIL, Category.WRITE
        yield Endpoint("GET", "/unit_plans", show, EVERYBODY, self._unit_plans)
        yield Endpoint("GET", "/unit_plans/{id}", detail, EVERYBODY, self._unit_plan)
        yield Endpoint("POST", "/unit_plans", write, STAFF, self._plan)
        yield Endpoint("GET", "/courses", show, EVERYBODY, self._courses)
        yield Endpoint("GET", "/courses/{id}", detail, EVERYBODY, self._course)
        yield Endpoint("POST", "/courses", write, ADMINS, self._open_course)
        yield Endpoint("POST", "/courses/{id}/enrollments", write, STUDENTS | ADMINS, self._enroll)
        yield Endpoint("GET", "/courses/{id}/gradebook", Category.GRADEBOOK, STAFF, self._gradebook)
        yield Endpoint("GET", "/courses/{id}/grades", show, STUDENTS, self._grades)
        yield Endpoint("GET", "/courses/{id}/assignments", show, EVERYBODY, self._assignments)
        yield Endpoint("POST", "/courses/{id}/assignments", write, TEACHERS, self._assign)
        yield Endpoint("GET", "/assignments/{id}", detail, EVERYBODY, self._assignment)
        yield Endpoint("POST", "/assignments/{id}/submissions", write, STUDENTS, self._hand_in)
        yield Endpoint("GET", "/courses/{id}/submissions", show, TEACHERS, self._handed_in)
        yield Endpoint("POST", "/submissions/{id}/grade", write, TEACHERS, self._grade)

    def _unit_plans(self, call: Call) -> Answer:
        return Answer(self._school.plans_of(call.person))

    def _unit_plan(self, call: Call) -> Answer:
        plan = self._school.unit_plans.get(call.id)
        if plan is None:
            raise not_found("unit plan")
        return Answer(plan)

    def _plan(self, call: Call) -> Answer:
        fields = call.fields()
        title, subject = text(fields, "title"), text(fields, "subject", default="")
        grade_level = text(fields, "grade_level", default="")
        course_id = None
        if fields.get("course_id") is not None:
            course_id = self._school.course(whole(fields, "course_id", 1, _LARGEST_ID)).id
        return Answer(self._school.new_plan(call.person, title, subject, grade_level, course_id), 201)

    def _courses(self, call: Call) -> Answer:
        return Answer([course.row() for course in self._school.courses_of(call.person)])

    def _course(self, call: Call) -> Answer:
        course = self._school.course(call.id)
        assignments = [assignment.id for assignment in self._school.assignments_of(course)]
        return Answer(course.row() | {"quiz_ids": course.quiz_ids, "assignment_ids": assignments})

    def _open_course(self, call: Call) -> Answer:
        fields = call.fields()
        course = self._school.new_course(text(fields, "title"), text(fields, "subject", default=""))
        return Answer(course.row(), 201)

    def _enroll(self, call: Call) -> Answer:
        """A student enrols himself, an admin whom `user_id` names."""
        course = self._school.course(call.id)
        student = call.person
        if student.role is Role.ADMIN:
            named = self._school.people.get(whole(call.fields(), "user_id", 1, _LARGEST_ID))
            if named is None or named.role is not Role.STUDENT:
                raise invalid("user_id names no student.")
            student = named
        status = 200 if student.id in course.roster else 201
        course.roster[student.id] = None
        return Answer({"course_id": course.id, "student_id": student.id}, status)

    def _gradebook(self, call: Call) -> Answer:
        course = self._school.course(call.id)
        return Answer({"course_id": course.id, "rows": self._submissions.gradebook(course)})

    def _grades(self, call: Call) -> Answer:
        assignments = self._school.assignments_of(self._school.course(call.id))
        found = self._submissions.of_student(call.person, assignments)
        return Answer(found)

    def _assignments(self, call: Call) -> Answer:
        return Answer(self._school.assignments_of(self._school.course(call.id)))

    def _assign(self, call: Call) -> Answer:
        course = self._school.course(call.id)
        fields = call.fields()
        description = text(fields, "description", _LONGEST_FEEDBACK, default="")
        return Answer(self._school.new_assignment(course, text(fields, "title"), description), 201)

    def _assignment(self, call: Call) -> Answer:
        return Answer(self._school.assignment(call.id))

    def _hand_in(self, call: Call) -> Answer:
        assignment = self._school.assignment(call.id)
        written = text(call.fields(), "text", _LONGEST_TEXT)
        return Answer(self._submissions.hand_in(call.person.id, assignment, written), 201)

    def _handed_in(self, call: Call) -> Answer:
        course = self._school.course(call.id)
        state = call.asked("state")
        if state and state not in STATES:
            raise invalid(f"state must be {' or '.join(STATES)}.")
        return Answer(self._submissions.of_course(course, state))

    def _grade(self, call: Call) -> Answer:
        submission = self._submissions.get(call.id)
        fields = call.fields()
        grade = whole(fields, "grade", 0, 100)
        feedback = text(fields, "feedback", _LONGEST_FEEDBACK, default="")
        self._submissions.grade(submission, grade, feedback)
        return Answer(submission)
