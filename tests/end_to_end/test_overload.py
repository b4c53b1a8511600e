"""A server with more to do than it can refuses the rest, finishes its own and stays observable."""

import sqlite3
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx2 as httpx

from http_edge.operating_settings import OperatingSettings
from http_edge.serving import Server, free_port
from settlement.entrypoints.http.app import create_app
from tests.support.settlement_desk import P1, Desk, open_parts
from tests.support.signed import signed_in

BOUND = 44
"""More than the forty threads that work on requests."""
SENT = 50
WAITING = f'yizhan_http_requests_in_flight{{service="settlement"}} {BOUND}.0'


def test_more_than_it_can_is_refused_and_what_was_taken_is_done(tmp_path: Path) -> None:
    """The log is busy: all threads wait, the queue fills, health answers; then all is done."""
    parts, people = open_parts(tmp_path)
    people.add(P1, region="500112")
    parts = replace(parts, operating=OperatingSettings(most_in_flight=BOUND))
    Desk(parts).import_institutions()
    server = Server(create_app(parts), host="127.0.0.1", port=free_port("127.0.0.1"))
    log = sqlite3.connect(tmp_path / "settlement.sqlite", isolation_level=None)
    with server, closing(log), ThreadPoolExecutor(SENT) as hospital:
        log.execute("BEGIN IMMEDIATE")
        signed = signed_in(tmp_path)
        sent = [hospital.submit(admit, server.url, number, signed) for number in range(SENT)]
        refused, taken = wait_for_refusals(sent)
        assert WAITING in httpx.get(f"{server.url}/metrics").text
        assert httpx.get(f"{server.url}/health/ready").status_code == 200
        log.execute("ROLLBACK")

        assert len(refused) == SENT - BOUND
        for number in refused:
            answer = sent[number].result()
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            assert answer.json()["type"] == "urn:yizhan:problem:overloaded"
        assert {sent[number].result().status_code for number in taken} == {201}
        assert {admit(server.url, number, signed).status_code for number in refused} == {201}


def wait_for_refusals(sent: Sequence["Future[httpx.Response]"]) -> tuple[list[int], list[int]]:
    """The numbers of those that were refused, once they are as many as can be, and the others."""
    deadline = time.monotonic() + 25
    while sum(each.done() for each in sent) < SENT - BOUND:
        assert time.monotonic() < deadline
        wait(sent, timeout=0.05)
    done = [number for number, each in enumerate(sent) if each.done()]
    return done, [number for number in range(SENT) if number not in done]


def admit(url: str, number: int, signed: httpx.Auth) -> httpx.Response:
    """An admission under a request key of its own."""
    headers = {
        "Yizhan-Institution": "H50011200001",
        "Yizhan-Operator": "cashier-1",
        "Idempotency-Key": f"admit-{number}",
    }
    asked = {
        "person_id": P1,
        "hospital_stay_number": f"S-{number}",
        "admission_date": "2023-03-01",
    }
    return httpx.post(f"{url}/v1/stays", json=asked, headers=headers, timeout=60, auth=signed)
