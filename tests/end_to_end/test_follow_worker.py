"""`yizhan follow` keeps read models warm in its own process; several workers count together."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2 as httpx

from http_edge.serving import free_port
from tests.support.settlement_desk import P1, Desk, open_parts

BILL = {"total_fen": 52_000_00, "in_scope_fen": 50_000_00}
LAG = 'yizhan_follower_lag_events{follower="fund_account",service="settlement"}'

TWO_WORKERS = """
import os
from prometheus_client import CollectorRegistry
from http_edge.metrics import HttpMetrics, Looked, exposition
registry = CollectorRegistry()
metrics = HttpMetrics(registry, "settlement")
child = os.fork()
for _ in range(2 if child else 3):
    metrics.answered(method="GET", route="/v1/funds", status=200, seconds=0.01)
if child:
    os.waitpid(child, 0)
    looked = Looked("settlement", last_position=lambda: 7)
    print(exposition(registry, looked, None).decode())
"""


def test_read_models_follow_without_being_asked(tmp_path: Path) -> None:
    """What is settled while it runs is booked soon after; asked to stop, it ends with 0."""
    parts, people = open_parts(tmp_path)
    people.add(P1, region="500112")
    desk = Desk(parts)
    desk.import_institutions()
    stay = desk.discharged(P1, "A1", charges=BILL)
    port = free_port("127.0.0.1")
    arguments = ["follow", "--data", str(tmp_path), "--metrics-port", str(port)]
    with (tmp_path / "log").open("wb") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "yizhan", *arguments],
            env={**os.environ, "YIZHAN_ELIGIBILITY_URL": "http://127.0.0.1:9"},
            stderr=log,
        )
        try:
            settled = False
            deadline = time.monotonic() + 60
            while f"{LAG} 0.0" not in told(port) or not settled:
                assert worker.poll() is None
                assert time.monotonic() < deadline
                if not settled and LAG in told(port):
                    assert desk.settle(stay).is_success
                    settled = True
                time.sleep(0.1)
            assert httpx.get(f"http://127.0.0.1:{port}/health/ready").status_code == 200
            assert parts.fund_account.position() == parts.register.last_position()
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(timeout=30) == 0
        finally:
            worker.kill()
    lines = [json.loads(line) for line in (tmp_path / "log").read_text("utf-8").splitlines()]
    stopped = [line for line in lines if line["event"] == "follower stopped"]
    assert {(line["follower"], line["kind"]) for line in stopped} == {
        ("touched_settlements", "EligibilityUnreachable")
    }


def told(port: int) -> str:
    """The worker's metrics, nothing before it listens."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/metrics").text
    except httpx.HTTPError:
        return ""


def test_workers_behind_one_address_are_added_up(tmp_path: Path) -> None:
    """Whichever answers the scrape tells what all of them counted, and positions once."""
    made = subprocess.run(
        [sys.executable, "-c", TWO_WORKERS],
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    labels = 'method="GET",route="/v1/funds",service="settlement",status_class="2xx"'
    assert f"yizhan_http_request_duration_seconds_count{{{labels}}} 5.0" in made.stdout
    assert 'yizhan_event_log_last_position{service="settlement"} 7.0' in made.stdout
