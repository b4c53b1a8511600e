"""A hospital that sends whole stays to a served application (模拟医院), one kept connection."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import count, cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2 as httpx

from benchmarks.settlement_people import OFFICE, admitted_people
from benchmarks.stay_server import NOTHING_DONE
from http_edge.identity.local_issuer import open_local_issuer
from http_edge.identity.roles import Role
from standalone.demo import INSTITUTIONS
from standalone.hospital import Hospital
from standalone.serving import Addresses
from standalone.signing import SignedAsNamed

_PEOPLE = 200
_HOSPITAL = "H50011200001"
_CASHIER = "cashier-1"
_ROLES = (Role.BILLER, Role.FINANCE, Role.REGISTRAR)
_LAYERS = 4
_BATCHES = (
    {"batch_number": "1", "charges": {"total_fen": 30_000_00, "in_scope_fen": 29_000_00}},
    {"batch_number": "2", "charges": {"total_fen": 22_000_00, "in_scope_fen": 21_000_00}},
)
_FOLLOWED = (
    "/v1/settlements?limit=1",
    "/v1/stays?limit=1",
    "/v1/funds/500000-medical_assistance/statement?from=2023-09-01&to=2023-09-01",
)


@dataclass(frozen=True)
class Took:
    """What a number of stays took, in seconds of the clock and of the server's processor; a timed
    server tells the seconds of each part."""

    seconds: float
    cpu: float
    parts: dict[str, float] = field(default_factory=dict)


class StayDesk:
    """Sends stays of two hundred people, turn by turn."""

    def __init__(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        self._process = process
        self.addresses = Addresses(**self._read())
        front = urlsplit(self.addresses.settlement)
        self._connection = HTTPConnection(front.hostname or "", front.port)
        tokens = SignedAsNamed(open_local_issuer(folder), lambda _: _ROLES)
        self._token = tokens.token(_HOSPITAL, _CASHIER)
        self._people = cycle(_admit_everybody(self.addresses, tokens))
        self._numbers = count(1)
        self._answer_bytes = len(self.in_one_call())
        self.told()

    def block(self, send: Callable[[], object], times: int) -> Took:
        """So many stays, one after another."""
        self.told()
        begun = time.perf_counter()
        for _ in range(times):
            send()
        seconds = time.perf_counter() - begun
        return Took(seconds, **self.told())

    def in_one_call(self) -> bytes:
        """Admission, two batches of fees, discharge and settlement at once."""
        answer = self._post("/v1/settlements", self._whole_stay())
        assert answer.count(b'"layer":') >= _LAYERS
        return answer

    def in_five_calls(self) -> None:
        """The same as a hospital sends it over the days."""
        whole = self._whole_stay()
        batches, discharge = whole.pop("batches"), whole.pop("discharge_date")
        stay = json.loads(self._post("/v1/stays", whole))["stay_id"]
        for batch in batches:
            self._post(f"/v1/stays/{stay}/fees", batch)
        self._post(f"/v1/stays/{stay}/discharge", {"discharge_date": discharge})
        self._post(f"/v1/stays/{stay}/settlement", {})

    def with_nothing_done(self) -> None:
        """A whole stay that is read and checked, and an answer as long as a settlement's."""
        self._post(f"{NOTHING_DONE}?answer_bytes={self._answer_bytes}", self._whole_stay())

    def follow(self) -> None:
        """Ask each read model, which brings it up to date."""
        for path in _FOLLOWED:
            self._ask("GET", path, None)

    def told(self) -> dict[str, Any]:
        """What the server took since it was asked last."""
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._read()

    def _whole_stay(self) -> dict[str, Any]:
        return {
            "person_id": next(self._people),
            "hospital_stay_number": f"B{next(self._numbers)}",
            "admission_date": "2023-09-01",
            "discharge_date": "2023-09-15",
            "batches": list(_BATCHES),
        }

    def _post(self, path: str, body: dict[str, Any]) -> bytes:
        return self._ask("POST", path, json.dumps(body).encode())

    def _ask(self, method: str, path: str, body: bytes | None) -> bytes:
        headers = {
            "Yizhan-Institution": _HOSPITAL,
            "Yizhan-Operator": _CASHIER,
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            "Idempotency-Key": f"key-{next(self._numbers)}",
        }
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status not in (200, 201):
            raise RuntimeError(content.decode())
        return content

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            message = f"the server ended with {self._process.wait()}"
            raise RuntimeError(message)
        told: dict[str, Any] = json.loads(line)
        return told


@contextmanager
def serving(folder: Path, how: str) -> Iterator[StayDesk]:
    """A desk before a server of its own, `plain` or `timed`; gone afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.stay_server", str(folder), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    try:
        yield StayDesk(process, folder)
    finally:
        process.kill()
        process.wait()


def _admit_everybody(addresses: Addresses, tokens: SignedAsNamed) -> list[str]:
    """Institutions and made-up people; their opaque ids."""
    with httpx.Client(timeout=60, auth=tokens) as client:
        Hospital(addresses, OFFICE, client).upload(
            f"{addresses.settlement}/v1/institutions?name=i.csv", INSTITUTIONS.read_bytes()
        )
    return admitted_people(addresses.eligibility, tokens, _PEOPLE)
