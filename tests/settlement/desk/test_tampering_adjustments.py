"""A ledger with adjustments, changed field by field: what verifying says to each change.

Three stays of one person in two hospitals; the first is undone, which adjusts the other two, one
of them past its hospital; then that one is undone as well, which adjusts the last once more.
"""

from pathlib import Path

import pytest

from tests.settlement.desk.ledger_rows import changed, renumbered, rows_of, state_of
from tests.settlement.desk.tampering import (
    EVERYTHING_SEEN,
    ONLY_OUTSIDE,
    SoundLedger,
    Unseen,
    fields_in,
)
from tests.settlement.desk.test_undoing_rederives import BILL, CAPPED, OTHER
from tests.support.settlement_desk import P1, Desk, open_parts
from tests.support.small_policies import REGION, layer_text, policy_text, write_book

UNSEEN: Unseen = {
    "settlement-adjusted": EVERYTHING_SEEN,
    # Who undid something stands in its adjustments, too.
    "settlement-reversed": {ONLY_OUTSIDE: {"reason"}},
    "counters-moved": EVERYTHING_SEEN,
    "counters-restored": EVERYTHING_SEEN,
    "settlement-undone": EVERYTHING_SEEN,
}


@pytest.fixture(name="ledger", scope="module")
def _ledger(tmp_path_factory: pytest.TempPathFactory) -> SoundLedger:
    data: Path = tmp_path_factory.mktemp("ledger")
    more = "corrections: {underpaid: to_patient}\n"
    book = write_book(data / "policies", policy_text(layer_text(CAPPED), more=more))
    parts, people = open_parts(data, policies=book)
    people.add(P1, region=REGION)
    desk, other = Desk(parts), Desk(parts, institution=OTHER)
    desk.import_institutions()
    stays = []
    for number, at in (("A1", desk), ("B1", other), ("A2", desk)):
        stays.append((at, at.discharged(P1, number, charges=BILL)))
        assert at.settle(stays[-1][1]).status_code == 200
    for at, stay in stays[:2]:
        undone = at.write(f"/v1/stays/{stay}/settlement/reversal", {"reason": "更正"})
        assert undone.status_code == 200, undone.text
    return SoundLedger(rows_of(data / "settlement.sqlite"))


def test_the_story_as_it_was_written_is_right(ledger: SoundLedger) -> None:
    """Three adjustments by two reversals, one of which undoes what went past the hospital."""
    assert ledger.count("settlement-adjusted") == [3]
    reversals = [state_of(row) for row in ledger.rows if row.kind == "settlement-reversed"]
    assert [[c["delta_fen"] for c in r["direct"]] for r in reversals] == [[], [600_00]]
    assert ledger.discrepancies() == ()
    assert ledger.changes_of(*UNSEEN) >= 843


@pytest.mark.parametrize("kind", UNSEEN)
def test_a_change_in_any_field_is_found(ledger: SoundLedger, kind: str) -> None:
    """Every value and every entry of every map and list."""
    assert ledger.unseen_fields(kind) == fields_in(UNSEEN[kind])


def test_an_event_taken_out_or_doubled_is_found(ledger: SoundLedger) -> None:
    """Each of them: an undoing without what it causes, what nothing caused, and all others."""
    assert ledger.unseen_taken_out() == []
    assert ledger.unseen_doubled() == []


def test_an_undoing_without_its_adjustment_is_named(ledger: SoundLedger) -> None:
    """The stay that was undone, its settlement, and what is missing."""
    first = ledger.discrepancies(ledger.without(ledger.where("settlement-adjusted")))[0]
    assert (first.stay, first.step, first.what) == (
        "A1",
        "更正",
        "settlement.settlement-adjusted.v1",
    )
    assert (first.in_ledger, first.recomputed) == ("（无）", "应有")


def test_an_adjustment_without_a_cause_is_named(ledger: SoundLedger) -> None:
    """The first reversal and what it wrote elsewhere taken out: the adjustment stands alone."""
    gone = ("settlement-reversed", "settlement-undone", "counters-restored")
    first = state_of(ledger.rows[ledger.where("settlement-reversed")])["number"]
    left = [r for r in ledger.rows if not (r.kind in gone and state_of(r)["number"] == first)]
    found = ledger.discrepancies(renumbered(left))
    assert ("B1", "更正") in {(d.stay, d.step) for d in found}


def test_other_differences_than_the_laws_are_named(ledger: SoundLedger) -> None:
    """One fen more in a difference that balances: the journal alone would not see it."""
    at = ledger.where("settlement-adjusted")
    moved = state_of(ledger.rows[at])["changes"]
    moved[0]["delta_fen"] += 1
    moved[1]["delta_fen"] -= 1
    found = ledger.discrepancies(ledger.with_changed(at, changed(ledger.rows[at], changes=moved)))
    assert {(d.stay, d.step) for d in found} == {("B1", "更正")}
