"""`yizhan verify` on a file that somebody has changed."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from settlement.entrypoints.cli import app
from tests.support.settlement_desk import P1, Desk, open_parts

BILL = {"total_fen": 52_000_00, "in_scope_fen": 50_000_00}
PAYMENT = {
    "institution_id": "H50011200001",
    "amount_fen": 10_000_00,
    "kind": "partial",
    "paid_on": "2026-03-01",
    "bank_reference": "BANK-1",
}


@pytest.fixture(name="data")
def _data(tmp_path: Path) -> Path:
    """One settled stay, and a payment on account of it."""
    parts, people = open_parts(tmp_path)
    people.add(P1, region="500112", identities=("subsistence_margin",))
    desk = Desk(parts)
    desk.import_institutions()
    assert desk.settle(desk.discharged(P1, "A1", charges=BILL)).is_success
    assert desk.write("/v1/funds/500000-basic/payments", PAYMENT).is_success
    return tmp_path


def verify(data: Path, *options: str) -> Result:
    """The command."""
    asked = ["verify", "--data", str(data), *options]
    return CliRunner().invoke(app, asked, catch_exceptions=False)


def alter(data: Path, topic: str, old: bytes, new: bytes) -> None:
    """Change the last event of a topic, past the triggers that forbid it."""
    with closing(sqlite3.connect(data / "settlement.sqlite")) as connection:
        connection.execute("DROP TRIGGER stored_events_are_not_changed")
        rowid, state = connection.execute(
            "SELECT rowid, state FROM stored_events WHERE topic LIKE ? ORDER BY rowid DESC",
            (f"%{topic}%",),
        ).fetchone()
        assert old in state
        connection.execute(
            "UPDATE stored_events SET state = ? WHERE rowid = ?", (state.replace(old, new), rowid)
        )
        connection.commit()


def test_an_untouched_ledger_is_right_to_the_last_line_of_the_accounts(data: Path) -> None:
    """Exit 0, and how far the accounts of the funds went along."""
    assert verify(data).exit_code == 0
    said = json.loads(verify(data, "--json").stdout)
    assert said["discrepancies"] == []
    assert said["fund_books_until"] == said["events"]


def test_without_accounts_it_says_that_nothing_was_held_against_them(data: Path) -> None:
    """Accounts made on the spot would only repeat the ledger."""
    (data / "settlement_read_models.sqlite").unlink()
    found = verify(data)
    assert found.exit_code == 0
    assert "未与基金账核对" in found.stdout
    assert not (data / "settlement_read_models.sqlite").exists()


def test_a_reversal_of_another_amount_is_named(data: Path) -> None:
    """The reproduction of the review: a reversed share of one fen is no longer 完全一致."""
    parts, people = open_parts(data)
    people.add(P1, region="500112", identities=("subsistence_margin",))
    desk = Desk(parts)
    stay = desk.discharged(P1, "A2", charges=BILL)
    assert desk.settle(stay).is_success
    assert desk.write(f"/v1/stays/{stay}/settlement/reversal", {"reason": "更正"}).is_success
    assert verify(data).exit_code == 0
    alter(data, "settlement-reversed", b'"amount_fen":3479000', b'"amount_fen":1')

    found = verify(data)

    assert found.exit_code == 1
    assert "第一处：住院 A2，结算 500112-2026-0000002，撤销结算" in found.stdout


def test_a_payment_changed_after_a_statement_is_found_in_the_accounts(data: Path) -> None:
    """A statement was asked for before, so the accounts know the amount."""
    period = "from=2026-03-01&to=2026-03-31"
    parts, _ = open_parts(data)
    assert Desk(parts).read(f"/v1/funds/500000-basic/statement?{period}").is_success
    alter(data, "fund-payment-recorded", b'"amount_fen":1000000', b'"amount_fen":9')

    found = verify(data)

    assert found.exit_code == 1
    assert "第一处：基金账" in found.stdout
    assert "10000.00" in found.stdout


def test_bytes_that_are_no_event_are_reported(data: Path) -> None:
    """Exit 1 and a sentence, not a traceback."""
    alter(data, "settlement-completed", b'"patient_fen"', b'"patient"')
    found = verify(data)
    assert found.exit_code == 1
    assert "第一处：事件日志" in found.stdout
