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

    courses: dict[str, list[int]] = field(default_factory=lambda: {"student": [3], "teacher": [4, 5]})
    quizzes: dict[int, list[int]] = field(default_factory=lambda: {3: [], 5: [8, 9]})
    login_status: dict[str, int] = field(default_factory=dict)
    """By role, where it is not 200."""
    down: set[str] = field(default_factory=set)
    """Hosts that do not answer."""
    requests: list[httpx.Request] = field(default_factory=list)

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
            cookie = f"session={role}; Path=/; HttpOnly"
            return httpx.Response(200, json={"user": {}}, headers={"Set-Cookie": cookie})
        role = request.headers.get("Cookie", "").removeprefix("session=")
        if path == "/courses":
            return httpx.Response(200, json=[{"id": one} for one in self.courses.get(role, [])])
        if path.startswith("/courses/"):
            quizzes = self.quizzes.get(int(path.rpartition("/")[2]), [])
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
    found = checked(wanted, replace(SITE, ids={"course": "12"}, base_url="http://web.test"), platform)
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
        "roles": {"teachers": "teacher", "students": "student"},
        "ids": {"quiz": "", "course": "12", "submission": ""},
        "base_url": "http://web.test",
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
    found = checked(plan(a={"vus": 3, "flow": TEACHER}, b=TEACHER, c="k12.smoke"))
    row = found.rows["users teacher"]
    assert (row.ok, row.fatal, row.detail) == (False, False, "4 for 7 VUs: VUs share them")
    assert [len(users) for users in found.context["users"].values()] == [2, 1, 1]
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
    roles=st.lists(st.sampled_from(ROLES), min_size=1, max_size=8),
    counts=st.fixed_dictionaries({role: st.integers(0, 40) for role in ROLES}),
    workers=st.integers(1, 5),
    data=st.data(),
)
def test_no_two_vus_of_a_run_are_one_user(
    roles: list[str], counts: dict[str, int], workers: int, data: st.DataObject
) -> None:
    """Whatever the workloads, and however their VUs are spread over workers."""
    named = {f"w{index}": role for index, role in enumerate(roles)}
    dealt = deal(named, accounts(**counts))
    taken: Counter[str] = Counter()
    for name, role in named.items():
        assert {account.role for account in dealt[name]} <= {role}
        alike = roles.count(role)
        assert not counts[role] or len(dealt[name]) >= counts[role] // alike
        if counts[role] < alike:
            continue
        vus = data.draw(st.integers(0, len(dealt[name])))
        numbers = [number for worker in range(workers) for number in range(worker + 1, vus + 1, workers)]
        taken.update(dealt[name][(number - 1) % len(dealt[name])].email for number in numbers)
    assert not [email for email, times in taken.items() if times > 1]
