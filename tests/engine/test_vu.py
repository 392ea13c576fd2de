"""What a flow sees and says: checks, groups, metrics, data, errors, abort, batches; no network needed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import TypeAdapter

from dmsperf_tui.engine import vu as vu_module
from dmsperf_tui.engine.clock import RunClock
from dmsperf_tui.engine.files import load_files
from dmsperf_tui.engine.http import ConnectError, Origin, Response
from dmsperf_tui.engine.load import Load
from dmsperf_tui.engine.measures import MOST_SERIES, OTHER_NAMES
from dmsperf_tui.engine.messages import ErrorInterval, MetricInterval
from dmsperf_tui.engine.recorder import MOST_OPERATIONS
from dmsperf_tui.engine.vu import MOST_PREPARED, Cast, Flow, VirtualUser
from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.metrics import MetricType
from tests.engine.bench import Bench
from tests.engine.http.http_server import OK, Peer, serving
from tests.engine.virtual_time import run_virtual


class Service:
    """Answers in place of the network: `answer` is given the request's bytes."""

    def __init__(self) -> None:
        self.answer: Callable[[bytes], Response] = lambda request: Response.make(200, body=b"{}")
        self.requests: list[bytes] = []
        self.keep_body: list[bool] = []
        self.limits: list[int] = []

    def client(self, *args: Any, limit: int, **options: Any) -> Service:
        self.limits.append(limit)
        return self

    async def send(self, request: bytes, *, timeout_ns: int, head_only: bool, keep_body: bool) -> Response:
        self.requests.append(request)
        self.keep_body.append(keep_body)
        await asyncio.sleep(0.01)
        return self.answer(request)

    def close(self) -> None:
        self.requests = list(self.requests)

    def lines(self) -> list[str]:
        return [request.split(b" HTTP")[0].decode() for request in self.requests]


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    service = Service()
    monkeypatch.setattr(vu_module, "HttpClient", service.client)
    return service


def run(flow: Flow, *, vus: int = 1, load: dict[str, Any] | None = None, **options: Any) -> Bench:
    """Each VU runs the flow once."""
    found: list[Bench] = []

    async def main() -> None:
        bench = Bench(flow, load=load, executor="per-vu-iterations", vus=vus, iterations=1, **options)
        found.append(bench)
        await bench.until_finished_or_idle()

    run_virtual(main())
    return found[0]


def metrics(bench: Bench, name: str) -> list[MetricInterval]:
    return [one for one in bench.load.recorder.take_metrics() if one.metric == name]


def errors(bench: Bench) -> dict[tuple[str, str, str], ErrorInterval]:
    return {(one.operation, one.phase, one.failure): one for one in bench.load.recorder.take_errors()}


# --- checks, groups, tags, metrics ---------------------------------------------------------------


def test_checks_carry_their_name_their_group_and_the_workloads_tags() -> None:
    async def flow(vu: VirtualUser) -> None:
        assert vu.check("is well", vu.number != 2) is (vu.number != 2)
        with vu.group("login"):
            vu.check("is well", True)

    bench = run(flow, vus=3, tags={"team": "x"})
    found = {one.tags["group"]: one for one in metrics(bench, "checks")}
    assert {group: (one.passes, one.fails) for group, one in found.items()} == {"": (2, 1), "::login": (3, 0)}
    assert found["::login"].tags == {"check": "is well", "group": "::login", "scenario": "w", "team": "x"}
    assert bench.gauge.completed == 3, "a check fails nothing by itself"


def test_groups_nest_are_timed_and_tag_the_requests_in_them(service: Service) -> None:
    async def flow(vu: VirtualUser) -> None:
        await vu.get("/0", name="GET x")
        with vu.group("shop"):
            await vu.sleep(0.5)
            with vu.group("pay"):
                await vu.get("/1", name="GET x")
        await vu.get("/2", name="GET x")

    bench = run(flow)
    found = {one.tags["group"]: one.trend for one in metrics(bench, "group_duration")}
    assert {group: trend.max_us for group, trend in found.items() if trend} == {
        "::shop": pytest.approx(510_000, abs=2000),
        "::shop::pay": pytest.approx(10_000, abs=2000),
    }
    operations = bench.load.recorder.take_operations()
    assert {one.group: one.requests for one in operations} == {"": 2, "::shop::pay": 1}


