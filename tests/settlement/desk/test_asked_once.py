"""A whole stay in one call asks eligibility each question once."""

from datetime import date
from pathlib import Path

from tests.support.settlement_desk import P1, Desk, open_parts


def test_a_whole_stay_asks_who_the_patient_is_once(tmp_path: Path) -> None:
    """Admission and settlement go by the same answer; the next stay asks for itself."""
    parts, people = open_parts(tmp_path)
    people.add(P1, region="500112", identities=("subsistence_margin",))
    desk = Desk(parts)
    desk.import_institutions()
    whole = {
        "person_id": P1,
        "admission_date": "2023-03-01",
        "discharge_date": "2023-03-10",
        "batches": [
            {"batch_number": "1", "charges": {"total_fen": 5_200_00, "in_scope_fen": 5_000_00}}
        ],
    }

    first = desk.write("/v1/settlements", whole | {"hospital_stay_number": "W1"})
    assert people.asked == [(P1, date(2023, 3, 1))]
    second = desk.write("/v1/settlements", whole | {"hospital_stay_number": "W2"})

    assert (first.status_code, second.status_code) == (201, 201)
    assert people.asked == [(P1, date(2023, 3, 1))] * 2


def test_somebody_unknown_is_refused_as_before(tmp_path: Path) -> None:
    """No answer is kept of a question that had none."""
    parts, people = open_parts(tmp_path)
    desk = Desk(parts)
    desk.import_institutions()
    whole = {
        "person_id": P1,
        "hospital_stay_number": "W1",
        "admission_date": "2023-03-01",
        "discharge_date": "2023-03-10",
        "batches": [
            {"batch_number": "1", "charges": {"total_fen": 5_200_00, "in_scope_fen": 5_000_00}}
        ],
    }
    refused = desk.write("/v1/settlements", whole, key="k1")
    assert refused.status_code == 422

    people.add(P1, region="500112")

    assert desk.write("/v1/settlements", whole, key="k1").status_code == 201
