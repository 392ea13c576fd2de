"""Whether the generator kept up: the table of the design, at both sides of each bound."""

from __future__ import annotations

import pytest

from dmsperf_tui.run.verdict import Verdict

SECONDS = 1000


def after(
    above: int, *, lag_ms: float = 0.0, cpu: float = 0.0, seconds: int = SECONDS
) -> tuple[str, tuple[str, ...]]:
    """The verdict of a run in which `above` seconds had that lag or share of a core."""
    verdict = Verdict()
    for number in range(seconds):
        verdict.second(lag_ms if number < above else 0.0, cpu if number < above else 0.0)
    return verdict.judge(over=True)


@pytest.mark.parametrize(
    ("lag_ms", "above", "level"),
    [
        (10.0, 1000, "valid"),
        (10.1, 10, "valid"),
        (10.1, 11, "suspect"),
        (50.0, 1000, "suspect"),
        (50.1, 10, "valid"),
        (50.1, 50, "suspect"),
        (50.1, 51, "invalid"),
    ],
)
def test_loop_lag(lag_ms: float, above: int, level: str) -> None:
    assert after(above, lag_ms=lag_ms)[0] == level


@pytest.mark.parametrize(
    ("cpu", "above", "level"),
    [
        (0.90, 1000, "valid"),
        (0.91, 50, "valid"),
        (0.91, 51, "suspect"),
        (0.98, 1000, "suspect"),
        (0.99, 50, "valid"),
        (0.99, 200, "suspect"),
        (0.99, 201, "invalid"),
    ],
)
def test_worker_cpu(cpu: float, above: int, level: str) -> None:
    assert after(above, cpu=cpu)[0] == level


def test_a_reason_tells_the_bound_and_the_share() -> None:
    _, (lag,) = after(60, lag_ms=60.0)
    assert lag == "event loop lagged over 50 ms in 6 % of seconds"
    _, (cpu,) = after(100, cpu=0.95)
    (slip,) = after(430, lag_ms=10.5)[1]
    assert len(f"▲ suspect: {slip}") < 60
    assert cpu == "a worker used over 90 % of a core in 10 % of seconds"


def test_all_reasons_are_told_and_the_worst_counts() -> None:
    level, reasons = after(300, lag_ms=20.0, cpu=0.99)
    assert level == "invalid"
    assert len(reasons) == 2


@pytest.mark.parametrize(("seconds", "level"), [(0, "suspect"), (1, "suspect"), (4, "suspect"), (5, "valid")])
def test_under_five_seconds_is_too_short_once_it_is_over(seconds: int, level: str) -> None:
    """Also one that measured nothing at all, such as one that ends within its warm-up."""
    verdict = Verdict()
    for _ in range(seconds):
        verdict.second(0.0, 0.0)
    assert verdict.judge(over=True)[0] == level
    assert verdict.judge(over=False) == ("valid", ())
    if level == "suspect":
        assert verdict.judge(over=True)[1] == (f"too short: {seconds} s measured, 5 s needed",)


@pytest.mark.parametrize("level", ["suspect", "invalid"])
def test_a_fact_is_a_reason_told_once(level: str) -> None:
    verdict = Verdict()
    for _ in range(10):
        verdict.second(0.0, 0.0)
    verdict.fact(level, "worker 2 was lost")
    verdict.fact(level, "worker 2 was lost")
    assert verdict.judge(over=False) == (level, ("worker 2 was lost",))


def test_a_suspect_fact_does_not_soften_an_invalid_one() -> None:
    verdict = Verdict()
    verdict.fact("invalid", "ports exhausted")
    verdict.fact("suspect", "worker 1 was lost")
    assert verdict.judge(over=False)[0] == "invalid"


@pytest.mark.parametrize(
    ("slip_ms", "above", "level"),
    [
        (10.0, 1000, "valid"),
        (10.1, 10, "valid"),
        (10.1, 11, "suspect"),
        (50.0, 1000, "suspect"),
        (50.1, 50, "suspect"),
        (50.1, 51, "invalid"),
    ],
)
def test_start_slip(slip_ms: float, above: int, level: str) -> None:
    verdict = Verdict()
    for number in range(SECONDS):
        verdict.second(0.0, 0.0, slip_ms if number < above else 0.0)
    assert verdict.judge(over=True)[0] == level


@pytest.mark.parametrize(
    ("prompt", "level"),
    [(1000, "valid"), (980, "valid"), (979, "suspect"), (900, "suspect"), (899, "invalid")],
)
def test_starts_while_vus_were_free_against_plan(prompt: int, level: str) -> None:
    verdict = Verdict()
    for number in range(10):
        verdict.second(0.0, 0.0, 0.0, 100, prompt - 900 if number == 0 else 100)
    found, reasons = verdict.judge(over=True)
    assert found == level
    if level != "valid":
        assert reasons == (f"only {prompt / 10:.1f} % of starts were in time, though VUs were free",)


def test_no_starts_due_are_no_reason_to_doubt() -> None:
    verdict = Verdict()
    for _ in range(10):
        verdict.second(0.0, 0.0, 0.0, 0, 0)
    assert verdict.judge(over=True) == ("valid", ())


def test_the_worst_second_of_each_signal_is_kept() -> None:
    verdict = Verdict()
    for lag, cpu, slip in ((1.0, 0.5, 0.0), (9.0, 0.2, 3.0), (2.0, 0.9, 1.0)):
        verdict.second(lag, cpu, slip)
    assert verdict.worst == {"lag": 9.0, "cpu": 0.9, "slip": 3.0}


@pytest.mark.parametrize("seconds", [1, 4])
def test_too_short_a_run_is_judged_by_nothing_but_facts(seconds: int) -> None:
    """One second of five would be a fifth of the time: that says nothing."""
    verdict = Verdict()
    for _ in range(seconds):
        verdict.second(500.0, 1.0, 500.0, 10, 0)
    level, reasons = verdict.judge(over=True)
    assert (level, len(reasons)) == ("suspect", 1)
    verdict.fact("invalid", "ports exhausted")
    assert verdict.judge(over=True)[0] == "invalid"
