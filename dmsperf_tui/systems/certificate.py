"""The certificate that a server has shown: verified or not, and for how long it is valid."""

from __future__ import annotations

import ssl
import time

import httpx

from dmsperf_tui.systems.checks import PreflightRow

SOON_DAYS = 14.0


def certificate_row(
    response: httpx.Response, *, insecure: bool, now_s: float | None = None
) -> PreflightRow | None:
    """None for plain HTTP. `now_s` is in seconds since the epoch."""
    if response.url.scheme != "https":
        return None
    if insecure:
        return PreflightRow("tls", None, "the certificate is not verified (insecure = true)")
    stream = response.extensions.get("network_stream")
    connection = stream.get_extra_info("ssl_object") if stream is not None else None
    certificate = connection.getpeercert() if connection is not None else None
    if not certificate or "notAfter" not in certificate:
        return PreflightRow("tls", True, "the certificate is verified")
    days = (ssl.cert_time_to_seconds(certificate["notAfter"]) - (now_s or time.time())) / 86400
    detail = f"the certificate is verified, valid for {days:.0f} days"
    if days < SOON_DAYS:
        return PreflightRow("tls", False, detail, mend="renew it soon", fatal=False)
    return PreflightRow("tls", True, detail)
