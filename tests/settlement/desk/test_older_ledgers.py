"""A ledger that was written before steps had kinds and totals were kept apart.

`ledger_in_first_form.jsonl` holds its events as that version stored them: two stays in Yubei, the
second reversed and settled again, and one of 2019 in Hubei whose basic layer came from elsewhere.
"""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from settlement.application.law_library import LawLibrary
from settlement.application.ledger_history import settlements_recorded
from settlement.application.replay_ledger import Scope, replay_ledger
from settlement.application.verify_ledger import verify_ledger
from settlement.domain.record import FIRST_FORM, FORM
from settlement.domain.stay import stay_id_of
from settlement.law.book import PolicyBook
from tests.settlement.desk.ledger_rows import LedgerOfRows, Row, rows_of, state_of
from tests.support.settlement_desk import P1, Desk, open_parts

OLDER = Path(__file__).with_name("ledger_in_first_form.jsonl")
YUBEI = {"total_fen": 52_000_00, "in_scope_fen": 50_000_00}


@pytest.fixture(name="rows", scope="module")
def _rows() -> list[Row]:
    """The events as they were stored."""
    lines = [json.loads(line) for line in OLDER.read_text(encoding="utf-8").splitlines()]
    return [Row(UUID(x["stream"]), x["version"], x["topic"], x["state"].encode()) for x in lines]


def laid_out(rows: list[Row], data: Path) -> Desk:
    """The ledger as a data directory of today's."""
    open_parts(data)
    with closing(sqlite3.connect(data / "settlement.sqlite")) as connection, connection:
        connection.executemany(
            "INSERT INTO stored_events (originator_id, originator_version, topic, state)"
            " VALUES (?, ?, ?, ?)",
            [(row.stream.hex, row.version, row.topic, row.state) for row in rows],
        )
        connection.execute("INSERT INTO serials VALUES ('settlement/500112-2026', 3)")
    parts, people = open_parts(data)
    people.add(P1, region="500112", identities=("subsistence_margin",))
    return Desk(parts)


def test_it_verifies_with_zero_difference(rows: list[Row]) -> None:
    """Every field of every event comes out as it was written then."""
    assert not any(b'"form"' in row.state for row in rows)
    ledger = LedgerOfRows(rows)

    found = verify_ledger(ledger, LawLibrary(ledger))

    assert (found.events, found.settlements, found.reversals) == (66, 4, 1)
    assert found.discrepancies == ()


def test_a_change_in_it_is_still_found(rows: list[Row]) -> None:
    """One more admission counted than that version counted."""
    at = next(at for at, row in enumerate(rows) if row.kind == "counters-moved")
    more = rows[at].state.replace(b'"admissions":1', b'"admissions":1,"admissions@level_2":1')
    assert more != rows[at].state
    changed = [*rows[:at], Row(rows[at].stream, rows[at].version, rows[at].topic, more)]
    ledger = LedgerOfRows([*changed, *rows[at + 1 :]])

    found = verify_ledger(ledger, LawLibrary(ledger)).discrepancies

    assert [d.what for d in found if d.step == "年度累计"] == ["累计变动 admissions@level_2"]


def test_it_goes_on_in_todays_form(rows: list[Row], tmp_path: Path) -> None:
    """A third stay rests on the old totals and is counted by tier; the old one before it can be
    reversed; everything verifies."""
    desk = laid_out(rows, tmp_path)
    third = desk.discharged(P1, "A3", charges=YUBEI)
    settled = desk.settle(third)

    assert settled.status_code == 200, settled.text
    moved = [state_of(r) for r in rows_of(tmp_path / "settlement.sqlite") if r.kind == _MOVED]
    assert moved[-1]["moves"]["admissions@level_2"] == 1
    assert "admissions@level_2" not in moved[0]["moves"]
    opened = [state_of(r) for r in rows_of(tmp_path / "settlement.sqlite") if r.kind == _OPENED]
    assert [o["inputs"].get("form", FIRST_FORM) for o in opened] == [*[FIRST_FORM] * 4, FORM]

    older = stay_id_of(desk.institution, "A2")
    for stay in (third, older):
        undone = desk.write(f"/v1/stays/{stay}/settlement/reversal", {"reason": "更正"})
        assert undone.status_code == 200, undone.text
    found = verify_ledger(desk.parts.ledger, desk.parts.laws, fund_books=desk.parts.fund_account)
    assert found.discrepancies == ()


_MOVED, _OPENED = "counters-moved", "settlement-opened"


def test_stays_that_were_not_counted_by_tier_leave_the_number_unknown(rows: list[Row]) -> None:
    """The first of the year was certainly the first in its tier; of the second nobody knows."""
    ledger = LedgerOfRows(rows)
    laws = LawLibrary(ledger)
    first, second, *_ = [s.inputs for s in settlements_recorded(ledger.events())]

    facts = [inputs.facts(laws.cascade_of(inputs).policy) for inputs in (first, second)]

    assert [f.admission_number for f in facts] == [1, 2]
    assert [f.same_tier_admission_number for f in facts] == [1, None]


def test_a_replay_under_its_own_policies_changes_nothing(rows: list[Row]) -> None:
    """Settled again in today's form, under the policies that the ledger itself holds."""
    ledger = LedgerOfRows(rows)
    laws, recorded = LawLibrary(ledger), settlements_recorded(ledger.events())
    own = {s.inputs.fingerprint: laws.cascade_of(s.inputs).policy for s in recorded}

    found = replay_ledger(recorded, PolicyBook(own.values()), Scope())

    assert found.refused == ()
    assert [s.is_changed for s in found.stays] == [False, False, False]
