"""T1: a server that takes 50 ms takes 50 ms in every percentile."""

from __future__ import annotations

import pytest

from tests.truth.bench import RESPONSE, SERVICE
from tests.truth.formulas import hdr_rank
from tests.truth.loads import DELAY_S, Observation

RESOLUTION_MS = DELAY_S
"""A thousandth: what a histogram with three significant digits has."""
PERCENTILES = (50.0, 90.0, 95.0, 99.0, 99.9)


@pytest.mark.parametrize("percentile", PERCENTILES)
@pytest.mark.parametrize("workload", ["open", "closed"])
def test_service_time_is_what_the_server_took(delayed: Observation, workload: str, percentile: float) -> None:
    """And a millisecond; more in the tail, if the tool says that it was late."""
    measured, stamps = delayed.measured, delayed.stamps.of(workload)
    assert measured.counts(workload)["completed"] == len(stamps)
    # The very same requests: of ten more, the same percentile may be another one.
    at_server_s = stamps.last_answered(measured.requests(workload)).service_s
    least_ms = 1000 * hdr_rank(at_server_s, percentile)
    assert least_ms >= 1000 * DELAY_S
    found_ms = measured.ms(SERVICE, percentile, workload)
    assert least_ms - RESOLUTION_MS <= found_ms <= least_ms + RESOLUTION_MS + measured.room_ms(percentile)


@pytest.mark.parametrize("percentile", PERCENTILES)
def test_response_time_holds_the_lateness_of_the_start_as_well(
    delayed: Observation, percentile: float
) -> None:
    measured = delayed.measured
    service_ms, response_ms = (measured.ms(metric, percentile, "open") for metric in (SERVICE, RESPONSE))
    assert response_ms >= service_ms - RESOLUTION_MS
    assert response_ms <= service_ms + 1 + measured.room_ms(percentile)
    assert measured.mean_ms(SERVICE, "open") <= measured.mean_ms(RESPONSE, "open")
