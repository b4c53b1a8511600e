"""What happens to one shard keeps nobody from another; operators see which it is."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx2 as httpx
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from eventlog.postgres_connections import connection_parameters
from http_edge.serving import Server, free_port
from settlement.bootstrap import RegionsReassigned
from settlement.entrypoints.http.shard_doors import THREADS_A_SHARD
from settlement.storage import make_tables
from tests.real_parts.postgres_server import database_of_this_process
from tests.shards.two_shards import (
    CHONGQING,
    INVENTED,
    Hospital,
    TwoShards,
    problem,
    two_shards,
    whole,
)
from tests.support.settlement_desk import P1, P2
from tests.support.signed import signed_in

WAITING = THREADS_A_SHARD + 5
INSIDE = (
    f'yizhan_http_requests_in_flight{{service="settlement",shard="invented"}} {THREADS_A_SHARD}.0'
)


@contextmanager
def locked(shards: TwoShards, name: str) -> Iterator[None]:
    """Somebody has the lock of one shard's log."""
    own = shards.settings_of(name)
    assert own.database is not None
    how = connection_parameters(own.database, own.schema)
    with psycopg.connect(own.database, **how) as connection:
        connection.execute("LOCK TABLE stored_events IN EXCLUSIVE MODE")
        yield


def test_a_shard_that_waits_keeps_no_other_from_settling(tmp_path: Path) -> None:
    """More requests wait for one ledger's lock than a process has threads; the other settles
    meanwhile; when the lock is free, all that waited are carried out."""
    with two_shards(tmp_path, on_server=True) as shards:
        server = Server(shards.app(), host="127.0.0.1", port=free_port("127.0.0.1"))
        with (
            server,
            httpx.Client(base_url=server.url, auth=signed_in(tmp_path), timeout=60) as client,
            ThreadPoolExecutor(WAITING) as crowd,
        ):
            hospital = Hospital(client)
            hospital.import_institutions()
            with locked(shards, "invented"):
                sent = [crowd.submit(admit, hospital, number) for number in range(WAITING)]
                until = time.monotonic() + 20
                while INSIDE not in client.get("/metrics").text:
                    assert time.monotonic() < until
                    time.sleep(0.05)
                assert hospital.settle(CHONGQING, P1, "W1").status_code == 201
                assert not any(each.done() for each in sent)
            assert {each.result().status_code for each in sent} == {201}


def admit(hospital: Hospital, number: int) -> httpx.Response:
    """An admission of somebody insured where the lock is held."""
    asked = {
        "person_id": P2,
        "hospital_stay_number": f"S{number}",
        "admission_date": "2023-03-01",
        "circumstances": {},
    }
    answer: httpx.Response = hospital.write(INVENTED, "/v1/stays", asked)
    return answer


def test_a_ledger_that_is_not_there_yet_is_opened_when_it_comes(tmp_path: Path) -> None:
    """One of two was migrated: it serves, the other is told by name, and served soon after."""
    shards = TwoShards(tmp_path, database_of_this_process())
    make_tables(shards.settings_of("chongqing"))
    try:
        hospital = shards.hospital()
        away = hospital.read(INVENTED, "/v1/settlements")
        assert problem(away) == (503, "shard-unavailable")
        assert away.headers["retry-after"]
        assert hospital.read(CHONGQING, "/v1/settlements").status_code == 200
        assert hospital.http.get("/openapi.json").status_code == 200
        ready = hospital.http.get("/health/ready")
        assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
        assert ready.json()["checks"]["shard:invented"] == "unavailable"
        assert ready.json()["checks"]["shard:chongqing"] == "ok"

        make_tables(shards.settings_of("invented"))
        until = time.monotonic() + 15
        while hospital.read(INVENTED, "/v1/settlements").status_code == 503:
            assert time.monotonic() < until
            time.sleep(0.1)
    finally:
        shards.close()


def test_without_any_shard_that_works_a_process_is_not_ready(tmp_path: Path) -> None:
    """All of them are being moved."""
    shards = TwoShards(tmp_path)
    for row in shards.rows.values():
        row["moving"] = "yes"
    hospital = shards.hospital()
    ready = hospital.http.get("/health/ready")
    assert (ready.status_code, ready.json()["failing"][0]) == (503, "shards")
    assert problem(hospital.http.get("/openapi.json")) == (503, "shard-moving")


def test_metrics_tell_which_shard_it_was(tmp_path: Path) -> None:
    """Every family once, what is counted and what is looked up by shard, refusals with none."""
    with two_shards(tmp_path, on_server=False) as shards:
        hospital = shards.hospital()
        hospital.import_institutions()
        hospital.settle(CHONGQING, P1, "W1")
        hospital.settle(INVENTED, P2, "W1")
        hospital.settle(INVENTED, P2, "W2")
        hospital.write(None, "/v1/settlements", whole(P1, "W2"))
        text = hospital.http.get("/metrics").text

        declared = re.findall(r"(?m)^# TYPE (\S+)", text)
        assert len(declared) == len(set(declared))
        told = {
            (sample.name, sample.labels.get("shard")): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }
        assert told["yizhan_settlements_total", "chongqing"] == 1
        assert told["yizhan_settlements_total", "invented"] == 2
        assert told["yizhan_http_refusals_total", "none"] == 1
        for name, position in shards.positions().items():
            assert told["yizhan_event_log_last_position", name] == position


def test_regions_with_settlements_are_not_given_to_another_ledger(tmp_path: Path) -> None:
    """A person's counters would begin anew there: nothing starts, and the region is named."""
    with two_shards(tmp_path, on_server=False) as shards:
        hospital = shards.hospital()
        hospital.import_institutions()
        hospital.settle(CHONGQING, P1, "W1")
        shards.rows["invented"]["regions"] = "[990000, 500112]"
        with pytest.raises(RegionsReassigned, match="500112"):
            shards.app()
        shards.rows["invented"]["regions"] = "[990000, 500113]"
        shards.app()
