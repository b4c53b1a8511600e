"""Every change of what happens to a stay in parts, and what verifying says to it."""

from collections import defaultdict
from pathlib import Path

import pytest

from settlement.application.law_library import LawLibrary
from settlement.application.verify_ledger import verify_ledger
from tests.settlement.desk.ledger_rows import LedgerOfRows, Row, changes, renumbered, rows_of
from tests.settlement.desk.parts_of_a_stay import ABOVE_500, Story, law, said
from tests.settlement.desk.test_episodes import ONCE, gone_on, transferred

BY = {"by.operator", "timestamp"}
KINDS = {
    "stay-part-begun": BY,
    "interim-closed": BY,
    "discharge-undone": BY | {"reason"},
    "admission-cancelled": BY | {"reason"},
    "stay-admitted-again": BY,
}
"""Of each kind of event the fields of which a change may go unseen: what only the outside knows."""


@pytest.fixture(name="rows", scope="module")
def _rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """Two parts; the first was closed, taken back and closed again on another day."""
    folder: Path = tmp_path_factory.mktemp("ledger")
    story = Story(folder, law(ABOVE_500))
    first = story.admit("L1", "2022-09-01", circumstances={"surgery": False})
    story.fees(first, 1_000_00)
    story.interim(first, "2022-10-30")
    path = f"/v1/stays/{first}"
    said(story.desk.write(f"{path}/discharge/cancellation", {"reason": "选错"}))
    close = {"until": "2022-10-31", "invoice_number": "F1", "circumstances": {"referral": True}}
    second = said(story.desk.write(f"{path}/interim", close))["following"]["stay_id"]
    story.settle(first)
    story.fees(second, 2_000_00)
    story.leave(second, "2022-12-30")
    story.settle(second)
    story.settle(discharged(story))
    return rows_of(folder / "settlement.sqlite")


def discharged(story: Story) -> str:
    """A stay after it, so that nothing stands at the very end."""
    stay = story.admit("L2", "2023-01-10")
    story.fees(stay, 1_000_00)
    story.leave(stay, "2023-01-12")
    return stay


@pytest.fixture(name="laws", scope="module")
def _laws(rows: list[Row]) -> LawLibrary:
    return LawLibrary(LedgerOfRows(rows))


def found_in(rows: list[Row], laws: LawLibrary) -> bool:
    """Whether verifying finds anything."""
    return bool(verify_ledger(LedgerOfRows(rows), laws).discrepancies)


def test_the_story_as_it_was_written_is_right(rows: list[Row], laws: LawLibrary) -> None:
    """Nothing is found in it."""
    assert KINDS.keys() <= {row.kind for row in rows}
    assert verify_ledger(LedgerOfRows(rows), laws).discrepancies == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_in_any_field_is_found(rows: list[Row], laws: LawLibrary, kind: str) -> None:
    """Every value: only what is listed may go unseen."""
    unseen: dict[str, int] = defaultdict(int)
    tried = 0
    for at, row in enumerate(rows):
        for field, other in changes(row) if row.kind == kind else ():
            tried += 1
            if not found_in([*rows[:at], other, *rows[at + 1 :]], laws):
                unseen[field] += 1
    assert tried >= 4
    assert set(unseen) == KINDS[kind]


def test_which_part_was_settled_cannot_be_changed(rows: list[Row], laws: LawLibrary) -> None:
    """Number, first day and whether it went on, in the inputs of each settlement."""
    tried = 0
    for at, row in enumerate(rows):
        for field, other in changes(row) if row.kind == "settlement-opened" else ():
            if field.startswith("inputs.part"):
                tried += 1
                assert found_in([*rows[:at], other, *rows[at + 1 :]], laws), field
    assert tried >= 7


def test_an_event_taken_out_or_doubled_is_found(rows: list[Row], laws: LawLibrary) -> None:
    """Each of them, with everything after it numbered anew."""
    for at, row in enumerate(rows):
        if row.kind in KINDS:
            doubled = renumbered([*rows[: at + 1], *rows[at:]])
            assert found_in(doubled, laws), f"{row.kind} doubled"
            taken_out = renumbered([*rows[:at], *rows[at + 1 :]])
            assert found_in(taken_out, laws), f"{row.kind} at {at} taken out"


def test_what_a_stay_hangs_together_with_cannot_be_changed(tmp_path: Path) -> None:
    """The former hospital and the episode in the inputs of each settlement, and what the admission
    stated of it."""
    story = Story(tmp_path, law(ONCE))
    story.settle(transferred(story, "U1", at=story.desk))
    second = gone_on(story, "U2", "U1", at=story.other, frm=story.desk)
    story.settle(second, at=story.other)
    rows = rows_of(tmp_path / "settlement.sqlite")
    laws = LawLibrary(LedgerOfRows(rows))
    assert not found_in(rows, laws)
    tried = 0
    for at, row in enumerate(rows):
        for field, other in changes(row):
            of_chain = ("former_institution", "episode", "transferred_from")
            if any(name in field for name in of_chain):
                tried += 1
                assert found_in([*rows[:at], other, *rows[at + 1 :]], laws), (row.kind, field)
    assert tried >= 15
