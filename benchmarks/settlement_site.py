"""Settlement as a province runs it (生产形态), on one machine: PostgreSQL and several workers.

The server flushes every commit to the disk. What each side takes of the processor is read from
the system, children included: of the workers, of the database, of whoever sends.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from benchmarks.whole_stay_load import WholeStayLoad
from contracts.vocabulary import InstitutionId
from http_edge.identity.local_issuer import open_local_issuer
from http_edge.identity.roles import Role
from settlement.adapters.institutions_csv import read_institutions
from settlement.application.institutions import import_institutions
from settlement.domain.record import Actor
from settlement.entrypoints.clock import now
from settlement.settings import Settings
from settlement.storage import make_tables, open_storage
from standalone.demo import INSTITUTIONS

HOSPITAL = "H50011200001"
CASHIER = "cashier-1"
_TICKS = os.sysconf("SC_CLK_TCK")
_BODY = (
    '{"person_id":"%s","hospital_stay_number":"B%d","admission_date":"2023-09-01",'
    '"discharge_date":"2023-09-15","batches":['
    '{"batch_number":"1","charges":{"total_fen":3000000,"in_scope_fen":2900000}},'
    '{"batch_number":"2","charges":{"total_fen":2200000,"in_scope_fen":2100000}}]}'
)


@dataclass(frozen=True)
class Took:
    """Processor seconds (处理器秒) of the workers, the database and the sender."""

    workers: float
    database: float
    sender: float

    def __sub__(self, before: "Took") -> "Took":
        return Took(
            self.workers - before.workers,
            self.database - before.database,
            self.sender - before.sender,
        )


class Site:
    """Workers that serve one port; stays to send them."""

    def __init__(
        self,
        *,
        port: int,
        token: str,
        people: Sequence[str],
        workers: Sequence["subprocess.Popen[bytes]"],
        database: Path,
    ) -> None:
        """`database`: the folder of the server."""
        self._port = port
        self._token = token
        self._people = people
        self._workers = workers
        self._postmaster = int((database / "postmaster.pid").read_text().split()[0])
        self._numbers = count(1)

    @contextmanager
    def sending(self, lines: int) -> Iterator[WholeStayLoad]:
        """So many connections, on which whole stays are sent."""
        load = WholeStayLoad(("127.0.0.1", self._port), self._requests(), lines)
        try:
            yield load
        finally:
            load.close()

    def took(self) -> Took:
        """What each side took since it began."""
        return Took(
            workers=sum(_processor_seconds(each.pid) for each in self._workers),
            database=_database_seconds(self._postmaster),
            sender=time.process_time(),
        )

    def _requests(self) -> Iterator[bytes]:
        head = (
            "POST /v1/settlements HTTP/1.1\r\nHost: settlement\r\n"
            f"Authorization: Bearer {self._token}\r\nYizhan-Institution: {HOSPITAL}\r\n"
            f"Yizhan-Operator: {CASHIER}\r\nContent-Type: application/json\r\n"
        )
        for number in self._numbers:
            body = _BODY % (self._people[number % len(self._people)], number)
            yield (
                f"{head}Idempotency-Key: key-{number}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
            ).encode()


@contextmanager
def site(
    folder: Path,
    database_url: str,
    *,
    workers: int,
    people: Sequence[str],
    eligibility_url: str | None = None,
) -> Iterator[Site]:
    """Workers on a new schema of the database whose server lies in `folder / "postgres"`.

    Without an `eligibility_url`, each worker keeps the answers itself.
    """
    settings = Settings(
        folder / "data", None, eligibility_url or "", database=database_url, schema=_new_schema()
    )
    _create_schema(settings)
    environment = {
        **os.environ,
        "YIZHAN_DATA": str(settings.data),
        "YIZHAN_DATABASE_URL": database_url,
        "YIZHAN_SETTLEMENT_SCHEMA": settings.schema,
        "YIZHAN_ELIGIBILITY_URL": settings.eligibility_url,
        # Everything comes from one hospital here.
        "YIZHAN_INSTITUTION_RATE": "0",
    }
    how = "asked" if eligibility_url else "kept"
    issuer = open_local_issuer(settings.data)
    token = issuer.issue(
        subject=CASHIER, roles=[Role.BILLER], institutions=[HOSPITAL], seconds=24 * 3600
    )
    with ExitStack() as ending:
        log = ending.enter_context((folder / f"{settings.schema}.log").open("wb"))
        listening = _one_socket_each(workers, ending)
        started = [_worker(each, how, environment, log) for each in listening]
        for each in started:
            ending.callback(each.wait)
            ending.callback(each.kill)
        yield Site(
            port=listening[0].getsockname()[1],
            token=token,
            people=people,
            workers=started,
            database=folder / "postgres",
        )


def _one_socket_each(workers: int, ending: ExitStack) -> list[socket.socket]:
    """Sockets at one address; the system shares what comes out among them."""
    made: list[socket.socket] = []
    for _ in range(workers):
        at = made[0].getsockname() if made else ("127.0.0.1", 0)
        each = socket.create_server(at, backlog=512, reuse_port=True)
        made.append(ending.enter_context(each))
    return made


def _worker(
    listening: socket.socket, how: str, environment: dict[str, str], log: BinaryIO
) -> "subprocess.Popen[bytes]":
    place = listening.fileno()
    command = [sys.executable, "-m", "benchmarks.settlement_worker", str(place), how]
    return subprocess.Popen(command, env=environment, pass_fds=[place], stdout=log, stderr=log)


def _new_schema() -> str:
    return f"bench_{uuid4().hex[:12]}"


def _create_schema(settings: Settings) -> None:
    settings.data.mkdir(parents=True, exist_ok=True)
    make_tables(settings)
    storage = open_storage(settings)
    import_institutions(
        read_institutions(INSTITUTIONS.read_bytes()),
        source="bench",
        ledger=storage.ledger,
        by=Actor(operator="bench", institution_id=InstitutionId("YIZHAN")),
        at=now(),
    )
    storage.close()


def _processor_seconds(pid: int, *, with_ended_children: bool = False) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11 : 15 if with_ended_children else 13])) / _TICKS


def _database_seconds(postmaster: int) -> float:
    """The server's, with connections that have ended."""
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    return _processor_seconds(postmaster, with_ended_children=True) + sum(
        _processor_seconds(int(each)) for each in children
    )
