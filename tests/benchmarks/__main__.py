"""Requests per second of one worker beside wrk and Locust, against nginx, as ratios of one run.

nginx has one core and each load generator, in turn, the other. What is not installed is left out and
said: nginx and wrk are packages of most systems, Locust is `pip install locust` (name its command with
LOCUST). Nothing here asserts a time.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
ROUNDS = 3
SECONDS = 6
VUS = 50
PORT = 18080
URL = f"http://127.0.0.1:{PORT}"
BODY = '{"studentUniqueId":"PERF1","firstName":"First","lastSurname":"Last","birthDate":"2010-01-01"}'
NGINX = """
worker_processes 1; daemon off; pid nginx.pid; error_log stderr crit;
events { worker_connections 20000; }
http {
  access_log off; keepalive_requests 100000000; default_type application/json;
  client_body_temp_path a; proxy_temp_path b; fastcgi_temp_path c; uwsgi_temp_path d; scgi_temp_path e;
  server { listen 127.0.0.1:%d; location / { return 201 '{"id":"8b1d6c3c7f2a4a30b7a4b7f4d6d6f0aa"}'; } }
}
"""
LUA = f"""
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{BODY}'
"""
LOCUSTFILE = f"""
from locust import FastHttpUser, constant, task
class User(FastHttpUser):
    wait_time = constant(0)
    @task
    def post(self):
        with self.client.post("/data", data='{BODY}', headers={{"Content-Type": "application/json"}},
                              catch_response=True) as response:
            if response.status_code != 201:
                response.failure("not 201")
"""
SCENARIO = f"""
system = "http"
[workloads.post]
executor = "constant-vus"
vus = {VUS}
duration = "{SECONDS}s"
flow = "http.request"
[workloads.post.request]
method = "POST"
path = "/data"
name = "POST data"
body = '{BODY}'
headers = {{ Content-Type = "application/json" }}
expect = [201]
"""


def _pinned(core: int, *command: str) -> list[str]:
    return ["taskset", "-c", str(core), *command] if shutil.which("taskset") else list(command)


def _output(folder: Path, command: list[str]) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    return done.stdout + done.stderr


def _ours(folder: Path, core: int) -> float:
    command = (sys.executable, "-m", "dmsperf_tui", "--batch", "--scenario", "post.toml", "--env", URL)
    _output(folder, _pinned(core, *command, "--summary", "out.json"))
    summary = json.loads((folder / "out.json").read_text())
    assert summary["metrics"]["http_req_failed"]["passes"] == 0
    return float(summary["metrics"]["http_reqs"]["rate"])


def _wrk(folder: Path, core: int) -> float | None:
    if not shutil.which("wrk"):
        return None
    command = ("wrk", "-t1", f"-c{VUS}", f"-d{SECONDS}s", "-s", "post.lua", f"{URL}/data")
    found = re.search(r"Requests/sec:\s*([\d.]+)", _output(folder, _pinned(core, *command)))
    return float(found[1]) if found else None


def _locust(folder: Path, core: int) -> float | None:
    locust = os.environ.get("LOCUST") or shutil.which("locust")
    if not locust:
        return None
    arguments = (f"-u{VUS}", f"-r{VUS}", f"-t{SECONDS}s", "-H", URL, "--headless", "--only-summary", "--json")
    text = _output(folder, _pinned(core, locust, "-f", "locustfile.py", *arguments))
    found = re.search(r"^\[.*?^\]", text, re.DOTALL | re.MULTILINE)
    if not found:
        return None
    (entry,) = json.loads(found[0])
    return float(entry["num_requests"]) / SECONDS


def main() -> int:
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        print("nginx is not installed: there is nothing to measure against")  # noqa: T201
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "nginx.conf").write_text(NGINX % PORT)
        (folder / "post.lua").write_text(LUA)
        (folder / "locustfile.py").write_text(LOCUSTFILE)
        (folder / "post.toml").write_text(SCENARIO)
        server = subprocess.Popen(_pinned(0, nginx, "-p", name, "-c", f"{name}/nginx.conf"))
        time.sleep(0.5)
        cores = os.cpu_count() or 1
        generators = {"dmsperf-tui": _ours, "wrk -t1": _wrk, "Locust FastHttpUser": _locust}
        rates: dict[str, list[float]] = {generator: [] for generator in generators}
        try:
            for _ in range(ROUNDS):
                for generator, measure in generators.items():
                    rate = measure(folder, min(1, cores - 1))
                    if rate is not None:
                        rates[generator].append(rate)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(10)
    print(f"POST JSON, {VUS} connections, one core, {ROUNDS} rounds of {SECONDS} s")  # noqa: T201
    ours = rates["dmsperf-tui"]
    for generator, found in rates.items():
        if not found:
            print(f"  {generator:<22} not installed")  # noqa: T201
            continue
        ratios = [a / b for a, b in zip(ours, found, strict=True)]
        print(  # noqa: T201
            f"  {generator:<22} {statistics.median(found):>9,.0f} req/s"
            f"   ours/its {min(ratios):.2f} {statistics.median(ratios):.2f} {max(ratios):.2f} (min med max)"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
