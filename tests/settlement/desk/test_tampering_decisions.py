"""A ledger with decisions, changed field by field: what verifying says to each change.

A proposal is rejected, the next is approved, and a third is still open.
"""

from pathlib import Path

import pytest

from tests.settlement.desk.ledger_rows import Row, changed, changes, renumbered, rows_of, state_of
from tests.settlement.desk.test_decisions import approve, clerk_of, propose, reject
from tests.settlement.desk.test_late_amounts import story_of
from tests.settlement.desk.test_tampering_adjustments import found_in

OPEN = 3
KINDS = {
    "discretion-proposed": set[str](),
    "discretion-approved": set[str](),
    "discretion-rejected": {"reason", "by.operator", "by.institution_id", "timestamp"},
}
"""Of each kind of event the fields of which a change may go unseen: who rejected one, when
and why, is said nowhere else, and no amount rests on it."""


@pytest.fixture(name="rows", scope="module")
def _rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    data: Path = tmp_path_factory.mktemp("ledger")
    story = story_of(data)
    stay, clerk = story.settle("A1"), clerk_of(story)
    for amount_fen in (90_00, 100_00):
        assert propose(story.desk, stay, amount_fen).status_code == 201
    assert reject(clerk, stay, 1).status_code == 200
    assert approve(clerk, stay, 2).status_code == 200
    assert propose(story.desk, stay, 120_00).status_code == 201
    return rows_of(data / "settlement.sqlite")


def test_the_story_as_it_was_written_is_right(rows: list[Row]) -> None:
    """Three proposals, of which two were decided."""
    assert [[row.kind for row in rows].count(kind) for kind in KINDS] == [3, 1, 1]
    assert found_in(rows) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_in_any_field_is_found(rows: list[Row], kind: str) -> None:
    """Every value and every entry of every list; of an open proposal all but its reason and
    an amount that would fit as well: nothing rests on those yet."""
    unseen = set()
    tried = 0
    for at, row in enumerate(rows):
        is_open = (
            kind == "discretion-proposed"
            and state_of(row).get("proposed", {}).get("proposal") == OPEN
        )
        for field, other in changes(row) if row.kind == kind else ():
            tried += 1
            if is_open and field in ("proposed.amount_fen", "proposed.reason"):
                continue
            if not found_in([*rows[:at], other, *rows[at + 1 :]]):
                unseen.add(field)
    assert tried >= 10
    assert unseen == KINDS[kind]


def test_an_event_taken_out_or_doubled_is_found(rows: list[Row]) -> None:
    """Each of them, but for the last proposal and the rejection: nothing rests on those."""
    for at, row in enumerate(rows):
        without = renumbered([*rows[:at], *rows[at + 1 :]])
        is_last = at == len(rows) - 1 or row.kind == "discretion-rejected"
        assert is_last or found_in(without), f"{row.kind} taken out"
        assert found_in(renumbered([*rows[: at + 1], *rows[at:]])), f"{row.kind} doubled"


def test_an_approval_by_the_proposer_is_named(rows: list[Row]) -> None:
    """Everywhere it is said: the four eyes are in the ledger."""
    by = {"operator": "cashier-1", "institution_id": "H50011200001"}
    said = [
        changed(row, by=by) if row.kind in ("discretion-approved", "settlement-adjusted") else row
        for row in rows
    ]
    first = found_in(said)[0]
    assert (first.stay, first.step, first.what) == ("A1", "批准裁定", "登记")
    assert "须由另一位经办人" in first.recomputed
