"""A ledger with provider deductions, changed field by field: what verifying says to each change.

Two stays, of which the second rests on the first. Of its first three deductions one is withdrawn;
undoing the first stay releases a part of the third, which then is withdrawn; a fourth is imposed.
"""

from pathlib import Path

import pytest

from tests.settlement.desk.ledger_rows import Row, changed, rows_of, state_of
from tests.settlement.desk.tampering import (
    EVERYTHING_SEEN,
    SoundLedger,
    Unseen,
    fields_in,
    fields_of,
)
from tests.settlement.desk.test_deductions import FUND, SECOND, deduct, office, withdraw
from tests.settlement.desk.test_undoing_rederives import DEDUCTIBLE, story_of

UNTOUCHED = (2, 4)
UNSEEN: Unseen = {
    "provider-deduction-imposed": {"only the outside knows when within its day": {"timestamp"}},
    "provider-deduction-withdrawn": {
        "who withdrew one, why, and when within its day, is said nowhere else": {
            "reason",
            "by.operator",
            "by.institution_id",
            "timestamp",
        }
    },
    "provider-deduction-released": EVERYTHING_SEEN,
}
"""Where nobody has the accounts of the funds."""
OF_UNTOUCHED: Unseen = {
    "provider-deduction-imposed": UNSEEN["provider-deduction-imposed"]
    | {"only the office knows it, and the accounts": {"imposed.reason", "imposed.document"}},
}
"""The same of the deductions that nothing was decided about since."""
BOOKED = {"reason", "imposed.reason", "imposed.document"}
"""Of all those, what the accounts of the funds know: all but who it was, and when in its day."""


@pytest.fixture(name="ledger", scope="module")
def _ledger(tmp_path_factory: pytest.TempPathFactory) -> SoundLedger:
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
    books = story.desk.parts.fund_account
    return SoundLedger(rows_of(data / "settlement.sqlite"), books=books)


def test_the_story_as_it_was_written_is_right(ledger: SoundLedger) -> None:
    """Four deductions, two withdrawn, one released in part."""
    assert ledger.count(*UNSEEN) == [4, 2, 1]
    assert ledger.discrepancies() == ()
    assert ledger.discrepancies(with_books=True) == ()
    assert ledger.changes_of(*UNSEEN) >= 208


@pytest.mark.parametrize("kind", UNSEEN)
def test_a_change_in_any_field_is_found(ledger: SoundLedger, kind: str) -> None:
    """Every value, without the accounts of the funds."""
    unseen = ledger.unseen_changes(kind)
    of_untouched = fields_of(change for change in unseen if is_untouched(change.row))
    assert of_untouched == fields_in(OF_UNTOUCHED.get(kind, EVERYTHING_SEEN))
    others = fields_of(change for change in unseen if not is_untouched(change.row))
    assert others == fields_in(UNSEEN[kind])


def is_untouched(row: Row) -> bool:
    """Whether it is a deduction that nothing was decided about since."""
    return state_of(row).get("imposed", {}).get("deduction") in UNTOUCHED


@pytest.mark.parametrize("kind", UNSEEN)
def test_what_was_booked_is_found_by_the_accounts(ledger: SoundLedger, kind: str) -> None:
    """With them only who it was and when within its day goes unseen."""
    listed = fields_in(UNSEEN[kind]) | fields_in(OF_UNTOUCHED.get(kind, EVERYTHING_SEEN))
    assert ledger.unseen_fields(kind, with_books=True) == listed - BOOKED


def test_an_event_taken_out_or_doubled_is_found(ledger: SoundLedger) -> None:
    """Each of them; the last by the accounts of the funds alone: without them the ledger ends
    before it."""
    assert ledger.rows[-1].kind == "provider-deduction-imposed"
    assert ledger.unseen_taken_out() == ["provider-deduction-imposed"]
    assert ledger.unseen_taken_out(with_books=True) == []
    assert ledger.unseen_doubled() == []


def test_a_deduction_by_a_hospital_is_named(ledger: SoundLedger) -> None:
    """Everywhere it is said."""
    last = ledger.rows[-1]
    by = {"operator": "cashier-1", "institution_id": "H50011200001"}
    imposed = state_of(last)["imposed"] | {"by": by}

    by_hospital = changed(last, by=by, imposed=imposed)
    (found,) = ledger.discrepancies([*ledger.rows[:-1], by_hospital])

    assert (found.stay, found.step, found.what) == ("A2", "违规扣减", "经办机构")
    assert "医疗机构不能自行扣减" in str(found.recomputed)


def test_more_than_is_paid_is_named(ledger: SoundLedger) -> None:
    """With everything that repeats it."""
    last = ledger.rows[-1]
    said = state_of(last)
    assert (said["owed_fen"], said["imposed"]["fund_id"]) == (400_00, FUND)

    more = changed(last, imposed=said["imposed"] | {"amount_fen": 100_01})
    (found,) = ledger.discrepancies([*ledger.rows[:-1], more])

    assert (found.step, found.what) == ("违规扣减", "登记")
    assert "至多还可扣减 100.00 元" in str(found.recomputed)
