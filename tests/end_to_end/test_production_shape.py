"""The whole production shape, read from docker-compose.yml, settles, tells, and survives."""

import json
import os
import shutil
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString

import httpx2 as httpx
import psycopg
import pytest
from rich.console import Console

from contracts.channels import ELIGIBILITY, SETTLEMENT
from standalone.demo import BILLS, load_samples
from standalone.hospital import Hospital
from tests.eligibility.conftest import number as certificate_number
from tests.eligibility.conftest import roster
from tests.end_to_end.production_shape import ProductionShape, until
from tests.end_to_end.test_crash import PEOPLE, settle, whole_stays
from tests.kafka_edge.reading import told

# Several at once, whatever they need of each other: nobody is told in which order to come back.
WAVES = (
    ("postgres", "eligibility", "eligibility-follow"),
    ("kafka", "settlement", "settlement-follow", "settlement-publish", "eligibility-publish"),
    ("eligibility-people", "settlement-listen"),
)


@pytest.fixture(scope="module")
def shape() -> Iterator[ProductionShape]:
    """Up, with the sample institutions and people; down at the end."""
    # Not in a folder of pytest's, which closes its own to the user that the database runs as.
    folder = Path(tempfile.mkdtemp(prefix="yizhan-shape-"))
    made = ProductionShape(folder)
    try:
        said = made.make("up")
        made.end_with_test_run()
        assert made.addresses.settlement in said
        assert "exec settlement -- yizhan token" in said
        with made.client() as client:
            load_samples(made.addresses, client, Console(quiet=True))
        yield made
    finally:
        made.make("down")
        shutil.rmtree(folder)


def test_a_published_bill_is_settled_told_and_found(shape: ProductionShape) -> None:
    """To the fen over HTTP with a token; its event on Kafka, its rows in the read models."""
    bill = next(each for each in json.loads(BILLS.read_text("utf-8")) if "公安县" in each["title"])
    with shape.client() as client:
        hospital = Hospital(shape.addresses, bill["institution"], client)
        said = ("admission_date", "discharge_date", "hospital_stay_number", "invoice_number")
        batches = [
            {"batch_number": str(number), "charges": charges}
            for number, charges in enumerate(bill["batches"], start=1)
        ]
        person = hospital.person_id(bill["certificate"])
        settled = hospital.write(
            "/v1/settlements",
            {
                "person_id": person,
                "batches": batches,
                **{key: bill[key] for key in (*said, "circumstances")},
            },
        )
    paid = Counter(patient=settled["patient_fen"])
    for step in settled["steps"]:
        paid[step["layer"]] += step["paid_fen"]
    assert {name: paid[name] for name in bill["published_fen"]} == bill["published_fen"]

    number = settled["settlement_number"]
    for channel in (SETTLEMENT, ELIGIBILITY):
        until(
            lambda channel=channel: (  # type: ignore[misc]  # bound now
                person in {each["partitionkey"] for each in told(channel, shape.kafka)}
            )
        )
    url = shape.environment["YIZHAN_DATABASE_URL_FILE"]
    with psycopg.connect(Path(url).read_text(encoding="utf-8")) as database:
        found = "SELECT count(*) FROM settlement.found_settlements WHERE number = %s"
        until(lambda: database.execute(found, [number]).fetchone() == (1,))

    token = shape.yizhan(
        "token", "--operator", "auditor-1", "--institution", "*", "--role", "auditor"
    ).strip()
    headers = {
        "Authorization": f"Bearer {token}",
        "Yizhan-Institution": "YIZHAN",
        "Yizhan-Operator": "auditor-1",
    }
    url = f"{shape.addresses.settlement}/v1/stays/{settled['stay_id']}/statement"
    assert httpx.get(url).status_code == 401
    read = httpx.get(url, headers=headers, timeout=30)
    assert read.json()["patient_fen"] == settled["patient_fen"], read.text


def test_people_imported_by_a_command_are_those_that_the_service_knows(
    shape: ProductionShape,
) -> None:
    """`exec` gives it the service's settings, so that it does not fill a store of its own."""
    certificate = imported(shape, 9)
    with shape.client() as client:
        assert Hospital(shape.addresses, "H50011200001", client).person_id(certificate)


def imported(shape: ProductionShape, number: int) -> str:
    """Somebody whom a roster has just brought; the certificate."""
    file = shape.folder / f"roster-{number}.csv"
    certificate = certificate_number(number)
    row = f"居民身份证,{certificate},样例,,低保对象,2023-01-01,,500112,居民,一档,2015-01-01,"
    file.write_bytes(roster(row))
    shape.yizhan("roster", "import", str(file), service="eligibility")
    return certificate