def test_a_group_that_a_flow_leaves_by_an_error_is_left() -> None:
    async def flow(vu: VirtualUser) -> None:
        vu.check("outside", True)
        with vu.group("shop"):
            raise LookupError("sold out")

    bench = None

    async def main() -> None:
        nonlocal bench
        bench = Bench(flow, executor="per-vu-iterations", vus=1, iterations=3)
        await bench.until_finished_or_idle()

    run_virtual(main())
    assert bench is not None
    (check,) = metrics(bench, "checks")
    assert (check.tags["group"], check.passes) == ("", 3)


def test_requests_carry_the_workloads_tags_and_their_own(service: Service) -> None:
    async def flow(vu: VirtualUser) -> None:
        await vu.get("/", name="GET x")
        await vu.get("/", name="GET x", tags={"kind": "list", "team": "y"})

    operations = run(flow, tags={"team": "x"}).load.recorder.take_operations()
    assert [one.tags for one in operations] == [{"team": "x"}, {"team": "y", "kind": "list"}]


def test_custom_metrics_are_recorded_with_the_workloads_tags() -> None:
    async def flow(vu: VirtualUser) -> None:
        vu.metrics.add("orders", 2, kind="book")

    bench = run(flow, vus=3, load={"metrics": {"orders": MetricType.COUNTER}}, tags={"team": "x"})
    (orders,) = metrics(bench, "orders")
    assert (orders.total, orders.tags) == (6, {"kind": "book", "scenario": "w", "team": "x"})


def test_a_metric_that_nobody_declared_is_an_error_group_and_the_run_goes_on() -> None:
    async def flow(vu: VirtualUser) -> None:
        vu.metrics.add("ordres", 1)

    bench = run(flow, vus=4, load={"metrics": {"orders": MetricType.COUNTER}})
    error = errors(bench)["flow dms.create_school", "flow", "KeyError"]
    assert error.count == bench.gauge.completed == 4
    assert "'ordres' is not declared" in error.samples[0].detail


# --- what it is given ----------------------------------------------------------------------------


def test_vus_see_setup_data_profile_env_and_seed() -> None:
    seen: list[Any] = []

    async def flow(vu: VirtualUser) -> None:
        seen.append((vu.setup, vu.data["users"][0]["name"], vu.profile["load.vus"], vu.env["STAGE"], vu.seed))

    given = {
        "setup": {"school": 5},
        "data": {"users": ({"name": "ann"},)},
        "profile": {"load.vus": 3},
        "seed": 9,
    }
    run(flow, vus=2, load=given, env={"STAGE": "test"})
    assert seen == [({"school": 5}, "ann", 3, "test", 9)] * 2


def test_memory_and_randomness_are_a_vus_own_and_come_again_with_the_seed() -> None:
    def numbers(seed: int) -> list[float]:
        found: list[float] = []

        async def flow(vu: VirtualUser) -> None:
            assert vu.memory == {}
            vu.memory["x"] = vu.number
            found.append(vu.random.random())

        run(flow, vus=3, load={"seed": seed})
        return found

    assert numbers(1) == numbers(1)
    assert len({*numbers(1), *numbers(2)}) == 6


def test_data_files_are_rows_by_their_header_and_json_values(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_bytes('\ufeffname,school\nAnn,5\n"Ö, Bo",\n'.encode())
    (tmp_path / "plan.JSON").write_text('{"a": [1, 2]}')
    data = load_files({"users": "users.csv", "plan": "plan.JSON"}, tmp_path)
    assert data["users"] == ({"name": "Ann", "school": "5"}, {"name": "Ö, Bo", "school": ""})
    assert data["plan"] == {"a": [1, 2]}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("gone.csv", None, "cannot be read"),
        ("bad.json", b'{"a": ', "is not what its name says"),
        ("bad.csv", b"name\n\xff\xfe\n", "is not what its name says"),
        ("users.txt", b"x", "is neither .csv nor .json"),
    ],
)
def test_a_broken_data_file_is_told_with_its_key(
    tmp_path: Path, name: str, content: bytes | None, says: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_files({"users": name}, tmp_path)
    assert says in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / name}: data.users: ")


# --- requests and errors -------------------------------------------------------------------------


def test_keep_body_is_passed_on_and_so_is_the_limit_of_connections(service: Service) -> None:
    async def flow(vu: VirtualUser) -> None:
        await vu.get("/", name="GET x", keep_body=False)
        await vu.get("/", name="GET x")

    run(flow, connections_per_vu=3)
    assert service.keep_body == [False, True]
    assert service.limits == [3]


