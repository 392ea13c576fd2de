"""The steps of set-up at the DMS itself: waiting, schema, reference data, order, cleaning."""

from __future__ import annotations

import copy
import json
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.settings.places import DEFAULTS
from dmsperf_tui.systems.answers import explain, told
from dmsperf_tui.systems.checks import StepError, StepRow
from dmsperf_tui.systems.dms.population import Population, Sizes
from dmsperf_tui.systems.dms.setup.cleaning import delete_items
from dmsperf_tui.systems.dms.setup.data_api import DataApi, source_of
from dmsperf_tui.systems.dms.setup.ordering import fetch_order
from dmsperf_tui.systems.dms.setup.schema import deploy_schema, read_schema
from dmsperf_tui.systems.dms.setup.seeding import seed
from dmsperf_tui.systems.dms.setup.together import for_each
from dmsperf_tui.systems.dms.setup.waiting import run_command, wait_for_services
from tests.systems.fake_dms import PLACE, FakeDms, asked, talking

POPULATION = Population(Sizes(2, 10, 2, 1, 1), 0, "SEED")


def last(rows: list[StepRow]) -> StepRow:
    assert all(row.ok is not False for row in rows[:-1]), "a step ends with its first failure"
    return rows[-1]


def test_seed_makes_what_is_missing_and_leaves_the_rest() -> None:
    dms = FakeDms()
    there = {"namespace": "uri://ed-fi.org/GradeLevelDescriptor", "codeValue": "ninth GRADE"}
    dms.items["gradeLevelDescriptors"] = {"mine": there}
    rows = asked(dms.handler, lambda client: seed(client, PLACE, POPULATION))
    assert last(rows).ok
    wanted = POPULATION.descriptors()
    for endpoint, values in wanted.items():
        assert dms.count(endpoint) == len(set(values)), endpoint
    assert dms.items["gradeLevelDescriptors"]["mine"] == there
    (year,) = dms.items["schoolYearTypes"].values()
    assert year["schoolYear"] == 2026
    assert dms.count("localEducationAgencies") == dms.count("stateEducationAgencies") == 1
    assert all(row.changed for row in rows if row.ok)


def test_seeding_twice_changes_nothing() -> None:
    dms = FakeDms()
    asked(dms.handler, lambda client: seed(client, PLACE, POPULATION))
    posts = sum(count for request, count in dms.requests.items() if request.startswith("POST /data"))
    rows = asked(dms.handler, lambda client: seed(client, PLACE, POPULATION))
    assert not [row for row in rows if row.changed]
    again = sum(count for request, count in dms.requests.items() if request.startswith("POST /data"))
    assert again == posts > 0


def test_seed_takes_other_descriptors_and_reads_every_page() -> None:
    dms = FakeDms()
    namespace = "uri://ed-fi.org/LanguageDescriptor"
    dms.items["languageDescriptors"] = {
        str(number): {"namespace": namespace, "codeValue": f"v{number}"} for number in range(700)
    }
    dms.items["languageDescriptors"]["other"] = {"namespace": "uri://mine", "codeValue": "new"}
    values = {"languageDescriptors": ("v1", "v650", "new", "new")}
    rows = asked(dms.handler, lambda client: seed(client, PLACE, POPULATION, values))
    assert rows[1].detail == "1 made, 3 left as they were, in 1 types"
    assert dms.count("languageDescriptors") == 702
    assert dms.requests["GET /data/ed-fi/languageDescriptors"] == 2


def test_seed_without_permission_says_the_mend() -> None:
    dms = FakeDms(denied={("academicSubjectDescriptors", "Create")})
    row = last(asked(dms.handler, lambda client: seed(client, PLACE, POPULATION)))
    assert (row.ok, row.mend) == (False, "run: dmsperf-tui setup claimset")
    assert row.detail.startswith("POST academicSubjectDescriptors: 403")


IDS = [("studentSchoolAssociations", "c"), ("students", "a"), ("students", "b"), ("schools", "s")]


def stocked(**holds: str) -> FakeDms:
    dms = FakeDms(holds=holds)
    for resource, identity in IDS:
        dms.items.setdefault(resource, {})[identity] = {}
    return dms


def test_clean_deletes_and_counts_what_is_gone() -> None:
    dms = stocked()
    del dms.items["students"]["a"]
    rows = asked(dms.handler, lambda client: delete_items(client, PLACE, iter(IDS)))
    assert last(rows) == StepRow("clean", True, "3 items deleted, 1 were gone", changed=True)
    assert not any(dms.items.values())


def test_clean_tries_again_what_others_referred_to() -> None:
    """The school is held by a student, and that one by the other, which comes after both."""
    dms = stocked(a="s", c="b")
    rows = asked(dms.handler, lambda client: delete_items(client, PLACE, iter(IDS)))
    assert last(rows).detail == "4 items deleted, 0 were gone"
    assert not any(dms.items.values())


