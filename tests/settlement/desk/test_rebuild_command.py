"""`yizhan rebuild`: every read model made again is the same."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from settlement.entrypoints.cli import app
from tests.support.settlement_desk import P1, P2, Desk, open_parts

BILL = {"total_fen": 52_000_00, "in_scope_fen": 50_000_00}
OF_THE_LEDGER = (
    "fund_account",
    "settlement_index",
    "stay_list",
    "decision_list",
    "revision_list",
)


@pytest.fixture(name="data")
def _data(tmp_path: Path) -> Path:
    """Two settlements, one undone; every read model was asked."""
    parts, people = open_parts(tmp_path)
    desk = Desk(parts)
    desk.import_institutions()
    for person, number in ((P1, "A1"), (P2, "A2")):
        people.add(person, region="500112")
        stay = desk.discharged(person, number, charges=BILL)
        assert desk.settle(stay).is_success
    undone = desk.write(f"/v1/stays/{stay}/settlement/reversal", {"reason": "录入有误"})
    assert undone.is_success, undone.text
    for each in parts.followed[: len(OF_THE_LEDGER)]:
        each.catch_up()
    return tmp_path


def rebuild(data: Path, *names: str) -> Result:
    """The command."""
    return CliRunner().invoke(app, ["rebuild", *names, "--data", str(data)])


def every_row(data: Path) -> dict[str, list[Any]]:
    """All rows of all tables."""
    with closing(sqlite3.connect(data / "settlement_read_models.sqlite")) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall()
        return {
            table: sorted(map(repr, connection.execute(f"SELECT * FROM {table}")))  # noqa: S608 -- our own names
            for (table,) in tables
        }


def test_what_is_rebuilt_equals_what_was_followed(data: Path) -> None:
    """Each in turn; positions and rows are what they were, and not merely left alone."""
    before = every_row(data)
    assert before["fund_journals"]
    with closing(sqlite3.connect(data / "settlement_read_models.sqlite")) as connection:
        connection.execute("UPDATE fund_entries SET debit_fen = debit_fen + 1")
        connection.execute("DELETE FROM stay_list")
        connection.commit()
    assert every_row(data) != before

    for name in OF_THE_LEDGER:
        made = rebuild(data, name)
        assert made.exit_code == 0, made.output
        assert f"已由账本重建 {name}，至第 " in made.output
    assert every_row(data) == before


def test_without_a_name_they_are_listed_and_a_wrong_one_is_refused(data: Path) -> None:
    """With how far each is; nothing is made."""
    listed = rebuild(data)
    assert listed.exit_code == 0
    assert [
        name for name in (*OF_THE_LEDGER, "touched_settlements") if name not in listed.output
    ] == []

    refused = rebuild(data, "fund_acount")
    assert refused.exit_code == 2
    assert "没有读模型 fund_acount" in refused.output


def test_what_needs_eligibility_says_so_when_it_is_away(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows of the ledger are there again; the corrections follow once it answers."""
    monkeypatch.setenv("YIZHAN_ELIGIBILITY_URL", "http://127.0.0.1:9")
    refused = rebuild(data, "touched_settlements")
    assert refused.exit_code == 2
    assert "touched_settlements 没有重建完：资格服务" in refused.output