def test_names_with_ids_in_them_fill_no_memory(service: Service) -> None:
    async def flow(vu: VirtualUser) -> None:
        for number in range(MOST_OPERATIONS + 100):
            await vu.get("/", name=f"GET students/{number}")

    bench = run(flow)
    operations = bench.load.recorder.take_operations()
    assert len(operations) == MOST_OPERATIONS + 1
    assert {one.name: one.requests for one in operations}[OTHER_NAMES] == 100
    assert errors(bench)[OTHER_NAMES, "flow", "too many names"].count == 100
    assert len(bench.runner._cast.prepared) == MOST_OPERATIONS


def test_of_a_kind_of_error_five_samples_are_kept_and_all_are_counted(service: Service) -> None:
    service.answer = lambda request: Response.make(500, body=b'{"detail": "It broke", "errors": ["why"]}')

    async def flow(vu: VirtualUser) -> None:
        await vu.post("/students", name="POST students", json={"id": vu.number})

    error = errors(run(flow, vus=12))["POST students", "status", "500"]
    assert (error.count, len(error.samples)) == (12, 5)
    sample = error.samples[0]
    assert (sample.request, sample.status) == ("POST /students", 500)
    assert sample.detail == 'It broke ["why"]'
    assert sample.sent == '{"id":1}'


def test_samples_hold_no_token_no_secret_header_and_no_cookie(service: Service) -> None:
    """Also not half of one, where a body is cut."""
    secrets = ("the-bearer-token", "the-api-key", "the-session")

    def answer(request: bytes) -> Response:
        if request.startswith(b"GET /login"):
            return Response.make(200, [(b"Set-Cookie", b"session=the-session; Path=/")])
        echo = b"x" * 4088 + " ".join(secrets).encode() + request
        return Response.make(500, body=echo)

    service.answer = answer

    async def flow(vu: VirtualUser) -> None:
        vu._load.set_token("the-bearer-token", 1)
        await vu.get("/login", name="login")
        headers = {"X-Api-Key": "the-api-key"}
        await vu.post("/the-session", name="POST x", body=b"I am the-session", headers=headers)

    error = errors(run(flow))["POST x", "status", "500"]
    assert b"the-session" in service.requests[1], "the cookie was sent"
    (sample,) = error.samples
    said = (sample.request, sample.detail, sample.body, sample.sent)
    assert not [part for part in ("the-b", "the-a", "the-s") if any(part in text for text in said)]
    assert "[removed]" in sample.request
    assert sample.sent == "I am [removed]"
    assert len(sample.body) <= 4096


def test_samples_hold_no_field_and_no_parameter_that_sounds_secret(service: Service) -> None:
    service.answer = lambda request: Response.make(
        400, body=b'{"detail":"pwd=hush is wrong","apiKey":"hush"}'
    )

    async def flow(vu: VirtualUser) -> None:
        await vu.post("/login?access_token=hush", name="POST x", json={"password": "hush", "user": "ann"})
        vu.fail("POST x", "odd", "{'client_secret': 'hush', 'a': 1}")

    found = errors(run(flow))
    (sample,) = found["POST x", "status", "400"].samples
    assert sample.request == "POST /login?access_token=[removed]"
    assert sample.sent == '{"password":"[removed]","user":"ann"}'
    assert sample.body == '{"detail":"pwd=[removed] is wrong","apiKey":"[removed]"}'
    assert sample.detail == "pwd=[removed] is wrong"
    assert found["POST x", "check", "odd"].samples[0].detail == "{'client_secret': '[removed]', 'a': 1}"


def test_secret_headers_of_thousands_of_users_are_known(service: Service) -> None:
    service.answer = lambda request: Response.make(500, body=b"Bearer eyJh.number-0000-end")

    async def flow(vu: VirtualUser) -> None:
        for number in range(2000):
            headers = {"Authorization": f"Bearer eyJh.number-{number:04}-end"}
            await vu.get("/", name="GET x", headers=headers, expect=(500,))
        await vu.get("/", name="GET y")

    (sample,) = errors(run(flow))["GET y", "status", "500"].samples
    assert sample.body == "[removed]"


def test_headers_and_tags_that_change_each_time_fill_no_memory(service: Service) -> None:
    async def flow(vu: VirtualUser) -> None:
        for number in range(MOST_PREPARED + 100):
            await vu.get("/", name="GET x", headers={"X-Request-Id": str(number)})

    bench = run(flow)
    assert len(bench.runner._cast.prepared) == MOST_PREPARED
    assert b"X-Request-Id: %d\r\n" % (MOST_PREPARED + 99) in service.requests[-1]
    (operation,) = bench.load.recorder.take_operations()
    assert operation.requests == MOST_PREPARED + 100