def test_clean_ends_where_something_else_refers() -> None:
    dms = stocked(s="elsewhere")
    dms.items["courses"] = {"elsewhere": {}}
    row = last(asked(dms.handler, lambda client: delete_items(client, PLACE, iter(IDS))))
    assert row.ok is False
    assert row.detail == "3 deleted, 0 were gone; 1 remain (schools): 409 is referenced by existing items"
    assert dms.requests["DELETE /data/ed-fi/schools/s"] == 2, "no endless trying"


def test_clean_of_nothing_asks_nobody() -> None:
    dms = FakeDms()
    rows = asked(dms.handler, lambda client: delete_items(client, PLACE, iter(())))
    assert [row.detail for row in rows] == ["0 items deleted, 0 were gone"]
    assert not dms.requests


def test_clean_without_permission_stops() -> None:
    dms = stocked()
    dms.denied.add(("students", "Delete"))
    row = last(asked(dms.handler, lambda client: delete_items(client, PLACE, iter(IDS))))
    assert (row.ok, row.mend) == (False, "run: dmsperf-tui setup claimset")
    assert dms.count("schools") == 1


def test_order_and_its_traps() -> None:
    order, traps = talking(FakeDms().handler, lambda client: fetch_order(client, PLACE))
    assert order.orders["students"] == 3
    text = "\n".join(traps)
    assert "listed twice, to be created early and updated late: students (3, 7)" in text
    assert "schoolYearTypes is not in the server's list" in text
    assert "not served, and left out with all that refers to it: academicWeeks, " in text
    broken = FakeDms(answers={"/metadata/dependencies": httpx.Response(500, json={"error": "no Staff"})})
    order, traps = talking(broken.handler, lambda client: fetch_order(client, PLACE))
    assert order.orders["schools"] < order.orders["sections"]
    assert traps == ["the server has no order (500 no Staff): this one is that of the generators' references"]


SCHEMA = read_schema(DEFAULTS / "config/performance-test-schema.json")


def serving(names: Iterable[str], **kwargs: Any) -> FakeDms:
    entries = [{"resource": f"/ed-fi/{name}", "order": 1, "operations": ["Create"]} for name in names]
    return FakeDms(dependencies=entries, **kwargs)


def test_schema_is_uploaded_to_an_older_dms() -> None:
    dms = serving(SCHEMA["projectSchema"]["resourceSchemas"], newer=False)
    sent: list[Any] = []

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/management/upload-api-schema":
            sent.append(json.loads(request.content))
            return httpx.Response(200, json={"schemasProcessed": 1})
        return dms.handler(request)

    rows = asked(handler, lambda client: deploy_schema(client, PLACE, SCHEMA))
    assert [(row.name, row.ok) for row in rows] == [("schema", True), ("uploaded", True), ("served", True)]
    (body,) = sent
    assert json.loads(body["coreSchema"]) == SCHEMA, "the schema travels as a string"
    assert body["extensionSchemas"] == []


def test_schema_upload_that_is_switched_off_names_the_flag() -> None:
    row = last(asked(serving((), newer=False).handler, lambda client: deploy_schema(client, PLACE, SCHEMA)))
    assert row.ok is False
    assert row.mend == "give it AppSettings__EnableManagementEndpoints=true"


def test_schema_of_a_newer_dms_is_compared() -> None:
    names = set(SCHEMA["projectSchema"]["resourceSchemas"])
    dms = serving(names)
    rows = asked(dms.handler, lambda client: deploy_schema(client, PLACE, SCHEMA))
    assert [row.name for row in rows] == ["schema", "fixed", "served"]
    assert not [request for request in dms.requests if request.startswith("POST")]
    row = last(
        asked(serving(names - {"grades"}).handler, lambda client: deploy_schema(client, PLACE, SCHEMA))
    )
    assert (row.ok, row.detail) == (False, "the DMS does not serve 1 of them: grades")


def test_schema_with_a_flaw_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    schema = copy.deepcopy(SCHEMA)
    del schema["projectSchema"]["resourceSchemas"]["schools"]["superclassIdentityJsonPath"]
    path.write_text(json.dumps(schema))
    with pytest.raises(ConfigError, match=r"resourceSchemas.schools.superclassIdentityJsonPath: is missing"):
        read_schema(path)
    path.write_text("{}")
    with pytest.raises(ConfigError, match="projectSchema: is missing"):
        read_schema(path)
    path.write_text("// seed")
    with pytest.raises(ConfigError, match="is not JSON"):
        read_schema(path)


