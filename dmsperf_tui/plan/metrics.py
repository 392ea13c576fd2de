"""The built-in metrics: k6's names, types and units (k6 docs, "Built-in metrics"), and two of ours.

`http_req_response_time` and `iteration_response_time` exist in open workloads: taken from the planned start.
"""

from __future__ import annotations

from enum import StrEnum


class MetricType(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    RATE = "rate"
    TREND = "trend"


START_SLIP = "start_slip"
"""How late iterations of open workloads started for which a VU was free: the generator's own lateness."""
RESPONSE_TIME = "http_req_response_time"
HTTP_TRENDS = (
    "http_req_duration",
    "http_req_blocked",
    "http_req_connecting",
    "http_req_tls_handshaking",
    "http_req_sending",
    "http_req_waiting",
    "http_req_receiving",
    RESPONSE_TIME,
)
"""Milliseconds. `http_req_duration` is sending + waiting + receiving; `blocked` contains connecting, TLS."""
OTHER_TRENDS = ("iteration_duration", "iteration_response_time", "group_duration")

FLOW_ERRORS = "flow_errors"
"""Iterations whose flow raised; not in k6."""

BUILT_IN: dict[str, MetricType] = {
    **dict.fromkeys((*HTTP_TRENDS, *OTHER_TRENDS), MetricType.TREND),
    "http_reqs": MetricType.COUNTER,
    "http_req_failed": MetricType.RATE,
    "iterations": MetricType.COUNTER,
    "dropped_iterations": MetricType.COUNTER,
    FLOW_ERRORS: MetricType.COUNTER,
    "checks": MetricType.RATE,
    "vus": MetricType.GAUGE,
    "vus_max": MetricType.GAUGE,
    "data_sent": MetricType.COUNTER,
    "data_received": MetricType.COUNTER,
}

HTTP_METRICS = {*HTTP_TRENDS, "http_reqs", "http_req_failed"}
UNTAGGED = {"vus", "vus_max", "data_sent", "data_received"}
"""Metrics of the whole run: nothing to select by."""
