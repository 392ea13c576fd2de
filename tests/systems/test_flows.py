"""The flows that need nothing but themselves: what they send, and what they make of odd answers."""

from __future__ import annotations

import pytest

from dmsperf_tui.engine.answers import gist
from dmsperf_tui.engine.http import Response
from dmsperf_tui.plan.metrics import MetricType
from dmsperf_tui.systems.dms.flows.bulk import BATCH, students_in_batches
from dmsperf_tui.systems.dms.flows.fresh import Fresh
from dmsperf_tui.systems.dms.flows.journeys import create_school, enroll_student
from dmsperf_tui.systems.dms.flows.smoke import descriptor_lifecycle
from tests.systems.fake_vu import FakeDms, FakeVu, run

READ = "GET gradeLevelDescriptors/{id}"
CREATE = "POST gradeLevelDescriptors"


def test_lifecycle_is_one_of_each_call_and_three_lists() -> None:
    vu = run(descriptor_lifecycle, FakeVu())
    assert [sent.name for sent in vu.dms.sent] == [
        "POST gradeLevelDescriptors",
        "GET gradeLevelDescriptors/{id}",
        "PUT gradeLevelDescriptors/{id}",
        "DELETE gradeLevelDescriptors/{id}",
        "GET academicWeeks",
        "GET academicWeeks",
        "GET courses",
    ]
    assert not vu.dms.failed
    assert not vu.dms.items["gradeLevelDescriptors"], "it cleans up after itself"
    assert len(vu.dms.sent[0].json["codeValue"]) <= 50
    assert all(all(results) for results in vu.checks.values())
    assert vu.metrics.values("errors") == [0.0] * 7
    assert vu.metrics.tags("crud_operations", "operation") == {
        "create": 1,
        "read": 1,
        "update": 1,
        "delete": 1,
        "list": 3,
    }


def test_answer_that_is_no_json_is_a_failure_of_its_kind_and_the_flow_goes_on() -> None:
    vu = FakeVu(FakeDms(odd={READ: [Response.make(200, body=b"<html>login</html>")]}))
    run(descriptor_lifecycle, vu)
    assert vu.failures == [(READ, "not JSON")]
    assert vu.checks["GET returns what was sent"] == [False]
    assert len(vu.dms.sent) == 7


@pytest.mark.parametrize("answer", [Response.make(500), Response.make(201), Response.make(200)])
def test_create_that_failed_is_not_followed_by_requests_to_nowhere(answer: Response) -> None:
    vu = run(descriptor_lifecycle, FakeVu(FakeDms(odd={CREATE: [answer]})))
    assert [sent.name for sent in vu.dms.sent] == [
        CREATE,
        "GET academicWeeks",
        "GET academicWeeks",
        "GET courses",
    ]
    assert vu.checks["POST has location header"] == [False]


def test_create_that_updates_is_a_failure_unless_the_profile_lets_it() -> None:
    dms = FakeDms()
    run(create_school, FakeVu(dms))
    assert not dms.failed
    again = run(create_school, FakeVu(dms))
    assert [sent.status for sent in dms.failed] == [200]
    assert again.checks["POST status is 201"] == [False]
    assert again.metrics.values("errors") == [1.0]
    assert again.metrics.values("api_errors") == [1.0]
    assert not again.metrics.values("school_creates")
    context = {"prefix": "ab12cd", "vintage": "v8", "updates": True}
    allowed = run(create_school, FakeVu(dms, context=context))
    assert len(dms.failed) == 1
    assert allowed.metrics.values("school_creates") == [1.0]


def test_metrics_that_the_scenario_does_not_declare_are_not_added() -> None:
    vu = FakeVu(declared={"school_creates": MetricType.COUNTER})
    run(create_school, vu, times=3)
    assert {name for name, _, _ in vu.metrics.added} == {"school_creates"}
    assert len(vu.metrics.added) == 3


def test_schools_are_new_also_when_the_ids_of_a_prefix_are_used_up() -> None:
    fresh = Fresh("ab12cd", 1)
    ids = {fresh.school()["schoolId"] for _ in range(20_100)}
    assert len(ids) == 20_100
    assert max(ids) < 2**53


def test_enrolment_makes_its_schools_once_and_each_student_new() -> None:
    vu = run(enroll_student, FakeVu(profile={"data.schools": 4}), times=40)
    assert not vu.dms.failed
    assert len(vu.dms.created("schools")) == 4
    students = vu.dms.created("students")
    assert len({body["studentUniqueId"] for body in students}) == 40
    assert all(len(body["studentUniqueId"]) <= 32 for body in students)
    enrolments = vu.dms.created("studentSchoolAssociations")
    assert len({body["schoolReference"]["schoolId"] for body in enrolments}) == 4
    assert len(vu.metrics.values("student_creates")) == 40
    assert len(vu.metrics.values("entity_creation_time")) == 84
    assert {kind for kind, _ in vu.made_items} == {"schools", "students", "studentSchoolAssociations"}
    assert len(vu.made_items) == 84


def test_workers_share_the_profiles_schools_and_no_key() -> None:
    dms = FakeDms()
    for worker in range(3):
        run(enroll_student, FakeVu(dms, worker=(worker, 3)), times=30)
    assert not dms.failed
    assert len(dms.items["schools"]) == 10
    assert len(dms.items["students"]) == 90


def test_in_a_scenario_of_another_system_the_run_ends_with_the_mend() -> None:
    with pytest.raises(SystemExit, match='write system = "dms" in the scenario'):
        run(create_school, FakeVu(context={}))


def test_keys_of_two_runs_differ() -> None:
    dms = FakeDms()
    for prefix in ("aaaaaa", "bbbbbb"):
        run(enroll_student, FakeVu(dms, context={"prefix": prefix}), times=20)
    assert not dms.failed
    assert len(dms.items["students"]) == 40


def test_school_whose_answer_was_lost_may_be_there_already() -> None:
    dms = FakeDms()
    run(enroll_student, FakeVu(dms, profile={"data.schools": 1}))
    dms.odd = {"POST schools": [Response.make(503)]}
    vu = FakeVu(dms, profile={"data.schools": 1})
    # Its first student is not sent, the school is tried again for the next, and found.
    run(enroll_student, vu, times=2)
    assert [(sent.name, sent.status) for sent in dms.failed if sent.name == "POST schools"] == [
        ("POST schools", 503)
    ]


def test_a_batch_is_100_new_students() -> None:
    vu = run(students_in_batches, FakeVu(), times=2)
    assert len(vu.dms.items["students"]) == 2 * BATCH == len(vu.made_items) == 200
    assert not vu.dms.failed
    assert max(vu.metrics.values("active_connections")) == BATCH
    assert vu.checks["created"] == [True] * 200


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            '{"detail":"Data validation failed.","validationErrors":{"$.x":["x is required."]}}',
            'Data validation failed. {"$.x":["x is required."]}',
        ),
        ('{"message":"It broke","traceId":"1"}', "It broke"),
        ("<html>\n  <b>502</b>", "<html> <b>502</b>"),
        ("[1]", "[1]"),
        ("", ""),
    ],
)
def test_gist_of_an_answer_is_its_words(body: str, said: str) -> None:
    assert gist(body) == said