def test_wait_ends_when_the_dms_answers() -> None:
    dms, now = FakeDms(), 0.0

    def handler(request: httpx.Request) -> httpx.Response:
        if now < 12:
            raise httpx.ConnectError("refused", request=request)
        return dms.handler(request)

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    rows = asked(
        handler, lambda client: wait_for_services(client, PLACE, 60.0, now_s=lambda: now, sleep=sleep)
    )
    said = [row.detail for row in rows if row.ok is None]
    assert rows[-1] == StepRow("dms", True, "Ed-Fi API 8.0.0 is ready")
    assert said == ["http://dms.test/api/ does not answer (refused)"] * 2, "it says why, but not each second"


def test_wait_gives_up_in_time() -> None:
    now = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    dms = FakeDms(answers={"/": httpx.Response(503, text="starting")})
    row = last(
        asked(
            dms.handler, lambda client: wait_for_services(client, PLACE, 3.0, now_s=lambda: now, sleep=sleep)
        )
    )
    assert row.ok is False
    assert row.detail.startswith("dms is not ready after 3 s: http://dms.test/api/ is no DMS")
    assert "503 starting" in row.detail
    assert 3.0 <= now <= 4.0


def command(code: str) -> list[StepRow]:
    text = f"{shlex.quote(sys.executable)} -c {shlex.quote(code)}"
    return asked(FakeDms().handler, lambda client: run_command(text))


def test_what_is_no_dms_is_ready_once_it_answers() -> None:
    answers = iter((httpx.Response(503), httpx.Response(404)))

    async def sleep(seconds: float) -> None:
        assert seconds > 0

    def handler(request: httpx.Request) -> httpx.Response:
        return next(answers)

    row = last(asked(handler, lambda client: wait_for_services(client, PLACE, 60.0, dms=False, sleep=sleep)))
    assert (row.name, row.ok, row.detail) == ("service", True, "answers 404")


def test_prepare_shows_what_the_command_says() -> None:
    rows = command("import sys; print('one'); print('two', file=sys.stderr)")
    assert {row.detail for row in rows[:-1]} == {"one", "two"}
    assert rows[-1].ok
    row = last(command("raise SystemExit(3)"))
    assert (row.ok, row.detail) == (False, "the command ended with 3")


def test_limits_are_waited_out() -> None:
    waited: list[float] = []
    answers = [
        httpx.Response(429),
        httpx.Response(503, headers={"Retry-After": "30"}),
        httpx.Response(200, json=[]),
    ]
    dms = FakeDms()

    def handler(request: httpx.Request) -> httpx.Response:
        return answers.pop(0) if "/data/" in request.url.path else dms.handler(request)

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    async def talk(client: httpx.AsyncClient) -> int:
        source = source_of(client, PLACE)
        assert source is not None
        api = DataApi(client, PLACE, source.fetch, sleep=sleep)
        return (await api.send("GET", "schools")).status_code

    assert talking(handler, talk) == 200
    assert waited == [1.0, 30.0]


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (httpx.Response(400, json={"detail": "d", "errors": ["first", "second"]}), "400 first"),
        (httpx.Response(400, json={"validationErrors": {"$.a": ["bad"]}, "detail": "d"}), "400 $.a: bad"),
        (httpx.Response(400, json={"error": "e", "failures": [{"message": "m"}]}), "400 m"),
        (httpx.Response(403, json={"detail": "denied", "errors": []}), "403 denied"),
        (httpx.Response(502, text="<html>\n Bad   Gateway"), "502 <html> Bad Gateway"),
        (httpx.Response(404), "404"),
        (
            httpx.Response(400, json={"detail": "client_secret=hush is wrong"}),
            "400 client_secret=[removed] is wrong",
        ),
    ],
)
def test_answer_in_a_line(response: httpx.Response, said: str) -> None:
    assert explain(response) == said


def test_error_of_a_step_is_its_last_row() -> None:
    @told("mine")
    async def step(fault: Exception) -> Any:
        yield StepRow("mine", True, "begun")
        raise fault

    for fault, detail in (
        (StepError("what", "mend it"), "what"),
        (ConfigError("what", key="k"), "k: what"),
        (
            httpx.ReadTimeout("", request=httpx.Request("GET", "http://h/x?a=1")),
            "http://h/x does not answer (ReadTimeout)",
        ),
    ):
        rows = asked(FakeDms().handler, lambda client, fault=fault: step(fault))  # type: ignore[misc]
        assert (rows[-1].ok, rows[-1].detail) == (False, detail)


def test_first_error_of_many_is_raised_as_it_is() -> None:
    done: list[int] = []

    async def work(number: int) -> None:
        await anyio.lowlevel.checkpoint()
        if number == 3:
            raise StepError("three")
        done.append(number)

    async def talk(client: httpx.AsyncClient) -> None:
        with pytest.raises(StepError, match="three"):
            await for_each(range(1000), work, at_once=2)

    talking(FakeDms().handler, talk)
    assert {0, 1, 2} <= set(done)
    assert len(done) < 999
