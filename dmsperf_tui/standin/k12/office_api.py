"""Endpoints of the office and the tools: analytics, users, integrations, AI, search and files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import count, islice

from dmsperf_tui.standin.k12.answers import Answer, invalid, too_large
from dmsperf_tui.standin.k12.attempts import Attempts
from dmsperf_tui.standin.k12.call import Call, text
from dmsperf_tui.standin.k12.knobs import Category
from dmsperf_tui.standin.k12.multipart import read_file
from dmsperf_tui.standin.k12.routes import ADMINS, EVERYBODY, STAFF, Endpoint
from dmsperf_tui.standin.k12.school import School
from dmsperf_tui.standin.k12.submissions import Submissions

LARGEST_FILE = 10_000_000

_PAGE = 50
_FOUND_AT_MOST = 20
_LONGEST_PROMPT = 20_000
_INTEGRATIONS = ("Google Classroom", "Clever", "Canvas", "Ed-Fi")
_PARAGRAPH = (
    "First name the aim, then show an example, then let everyone try it and compare what they found. "
)


class OfficeApi:
    """Generations and files are numbered; their bytes are not kept."""

    def __init__(self, school: School, submissions: Submissions, attempts: Attempts) -> None:
        self._school = school
        self._submissions = submissions
        self._attempts = attempts
        self._generations = count(1)
        self._files = count(1)

    def endpoints(self) -> Iterator[Endpoint]:
        yield Endpoint("GET", "/analytics", Category.ANALYTICS, ADMINS, self._analytics)
        yield Endpoint("GET", "/users", Category.LIST, ADMINS, self._users)
        yield Endpoint("GET", "/integrations", Category.LIST, ADMINS, _integrations)
        yield Endpoint("POST", "/ai/generate", Category.AI, STAFF, self._generate)
        yield Endpoint("GET", "/search", Category.SEARCH, EVERYBODY, self._search)
        yield Endpoint("POST", "/files", Category.UPLOAD, EVERYBODY, self._upload)

    def _analytics(self, call: Call) -> Answer:
        users = Counter(str(person.role) for person in self._school.people.values())
        enrolled = sum(len(course.roster) for course in self._school.courses)
        return Answer(
            {
                "users": users,
                "courses": len(self._school.courses),
                "enrollments": enrolled,
                "quiz_attempts": len(self._attempts),
                **self._submissions.summary(),
            }
        )

    def _users(self, call: Call) -> Answer:
        """Fifty to a page, in the order in which they came to the school."""
        asked = call.asked("page") or "1"
        if not (asked.isascii() and asked.isdigit() and 1 <= int(asked[:9]) < 10**9):
            raise invalid("page must be a whole number from 1 on.")
        page = int(asked[:9])
        people = self._school.people
        items = list(islice(people.values(), (page - 1) * _PAGE, page * _PAGE))
        return Answer({"items": items, "page": page, "pages": -(-len(people) // _PAGE)})

    def _generate(self, call: Call) -> Answer:
        fields = call.fields()
        kind, prompt = text(fields, "kind"), text(fields, "prompt", _LONGEST_PROMPT)
        answer = f"{kind}, as asked for ({prompt[:100]}).\n\n{_PARAGRAPH * 8}"
        return Answer({"id": next(self._generations), "text": answer})

    def _search(self, call: Call) -> Answer:
        """Unit plans, courses and assignments whose title has the words, the first twenty."""
        wanted = call.asked("q").strip().lower()
        if not wanted:
            raise invalid("q must say what to search for.")
        school = self._school
        found = (
            {"kind": kind, "id": each.id, "title": each.title}
            for kind, shelf in (
                ("unit_plan", school.unit_plans),
                ("course", school.courses),
                ("assignment", school.assignments),
            )
            for each in shelf
            if wanted in each.title.lower()
        )
        return Answer({"items": list(islice(found, _FOUND_AT_MOST))})

    def _upload(self, call: Call) -> Answer:
        file = read_file(call.content_type, call.body, "file")
        if not file.filename:
            raise invalid("The file has no name.")
        if len(file.content) > LARGEST_FILE:
            raise too_large("a file of at most 10 MB")
        size = len(file.content)
        return Answer({"id": next(self._files), "name": file.filename[:255], "size": size}, 201)


def _integrations(call: Call) -> Answer:
    rows = [{"id": id, "name": name, "state": "connected"} for id, name in enumerate(_INTEGRATIONS, 1)]
    return Answer(rows)
