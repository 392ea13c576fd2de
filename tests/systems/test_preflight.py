"""The checks before load starts: what each says, and which of them stop a run."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from dmsperf_tui.systems.access import PlainAccess
from dmsperf_tui.systems.certificate import certificate_row
from dmsperf_tui.systems.checks import PreflightRow
from dmsperf_tui.systems.dms.generators import GENERATORS
from dmsperf_tui.systems.dms.order import own_order
from dmsperf_tui.systems.dms.place import Credentials, Place
from dmsperf_tui.systems.dms.population import Population, Sizes
from dmsperf_tui.systems.dms.preflight import Needs, preflight
from dmsperf_tui.systems.dms.setup.data_api import source_of
from dmsperf_tui.systems.dms.setup.limits import rate_row
from dmsperf_tui.systems.dms.setup.permissions import unstorable
from dmsperf_tui.systems.machine import MachineNeeds, disk_row, files_row
from tests.systems.fake_dms import PLACE, URL, FakeDms, asked

CRUD = ("Create", "Read", "Update", "Delete")


def checked(dms: FakeDms, needs: Needs | None = None, place: Place = PLACE) -> dict[str, PreflightRow]:
    def rows(client: httpx.AsyncClient) -> Any:
        source = source_of(client, place)
        obtain = source.fetch if source is not None else None
        return preflight(client, place, obtain, needs or Needs())

    return {row.name: row for row in asked(dms.handler, rows)}


def failed(rows: dict[str, PreflightRow]) -> list[str]:
    return [name for name, row in rows.items() if row.ok is False]


def test_ready_dms_passes_every_check() -> None:
    dms = FakeDms()
    dms.items["gradeLevelDescriptors"] = {
        "1": {"namespace": "uri://ed-fi.org/GradeLevelDescriptor", "codeValue": "Ninth grade"}
    }
    uses = {
        "schools": CRUD,
        "students": CRUD,
        "gradeLevelDescriptors": CRUD,
        "studentSchoolAssociations": ("Create",),
    }
    descriptors = {"gradeLevelDescriptors": ("ninth grade",)}
    needs = Needs(uses, 100.0, descriptors, MachineNeeds(connections=50, results=Path.cwd()))
    rows = checked(dms, needs)
    assert failed(rows) == []
    assert rows["discovery"].detail == "Ed-Fi API 8.0.0, Ed-Fi 5.2.0"
    assert rows["vintage"].detail == "8.x"
    assert rows["permissions"].detail == "13 of 13 actions on 4 resources"
    assert rows["descriptors"].detail == "1 values of 1 types are there"
    assert {name: len(items) for name, items in dms.items.items() if items} == {"gradeLevelDescriptors": 1}, (
        "nothing is left behind"
    )
    assert dms.tokens == 1


def test_older_vintage_is_told() -> None:
    assert checked(FakeDms(newer=False))["vintage"].detail == "v0.7 or before"


def test_what_is_no_dms_is_only_looked_at() -> None:
    dms = FakeDms(answers={"/": httpx.Response(404, text="nothing")})
    machine = MachineNeeds()
    rows = asked(dms.handler, lambda client: PlainAccess(client, URL, machine).checks())
    assert [row.name for row in rows] == ["reachable", "open files"]
    assert sum(dms.requests.values()) == 1


def test_nothing_more_is_asked_where_nothing_answers() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[Errno 111] Connection refused", request=request)

    (row,) = asked(handler, lambda client: preflight(client, PLACE, None, Needs()))
    assert (row.ok, row.fatal) == (False, True)
    assert URL in row.detail
    assert "is the service running?" in row.mend


def test_without_credentials_or_with_refused_ones_it_stops() -> None:
    rows = checked(FakeDms(), Needs({"schools": CRUD}), replace(PLACE, client=None))
    assert rows["token"].mend == "run: dmsperf-tui setup client, or set CLIENT_ID and CLIENT_SECRET"
    dms = FakeDms(token_status=401)
    rows = checked(dms, Needs({"schools": CRUD}))
    assert failed(rows) == ["token"]
    assert "unknown, revoked or has another secret" in rows["token"].detail
    assert not [request for request in dms.requests if "/data/" in request]


def test_denied_action_is_named_with_its_mend() -> None:
    dms = FakeDms(denied={("students", "Update"), ("schools", "Create")})
    rows = checked(dms, Needs({"students": CRUD, "schools": CRUD}))
    assert failed(rows) == ["permission Update students", "permission Create schools"]
    row = rows["permission Update students"]
    assert row.fatal
    assert "must grant permission of the 'Update' action" in row.detail
    assert row.mend == "run: dmsperf-tui setup claimset"


def test_missing_claim_set_is_said_once() -> None:
    names = ("students", "schools", "gradeLevelDescriptors")
    dms = FakeDms(denied={(name, action) for name in names for action in CRUD})
    rows = checked(dms, Needs(dict.fromkeys(names, CRUD)))
    assert failed(rows) == ["permissions"]
    detail = rows["permissions"].detail
    assert detail.startswith("12 of 12 actions are refused, such as Create students, Read students, Update")
    assert rows["permissions"].mend == "run: dmsperf-tui setup claimset"


def test_action_that_no_flow_takes_is_not_tried() -> None:
    dms = FakeDms(denied={("students", "Delete")})
    assert failed(checked(dms, Needs({"students": ("Read", "Create")}))) == []
    assert dms.requests["POST /data/ed-fi/students"] == 1
    assert not [request for request in dms.requests if request.startswith(("PUT", "DELETE"))]


def test_client_without_a_database_is_told_apart() -> None:
    text = "No database instances are authorized for this client"
    answer = httpx.Response(403, json={"detail": text, "errors": []})
    dms = FakeDms(answers={"/data/ed-fi/students": answer})
    row = checked(dms, Needs({"students": ("Read",)}))["permission Read students"]
    assert text in row.detail
    assert row.mend == "its client has no data store; run: dmsperf-tui setup client --new"


def test_resource_that_is_not_served_is_named() -> None:
    rows = checked(FakeDms(), Needs({"grades": ("Create",), "students": ("Read",)}))
    assert failed(rows) == ["resources"]
    assert (rows["resources"].detail, rows["resources"].fatal) == ("the DMS does not serve grades", True)
    assert rows["permissions"].detail == "1 of 1 actions on 1 resources"


def test_resources_that_a_load_phase_does_without_are_a_warning() -> None:
    rows = checked(FakeDms(), Needs({"grades": ("Create",)}, spared=frozenset({"grades"})))
    assert rows["resources"].detail == "the DMS does not serve grades: they are left out"
    assert not rows["resources"].fatal


def test_missing_reference_data_stops_the_run() -> None:
    needs = Needs(
        {"calendars": ("Create",)},
        descriptors={"calendarTypeDescriptors": ("School", "Staff", "IEP", "Grade Level")},
    )
    dms = FakeDms(dependencies=[{"resource": "/ed-fi/calendars", "order": 6, "operations": ["Create"]}])
    rows = checked(dms, needs)
    assert failed(rows) == ["descriptors", "schoolYearTypes"]
    assert rows["descriptors"].detail == "missing: calendarTypeDescriptors School, Staff, IEP ..."
    assert rows["descriptors"].mend == "run: dmsperf-tui setup seed"
    dms.items["schoolYearTypes"] = {"1": {"schoolYear": 2025}}
    assert checked(dms, needs)["schoolYearTypes"].ok
    assert checked(dms, replace(needs, school_year=2026))["schoolYearTypes"].detail == "no school year 2026"


def test_failing_data_is_a_warning_as_a_load_test_is_to_find_it() -> None:
    answer = httpx.Response(500, json={"error": "broken"})
    dms = FakeDms(answers={"/data/ed-fi/gradeLevelDescriptors": answer})
    needs = Needs({"gradeLevelDescriptors": ("Read",)}, descriptors={"gradeLevelDescriptors": ("x",)})
    rows = checked(dms, needs)
    assert rows["permissions"].detail.endswith("not known: Read gradeLevelDescriptors (500 broken)")
    assert (rows["data"].ok, rows["data"].fatal) == (False, False)


def test_unusable_dependencies_are_a_warning() -> None:
    dms = FakeDms(answers={"/metadata/dependencies": httpx.Response(500, json={"error": "no Staff"})})
    rows = checked(dms, Needs({"students": ("Read",)}))
    assert (rows["dependencies"].ok, rows["dependencies"].fatal) == (False, False)
    assert rows["permissions"].ok
    dms = FakeDms(dependencies={"error": "x"})
    assert "no list of dependencies" in checked(dms)["dependencies"].detail


def test_expired_token_is_renewed_on_the_way() -> None:
    dms = FakeDms(expired={"t1"})
    assert failed(checked(dms, Needs({"students": CRUD, "schools": CRUD}))) == []
    assert dms.tokens == 2, "one renewal, however many were refused"


def test_secret_in_the_clear_is_a_warning() -> None:
    place = replace(PLACE, load_url="https://dms.test/api", token_url="http://auth.test/token")
    dms = FakeDms(answers={"/token": httpx.Response(401)})
    row = checked(dms, place=place)["token url"]
    assert (row.ok, row.fatal, row.mend) == (False, False, "use https")


@pytest.mark.parametrize("name", Population.resources)
def test_probe_of_every_resource_is_valid_but_for_what_it_refers_to(name: str) -> None:
    population = Population(Sizes(2, 20, 4, 2, 1), 0, "PROBE")
    body = unstorable(population, name)
    assert body is not None
    refers = [key for key in body if key.endswith("Reference")]
    assert refers or "there is no such value" in str(body)
    assert str(body).count("Descriptor#") == str(body).count("Descriptor#there is no such value ")
    real = population.body(name, 0)
    assert {key for key in body if key not in real} <= {"birthSexDescriptor", "sexDescriptor"}
    assert set(real) <= set(body)


def test_values_of_a_list_stay_different() -> None:
    body = unstorable(Population(Sizes(2, 20, 4, 2, 1), 0, "PROBE"), "schools")
    assert body is not None
    grades = [item["gradeLevelDescriptor"] for item in body["gradeLevels"]]
    assert len(set(grades)) == len(grades) > 1


def test_no_probe_of_reference_data() -> None:
    population = Population(Sizes(2, 20, 4, 2, 1), 0, "PROBE")
    for name in Population.reference_data:
        assert unstorable(population, name) is None
    assert unstorable(population, "cohorts") is None
    assert set(own_order(Population.resources).orders) >= set(Population.resources) <= GENERATORS.keys()


def test_planned_rate_above_the_usual_limit_is_a_warning() -> None:
    assert rate_row(None) is None
    calm, high = rate_row(500.0), rate_row(1000.0)
    assert calm is not None
    assert calm.ok
    assert high is not None
    assert (high.ok, high.fatal) == (False, False)
    assert "RateLimit__PermitLimit=12000" in high.mend


def test_open_files_are_held_against_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 1024))
    assert files_row(800, 150).ok
    row = files_row(1000, 1000)
    assert (row.ok, row.fatal) == (False, True)
    assert "1000 connections of a worker with 1000 VUs, and 1024 open files are allowed" in row.detail
    few = files_row(3000, 500)
    assert (few.ok, few.fatal) == (False, False), "VUs may open six connections, and most use one"


@pytest.mark.parametrize(
    ("free", "ok", "fatal"), [(2e9, True, True), (5e8, False, False), (1e6, False, True)]
)
def test_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: float, ok: bool, fatal: bool) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=int(free)))
    row = disk_row(tmp_path / "not" / "there")
    assert row is not None
    assert (row.ok, row.fatal) == (ok, fatal)


class _Stream:
    def __init__(self, certificate: dict[str, str]) -> None:
        self._certificate = certificate

    def get_extra_info(self, name: str) -> Any:
        assert name == "ssl_object"
        return SimpleNamespace(getpeercert=lambda: self._certificate)


@pytest.mark.parametrize(
    ("url", "insecure", "certificate", "said"),
    [
        ("http://h/", False, {}, None),
        ("https://h/", True, {}, (None, "the certificate is not verified (insecure = true)")),
        ("https://h/", False, {}, (True, "the certificate is verified")),
        (
            "https://h/",
            False,
            {"notAfter": "Jan 31 00:00:00 2026 GMT"},
            (True, "the certificate is verified, valid for 30 days"),
        ),
        (
            "https://h/",
            False,
            {"notAfter": "Jan  6 00:00:00 2026 GMT"},
            (False, "the certificate is verified, valid for 5 days"),
        ),
    ],
)
def test_certificate(
    url: str, insecure: bool, certificate: dict[str, str], said: Sequence[object] | None
) -> None:
    response = httpx.Response(
        200, request=httpx.Request("GET", url), extensions={"network_stream": _Stream(certificate)}
    )
    first_of_january_s = 1767225600.0
    row = certificate_row(response, insecure=insecure, now_s=first_of_january_s)
    assert (None if row is None else (row.ok, row.detail)) == said
    assert row is None or row.ok is not False or not row.fatal


def test_secret_is_in_no_row() -> None:
    place = replace(PLACE, client=Credentials("me", "hush-hush"))
    rows = checked(FakeDms(token_status=401), place=place)
    assert "hush-hush" not in str(rows)
