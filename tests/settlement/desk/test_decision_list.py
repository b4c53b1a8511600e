"""What waits for somebody's approval, over all stays of a hospital or of all hospitals.

Policies and bills are those of `test_late_amounts`.
"""

from pathlib import Path
from typing import Any

from tests.settlement.desk.test_decisions import approve, clerk_of, propose, reject
from tests.settlement.desk.test_late_amounts import OFFICE, deliver, story_of
from tests.support.settlement_desk import Desk


def listed(desk: Desk, query: str = "") -> list[tuple[str, str]]:
    """Every open decision somebody sees: its reference and whether it has lapsed."""
    shown: Any = desk.read(f"/v1/decisions?status=proposed{query}").json()
    return [(d["reference"], d["status"]) for d in shown["decisions"]]


A1, A2, B1 = (f"990103-2026-000000{n}" for n in (1, 2, 3))


def test_a_hospital_sees_its_own_and_an_office_all(tmp_path: Path) -> None:
    """In the order they were proposed, whoever proposed them."""
    story = story_of(tmp_path)
    first, second = story.settle("A1"), story.settle("A2")
    third = story.settle("B1", at=story.other)
    office = Desk(story.desk.parts, institution=OFFICE)
    propose(story.desk, second, 1_00)
    propose(story.other, third, 1_00)
    propose(office, first, 1_00)

    assert listed(story.desk) == [(f"{A2}-D1", "proposed"), (f"{A1}-D1", "proposed")]
    assert listed(story.other) == [(f"{B1}-D1", "proposed")]
    assert [reference for reference, _ in listed(office)] == [f"{n}-D1" for n in (A2, B1, A1)]


def test_what_was_decided_is_gone_and_what_lapsed_is_told(tmp_path: Path) -> None:
    """One approved, one rejected, one whose amount came meanwhile; rebuilt it is the same list."""
    story = story_of(tmp_path)
    stay, other = story.settle("A1"), story.settle("A2")
    for amount_fen in (1_00, 2_00):
        propose(story.desk, stay, amount_fen)
    propose(story.desk, other, 3_00)
    assert reject(clerk_of(story), stay, 1).status_code == 200
    assert listed(story.desk) == [(f"{A1}-D2", "proposed"), (f"{A2}-D1", "proposed")]

    deliver(story.desk, other, 0)
    assert listed(story.desk) == [(f"{A1}-D2", "proposed"), (f"{A2}-D1", "lapsed")]
    assert approve(clerk_of(story), stay, 2).status_code == 200
    assert listed(story.desk) == [(f"{A2}-D1", "lapsed")]
    story.desk.parts.decision_list.rebuild()
    assert listed(story.desk) == [(f"{A2}-D1", "lapsed")]


def test_after_a_corrected_late_amount_a_proposal_is_listed(tmp_path: Path) -> None:
    """The settlement waits for nothing any more, and still the amount may be proposed anew."""
    story = story_of(tmp_path)
    stay = story.settle("A1")
    deliver(story.desk, stay, 100_00)

    assert propose(story.desk, stay, 90_00).status_code == 201

    assert listed(story.desk) == [(f"{A1}-D1", "proposed")]


def test_the_list_comes_page_by_page(tmp_path: Path) -> None:
    """Each page says how to go on; the last one does not."""
    story = story_of(tmp_path)
    stay = story.settle("A1")
    for amount_fen in (1_00, 2_00, 3_00):
        propose(story.desk, stay, amount_fen)

    first = story.desk.read("/v1/decisions?limit=2").json()
    rest = story.desk.read(f"/v1/decisions?limit=2&after={first['next_after']}").json()

    assert [d["decision"] for d in first["decisions"]] == [1, 2]
    assert ([d["decision"] for d in rest["decisions"]], rest["next_after"]) == ([3], None)
