"""The server is killed in the middle of its work: no answer is lost, nothing happens twice."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx2 as httpx

from standalone.demo import INSTITUTIONS, ROSTER
from tests.end_to_end.server_process import ServerProcess, run_yizhan

ROUNDS = 3
STAYS = 40
THREADS = 3
HOSPITAL = "H50011200001"
PEOPLE = ("990001196803150014", "990001195507200027", "990001196201080039")
HEADERS = {"Yizhan-Institution": HOSPITAL, "Yizhan-Operator": "cashier-1"}


@dataclass
class Answered:
    """The answers that reached the caller, by request key; `enough` kills the server."""

    kill_after: int
    kill: Callable[[], None]
    pause_seconds: float
    bodies: dict[str, bytes] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, key: str, body: bytes) -> None:
        """Remember an answer; after so many, kill while the other requests are under way."""
        with self._lock:
            self.bodies[key] = body
            reached = len(self.bodies) == self.kill_after
        if reached:
            time.sleep(self.pause_seconds)
            self.kill()


def test_a_killed_server_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Three times: kill, restart on the same data, and send everything again.

    Every acknowledged answer comes back byte for byte, every stay ends settled exactly once, and
    the ledger verifies.
    """
    chance = Random(20231018)  # noqa: S311 -- moments, not secrets
    data = tmp_path / "data"
    with ServerProcess(data, tmp_path / "log") as server:
        people = import_samples(server)
        for round_number in range(ROUNDS):
            requests = whole_stays(people, round_number)
            answered = Answered(
                kill_after=chance.randint(5, STAYS // 2),
                kill=server.kill,
                pause_seconds=chance.uniform(0, 0.02),
            )
            send_until_killed(server, requests, answered)
            assert answered.kill_after <= len(answered.bodies) < STAYS

            server.start()
            send_again_and_look(server, requests, answered)

    verified = run_yizhan("verify", data=data)
    assert verified.returncode == 0, verified.stdout
    assert "120 笔结算（其中 0 笔已撤销）" in verified.stdout


def import_samples(server: ServerProcess) -> list[str]:
    """The sample institutions and people, over HTTP; returns three people's opaque ids."""
    csv = HEADERS | {"Content-Type": "text/csv", "Idempotency-Key": "samples"}
    with server.client(server.settlement) as client:
        answer = client.post("/v1/institutions", content=INSTITUTIONS.read_bytes(), headers=csv)
        assert answer.is_success, answer.text
    with server.client(server.eligibility) as client:
        staged = client.post("/v1/rosters", content=ROSTER.read_bytes(), headers=csv).json()
        url = f"/v1/rosters/{staged['roster_id']}/activation"
        activated = client.post(url, json={}, headers=HEADERS | {"Idempotency-Key": "activate"})
        assert activated.is_success, activated.text
        asked = [{"certificate_number": number} for number in PEOPLE]
        found = [client.post("/v1/persons/lookup", json=body).json() for body in asked]
        return [person["person_id"] for person in found]


def whole_stays(people: list[str], round_number: int) -> dict[str, dict[str, Any]]:
    """Forty whole stays by request key, turn by turn for each person."""
    return {
        f"key-{round_number}-{n}": {
            "person_id": people[n % len(people)],
            "hospital_stay_number": f"R{round_number}-{n}",
            "admission_date": "2023-09-01",
            "discharge_date": "2023-09-15",
            "batches": [
                {
                    "batch_number": "1",
                    "charges": {"total_fen": 5_200_00 + n, "in_scope_fen": 5_000_00},
                }
            ],
        }
        for n in range(STAYS)
    }


def settle(client: httpx.Client, key: str, body: dict[str, Any]) -> httpx.Response:
    """`POST /v1/settlements` under a request key."""
    return client.post("/v1/settlements", json=body, headers=HEADERS | {"Idempotency-Key": key})


def send_until_killed(
    server: ServerProcess, requests: dict[str, dict[str, Any]], answered: Answered
) -> None:
    """Send everything from several threads; whoever gets no answer stops."""

    def send(keys: list[str]) -> None:
        with server.client(server.settlement) as client:
            for key in keys:
                try:
                    answer = settle(client, key, requests[key])
                except httpx.HTTPError:
                    return
                # "Try again" (503, overtaken by the same person's other stay) is no outcome yet.
                assert answer.status_code in {201, 503}, answer.text
                if answer.status_code == 201:
                    answered.note(key, answer.content)

    keys = list(requests)
    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(send, keys[n::THREADS]) for n in range(THREADS)]:
            done.result()


def send_again_and_look(
    server: ServerProcess, requests: dict[str, dict[str, Any]], answered: Answered
) -> None:
    """Send everything again with the same keys, then look at every stay's own events."""
    stays = set()
    with server.client(server.settlement) as client:
        for key, body in requests.items():
            answer = settle(client, key, body)
            assert answer.status_code == 201, answer.text
            if key in answered.bodies:
                assert answer.headers["Idempotency-Replayed"] == "true"
                assert answer.content == answered.bodies[key]
            stays.add(answer.json()["stay_id"])
        assert len(stays) == STAYS
        for stay_id in stays:
            assert_settled_once(client, stay_id)


def assert_settled_once(client: httpx.Client, stay_id: str) -> None:
    """The stay's events hold one admission, one settlement and no reversal, without a gap."""
    events = client.get(f"/v1/stays/{stay_id}/history", headers=HEADERS).json()["events"]
    times = Counter(event["topic"] for event in events)
    assert times["settlement.stay-admitted.v1"] == 1
    assert times["settlement.settlement-completed.v1"] == 1
    assert times["settlement.settlement-reversed.v1"] == 0
    assert [event["version"] for event in events] == list(range(1, len(events) + 1))
