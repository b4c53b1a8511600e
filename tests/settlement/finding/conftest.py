"""A desk with two hospitals, three stays of two people, and one of them undone."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.settlement_desk import P1, P2, Desk, PeopleKnown, open_parts

BILL = {"total_fen": 52_000_00, "in_scope_fen": 50_000_00}
SMALL = {"total_fen": 9_000_00, "in_scope_fen": 9_000_00}
HOSPITAL_A, HOSPITAL_B, OFFICE = "H50011200001", "H99010100001", "YIBAOJU"


@dataclass
class Story:
    """What the tests look at."""

    desk: Desk
    people: PeopleKnown
    numbers: list[str]
    shown: list[dict[str, Any]]
    data: Path

    def as_(self, institution: str) -> Desk:
        """The desk as another institution."""
        self.desk.institution = institution
        return self.desk


@pytest.fixture(name="story")
def _story(tmp_path: Path) -> Story:
    parts, people = open_parts(tmp_path)
    people.add(P1, region="500112", identities=("subsistence_margin",))
    people.add(P2, region="500112")
    desk = Desk(parts, institution=HOSPITAL_A)
    desk.import_institutions()
    made = [
        (HOSPITAL_A, P1, "A1", BILL, "2023-03-01", "2023-03-10"),
        (HOSPITAL_B, P1, "202403000001", BILL, "2024-03-01", "2024-03-10"),
        (HOSPITAL_A, P2, "A2", SMALL, "2024-04-01", "2024-04-10"),
    ]
    numbers, shown, stays = [], [], []
    for hospital, person, number, bill, admission, discharge in made:
        desk.institution = hospital
        stay_id = desk.discharged(
            person, number, charges=bill, admission=admission, discharge=discharge
        )
        settled = desk.settle(stay_id)
        assert settled.status_code == 200, settled.text
        stays.append(stay_id)
        shown.append(settled.json())
        numbers.append(settled.json()["settlement_number"])
    undone = desk.write(f"/v1/stays/{stays[2]}/settlement/reversal", {"reason": "费用更正"})
    assert undone.status_code == 200, undone.text
    return Story(desk, people, numbers, shown, tmp_path)