def test_checks_and_groups_with_ids_in_their_names_fill_no_memory() -> None:
    async def flow(vu: VirtualUser) -> None:
        for number in range(MOST_SERIES + 100):
            vu.check(f"{number} is well", True)
            with vu.group(f"order {number}"):
                await vu.sleep(0.001)

    bench = run(flow)
    found = bench.load.recorder.take_metrics()
    checks = [one for one in found if one.metric == "checks"]
    groups = [one for one in found if one.metric == "group_duration"]
    assert len(checks) == len(groups) == MOST_SERIES + 1
    assert {one.tags["check"]: one.passes for one in checks}[OTHER_NAMES] == 100
    trends = {one.tags["group"]: one.trend for one in groups}
    assert (other := trends[OTHER_NAMES]) is not None
    assert other.count == 100
    assert len(bench.runner._cast.checks) <= MOST_SERIES
    told = errors(bench)
    assert told[OTHER_NAMES, "flow", "too many tags of checks"].count == 100
    assert told[OTHER_NAMES, "flow", "too many tags of group_duration"].count == 100


def test_numbers_and_half_surrogates_in_names_and_tags_can_be_sent(service: Service) -> None:
    async def flow(vu: VirtualUser) -> None:
        await vu.get("/", name="GET \ud800", tags={"page": 3})
        vu.metrics.add("orders", 1, region=3)
        with vu.group("g\ud800"):
            vu.check("c\ud800", True)
        vu.fail("GET \ud800", "odd \ud800", "so \ud800")

    recorder = run(flow, load={"metrics": {"orders": MetricType.COUNTER}}).load.recorder
    sent = recorder.take_operations(), recorder.take_metrics(), recorder.take_errors()
    said = orjson.loads(TypeAdapter(Any).dump_json(sent))
    assert (said[0][0]["name"], said[0][0]["tags"]) == ("GET ?", {"page": "3"})
    assert {"check": "c?", "group": "::g?", "scenario": "w"} in [one["tags"] for one in said[1]]
    assert (said[2][0]["operation"], said[2][0]["samples"][0]["detail"]) == ("GET ?", "so ?")


def test_a_network_fault_comes_back_as_an_error_and_is_never_raised(service: Service) -> None:
    service.answer = lambda request: Response.failed(ConnectError("connection refused", "no"), 0, 1000)
    seen: list[Response] = []

    async def flow(vu: VirtualUser) -> None:
        seen.append(await vu.get("/", name="GET x"))

    bench = run(flow)
    assert seen[0].error is not None
    assert errors(bench)["GET x", "connecting", "connection refused"].count == 1
    (operation,) = bench.load.recorder.take_operations()
    assert (operation.failed, operation.status) == (True, 0)


def test_what_a_flow_finds_wrong_is_an_error_beside_the_requests_own(service: Service) -> None:
    async def flow(vu: VirtualUser) -> None:
        await vu.get("/", name="GET x")
        vu.fail("GET x", "not JSON", "it said <html>")

    bench = run(flow)
    (operation,) = bench.load.recorder.take_operations()
    assert not operation.failed
    assert errors(bench)["GET x", "check", "not JSON"].samples[0].detail == "it said <html>"


def test_a_flow_that_raises_leaves_its_traceback_in_the_first_samples_alone() -> None:
    def deep() -> None:
        raise LookupError("the-bearer-token is odd")

    async def flow(vu: VirtualUser) -> None:
        vu._load.keep_secret("the-bearer-token")
        deep()

    error = errors(run(flow, vus=9))["flow dms.create_school", "flow", "LookupError"]
    assert (error.count, len(error.samples)) == (9, 5)
    assert error.samples[0].detail.startswith("LookupError: [removed] is odd (test_vu.py:")
    assert "in deep" in error.samples[0].body
    assert "the-bearer-token" not in error.samples[0].body


def test_sys_exit_in_a_flow_ends_no_worker() -> None:
    async def flow(vu: VirtualUser) -> None:
        raise SystemExit(3)

    bench = run(flow, vus=2)
    assert errors(bench)["flow dms.create_school", "flow", "SystemExit"].count == 2
    assert bench.gauge.completed == 2


