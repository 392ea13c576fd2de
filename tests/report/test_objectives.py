"""The objectives' part of the text summary."""

from __future__ import annotations

import pytest

from dmsperf_tui.report.objectives import objective_lines
from dmsperf_tui.report.summary import ObjectivePart, Summary, ThresholdPart
from dmsperf_tui.report.text import text_summary
from tests.report.records import summary


def part(title: str, expression: str, value: float | None, **changes: object) -> ObjectivePart:
    one = {
        "group": "Response times",
        "title": title,
        "metric": "http_req_duration",
        "expression": expression,
        "value": value,
        "ok": None,
    }
    return ObjectivePart.model_validate({**one, **changes})


def held(*parts: ObjectivePart) -> Summary:
    record = summary()
    record.objectives = list(parts)
    levels = {"scale": "add capacity", "alert": "call somebody"}
    record.manifest["objectives"] = {"name": "k12", "title": "K-12 platform", "levels": levels}
    return record


def test_the_whole_part() -> None:
    day = "Normal school day: 30 teachers + 100 students"
    vus = part(
        day, "value>=130", 133, ok=True, margin=0.0231, unit="VUs", metric="vus_max", group="Concurrency"
    )
    errors = {"metric": "http_req_failed", "unit": "share", "group": "Concurrency"}
    record = held(
        part("Auth (login, me)", "p(50)<100", 45.2, ok=True, margin=0.548),
        part("Auth (login, me)", "p(95)<300", 280, ok=True, margin=0.0667, level="scale"),
        part("Auth (login, me)", "p(99)<500", 2031, ok=False, margin=-3.062),
        part("AI Generation", "p(95)<15000", None),
        part("Search", "p(95)<1500", 0.437, ok=True, margin=0.9997),
        part("Gradebook", "p(95)<1000", 1600, ok=False, margin=-0.6, level="alert"),
        vus,
        part(day, "rate<0.05", 0.07, ok=False, margin=-0.4, **errors),
        part("AI generations a minute", "", 96.4, unit="/min", group="Measures"),
        part("Throughput", "rate>100", 0.01, unit="/s", group="Measures", ok=False, margin=-1e6),
        part("Memory usage", "< 80 % of all that it has", None, unit="", metric="", group="Measures"),
    )
    assert list(objective_lines(record)) == [
        "  █ OBJECTIVES (K-12 platform: 4 met, 4 missed, 2 not measured)",
        "",
        "    Response times                  objective                measured  margin",
        "    ✓ Auth (login, me)              p(50) < 100ms             45.20ms    +55%",
        "    ✓                               p(95) < 300ms            280.00ms     +7%  scale",
        "    ✗                               p(99) < 500ms               2.03s   -306%",
        "    - AI Generation                 p(95) < 15s          not measured",
        "    ✓ Search                        p(95) < 1.5s                437µs   +100%",
        "    ✗ Gradebook                     p(95) < 1s                  1.60s    -60%  alert",
        "",
        "    Concurrency                     objective                measured  margin",
        "    ✓ Normal school day: 30 teach…  VUs >= 130                    133     +2%",
        "    ✗                               failed < 5%                 7.00%    -40%",
        "",
        "    Measures                        objective                measured  margin",
        "      AI generations a minute                                96.4/min",
        "    ✗ Throughput                    rate > 100/s               0.01/s  -9999%",
        "    - Memory usage                  < 80 % of all that … not measured",
        "",
        "    ▲ alert (call somebody): Gradebook",
        "",
        "    ▲ scale (add capacity): Auth (login, me)",
        "",
    ]


def test_a_run_without_objectives_has_no_such_part() -> None:
    assert list(objective_lines(summary())) == []
    assert "OBJECTIVES" not in text_summary(summary())


def test_they_stand_below_the_thresholds() -> None:
    text = text_summary(held(part("Auth", "p(50)<100", 45.2, ok=True, margin=0.548)))
    assert (
        text.index("█ THRESHOLDS") < text.index("█ OBJECTIVES (K-12 platform: 1 met)") < text.index("█ TOTAL")
    )


@pytest.mark.parametrize("length", [1, 60, 400])
def test_no_line_is_wider_than_100_columns(length: int) -> None:
    long = "wide " * (length // 5) + "w"
    parts = [
        part(f"{number} {long}", f"{long}<1", 1e12, ok=False, margin=-1e9, level="alert") for number in (1, 2)
    ]
    record = held(*parts)
    record.manifest["objectives"]["title"] = "K-12"
    assert max(map(len, objective_lines(record))) <= 100


def test_a_record_without_the_words_of_the_levels_can_be_told() -> None:
    record = held(part("Auth", "p(50)<100", 45.2, ok=True, level="alert"))
    del record.manifest["objectives"]
    assert next(objective_lines(record)) == "  █ OBJECTIVES (1 met)"


def test_what_was_not_measured_at_all_is_one_line_and_no_threshold() -> None:
    record = held(*(part("Search", f"p({p})<{ms}", None) for p, ms in ((50, 200), (95, 500), (99, 1000))))
    record.thresholds += [
        ThresholdPart(metric="http_req_duration", expression="p(50)<200", ok=True, value=None),
        ThresholdPart(metric="http_req_duration", expression="p(42)<7", ok=True, value=None),
    ]
    text = text_summary(record)
    assert text.count("Search") == 1
    assert "- Search                        3 objectives         not measured\n" in text
    assert "'p(50)<200'" not in text
    assert "- 'p(42)<7' nothing measured" in text, "a threshold that is no objective says so itself"


@pytest.mark.parametrize("own", [["p(50)<1"], [{"threshold": "p(50)<1", "abort_on_fail": True}], []])
def test_of_objectives_that_gate_only_the_missed_and_the_scenarios_own_stand_among_the_thresholds(
    own: list[object],
) -> None:
    record = held(part("Auth", "p(50)<1", 0.5, ok=True), part("Auth", "p(95)<1", 2.5, ok=False))
    record.manifest["scenario"] = {"thresholds": {"http_req_duration": own}}
    record.thresholds = [
        ThresholdPart(metric="http_req_duration", expression=f"p({p})<1", ok=ok, value=value)
        for p, ok, value in ((50, True, 0.5), (95, False, 2.5))
    ]
    text = text_summary(record)
    assert ("'p(50)<1'" in text) is bool(own)
    assert "✗ 'p(95)<1' p(95)=2.50ms" in text


def test_long_names_make_their_columns_wider() -> None:
    record = summary()
    name = "POST " + "assignments/" * 6 + "submissions"
    record.operations[0].name = name
    record.metrics[f"http_req_duration{{name:{name}}}"] = record.metrics["http_req_duration"]
    lines = text_summary(record).splitlines()
    operations = [line for line in lines if line.endswith("%") and ("POST " in line or "GET " in line)]
    assert len({line.rindex(" ") for line in operations}) <= 2
    colons = {line.index(": ") for line in lines if "......" in line or f"name:{name}" in line}
    assert len(colons) == 2, "the checks have a width of their own"
