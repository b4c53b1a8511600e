"""The hospital's list of stays: who left and is not settled, and since when."""

from pathlib import Path
from typing import Any

import pytest

from tests.settlement.desk.test_changing_admission import BILL, DISCHARGE, said
from tests.support.settlement_desk import P1, P2, Desk, open_parts


@pytest.fixture(name="desk")
def _desk(tmp_path: Path) -> Desk:
    parts, people = open_parts(tmp_path)
    for person in (P1, P2):
        people.add(person, region="500112")
    desk = Desk(parts)
    desk.import_institutions()
    return desk


def listed(desk: Desk, query: str) -> list[dict[str, Any]]:
    """The stays of a page."""
    found: list[dict[str, Any]] = desk.read(f"/v1/stays?{query}").json()["stays"]
    return found


def test_who_left_and_is_not_settled_is_listed_with_the_days_since(desk: Desk) -> None:
    """A settled stay leaves the list, an undone one comes back; other hospitals see nothing."""
    first = desk.discharged(P1, "A1", charges=BILL, discharge="2026-02-20")
    desk.discharged(P2, "A2", charges=BILL, discharge="2026-03-01")
    assert [
        (stay["hospital_stay_number"], stay["days_since_discharge"], stay["total_fen"])
        for stay in listed(desk, "status=discharged")
    ] == [("A1", 10, 26_000_00), ("A2", 1, 26_000_00)]

    said(desk.settle(first))
    assert [s["hospital_stay_number"] for s in listed(desk, "status=discharged")] == ["A2"]
    assert [s["hospital_stay_number"] for s in listed(desk, "status=settled")] == ["A1"]
    said(desk.write(f"/v1/stays/{first}/settlement/reversal", {"reason": "更正"}))
    assert [s["hospital_stay_number"] for s in listed(desk, "status=discharged")] == ["A1", "A2"]
    assert listed(Desk(desk.parts, institution="H42000000001"), "status=discharged") == []


def test_the_list_follows_every_change_and_is_the_same_when_made_again(desk: Desk) -> None:
    """Fees corrected, discharge undone, admission changed, cancelled and admitted again."""
    stay = f"/v1/stays/{desk.discharged(P1, 'A1', charges=BILL)}"
    undo = {"reason": "更正"}
    said(desk.write(f"{stay}/discharge/cancellation", undo))
    more = {"batch_number": "2", "charges": BILL, "replaces": "1"}
    said(desk.write(f"{stay}/fees", more))
    said(desk.write(f"{stay}/fees", {"batch_number": "3", "charges": BILL}))
    said(desk.write(f"{stay}/admission/change", {"admission_date": "2023-02-27"}))
    (row,) = listed(desk, "status=admitted")
    assert (row["total_fen"], row["admission_date"]) == (52_000_00, "2023-02-27")
    assert (row["discharge_date"], row["days_since_discharge"]) == (None, None)
    for number in ("2", "3"):
        said(desk.write(f"{stay}/fees/deletion", {"batch_number": number}))
    said(desk.write(f"{stay}/admission/cancellation", undo))
    (row,) = listed(desk, "status=cancelled")
    assert row["total_fen"] == 0
    desk.discharged(P2, "A1", charges=BILL)
    said(desk.write(f"{stay}/discharge/cancellation", undo))
    said(desk.write(f"{stay}/discharge", DISCHARGE | {"departure": "against_advice"}))
    before = listed(desk, "")
    assert [(s["person_id"], s["departure"]) for s in before] == [(P2, "against_advice")]

    desk.parts.stay_list.rebuild()

    assert listed(desk, "") == before


def test_the_list_is_read_page_by_page(desk: Desk) -> None:
    """Each stay once, until there is no next page."""
    for number in range(3):
        desk.discharged(P1, f"A{number}", charges=BILL)
    page = desk.read("/v1/stays?limit=2").json()
    rest = desk.read(f"/v1/stays?limit=2&after={page['next_after']}").json()
    numbers = [s["hospital_stay_number"] for s in (*page["stays"], *rest["stays"])]
    assert (numbers, rest["next_after"]) == (["A0", "A1", "A2"], None)