def test_a_stay_is_settled_while_eligibility_hangs(shape: ProductionShape) -> None:
    """Out of the replica, which the answer says; asked about again by itself once it is back."""
    with shape.client() as client:
        hospital = Hospital(shape.addresses, "H50011200001", client)
        person = hospital.person_id(imported(shape, 8))
        known = "SELECT count(*) FROM settlement.replica_people WHERE person_id = %s"
        until(lambda: counted(shape, known, person) == 1)
        ((key, body), *_) = whole_stays([person], 99).items()
        client.base_url = httpx.URL(shape.addresses.settlement)
        with hanging(shape, "eligibility"):
            answer = settle(client, key, body)
        assert answer.status_code == 201, answer.text
        settled = answer.json()
        assert settled["replica"]["age_seconds"] >= 0
        assert settle(client, key, body).content == answer.content
    confirmed = """SELECT count(*) FROM settlement.replica_answers
        WHERE number = %s AND recheck = 'confirmed'"""
    until(lambda: counted(shape, confirmed, settled["settlement_number"]) == 1)


def counted(shape: ProductionShape, statement: LiteralString, value: str) -> int:
    """How many rows there are of a value."""
    url = Path(shape.environment["YIZHAN_DATABASE_URL_FILE"]).read_text(encoding="utf-8")
    with psycopg.connect(url) as database:
        found = database.execute(statement, [value]).fetchone()
    assert found is not None
    return int(found[0])


@contextmanager
def hanging(shape: ProductionShape, name: str) -> Iterator[None]:
    """While the block runs, no process of a service does anything."""
    processes = with_children(shape.services()[name]["process_id"])
    for each in processes:
        os.kill(each, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in processes:
            os.kill(each, signal.SIGCONT)


def with_children(process: int) -> list[int]:
    """A process and all that it began."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    return [process, *(each for child in children for each in with_children(int(child)))]


class Settling(threading.Thread):
    """Settles whole stays one after another; what gets no answer is sent again under its key."""

    def __init__(self, shape: ProductionShape, requests: dict[str, dict[str, Any]]) -> None:
        super().__init__()
        self._shape, self._requests = shape, requests
        self.is_ending = False
        self.answers: dict[str, bytes] = {}

    def run(self) -> None:
        """Until asked to end."""
        with self._shape.client() as client:
            client.base_url = httpx.URL(self._shape.addresses.settlement)
            for key, body in self._requests.items():
                while key not in self.answers and not self.is_ending:
                    try:
                        answer = settle(client, key, body)
                    except httpx.HTTPError:
                        time.sleep(0.1)
                        continue
                    if answer.status_code == 201:
                        self.answers[key] = answer.content
                    else:
                        assert answer.status_code >= 500, answer.text
                        time.sleep(0.1)
                if self.is_ending:
                    return
                time.sleep(0.2)


def test_each_process_is_killed_in_turn_and_nothing_is_lost_or_doubled(
    shape: ProductionShape,
) -> None:
    """Under load, kill -9 of every process; all come back by themselves.

    What was answered is answered the same again, each settlement is told once, the ledger verifies.
    """
    with shape.client() as client:
        hospital = Hospital(shape.addresses, "H50011200001", client)
        people = [hospital.person_id(each) for each in PEOPLE]
    requests = {
        f"{round_number}-{key}": body
        for round_number in range(20)
        for key, body in whole_stays(people, round_number).items()
    }
    assert {name for wave in WAVES for name in wave} == {
        name for name in shape.services() if not name.endswith("-migrate")
    }
    settling = Settling(shape, requests)
    settling.start()
    try:
        for wave in WAVES:
            answered = len(settling.answers)
            for name in wave:
                os.kill(shape.services()[name]["process_id"], signal.SIGKILL)
            until(lambda wave=wave: all(is_back(shape, name) for name in wave))  # type: ignore[misc]  # bound now
            until(lambda answered=answered: len(settling.answers) > answered)  # type: ignore[misc]  # bound now
    finally:
        settling.is_ending = True
        settling.join()

    assert len(settling.answers) > len(WAVES)
    with shape.client() as client:
        client.base_url = httpx.URL(shape.addresses.settlement)
        for key, answer in settling.answers.items():
            again = settle(client, key, requests[key])
            assert again.content == answer
            assert again.headers["Idempotency-Replayed"] == "true"
    assert "（差异 0）" in shape.yizhan("verify")
    asked = Counter(requests[key]["person_id"] for key in settling.answers)
    until(lambda: all(discharges(shape)[each] >= asked[each] for each in asked))
    events = told(SETTLEMENT, shape.kafka)
    assert len({each["id"] for each in events}) == len(events)
    told_of = discharges(shape)
    assert {each: told_of[each] for each in asked} == asked


def discharges(shape: ProductionShape) -> "Counter[str]":
    """How many discharges of whom Kafka's readers were told."""
    return Counter(
        each["partitionkey"]
        for each in told(SETTLEMENT, shape.kafka)
        if each["type"] == "settlement.patient-discharged.v1"
    )


def is_back(shape: ProductionShape, name: str) -> bool:
    """Whether it was started again and is well."""
    now = shape.services()[name]
    return bool(now["restarts"] >= 1 and now["state"] == "healthy")
