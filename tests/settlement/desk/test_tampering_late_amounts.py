"""A ledger with late amounts, changed field by field: what verifying says to each change.

Two stays of one person in two hospitals wait for an amount; the first is delivered by an office,
which adjusts both, and corrected by its own hospital, which adjusts both again.
"""

from pathlib import Path

import pytest

from tests.settlement.desk.ledger_rows import changed, rows_of, state_of
from tests.settlement.desk.tampering import EVERYTHING_SEEN, SoundLedger, Unseen, fields_in
from tests.settlement.desk.test_late_amounts import BASIC, OFFICE, RELIEF, SUPPLEMENT, deliver
from tests.settlement.desk.test_undoing_rederives import BILL, OTHER
from tests.support.settlement_desk import P1, Desk, open_parts
from tests.support.small_policies import REGION, policy_text, write_book

UNSEEN: Unseen = {
    "late-amount-delivered": EVERYTHING_SEEN,
    "settlement-adjusted": EVERYTHING_SEEN,
    "settlement-remade": EVERYTHING_SEEN,
    "counters-moved": EVERYTHING_SEEN,
    "counters-restored": EVERYTHING_SEEN,
}


@pytest.fixture(name="ledger", scope="module")
def _ledger(tmp_path_factory: pytest.TempPathFactory) -> SoundLedger:
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
    return SoundLedger(rows_of(data / "settlement.sqlite"))


def test_the_story_as_it_was_written_is_right(ledger: SoundLedger) -> None:
    """Two late amounts, and two adjustments of each settlement."""
    assert ledger.count(*UNSEEN) == [2, 4, 4, 6, 4]
    assert ledger.discrepancies() == ()
    assert ledger.changes_of(*UNSEEN) >= 1387


@pytest.mark.parametrize("kind", UNSEEN)
def test_a_change_in_any_field_is_found(ledger: SoundLedger, kind: str) -> None:
    """Every value and every entry of every map and list."""
    assert ledger.unseen_fields(kind) == fields_in(UNSEEN[kind])


def test_an_event_taken_out_or_doubled_is_found(ledger: SoundLedger) -> None:
    """Each of them: a late amount without what it causes, what nothing caused, and all others."""
    assert ledger.unseen_taken_out() == []
    assert ledger.unseen_doubled() == []


def test_an_adjustment_that_no_amount_caused_is_named(ledger: SoundLedger) -> None:
    """The late amount taken out: what it adjusted stands alone, in both stays."""
    found = ledger.discrepancies(ledger.without(ledger.where("late-amount-delivered")))
    assert {("A1", "更正"), ("B1", "更正")} <= {(d.stay, d.step) for d in found}


def test_another_hospitals_hand_is_named(ledger: SoundLedger) -> None:
    """Delivered in the name of a hospital whose stay it is not, everywhere it is said."""
    by = {"operator": "cashier-1", "institution_id": OTHER}
    said = [
        changed(row, by=by)
        if row.kind in ("late-amount-delivered", "settlement-adjusted")
        and state_of(row)["by"]["institution_id"] == OFFICE
        else row
        for row in ledger.rows
    ]
    found = ledger.discrepancies(said)
    assert (found[0].stay, found[0].step, found[0].what) == ("A1", "后到金额", "经办机构")
    assert found[0].position == ledger.where("late-amount-delivered") + 1
