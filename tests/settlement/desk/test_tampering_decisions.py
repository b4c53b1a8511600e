"""A ledger with decisions, changed field by field: what verifying says to each change.

A proposal is rejected, the next is approved, and a third is still open.
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
from tests.settlement.desk.test_decisions import approve, clerk_of, propose, reject
from tests.settlement.desk.test_late_amounts import story_of

OPEN = 3
UNSEEN: Unseen = {
    "discretion-proposed": EVERYTHING_SEEN,
    "discretion-approved": EVERYTHING_SEEN,
    "discretion-rejected": {
        "who rejected one, when and why, is said nowhere else, and no amount rests on it": {
            "reason",
            "by.operator",
            "by.institution_id",
            "timestamp",
        }
    },
}
OF_OPEN: Unseen = {
    "discretion-proposed": {
        "nobody has decided on it: another amount would fit as well": {"proposed.amount_fen"},
        "nobody has decided on it: why it was made is said nowhere else": {"proposed.reason"},
    },
}
"""The same of the proposal that is still open."""


@pytest.fixture(name="ledger", scope="module")
def _ledger(tmp_path_factory: pytest.TempPathFactory) -> SoundLedger:
    data: Path = tmp_path_factory.mktemp("ledger")
    story = story_of(data)
    stay, clerk = story.settle("A1"), clerk_of(story)
    for amount_fen in (90_00, 100_00):
        assert propose(story.desk, stay, amount_fen).status_code == 201
    assert reject(clerk, stay, 1).status_code == 200
    assert approve(clerk, stay, 2).status_code == 200
    assert propose(story.desk, stay, 120_00).status_code == 201
    return SoundLedger(rows_of(data / "settlement.sqlite"))


def test_the_story_as_it_was_written_is_right(ledger: SoundLedger) -> None:
    """Three proposals, of which two were decided."""
    assert ledger.count(*UNSEEN) == [3, 1, 1]
    assert ledger.discrepancies() == ()
    assert ledger.changes_of(*UNSEEN) >= 226


@pytest.mark.parametrize("kind", UNSEEN)
def test_a_change_in_any_field_is_found(ledger: SoundLedger, kind: str) -> None:
    """Every value and every entry of every list."""
    unseen = ledger.unseen_changes(kind)
    of_open = fields_of(change for change in unseen if is_open(change.row))
    assert of_open == fields_in(OF_OPEN.get(kind, EVERYTHING_SEEN))
    others = fields_of(change for change in unseen if not is_open(change.row))
    assert others == fields_in(UNSEEN[kind])


def is_open(row: Row) -> bool:
    """Whether it is the proposal that nobody has decided on."""
    return bool(state_of(row).get("proposed", {}).get("proposal") == OPEN)


def test_an_event_taken_out_or_doubled_is_found(ledger: SoundLedger) -> None:
    """Each of them, but for the rejection and the last proposal: nothing rests on those."""
    assert ledger.rows[-1].kind == "discretion-proposed"
    assert ledger.unseen_taken_out() == ["discretion-rejected", "discretion-proposed"]
    assert ledger.unseen_doubled() == []


def test_an_approval_by_the_proposer_is_named(ledger: SoundLedger) -> None:
    """Everywhere it is said: the four eyes are in the ledger."""
    by = {"operator": "cashier-1", "institution_id": "H50011200001"}
    said = [
        changed(row, by=by) if row.kind in ("discretion-approved", "settlement-adjusted") else row
        for row in ledger.rows
    ]
    first = ledger.discrepancies(said)[0]
    assert (first.stay, first.step, first.what) == ("A1", "批准裁定", "登记")
    assert "须由另一位经办人" in first.recomputed
