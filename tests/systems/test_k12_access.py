"""Before load on a K-12 platform: whose users VUs are, who is let in, and what stops a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.scenario import Plan, WorkloadPlan, parse_plan
from dmsperf_tui.systems.checks import PreflightRow
from dmsperf_tui.systems.k12.access import K12Access
from dmsperf_tui.systems.k12.dealing import deal, role_of
from dmsperf_tui.systems.k12.site import ROLES, Account, Site
from dmsperf_tui.systems.machine import MachineNeeds
from tests.systems.fake_dms import asked

URL = "http://k12.test"
PASSWORD = "hush-hush-7"
TEACHER, STUDENT = "k12.teacher_browsing", "k12.student_submitting"


def accounts(**counts: int) -> tuple[Account, ...]:
    return tuple(
        Account(role, f"{role}{number}@test.local", PASSWORD)
        for role, count in counts.items()
        for number in range(1, count + 1)
    )


def plan(**workloads: Any) -> Plan:
    """Of each workload its flow, or what is said beside that; two VUs by default."""
    content = {
        name: {"executor": "constant-vus", "vus": 2, "duration": "1m"}
        | ({"flow": spec} if isinstance(spec, str) else spec)
        for name, spec in workloads.items()
    }
    return parse_plan("k12/any", {"system": "k12", "workloads": content})


def workload(**spec: Any) -> WorkloadPlan:
    return plan(w=spec).workloads[0]


def mix(*flows: str) -> dict[str, Any]:
    return {f"f{index}": {"flow": flow} for index, flow in enumerate(flows)}


@dataclass
class Platform:
    """`courses` are each role's own; quizzes are those of the courses."""

    courses: dict[str, list[object]] = field(default_factory=lambda: {"student": [3], "teacher": [4, 5]})
    quizzes: dict[int, list[object]] = field(default_factory=lambda: {3: [], 5: [8, 9]})
    login_status: dict[str, int] = field(default_factory=dict)
    """By role, where it is not 200."""
    cookies: tuple[str, ...] = ("session={}; Path=/; HttpOnly",)
    """What a login sets; {} is the role."""
    down: set[str] = field(default_factory=set)
    """Hosts that do not answer."""
    requests: list[httpx.Request] = field(default_factory=list)
    sent_cookies: list[str] = field(default_factory=list)

    def handler(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.host in self.down:
            raise httpx.ConnectError("refused", request=request)
        path = request.url.path.removeprefix("/api/v1")
        if path == "/auth/login":
            body = orjson.loads(request.content)
            role = body["email"].partition("@")[0].rstrip("0123456789")
            if status := self.login_status.get(role):
                return httpx.Response(status, json={"error": "no", "message": f"not {body['password']}"})
            cookies = [(b"Set-Cookie", one.format(role).encode()) for one in self.cookies]
            return httpx.Response(200, json={"user": {}}, headers=cookies)
        cookie = dict(request.headers.raw).get(b"Cookie", b"")
        if request.url.path.startswith("/api/"):
            self.sent_cookies.append(cookie.decode())
        role = cookie.partition(b"session=")[2].partition(b";")[0].partition(b"-")[0].decode()
        if path == "/courses":
            return httpx.Response(200, json=[{"id": one} for one in self.courses.get(role, [])])
        if path.startswith("/courses/"):
            if not (course := path.rpartition("/")[2]).isdigit():
                return httpx.Response(404, json={"error": "not_found", "message": "There is no such place."})
            quizzes = self.quizzes.get(int(course), [])
            return httpx.Response(200, json={"quiz_ids": quizzes})
        return httpx.Response(404)

    @property
    def logins(self) -> Counter[str]:
        bodies = [orjson.loads(one.content) for one in self.requests if one.url.path.endswith("/login")]
        return Counter(body["email"] for body in bodies)


@dataclass
class Checked:
    rows: dict[str, PreflightRow]
    context: dict[str, Any]

    @property
    def failed(self) -> list[str]:
        return [name for name, row in self.rows.items() if row.ok is False]


SITE = Site(URL, accounts=accounts(teacher=4, student=4, admin=1))


def checked(wanted: Plan, site: Site = SITE, platform: Platform | None = None) -> Checked:
    contexts: list[K12Access] = []

    def rows(client: httpx.AsyncClient) -> AsyncIterator[PreflightRow]:
        contexts.append(K12Access(client, site, wanted, MachineNeeds()))
        return contexts[0].checks()

    found = asked((platform or Platform()).handler, rows)
    for row in found:
        assert PASSWORD not in repr(row)
    return Checked({row.name: row for row in found}, contexts[0].context)


def test_ready_platform_passes_and_the_flows_are_told_all() -> None:
    platform = Platform()
    wanted = plan(teachers=TEACHER, students={"mix": mix(STUDENT, "k12.search")})
    found = checked(wanted, replace(SITE, ids={"course": "12"}, base_url="http://web.test/app"), platform)
    assert list(found.rows) == [
        "reachable",
        "web",
        "users teacher",
        "users student",
        "login teacher",
        "login student",
        "ids",
        "open files",
    ]
    assert not found.failed
    assert found.rows["users teacher"].detail == "4 for 2 VUs"
    assert found.rows["ids"].detail == "course 12"
    assert found.context == {
        "users": {
            "teachers": [[f"teacher{n}@test.local", PASSWORD] for n in (1, 2, 3, 4)],
            "students": [[f"student{n}@test.local", PASSWORD] for n in (1, 2, 3, 4)],
        },
        "shared": [],
        "roles": {"teachers": "teacher", "students": "student"},
        "ids": {"quiz": "", "course": "12", "submission": ""},
        "origin": "http://web.test",
    }
    assert platform.logins == {"teacher1@test.local": 1, "student1@test.local": 1}
    origins = [one.headers.get("Origin") for one in platform.requests if one.url.path.endswith("/login")]
    assert origins == ["http://web.test"] * 2


def test_web_front_end_that_is_down_is_a_warning_and_a_platform_that_is_ends_it() -> None:
    site = replace(SITE, base_url="http://web.test")
    found = checked(plan(a=TEACHER), site, Platform(down={"web.test"}))
    assert found.failed == ["web"]
    assert not found.rows["web"].fatal
    found = checked(plan(a=TEACHER), site, Platform(down={"k12.test"}))
    assert list(found.rows) == ["reachable"]
    assert found.rows["reachable"].fatal
    assert found.context == {}


def test_too_few_users_are_shared_and_none_is_fatal() -> None:
    one = {"vus": 1, "flow": TEACHER}
    found = checked(plan(a={"vus": 3, "flow": TEACHER}, b=TEACHER, c="k12.smoke"))
    row = found.rows["users teacher"]
    assert (row.ok, row.fatal, row.detail) == (False, False, "4 for 7 VUs: VUs share them")
    assert [len(users) for users in found.context["users"].values()] == [2, 1, 1]
    assert found.context["shared"] == []
    found = checked(plan(a=one, b=one), replace(SITE, accounts=accounts(teacher=1)))
    assert found.rows["users teacher"].detail == "1 for 2 VUs: VUs share them"
    assert [len(users) for users in found.context["users"].values()] == [1, 1]
    assert found.context["shared"] == ["b"]
    found = checked(plan(a="k12.admin_setup"), replace(SITE, accounts=accounts(teacher=1)))
    row = found.rows["users admin"]
    assert row.fatal
    assert (row.detail, row.mend) == (
        "none for 2 VUs",
        "add rows with the role admin to the environment's file of users",
    )


@pytest.mark.parametrize(("status", "mend"), [(401, "the variable that holds the password"), (404, "url")])
def test_login_that_is_refused_stops_a_run(status: int, mend: str) -> None:
    found = checked(plan(a=TEACHER, b=STUDENT), platform=Platform(login_status={"teacher": status}))
    assert found.failed == ["login teacher"]
    row = found.rows["login teacher"]
    assert row.fatal
    assert row.detail.startswith(f"teacher1@test.local: {status} ")
    assert mend in row.mend
    assert found.rows["login student"].ok
    assert found.context == {}


def test_quiz_and_course_are_looked_for_where_the_plan_needs_them() -> None:
    platform = Platform()
    found = checked(plan(a="k12.quiz_attempt", b="k12.student_login"), platform=platform)
    assert found.rows["ids"].detail == "quiz 8, course 3", "the student's courses have none: a teacher's has"
    assert found.context["ids"] == {"quiz": "8", "course": "3", "submission": ""}
    assert platform.logins == {"student1@test.local": 1, "teacher1@test.local": 1}
    named = checked(plan(a="k12.quiz_attempt"), replace(SITE, ids={"quiz": "77"}))
    assert named.context["ids"]["quiz"] == "77"


@pytest.mark.parametrize(
    ("cookies", "sent"),
    [
        # The longest path first (RFC 6265, 5.4).
        (("session=other; Path=/", "session={}; Path=/api"), "session=teacher; session=other"),
        (("session={}; Path=/", "session=other; Path=/web"), "session=teacher"),
        (("session={}-\u00e9\u6f22; Path=/",), "session=teacher-\u00e9\u6f22"),
        (("session={}", "lang=de; Path=/"), "lang=de"),
        ((), ""),
    ],
)
def test_cookies_of_a_check_are_what_load_would_send(cookies: tuple[str, ...], sent: str) -> None:
    platform = Platform(cookies=cookies)
    found = checked(plan(a="k12.quiz_attempt"), replace(SITE, accounts=accounts(teacher=1)), platform)
    assert found.rows["users student"].fatal
    assert set(platform.sent_cookies) == {sent}
    assert ("ids" in found.failed) == ("teacher" not in sent)


def test_what_is_no_id_is_none() -> None:
    quizzes: dict[int, list[object]] = {3: [None], 4: [True, {}, ""], 5: [None, 8]}
    platform = Platform({"student": [None, 3], "teacher": [4, 5]}, quizzes)
    found = checked(plan(a="k12.quiz_attempt", b="k12.student_login"), platform=platform)
    assert found.context["ids"] == {"quiz": "8", "course": "3", "submission": ""}
    found = checked(plan(a="k12.quiz_attempt"), platform=Platform(quizzes={3: [None]}))
    assert found.failed == ["ids"]


def test_quiz_that_nobody_names_is_fatal() -> None:
    found = checked(plan(a="k12.quiz_attempt"), platform=Platform(quizzes={}))
    assert found.failed == ["ids"]
    row = found.rows["ids"]
    assert row.fatal
    assert row.detail == "no quiz is named, and the users have none"
    assert "set QUIZ_ID" in row.mend
    assert "ids" not in checked(plan(a=TEACHER), platform=Platform(quizzes={})).rows


def test_workloads_without_users_need_none() -> None:
    request = {"flow": "http.request", "request": {"method": "GET", "path": "/"}}
    found = checked(plan(a=request, b=TEACHER))
    assert found.context["roles"] == {"b": "teacher"}
    assert list(checked(plan(a=request)).rows) == ["reachable", "open files"]
    own = checked(plan(a="own.py:read")).rows["users"]
    assert own.ok is None
    assert own.detail == "workload a has none: set its env ROLE if its flow logs in"


# --- who is who ---------------------------------------------------------------------------------------------


def test_role_is_the_workloads_own_or_its_flows() -> None:
    assert role_of(workload(flow=TEACHER)) == "teacher"
    assert role_of(workload(mix=mix(STUDENT, "k12.search", "k12.file_upload"))) == "student"
    assert role_of(workload(flow="k12.search")) == "teacher"
    assert role_of(workload(flow="k12.search", env={"ROLE": "student"})) == "student"
    assert role_of(workload(mix=mix(STUDENT, TEACHER), env={"ROLE": "admin"})) == "admin"
    assert role_of(workload(flow="own.py:read")) is None
    assert role_of(workload(flow="own.py:read", env={"ROLE": "teacher"})) == "teacher"


def test_two_roles_in_a_workload_and_unknown_ones_are_told() -> None:
    with pytest.raises(ConfigError) as told:
        role_of(workload(mix=mix(STUDENT, TEACHER)))
    assert told.value.what == "its flows are for student and teacher"
    assert told.value.key == "workloads.w.mix"
    with pytest.raises(ConfigError) as told:
        role_of(workload(flow=TEACHER, env={"ROLE": "techer"}))
    assert told.value.key == "workloads.w.env.ROLE"
    assert "teacher" in (told.value.mend or "")
    found = checked(plan(a={"mix": mix(STUDENT, TEACHER)}))
    assert found.failed == ["users"]
    assert found.rows["users"].fatal


@given(
    wanted=st.lists(st.tuples(st.sampled_from(ROLES), st.integers(0, 9)), min_size=1, max_size=8),
    counts=st.fixed_dictionaries({role: st.integers(0, 80) for role in ROLES}),
    workers=st.integers(1, 5),
)
def test_no_two_vus_of_a_run_are_one_user(
    wanted: list[tuple[str, int]], counts: dict[str, int], workers: int
) -> None:
    """Whatever the workloads, and however their VUs are spread over workers."""
    roles = {f"w{index}": role for index, (role, _) in enumerate(wanted)}
    vus = {f"w{index}": peak for index, (_, peak) in enumerate(wanted)}
    dealt = deal(roles, vus, accounts(**counts))
    assert dealt.keys() == roles.keys()
    for role in set(roles.values()):
        alike = [name for name, other in roles.items() if other == role]
        users, peak = counts[role], sum(vus[name] for name in alike)
        taken = Counter(account for name in alike for account in dealt[name])
        assert {account.role for account in taken} <= {role}
        assert len(taken) == taken.total() == users, "each is dealt once"
        if users >= peak + len(alike):
            assert all(dealt[name] for name in alike), "also those without VUs by plan"
        for name in alike:
            own = dealt[name]
            assert own or users < len(alike) or not vus[name]
            if not users >= peak > 0:
                continue
            times = users // peak if all(vus[other] for other in alike) else 1
            assert len(own) >= times * vus[name], "as often as there are enough for all"
            numbers = [
                number for worker in range(workers) for number in range(worker + 1, vus[name] + 1, workers)
            ]
            assert len({own[(number - 1) % len(own)] for number in numbers}) == vus[name]


def test_users_go_where_the_vus_are() -> None:
    def sizes(users: int, *vus: int) -> list[int]:
        peaks = {f"w{index}": peak for index, peak in enumerate(vus)}
        dealt = deal(dict.fromkeys(peaks, "student"), peaks, accounts(student=users))
        return [len(own) for own in dealt.values()]

    assert sizes(10, 8, 1) == [9, 1]
    assert sizes(9, 8, 1) == [8, 1]
    assert sizes(18, 8, 1) == [16, 2]
    assert sizes(3, 10, 1, 1) == [1, 1, 1], "too few, and nobody has none"
    assert sizes(2, 10, 1, 1) == [1, 1, 0]
    assert sizes(10, 8, 0) == [9, 1], "one that starts without VUs has some to be given"
    assert sizes(8, 8, 0) == [8, 0]
    assert sizes(5, 0, 0) == [3, 2]


def test_a_course_that_is_named_and_not_there_stops_the_run() -> None:
    wanted = plan(a="k12.quiz_attempt")
    found = checked(wanted, replace(SITE, ids={"course": "nope", "quiz": "77"}))
    assert found.failed == ["ids"]
    row = found.rows["ids"]
    assert (row.fatal, row.detail.startswith("course nope: 404")) == (True, True)
    assert "COURSE_ID" in row.mend
    there = checked(wanted, replace(SITE, ids={"course": "3", "quiz": "77", "submission": "5,6"}))
    assert there.rows["ids"].detail == "quiz 77 (as named), course 3, submission 5,6 (as named)"
