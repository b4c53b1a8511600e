"""A service on a folder of its own, with a clock the story sets."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from eligibility.bootstrap import Eligibility, build
from eligibility.domain.resident_id import check_character
from eligibility.entrypoints.http.app import create_app
from tests.support.people_places import KINDS, new_people_place, people_settings
from tests.support.signed import signing_client

HEADER = (
    "证件类型,证件号码,姓名,出生日期,身份,身份开始日期,身份结束日期,"
    "参保区划,险种,档次,参保开始日期,参保结束日期"
)


def number(sequence: int, birth: str = "19700101") -> str:
    """A number with a valid check character and a region that does not exist."""
    body = f"990001{birth}{sequence:03d}"
    return body + check_character(body)


def roster(*rows: str) -> bytes:
    """A roster file of these rows."""
    return "\n".join([HEADER, *rows, ""]).encode()


@dataclass
class Desk:
    """The service as an office uses it: over HTTP, at an instant the story chooses."""

    data_dir: Path
    now: datetime = datetime(2023, 7, 1, 1, 0, tzinfo=UTC)
    keys: int = 0
    eligibility: Eligibility = field(init=False)
    client: TestClient = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Start the service; again, it is a restart."""
        self.eligibility = build(people_settings(self.data_dir))
        self.client = signing_client(create_app(self.eligibility, clock=lambda: self.now))

    def at(self, text: str) -> "Desk":
        """Set the clock."""
        self.now = datetime.fromisoformat(text)
        return self

    def headers(self, key: str | None = None) -> dict[str, str]:
        """Who acts, and a fresh request key unless one is given."""
        self.keys += 1
        return {
            "Yizhan-Institution": "O500112",
            "Yizhan-Operator": "%E5%BC%A0",
            "Idempotency-Key": key or f"k{self.keys}",
        }

    def stage(self, content: bytes, key: str | None = None) -> httpx2.Response:
        """Stage a roster."""
        return self.client.post("/v1/rosters", content=content, headers=self.headers(key))

    def activate(
        self, roster_id: str, body: dict[str, Any] | None = None, key: str | None = None
    ) -> httpx2.Response:
        """Activate a roster."""
        url = f"/v1/rosters/{roster_id}/activation"
        return self.client.post(url, json=body or {}, headers=self.headers(key))

    def bring(self, *rows: str) -> dict[str, Any]:
        """Stage and activate these rows; a second passes."""
        staged = self.stage(roster(*rows))
        assert staged.json()["errors"] == []
        activated = self.activate(staged.json()["roster_id"])
        assert activated.status_code == 200
        self.now += timedelta(seconds=1)
        return dict(activated.json())

    def look_up(self, certificate_number: str, **more: str) -> httpx2.Response:
        """Look a person up."""
        body = {"certificate_number": certificate_number, **more}
        return self.client.post("/v1/persons/lookup", json=body)

    def person_id(self, certificate_number: str) -> str:
        """The opaque id of a person who is there."""
        return str(self.look_up(certificate_number).json()["person_id"])

    def entitlements(self, certificate_number: str, on: str, **query: str) -> dict[str, Any]:
        """The entitlements of a person who is there."""
        url = f"/v1/persons/{self.person_id(certificate_number)}/entitlements"
        response = self.client.get(url, params={"on": on, **query})
        assert response.status_code == 200
        return dict(response.json())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A module that says `TOLD_ON_BOTH` tells its stories of a store on files and on a server."""
    marks = metafunc.definition.iter_markers("parametrize")
    is_said = any("kept_on" in mark.args[0] for mark in marks)
    is_both = getattr(metafunc.module, "TOLD_ON_BOTH", False) and not is_said
    if is_both and "kept_on" in metafunc.fixturenames:
        metafunc.parametrize("kept_on", KINDS)


@pytest.fixture
def kept_on() -> str:
    """Where a story's people are kept, unless it is told on both (`ON_BOTH`)."""
    return "sqlite"


@pytest.fixture
def data_dir(kept_on: str, tmp_path: Path) -> Path:
    """The folder of an empty store."""
    return new_people_place(kept_on, tmp_path / "data")


@pytest.fixture
def desk(data_dir: Path) -> Iterator[Desk]:
    """A service on an empty store, on 2023-07-01 at 09:00 Beijing time."""
    desk = Desk(data_dir)
    with desk.client:
        yield desk
    desk.eligibility.close()
