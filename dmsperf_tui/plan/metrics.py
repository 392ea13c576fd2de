"""The built-in metrics: k6's names, types and units (k6 docs, "Built-in metrics")."""

from __future__ import annotations

from enum import StrEnum


class MetricType(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    RATE = "rate"
    TREND = "trend"


HTTP_TRENDS = (
    "http_req_duration",
    "http_req_blocked",
    "http_req_connecting",
    "http_req_tls_handshaking",
    "http_req_sending",
    "http_req_waiting",
    "http_req_receiving",
)
"""Milliseconds. `http_req_duration` is sending + waiting + receiving; `blocked` contains connecting, TLS."""

BUILT_IN: dict[str, MetricType] = {
    **dict.fromkeys(HTTP_TRENDS, MetricType.TREND),
    "http_reqs": MetricType.COUNTER,
    "http_req_failed": MetricType.RATE,
    "iterations": MetricType.COUNTER,
    "iteration_duration": MetricType.TREND,
    "dropped_iterations": MetricType.COUNTER,
    "checks": MetricType.RATE,
    "vus": MetricType.GAUGE,
    "vus_max": MetricType.GAUGE,
    "data_sent": MetricType.COUNTER,
    "data_received": MetricType.COUNTER,
}

TAGGED = {*HTTP_TRENDS, "http_reqs", "http_req_failed"}
"""Metrics that are kept per operation, so that `{name:...}` and `{scenario:...}` can select from them."""
