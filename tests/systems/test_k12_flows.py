"""The flows of the K-12 platform: what they send, under which names, and what they make of odd answers."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from email.message import Message
from email.parser import BytesParser
from itertools import pairwise

import pytest

from dmsperf_tui.engine.http import Response
from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.systems.k12.client import api_get
from dmsperf_tui.systems.k12.flows.ai import LONGEST_WAIT_S, ai_generation
from dmsperf_tui.systems.k12.flows.everyone import file_upload, search
from dmsperf_tui.systems.k12.flows.grades import grading
from dmsperf_tui.systems.k12.flows.quizzes import quiz_attempt
from dmsperf_tui.systems.k12.flows.students import student_login, student_submitting
from dmsperf_tui.systems.k12.flows.teachers import smoke, teacher_browsing, teacher_setup
from dmsperf_tui.systems.k12.listing import FLOWS, ROLES_OF, USUAL
from dmsperf_tui.systems.k12.session import LoggedOutError, login, signed_in
from dmsperf_tui.systems.k12.site import ROLES
from tests.systems.fake_k12 import COUNTER, PASSWORD, FakePlatform, FakeUser, live

CATEGORIES = {"auth", "list", "detail", "write", "gradebook", "analytics", "ai", "search", "upload"}
DASHBOARD = ["GET me", "GET courses", "GET notifications"]
AGAIN = "POST auth/login (again)"


def flow_named(name: str) -> Callable[[VirtualUser], Awaitable[None]]:
    module, _, function = FLOWS[name].partition(":")
    found: Callable[[VirtualUser], Awaitable[None]] = getattr(importlib.import_module(module), function)
    assert inspect.iscoroutinefunction(found)
    return found


@pytest.mark.parametrize("name", FLOWS)
def test_flow_does_what_its_listing_says_and_nothing_is_refused(name: str) -> None:
    times = 20
    user = live(flow_named(name), FakeUser(), times)
    requests, answers, thinks_s = USUAL[name]
    work = user.platform.sent if name == "k12.student_login" else user.platform.work
    assert len(work) / times == pytest.approx(requests, abs=0.1)
    assert answers == requests, "one after the other"
    assert sum(user.slept_s) / times == pytest.approx(thinks_s, rel=0.2)
    assert {sent.status in sent.expect for sent in user.platform.sent} == {True}
    assert not user.failures


def test_every_flow_is_listed_whole_and_every_category_has_one() -> None:
    assert USUAL.keys() == FLOWS.keys()
    assert ROLES_OF.keys() == FLOWS.keys() - {"k12.search", "k12.file_upload"}
    assert set(ROLES_OF.values()) == set(ROLES)
    sent = [one for name in FLOWS for one in live(flow_named(name), FakeUser()).platform.sent]
    assert {one.tags["category"] for one in sent} == CATEGORIES
    for one in sent:
        path = one.path.partition("?")[0].removeprefix("/api/v1/")
        assert f"{one.method} {re.sub('[0-9]+', '{id}', path)}" == one.name


@pytest.mark.parametrize(
    ("flow", "names"),
    [
        (smoke, ["GET me", "GET unit_plans", "GET courses", "GET notifications"]),
        (
            teacher_browsing,
            [
                *DASHBOARD,
                "GET unit_plans",
                "GET unit_plans/{id}",
                "GET courses/{id}/gradebook",
                "GET notifications",
            ],
        ),
        (
            student_submitting,
            [
                *DASHBOARD,
                "GET courses/{id}",
                "GET assignments/{id}",
                "POST assignments/{id}/submissions",
                "GET courses/{id}/grades",
            ],
        ),
    ],
)
def test_pages_come_in_order_after_one_login(
    flow: Callable[[VirtualUser], Awaitable[None]], names: list[str]
) -> None:
    user = live(flow, FakeUser(), 2)
    assert user.platform.names == ["POST auth/login", *names, *names]
    assert not user.failed_checks
    grouped = [sent.name for sent in user.platform.sent if sent.group == "dashboard"]
    assert grouped == ([] if flow is smoke else DASHBOARD * 2)


def test_answers_are_checked_as_the_k6_suite_does() -> None:
    slow = Response.make(200, body=b"{}")
    slow.duration_ns = 700_000_000
    user = live(smoke, FakeUser(FakePlatform(odd={"GET me": [slow]})))
    assert {name: found for name, found in user.checks.items() if name.startswith("me ")} == {
        "me status 200": [True],
        "me < 500ms": [False],
        "me < 1s": [True],
    }
    assert user.checks["login successful"] == [True]


def test_users_are_taken_by_number_and_passwords_are_kept_secret() -> None:
    for number, email in ((1, "a"), (2, "b"), (3, "a"), (4, "b")):
        user = live(smoke, FakeUser(number=number), 2)
        assert [sent.json["email"] for sent in user.platform.sent if sent.is_login] == [f"{email}@test.local"]
        assert user.secrets == [PASSWORD]
    with pytest.raises(LookupError, match=r"workload w has no users: set its env ROLE"):
        live(smoke, FakeUser(context={}))


def test_user_that_may_be_two_vus_is_told_once_for_each_such_vu() -> None:
    assert live(smoke, FakeUser(number=2), 2).failures == []
    user = live(smoke, FakeUser(number=3), 2)
    assert user.failures == [("users of w", "user shared")]
    assert user.details == [
        "a@test.local may be another VU's too: the workload has 2 of its own, and this is its VU 3; "
        "add rows to the pool"
    ]
    lent = FakeUser(number=1)
    lent.context["shared"] = ["w"]
    assert live(smoke, lent).failures == [("users of w", "user shared")]
    assert "has 0 of its own, and this is its VU 1" in lent.details[0]


def test_web_front_end_is_the_origin_of_every_request() -> None:
    user = FakeUser()
    user.context["origin"] = "http://web.test"
    live(file_upload, user)
    assert [sent.headers.get("Origin") for sent in user.platform.sent] == ["http://web.test"] * 2
    assert "Origin" not in live(file_upload, FakeUser()).platform.sent[1].headers


# --- sessions -----------------------------------------------------------------------------------------------


def test_expired_session_is_renewed_outside_the_categories_and_the_request_repeated() -> None:
    user = live(smoke, FakeUser(declared=COUNTER))
    user.platform.live.clear()
    user.platform.sent.clear()
    live(smoke, user)
    assert user.platform.names[:3] == ["GET me", AGAIN, "GET me"]
    assert len(user.platform.sent) == 6
    assert user.platform.sent[1].tags == {}
    assert sum(user.metrics.values("relogins")) == 1
    assert not user.failed_checks


def test_relogins_are_counted_only_where_the_scenario_declares_them() -> None:
    user = live(smoke, FakeUser(declared={}))
    user.platform.live.clear()
    live(smoke, user)
    assert user.platform.names.count(AGAIN) == 1
    assert user.metrics.added == []


def test_refused_logins_are_tried_less_and_less_often() -> None:
    user = FakeUser(FakePlatform(locked=True))
    live(teacher_browsing, user, 9)
    assert user.platform.names == ["POST auth/login"] * 9, "and nothing else"
    assert len(user.slept_s) == 8, "the first try waits for nothing"
    for slept_s, most_s in zip(user.slept_s, (1, 2, 4, 8, 16, 30, 30, 30), strict=True):
        assert most_s / 2 <= slept_s <= most_s
    user.platform.locked = False
    live(smoke, user)
    user.platform.live.clear()
    user.platform.locked = True
    user.slept_s.clear()
    live(smoke, user, 2)
    assert len(user.slept_s) == 1
    assert user.slept_s[0] <= 1, "once it has worked the waits begin anew"


def test_iteration_ends_where_a_session_cannot_be_renewed() -> None:
    user = live(teacher_browsing, FakeUser(declared=COUNTER))
    user.platform.live.clear()
    user.platform.locked = True
    user.platform.sent.clear()
    live(teacher_browsing, user)
    assert user.platform.names == ["GET me", AGAIN]
    assert sum(user.metrics.values("relogins")) == 0


def test_platform_that_knows_nobody_after_a_login_makes_no_storm() -> None:
    platform = FakePlatform(odd={"GET me": [Response.make(401) for _ in range(20)]})
    user = live(smoke, FakeUser(platform), 4)
    assert len(platform.sent) == 4 * 4, "of an iteration: login, request, login, request"
    assert len(user.slept_s) == 3
    assert user.slept_s[-1] >= 2


def notes(vu: VirtualUser) -> Awaitable[Response]:
    return api_get(vu, "/notifications", name="GET notifications", category="list")


async def six_at_once(vu: VirtualUser) -> None:
    await vu.batch(*(notes(vu) for _ in range(6)))


@pytest.mark.parametrize("slow", [{}, {AGAIN: 5}, {"GET courses": 9}])
def test_requests_of_a_batch_share_one_new_login(slow: dict[str, int]) -> None:
    """Also those whose 401 comes while it is under way, or only after it."""

    async def all_at_once(vu: VirtualUser) -> None:
        await login(vu)
        user.platform.live.clear()
        courses = api_get(vu, "/courses", name="GET courses", category="list")
        await vu.batch(*(notes(vu) for _ in range(5)), courses)

    user = FakeUser(FakePlatform(turns=slow), declared=COUNTER)
    live(all_at_once, user, 3)
    assert Counter(sent.status for sent in user.platform.work) == {401: 3 * 6, 200: 3 * 6}
    assert user.platform.names.count(AGAIN) == 3, "one each time that the session expires"
    assert sum(user.metrics.values("relogins")) == 3


def test_parts_of_a_batch_share_the_first_login() -> None:
    @signed_in
    async def part(vu: VirtualUser) -> None:
        await notes(vu)

    async def parts(vu: VirtualUser) -> None:
        await asyncio.gather(*(part(vu) for _ in range(4)))

    assert live(parts, FakeUser()).platform.names == ["POST auth/login", *["GET notifications"] * 4]
    refused = live(parts, FakeUser(FakePlatform(locked=True)))
    assert refused.platform.names == ["POST auth/login"]
    assert refused.slept_s == []


def test_refused_batch_is_one_refusal() -> None:
    user = live(smoke, FakeUser())
    user.platform.live.clear()
    user.platform.locked = True
    user.platform.sent.clear()
    with pytest.raises(LoggedOutError, match=r"a@test\.local: the login was refused"):
        live(six_at_once, user)
    assert user.platform.names.count(AGAIN) == 1
    unknown = FakePlatform(odd={"GET notifications": [Response.make(401) for _ in range(12)]})
    user = FakeUser(unknown)
    with pytest.raises(LoggedOutError, match=r"is answered 401 right after the login"):
        live(six_at_once, user)
    live(smoke, user)
    assert 0.5 <= user.slept_s[0] <= 1, "the wait of a first refusal"


def test_flow_of_ones_own_is_told_that_the_login_failed() -> None:
    with pytest.raises(LoggedOutError, match=r"a@test\.local: the login was refused"):
        live(lambda vu: _log_in(vu), FakeUser(FakePlatform(locked=True)))


async def _log_in(vu: VirtualUser) -> None:
    await login(vu)


def test_new_student_logs_in_each_time_and_enrolls_once() -> None:
    user = FakeUser()
    live(student_login, user, 2)
    one = ["POST auth/login", "GET me", "GET courses", "POST courses/{id}/enrollments"]
    assert user.platform.names == one * 2
    assert {sent.tags["category"] for sent in user.platform.sent if sent.is_login} == {"auth"}
    assert user.platform.of(one[-1])[0].path == "/api/v1/courses/9/enrollments"
    assert user.checks["enroll status 201"] == [True, True]
    known = FakeUser(FakePlatform(odd={one[-1]: [Response.make(200)]}))
    known.context["ids"]["course"] = "4"
    assert live(student_login, known).checks["enroll status 200"] == [True]


# --- peaks --------------------------------------------------------------------------------------------------


def test_attempt_answers_each_question_once_with_thought() -> None:
    user = live(quiz_attempt, FakeUser())
    answers = user.platform.of("POST attempts/{id}/answers")
    assert [sent.json["question_id"] for sent in answers] == list(range(20))
    assert {sent.path for sent in answers} == {"/api/v1/attempts/41/answers"}
    assert user.platform.names[-1] == "POST attempts/{id}/submit"
    assert len(user.slept_s) == 20
    assert 2 <= min(user.slept_s) < max(user.slept_s) <= 5
    assert user.checks["all answers are kept"] == [True]


def test_attempt_that_was_not_begun_has_no_answers_and_one_that_lost_some_is_told() -> None:
    start, submit = "POST quizzes/{id}/attempts", "POST attempts/{id}/submit"
    user = live(quiz_attempt, FakeUser(FakePlatform(odd={start: [Response.make(500)]})))
    assert user.platform.names == ["POST auth/login", start]
    assert user.failed_checks["start_attempt status 200"] == 1
    assert user.slept_s, "the next try is not at once"
    lost = FakePlatform(odd={submit: [Response.make(200, body=b'{"answered":19}')]})
    assert live(quiz_attempt, FakeUser(lost)).failed_checks == {"all answers are kept": 1}
    html = FakePlatform(odd={start: [Response.make(200, body=b"<html>")]})
    assert live(quiz_attempt, FakeUser(html)).failures == [(start, "not the JSON that is expected")]


def test_quiz_that_nobody_has_named_is_an_error_of_the_flow() -> None:
    user = FakeUser()
    user.context["ids"]["quiz"] = ""
    with pytest.raises(LookupError, match=r"set QUIZ_ID"):
        live(quiz_attempt, user)


def none() -> Response:
    return Response.make(200, body=b"[]")


def graded(user: FakeUser) -> list[int]:
    paths = [sent.path for sent in user.platform.of("POST submissions/{id}/grade")]
    return [int(path.split("/")[4]) for path in paths]


def test_ten_grades_go_through_what_waits_in_the_course() -> None:
    user = live(grading, FakeUser())
    ids = graded(user)
    assert len(ids) == 10
    assert [(b - a) % 3 for a, b in pairwise(ids)] == [1] * 9, "one after the other"
    assert all(60 <= sent.json["grade"] <= 100 for sent in user.platform.of("POST submissions/{id}/grade"))
    assert all(3 <= slept_s <= 8 for slept_s in user.slept_s)
    assert user.platform.of("GET courses/{id}/gradebook")[0].path == "/api/v1/courses/4/gradebook"


def test_where_all_is_graded_it_is_graded_again() -> None:
    name = "GET courses/{id}/submissions"
    user = live(grading, FakeUser(FakePlatform(odd={name: [none()]})))
    assert [sent.path.partition("/submissions")[2] for sent in user.platform.of(name)] == [
        "?state=submitted",
        "",
    ]
    assert len(graded(user)) == 10
    idle = live(grading, FakeUser(FakePlatform(odd={name: [none(), none()]})))
    assert graded(idle) == []
    assert idle.failed_checks == {"has submissions to grade": 1}
    assert len(idle.slept_s) == 1


def test_environment_names_what_is_graded_and_where() -> None:
    user = FakeUser(FakePlatform(odd={"GET courses": [Response.make(200, body=b'[{"id":4},{"id":9}]')]}))
    user.context["ids"]["submission"] = "5, 6"
    live(grading, user)
    assert set(graded(user)) == {5, 6}
    assert user.platform.of("GET courses/{id}/gradebook")[0].path == "/api/v1/courses/9/gradebook"
    assert not user.platform.of("GET courses/{id}/submissions")


def test_users_without_courses_take_the_environments_or_none() -> None:
    def nothing() -> FakePlatform:
        return FakePlatform(odd={"GET courses": [none()]})

    user = live(student_submitting, FakeUser(nothing()))
    assert user.platform.of("GET courses/{id}")[0].path == "/api/v1/courses/9"
    lost = FakeUser(nothing())
    lost.context["ids"] = {}
    assert live(student_submitting, lost).platform.names[-1] == "GET notifications"
    setting_up = FakeUser(nothing())
    setting_up.context["ids"] = {}
    assert live(teacher_setup, setting_up).platform.names[-1] == "POST unit_plans"


def test_generations_are_counted_and_a_limit_is_respected() -> None:
    def limited(**headers: str) -> Response:
        return Response.make(429, [(name.encode(), value.encode()) for name, value in headers.items()])

    name = "POST ai/generate"
    answers = [limited(**{"Retry-After": "7"}), limited(**{"Retry-After": "9999"}), limited()]
    user = FakeUser(FakePlatform(odd={name: answers}), declared=COUNTER)
    live(ai_generation, user, 5)
    assert user.slept_s[:6:2] == [7, LONGEST_WAIT_S, 1]
    assert user.metrics.values("ai_generations") == [0, 0, 0, 1, 1]
    assert user.checks["ai_generate status 200"] == [False] * 3 + [True] * 2
    assert all(429 not in sent.expect for sent in user.platform.of(name)), "it is a failed request"


def test_search_asks_in_a_query() -> None:
    user = live(search, FakeUser(), 30)
    asked = {sent.path for sent in user.platform.of("GET search")}
    assert "/api/v1/search?q=reading+log" in asked
    assert len(asked) > 4


def test_upload_is_a_form_with_one_file() -> None:
    user = live(file_upload, FakeUser(), 10)
    sizes: list[int] = []
    for sent in user.platform.of("POST files"):
        head = f"Content-Type: {sent.headers['Content-Type']}\r\n\r\n".encode()
        form = BytesParser().parsebytes(head + sent.body).get_payload()
        assert isinstance(form, list)
        assert len(form) == 1
        part = form[0]
        assert isinstance(part, Message)
        assert part.get_param("name", header="content-disposition") == "file"
        assert part.get_filename() == f"work-1-{len(sizes) + 1}.pdf"
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        sizes.append(len(content))
    assert 20_000 <= min(sizes) < 60_000
    assert 150_000 < max(sizes) <= 200_000
    again = live(file_upload, FakeUser(), 10)
    assert [sent.body for sent in again.platform.sent] == [sent.body for sent in user.platform.sent], "seeded"
