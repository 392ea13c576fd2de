"""A scripted school day: objectives that are met, nearly missed, missed, and not measured."""

from __future__ import annotations

from dataclasses import replace

from dmsperf_tui.run.snapshot import ObjectiveRow, RunSnapshot
from tests.tui.fakes import INFO, running

Three = tuple[float, float, float]
TIMES, CONCURRENCY, MEASURES = "Response times", "Concurrency", "Measures"


def category(title: str, name: str, asked: Three, found: Three | None, level: str = "") -> list[ObjectiveRow]:
    """A category's p50, p95 and p99; its levels look at the p95."""
    rows = []
    for percentile, bound, value in zip((50, 95, 99), asked, found or (None, None, None), strict=True):
        of_level = level if percentile == 95 else ""
        begins = {"scale": 0.8, "alert": 1.5}.get(of_level)
        rows.append(
            ObjectiveRow(
                TIMES,
                title,
                f"http_req_duration{{category:{name}}}",
                f"p({percentile})<{bound:g}",
                value,
                None if value is None else value < bound,
                of_level,
                f"p(95)>{begins * bound:g}" if begins else "",
            )
        )
    return rows


def load(title: str, asked: Three, found: Three | None) -> list[ObjectiveRow]:
    """VUs, p95 and share of errors of one of the loads."""
    vus, p95_ms, errors = asked
    reached, p95, failed = found or (None, None, None)
    return [
        ObjectiveRow(
            CONCURRENCY,
            title,
            "vus_max",
            f"value>={vus:g}",
            reached,
            None if reached is None else reached >= vus,
            unit="VUs",
        ),
        ObjectiveRow(
            CONCURRENCY,
            title,
            "http_req_duration",
            f"p(95)<{p95_ms:g}",
            p95,
            None if p95 is None else p95 < p95_ms,
        ),
        ObjectiveRow(
            CONCURRENCY,
            title,
            "http_req_failed",
            f"rate<{errors:g}",
            failed,
            None if failed is None else failed < errors,
            unit="share",
        ),
    ]


SCHOOL_DAY = (
    *category("Auth (login, me)", "auth", (100, 300, 500), (82.0, 250.0, 431.0), "scale"),
    *category("List endpoints (index)", "list", (200, 500, 1000), (40.2, 131.0, 299.0)),
    *category("Detail endpoints (show)", "detail", (100, 300, 500), (9.1, 22.0, 99.6)),
    *category("Create/Update", "write", (200, 500, 1000), (55.0, 120.0, 1431.0)),
    *category("Gradebook (computed)", "gradebook", (500, 1000, 2000), (2012.0, 2250.0, 2431.0), "alert"),
    *category("Analytics (aggregated)", "analytics", (1000, 3000, 5000), None),
    *category("AI generation", "ai", (5000, 10000, 15000), (2012.0, 8250.0, 9431.0)),
    *category("Search (FTS)", "search", (200, 500, 1000), None),
    *category("File upload", "upload", (1000, 3000, 5000), (300.0, 999.0, 1431.0)),
    *load("Normal school day", (130, 1000, 0.05), (130.0, 431.0, 0.002)),
    ObjectiveRow(MEASURES, "AI generations a minute", "ai_generations", "", 96.0, None, unit="/min"),
)
INDICATORS = (
    ObjectiveRow(
        MEASURES, "Response time (p95)", "http_req_duration", "p(95)<2000", 2000.4, False, "", "p(95)>5000"
    ),
    ObjectiveRow(MEASURES, "Throughput", "http_reqs", "rate>100", 47.0, False, "critical", "rate<50", "/s"),
    ObjectiveRow(MEASURES, "Error rate", "http_req_failed", "rate<0.01", 0.0, True, unit="share"),
    ObjectiveRow(MEASURES, "Concurrent users", "vus_max", "value>=100", 100.0, True, unit="VUs"),
    ObjectiveRow(MEASURES, "Database connection pool", "", "< 80 % utilized", None, None, unit=""),
)


def school_day(rows: tuple[ObjectiveRow, ...] = SCHOOL_DAY, *, gate: bool = False) -> RunSnapshot:
    """The run of these objectives."""
    info = replace(INFO, scenario="k12/load", objectives="k12", objectives_gate=gate)
    return replace(running(), info=info, objectives=rows)
