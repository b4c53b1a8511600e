"""A ledger with provider deductions, changed field by field: what verifying says to each change.

Two stays, of which the second rests on the first. Of its first three deductions one is withdrawn;
undoing the first stay releases a part of the third, which then is withdrawn; a fourth is imposed.
"""

from pathlib import Path

import pytest

from settlement.application.law_library import LawLibrary
from settlement.application.verify_ledger import Discrepancy, verify_ledger
from settlement.read_models.fund_account import FundAccount
from tests.settlement.desk.ledger_rows import (
    LedgerOfRows,
    Row,
    changed,
    changes,
    renumbered,
    rows_of,
    state_of,
)
from tests.settlement.desk.test_deductions import FUND, SECOND, deduct, office, withdraw
from tests.settlement.desk.test_tampering_adjustments import found_in
from tests.settlement.desk.test_undoing_rederives import DEDUCTIBLE, story_of

UNTOUCHED = (2, 4)
KINDS = {
    "provider-deduction-imposed": {"timestamp"},
    "provider-deduction-withdrawn": {"reason", "by.operator", "by.institution_id", "timestamp"},
    "provider-deduction-released": set[str](),
}
"""Of each kind of event the fields of which a change may go unseen where nobody has the accounts
of the funds: when within its day, who withdrew one and why, is said nowhere else."""

Kept = tuple[list[Row], FundAccount]


@pytest.fixture(name="kept", scope="module")
def _kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    data: Path = tmp_path_factory.mktemp("ledger")
    story = story_of(data, DEDUCTIBLE)
    first, _ = story.settle("A1"), story.settle("A2")
    by = office(story)
    for amount_fen in (100_00, 300_00, 200_00):
        assert deduct(by, SECOND, amount_fen).status_code == 201
    assert withdraw(by, SECOND, 1).status_code == 200
    assert story.undo(first).status_code == 200
    assert withdraw(by, SECOND, 3).status_code == 200
    assert deduct(by, SECOND, 50_00).status_code == 201
    assert story.discrepancies() == ()
    return rows_of(data / "settlement.sqlite"), story.desk.parts.fund_account


def found_with_books(kept: Kept, rows: list[Row]) -> tuple[Discrepancy, ...]:
    """What verifying finds that has the accounts of the funds, too."""
    ledger = LedgerOfRows(rows)
    return verify_ledger(ledger, LawLibrary(ledger), fund_books=kept[1]).discrepancies


def test_the_story_as_it_was_written_is_right(kept: Kept) -> None:
    """Four deductions, two withdrawn, one released in part."""
    rows, _ = kept
    assert [[row.kind for row in rows].count(kind) for kind in KINDS] == [4, 2, 1]
    assert found_in(rows) == ()
    assert found_with_books(kept, rows) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_in_any_field_is_found(kept: Kept, kind: str) -> None:
    """Every value; of deductions that nothing was decided about since all but what only the office
    knows. The accounts of the funds know that, too, but for who it was."""
    rows, _ = kept
    unseen, tried = set(), 0
    for at, row in enumerate(rows):
        is_open = state_of(row).get("imposed", {}).get("deduction") in UNTOUCHED
        for field, other in changes(row) if row.kind == kind else ():
            tried += 1
            said = [*rows[:at], other, *rows[at + 1 :]]
            if found_in(said):
                continue
            is_booked = field.removeprefix("imposed.") in ("reason", "document")
            assert is_booked == bool(found_with_books(kept, said)), field
            if not (is_open and field in ("imposed.reason", "imposed.document")):
                unseen.add(field)
    assert tried >= 15
    assert unseen == KINDS[kind]


def test_an_event_taken_out_or_doubled_is_found(kept: Kept) -> None:
    """Each of them; the last one by the accounts of the funds."""
    rows, _ = kept
    for at, row in enumerate(rows):
        without = renumbered([*rows[:at], *rows[at + 1 :]])
        has_books = at == len(rows) - 1 or row.kind in KINDS
        found = found_with_books(kept, without) if has_books else found_in(without)
        assert found, f"{row.kind} taken out"
        assert found_in(renumbered([*rows[: at + 1], *rows[at:]])), f"{row.kind} doubled"


def test_a_deduction_by_a_hospital_is_named(kept: Kept) -> None:
    """Everywhere it is said."""
    rows, _ = kept
    last = rows[-1]
    by = {"operator": "cashier-1", "institution_id": "H50011200001"}
    imposed = state_of(last)["imposed"] | {"by": by}

    (found,) = found_in([*rows[:-1], changed(last, by=by, imposed=imposed)])

    assert (found.stay, found.step, found.what) == ("A2", "违规扣减", "经办机构")
    assert "医疗机构不能自行扣减" in str(found.recomputed)


def test_more_than_is_paid_is_named(kept: Kept) -> None:
    """With everything that repeats it."""
    rows, _ = kept
    last = rows[-1]
    said = state_of(last)
    assert (said["owed_fen"], said["imposed"]["fund_id"]) == (400_00, FUND)

    (found,) = found_in(
        [*rows[:-1], changed(last, imposed=said["imposed"] | {"amount_fen": 100_01})]
    )

    assert (found.step, found.what) == ("违规扣减", "登记")
    assert "至多还可扣减 100.00 元" in str(found.recomputed)
