"""With the ledger on PostgreSQL, funds and corrections are told as with one in files."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from contracts.vocabulary import RecordsChange
from settlement.bootstrap import build_parts
from tests.support.settlement_desk import (
    P1,
    P2,
    Desk,
    PeopleKnown,
    Ticking,
    shipped_book,
    with_people,
)
from tests.support.storages import settings_on

SINCE = (date(2015, 1, 1), None)


@pytest.fixture(name="people")
def _people() -> PeopleKnown:
    people = PeopleKnown()
    for person in (P1, P2):
        people.add(person, region="500112", identities=("subsistence_allowance",))
    return people


@pytest.fixture(name="desk")
def _desk(tmp_path: Path, people: PeopleKnown) -> Iterator[Desk]:
    parts = build_parts(settings_on("postgres", tmp_path), Ticking(), book=shipped_book())
    desk = Desk(with_people(parts, people))
    desk.import_institutions()
    charges = {"total_fen": 52_000_00, "in_scope_fen": 50_000_00}
    settled = desk.settle(desk.discharged(P1, "A1", charges=charges))
    assert settled.status_code == 200, settled.text
    yield desk
    parts.storage.close()


def test_what_funds_owe_is_told_in_whole_fen(desk: Desk) -> None:
    """The list of funds and a statement over HTTP, and what they say agrees."""
    funds = desk.read("/v1/funds")
    assert funds.status_code == 200, funds.text
    owed = {each["fund_id"]: each["owed_fen"] for each in funds.json()["funds"]}
    assert owed
    for fund_id, owed_fen in owed.items():
        period = "from=2026-01-01&to=2026-12-31"
        statement = desk.read(f"/v1/funds/{fund_id}/statement?{period}")
        assert statement.status_code == 200, statement.text
        assert statement.json()["owed_fen"] == statement.json()["closing_fen"] == owed_fen


def test_records_that_are_joined_touch_what_was_settled(desk: Desk, people: PeopleKnown) -> None:
    """Two ids become one person's: the settlement is listed, on this database as well."""
    at = datetime(2026, 3, 3, tzinfo=UTC)
    people.join(P1, P2, kind=RecordsChange.MERGED, at=at, held={"subsistence_margin": SINCE})

    touched = desk.read("/v1/touched-settlements")

    assert touched.status_code == 200, touched.text
    assert [each["hospital_stay_number"] for each in touched.json()["touched"]] == ["A1"]
