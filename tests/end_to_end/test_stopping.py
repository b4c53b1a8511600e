"""A server that is asked to stop finishes what it accepted, and ends with 0."""

import signal
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx2 as httpx
import pytest

from tests.end_to_end.forked_server import Store
from tests.end_to_end.server_process import ServerProcess
from tests.end_to_end.test_crash import import_samples, settle, whole_stays
from tests.support.storages import settings_on

WAITING = 'yizhan_http_requests_in_flight{service="settlement"} 1.0'


def until(happened: Callable[[], bool]) -> None:
    """Wait for something that happens soon."""
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_settlement_in_flight_is_finished_and_nothing_new_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for the log while the signal comes; it is answered, stored, and the process ends.

    Before it stops taking requests it says for a while that it is not ready.
    """
    monkeypatch.setenv("YIZHAN_DRAIN_SECONDS", "2")
    data = tmp_path / "data"
    with ServerProcess(data, tmp_path / "log") as server:
        people = import_samples(server)
        key, body = next(iter(whole_stays(people, 1).items()))
        with (
            closing(sqlite3.connect(data / "settlement.sqlite", isolation_level=None)) as other,
            server.client(server.settlement) as client,
            ThreadPoolExecutor(1) as waiting,
        ):
            assert client.get("/health/ready").json()["status"] == "ready"
            other.execute("BEGIN IMMEDIATE")
            answer = waiting.submit(settle, client, key, body)
            until(lambda: WAITING in httpx.get(f"{server.settlement}/metrics").text)

            server.ask_to_stop(signal.SIGTERM)
            until(lambda: failing(server.settlement) == ["draining"])
            until(lambda: refused(server.settlement))
            assert not answer.done()
            other.execute("ROLLBACK")

            assert answer.result().status_code == 201, answer.result().text
        assert server.ended() == 0
    assert refused(server.eligibility)
    assert Store(settings_on("sqlite", data)).topics().count("settlement-completed") == 1


def failing(address: str) -> list[str]:
    """What keeps the server from being ready."""
    answer = httpx.get(f"{address}/health/ready", timeout=5)
    return list(answer.json().get("failing", ()))


def refused(address: str) -> bool:
    """Whether nobody takes a connection there."""
    try:
        httpx.get(f"{address}/health/live", timeout=5)
    except httpx.ConnectError:
        return True
    return False
