"""A hospital that lost an answer asks what became of its request."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.settlement_desk import P1, Desk, open_parts

ADMISSION: dict[str, Any] = {
    "person_id": P1,
    "hospital_stay_number": "A1",
    "admission_date": "2023-03-01",
}


@pytest.fixture(name="desk")
def _desk(tmp_path: Path) -> Desk:
    parts, people = open_parts(tmp_path)
    people.add(P1, region="500112")
    desk = Desk(parts)
    desk.import_institutions()
    return desk


def test_the_first_answer_is_found_again(desk: Desk) -> None:
    """Done, with status and body as they were; under a key that holds a slash, too."""
    first = desk.write("/v1/stays", ADMISSION, key="HIS/2023/1")

    found = desk.read("/v1/requests/admit/HIS/2023/1")

    assert found.status_code == 200
    assert found.json() == {
        "contract": "requests.v1",
        "operation": "admit",
        "key": "HIS/2023/1",
        "state": "done",
        "answer": {"status": 201, "body": first.json()},
    }


def test_a_refusal_is_found_with_its_reason(desk: Desk) -> None:
    """Refused, with the problem details that were answered."""
    late = ADMISSION | {"admission_date": "2099-01-01"}
    refused = desk.write("/v1/stays", late, key="k1")

    found = desk.read("/v1/requests/admit/k1").json()

    assert (found["state"], found["answer"]["status"]) == ("refused", 422)
    assert found["answer"]["body"] == refused.json()
    assert found["answer"]["body"]["type"] == "urn:yizhan:problem:date-in-future"


def test_what_nobody_kept_may_be_sent_again(desk: Desk) -> None:
    """404 for a key never sent, another operation's, and another institution's."""
    desk.write("/v1/stays", ADMISSION, key="k1")
    never = desk.read("/v1/requests/admit/k2")
    other_operation = desk.read("/v1/requests/settle/k1")
    desk.institution = "H50011200002"
    other_institution = desk.read("/v1/requests/admit/k1")

    for answer in (never, other_operation, other_institution):
        assert answer.status_code == 404
        assert answer.json()["type"] == "urn:yizhan:problem:request-unknown"
        assert "放心重发" in answer.json()["detail"]