def test_abort_tells_the_reason_and_nothing_more_is_begun() -> None:
    reasons: list[str] = []

    async def flow(vu: VirtualUser) -> None:
        vu.abort("the service is broken")

    bench = run(flow, vus=2, load={"abort": reasons.append})
    assert reasons == ["a flow called abort: the service is broken"]
    assert (bench.gauge.interrupted, bench.gauge.completed) == (1, 0)
    assert errors(bench) == {}


# --- response time -------------------------------------------------------------------------------


def test_response_time_is_of_the_request_that_opens_an_iteration(service: Service) -> None:
    async def flow(vu: VirtualUser) -> None:
        await vu.get("/first", name="first")
        await vu.get("/second", name="second")
        await vu.sleep(0.98)

    async def main() -> None:
        # One VU, one second each, two due a second: number n begins n/2 s late.
        bench = Bench(
            flow,
            executor="constant-arrival-rate",
            rate=2,
            duration="2s",
            pre_allocated_vus=1,
            graceful_stop="60s",
        )
        await bench.until_finished()
        by_name = {one.name: one.trends for one in bench.load.recorder.take_operations()}
        response = by_name["first"]["http_req_response_time"]
        assert response.count == 4
        assert response.min_us == pytest.approx(0, abs=2000)
        assert response.max_us == pytest.approx(1_500_000, abs=5000)
        assert "http_req_response_time" not in by_name["second"]
        (whole,) = metrics(bench, "iteration_response_time")
        assert whole.trend is not None
        assert whole.trend.max_us == pytest.approx(2_500_000, abs=5000)

    run_virtual(main())


def test_closed_iterations_have_no_response_time(service: Service) -> None:
    async def flow(vu: VirtualUser) -> None:
        await vu.get("/", name="GET x")

    bench = run(flow)
    (operation,) = bench.load.recorder.take_operations()
    assert "http_req_response_time" not in operation.trends
    assert metrics(bench, "iteration_response_time") == []


# --- batches, over a real connection -------------------------------------------------------------


def test_a_batch_answers_in_its_order_with_no_more_than_its_limit_in_flight() -> None:
    async def main() -> None:
        flying = most = 0

        async def handler(peer: Peer) -> None:
            nonlocal flying, most
            while (request := await peer.request()) is not None:
                flying += 1
                most = max(most, flying)
                path = request.split(b" ")[1]
                # The first ones take longest: the answers come in another order.
                await asyncio.sleep(0.02 / (1 + int(path[1:])))
                flying -= 1
                await peer.send(OK.replace(b"2\r\n\r\nok", b"%d\r\n\r\n%s" % (len(path), path)))

        async with serving(handler) as server:
            load = Load(Origin("http", "127.0.0.1", server.port), "", RunClock(0))
            vu = VirtualUser(load, Cast("w", connections=3), 1)
            answers = await vu.batch(*(vu.get(f"/{number}", name="GET x") for number in range(12)))
            assert [answer.text for answer in answers] == [f"/{number}" for number in range(12)]
            assert most == 3
            assert server.accepted == 3
            assert load.wire.in_flight == 0
            (operation,) = load.recorder.take_operations()
            assert operation.requests == vu.requests == 12
            assert operation.trends["http_req_blocked"].zeros < 12, "the others waited for a connection"
            vu.hang_up()

    asyncio.run(main())


def test_a_batch_that_is_interrupted_takes_its_requests_with_it() -> None:
    async def main() -> None:
        async def handler(peer: Peer) -> None:
            await peer.request()
            await asyncio.sleep(30)

        async with serving(handler) as server:
            load = Load(Origin("http", "127.0.0.1", server.port), "", RunClock(0))
            vu = VirtualUser(load, "w", 1)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await vu.batch(*(vu.get("/", name="GET x") for _ in range(4)))
            assert server.accepted == 4
            await asyncio.sleep(0.05)
            assert load.wire.in_flight == 0
            vu.hang_up()

    asyncio.run(main())


def test_a_connect_timeout_of_the_workload_is_the_connections() -> None:
    """A listener that never accepts, its queue full: the connect does not come up."""

    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
            port = listener.getsockname()[1]
            fillers = [socket.socket() for _ in range(4)]
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(("127.0.0.1", port))
            load = Load(Origin("http", "127.0.0.1", port), "", RunClock(0))
            vu = VirtualUser(load, Cast("w", connect_timeout_s=0.1), 1)
            response = await vu.get("/", name="GET root")
            assert response.error is not None
            assert response.error.kind == "connect timeout"
            assert response.blocked_ns < 5e9, "not the request's own 60 s"
            vu.hang_up()
            for filler in fillers:
                filler.close()

    asyncio.run(main())
