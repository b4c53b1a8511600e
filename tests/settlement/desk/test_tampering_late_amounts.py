"""A ledger with late amounts, changed field by field: what verifying says to each change.

Two stays of one person in two hospitals wait for an amount; the first is delivered by an office,
which adjusts both, and corrected by its own hospital, which adjusts both again.
"""

from pathlib import Path

import pytest

from tests.settlement.desk.ledger_rows import Row, changed, changes, renumbered, rows_of, state_of
from tests.settlement.desk.test_late_amounts import BASIC, OFFICE, RELIEF, SUPPLEMENT, deliver
from tests.settlement.desk.test_tampering_adjustments import found_in
from tests.settlement.desk.test_undoing_rederives import BILL, OTHER
from tests.support.settlement_desk import P1, Desk, open_parts
from tests.support.small_policies import REGION, policy_text, write_book

KINDS = {
    "late-amount-delivered": set[str](),
    "settlement-adjusted": set[str](),
    "settlement-remade": set[str](),
    "counters-moved": set[str](),
    "counters-restored": set[str](),
}
"""Of each kind of event the fields of which a change may go unseen."""


@pytest.fixture(name="rows", scope="module")
def _rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    data: Path = tmp_path_factory.mktemp("ledger")
    more = "corrections: {underpaid: to_patient, overpaid: leave}\n"
    text = policy_text(BASIC, RELIEF, SUPPLEMENT, more=more)
    parts, people = open_parts(data, policies=write_book(data / "policies", text))
    people.add(P1, region=REGION)
    desk, other = Desk(parts), Desk(parts, institution=OTHER)
    desk.import_institutions()
    stays = []
    for number, at in (("A1", desk), ("B1", other)):
        stays.append(at.discharged(P1, number, charges=BILL))
        assert at.settle(stays[-1]).status_code == 200
    assert deliver(Desk(parts, institution=OFFICE), stays[0], 100_00).status_code == 200
    assert deliver(desk, stays[0], 40_00).status_code == 200
    return rows_of(data / "settlement.sqlite")


def test_the_story_as_it_was_written_is_right(rows: list[Row]) -> None:
    """Two late amounts, and two adjustments of each settlement."""
    kinds = [row.kind for row in rows]
    assert [kinds.count(k) for k in KINDS] == [2, 4, 4, 6, 4]
    assert found_in(rows) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_in_any_field_is_found(rows: list[Row], kind: str) -> None:
    """Every value and every entry of every map and list."""
    unseen = set()
    tried = 0
    for at, row in enumerate(rows):
        for field, other in changes(row) if row.kind == kind else ():
            tried += 1
            if not found_in([*rows[:at], other, *rows[at + 1 :]]):
                unseen.add(field)
    assert tried >= 5
    assert unseen == KINDS[kind]


def test_an_event_taken_out_or_doubled_is_found(rows: list[Row]) -> None:
    """Each of them: a late amount without what it causes, what nothing caused, and all others."""
    for at, row in enumerate(rows):
        without = renumbered([*rows[:at], *rows[at + 1 :]])
        assert found_in(without), f"{row.kind} taken out"
        assert found_in(renumbered([*rows[: at + 1], *rows[at:]])), f"{row.kind} doubled"


def test_an_adjustment_that_no_amount_caused_is_named(rows: list[Row]) -> None:
    """The late amount taken out: what it adjusted stands alone, in both stays."""
    at = next(at for at, row in enumerate(rows) if row.kind == "late-amount-delivered")
    found = found_in(renumbered([*rows[:at], *rows[at + 1 :]]))
    assert {("A1", "更正"), ("B1", "更正")} <= {(d.stay, d.step) for d in found}


def test_another_hospitals_hand_is_named(rows: list[Row]) -> None:
    """Delivered in the name of a hospital whose stay it is not, everywhere it is said."""
    by = {"operator": "cashier-1", "institution_id": OTHER}
    first = next(at for at, row in enumerate(rows) if row.kind == "late-amount-delivered")
    said = [
        changed(row, by=by)
        if row.kind in ("late-amount-delivered", "settlement-adjusted")
        and state_of(row)["by"]["institution_id"] == OFFICE
        else row
        for row in rows
    ]
    found = found_in(said)
    assert (found[0].stay, found[0].step, found[0].what) == ("A1", "后到金额", "经办机构")
    assert found[0].position == first + 1
