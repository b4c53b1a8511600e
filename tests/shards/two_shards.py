"""Two shards behind one application (两个分片): Chongqing's, and that of an invented province."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import httpx2 as httpx
from fastapi import FastAPI
from fastapi.testclient import TestClient

from settlement.bootstrap import Parts, build_parts
from settlement.entrypoints.http import settlement_app
from settlement.entrypoints.shards import Ledgers, read_ledgers
from settlement.settings import Settings
from settlement.storage import make_tables
from tests.real_parts.postgres_server import database_of_this_process
from tests.support.settlement_desk import (
    P1,
    P2,
    SAMPLES,
    PeopleKnown,
    Ticking,
    shipped_book,
    with_people,
)
from tests.support.signed import signing_client
from tests.support.storages import NOBODY

CHONGQING, INVENTED = "500112", "990101"
"""A county of either shard."""
AT = {P1: CHONGQING, P2: INVENTED}
"""Where the two people of the stories are enrolled."""


@dataclass
class TwoShards:
    """Both shards, on folders or in two schemas of a database; people are played."""

    folder: Path
    database: str | None = None
    names: tuple[str, str] = ("chongqing", "invented")
    rows: dict[str, dict[str, str]] = field(default_factory=dict)
    more: dict[str, str] = field(default_factory=dict)
    opened: dict[str, Parts] = field(default_factory=dict)
    unique: str = field(default_factory=lambda: uuid4().hex[:12])

    def __post_init__(self) -> None:
        """The file as a site would write it."""
        for name, province in zip(self.names, ("500000", "990000"), strict=True):
            self.rows[name] = {"regions": f"[{province}]"}
            if self.database:
                self.rows[name]["schema"] = f"{name}_{self.unique}"
        self.people = PeopleKnown()
        for person, region in AT.items():
            self.people.add(person, region=region)

    @property
    def file(self) -> Path:
        """Where the shards are named."""
        return self.folder / "shards.yaml"

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process is told."""
        return {"YIZHAN_SHARDS": str(self.file), **self.more}

    @property
    def settings(self) -> Settings:
        """The settings of the service."""
        database = self.database
        return Settings(data=self.folder, policies=None, eligibility_url=NOBODY, database=database)

    def ledgers(self) -> Ledgers:
        """The shards as the file names them now."""
        lines = ["shards:"]
        for name, row in self.rows.items():
            lines.append(f"  - name: {name}")
            lines += [f"    {key}: {value}" for key, value in row.items()]
        self.file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        found = read_ledgers(self.settings, self.environment)
        assert found is not None
        return found

    def settings_of(self, name: str) -> Settings:
        """Those of one shard."""
        return self.ledgers().settings_of(name, self.settings)

    def migrate(self) -> "TwoShards":
        """Make the tables of both."""
        for name in self.rows:
            make_tables(self.settings_of(name))
        return self

    def app(self) -> FastAPI:
        """The application that a process serves now."""

        def parts_of(settings: Settings, clock: Any, **how: Any) -> Parts:
            parts = with_people(build_parts(settings, clock, **how), self.people)
            assert settings.shard is not None
            self.opened[settings.shard.shard] = parts
            return parts

        with patch.object(settlement_app, "build_parts", parts_of):
            return settlement_app.build_settlement(
                self.settings, Ticking(), ledgers=self.ledgers(), book=shipped_book()
            )

    def hospital(self) -> "Hospital":
        """Somebody who calls it."""
        return Hospital(signing_client(self.app(), raise_server_exceptions=False))

    def positions(self) -> dict[str, int]:
        """How long each ledger is."""
        return {name: parts.register.last_position() for name, parts in self.opened.items()}

    def close(self) -> None:
        """Let go of everything."""
        for parts in self.opened.values():
            parts.storage.close()


@contextmanager
def two_shards(folder: Path, *, on_server: bool) -> Iterator[TwoShards]:
    """Both, with tables where they need them."""
    shards = TwoShards(folder, database_of_this_process() if on_server else None)
    if on_server:
        shards.migrate()
    try:
        yield shards
    finally:
        shards.close()


@dataclass
class Hospital:
    """A hospital's billing system, which says of each request where the insured is insured."""

    http: TestClient | httpx.Client
    institution: str = "H50011200001"

    def headers(self, region: str | None, key: str | None = None) -> dict[str, str]:
        """Those of a request."""
        said = {
            "Yizhan-Institution": self.institution,
            "Yizhan-Operator": "cashier-1",
            "Idempotency-Key": key or uuid4().hex,
        }
        return said if region is None else {**said, "Yizhan-Region": region}

    def import_institutions(self) -> None:
        """The sample institutions, into both."""
        content = (SAMPLES / "institutions.csv").read_bytes()
        for region in (CHONGQING, INVENTED):
            answer = self.http.post(
                "/v1/institutions?name=institutions.csv",
                content=content,
                headers={**self.headers(region), "Content-Type": "text/csv"},
            )
            assert answer.status_code == 200, answer.text

    def write(self, region: str | None, path: str, asked: Any, *, key: str | None = None) -> Any:
        """A POST."""
        return self.http.post(path, json=asked, headers=self.headers(region, key))

    def read(self, region: str | None, path: str) -> Any:
        """A GET."""
        return self.http.get(path, headers=self.headers(region))

    def settle(self, region: str, person: str, number: str, *, key: str | None = None) -> Any:
        """A whole stay."""
        return self.write(region, "/v1/settlements", whole(person, number), key=key)


def whole(person: str, number: str) -> dict[str, Any]:
    """A whole stay of somebody."""
    charges = {"total_fen": 5_200_00, "in_scope_fen": 5_000_00}
    return {
        "person_id": person,
        "hospital_stay_number": number,
        "admission_date": "2023-03-01",
        "discharge_date": "2023-03-10",
        "batches": [{"batch_number": "1", "charges": charges}],
    }


def problem(answer: Any) -> tuple[int, str]:
    """Status and type."""
    return answer.status_code, answer.json()["type"].removeprefix("urn:yizhan:problem:")
