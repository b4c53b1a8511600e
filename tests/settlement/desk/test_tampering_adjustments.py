"""A ledger with adjustments, changed field by field: what verifying says to each change.

Three stays of one person in two hospitals; the first is undone, which adjusts the other two, one
of them past its hospital; then that one is undone as well, which adjusts the last once more.
"""

from pathlib import Path

import pytest

from settlement.application.law_library import LawLibrary
from settlement.application.verify_ledger import Discrepancy, verify_ledger
from tests.settlement.desk.ledger_rows import (
    LedgerOfRows,
    Row,
    changed,
    changes,
    renumbered,
    rows_of,
    state_of,
)
from tests.settlement.desk.test_tampering import UNSEEN
from tests.settlement.desk.test_undoing_rederives import BILL, CAPPED, OTHER
from tests.support.settlement_desk import P1, Desk, open_parts
from tests.support.small_policies import REGION, layer_text, policy_text, write_book

KINDS = {
    "settlement-adjusted": set[str](),
    "settlement-reversed": UNSEEN["settlement-reversed"] - {"by.operator"},
    "counters-moved": UNSEEN["counters-moved"],
    "counters-restored": UNSEEN["counters-restored"],
    "settlement-undone": UNSEEN["settlement-undone"],
}
"""Of each kind of event the fields of which a change may go unseen: who undid something stands in
its adjustments, too."""


@pytest.fixture(name="rows", scope="module")
def _rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
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
    return rows_of(data / "settlement.sqlite")


def found_in(rows: list[Row]) -> tuple[Discrepancy, ...]:
    """What verifying finds."""
    ledger = LedgerOfRows(rows)
    return verify_ledger(ledger, LawLibrary(ledger)).discrepancies


def test_the_story_as_it_was_written_is_right(rows: list[Row]) -> None:
    """Three adjustments by two reversals, one of which undoes what went past the hospital."""
    assert [row.kind for row in rows].count("settlement-adjusted") == 3
    reversals = [state_of(row) for row in rows if row.kind == "settlement-reversed"]
    assert [[c["delta_fen"] for c in r["direct"]] for r in reversals] == [[], [600_00]]
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
    """Each of them: an undoing without what it causes, what nothing caused, and all others."""
    for at, row in enumerate(rows):
        without = renumbered([*rows[:at], *rows[at + 1 :]])
        assert found_in(without), f"{row.kind} taken out"
        assert found_in(renumbered([*rows[: at + 1], *rows[at:]])), f"{row.kind} doubled"


def test_an_undoing_without_its_adjustment_is_named(rows: list[Row]) -> None:
    """The stay that was undone, its settlement, and what is missing."""
    at = next(at for at, row in enumerate(rows) if row.kind == "settlement-adjusted")
    first = found_in(renumbered([*rows[:at], *rows[at + 1 :]]))[0]
    assert (first.stay, first.step, first.what) == (
        "A1",
        "更正",
        "settlement.settlement-adjusted.v1",
    )
    assert (first.in_ledger, first.recomputed) == ("（无）", "应有")


def test_an_adjustment_without_a_cause_is_named(rows: list[Row]) -> None:
    """The first reversal and what it wrote elsewhere taken out: the adjustment stands alone."""
    gone = ("settlement-reversed", "settlement-undone", "counters-restored")
    first = state_of(next(r for r in rows if r.kind == "settlement-reversed"))["number"]
    left = [r for r in rows if not (r.kind in gone and state_of(r)["number"] == first)]
    found = found_in(renumbered(left))
    assert ("B1", "更正") in {(d.stay, d.step) for d in found}


def test_other_differences_than_the_laws_are_named(rows: list[Row]) -> None:
    """One fen more in a difference that balances: the journal alone would not see it."""
    at = next(at for at, row in enumerate(rows) if row.kind == "settlement-adjusted")
    moved = state_of(rows[at])["changes"]
    moved[0]["delta_fen"] += 1
    moved[1]["delta_fen"] -= 1
    found = found_in([*rows[:at], changed(rows[at], changes=moved), *rows[at + 1 :]])
    assert {(d.stay, d.step) for d in found} == {("B1", "更正")}
