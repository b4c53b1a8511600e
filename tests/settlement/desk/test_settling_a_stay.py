"""A stay at the discharge desk, over HTTP, on the real ledger."""

from pathlib import Path
from typing import Any

import pytest

from contracts.vocabulary import InstitutionId
from settlement.application.verify_ledger import verify_ledger
from settlement.domain.stay import stay_id_of
from tests.support.settlement_desk import P1, Desk, PeopleKnown, open_parts

YUBEI = {"total_fen": 52_000_00, "in_scope_fen": 50_000_00}


@pytest.fixture(name="opened")
def _opened(tmp_path: Path) -> tuple[Desk, PeopleKnown]:
    parts, people = open_parts(tmp_path)
    desk = Desk(parts)
    desk.import_institutions()
    return desk, people


def paid(statement: dict[str, Any]) -> dict[str, int]:
    """What each layer paid, and the patient."""
    layers = {step["layer"]: step["paid_fen"] for step in statement["steps"]}
    return layers | {"patient": statement["patient_fen"]}


def test_a_published_bill_is_settled_to_the_fen(opened: tuple[Desk, PeopleKnown]) -> None:
    """Yubei 2023: 46,374.80 from the funds; critical illness evaluates to zero and is recorded."""
    desk, people = opened
    person = people.add(P1, region="500112", identities=("subsistence_margin",))
    stay = desk.discharged(person, "A1", charges=YUBEI)

    settled = desk.settle(stay)

    assert settled.status_code == 200
    assert paid(settled.json()) == {
        "basic": 34_790_00,
        "critical": 0,
        "assistance": 10_647_00,
        "tilt": 937_80,
        "patient": 5_625_20,
    }
    assert settled.json()["funds_fen"] == 46_374_80
    assert settled.json()["settlement_number"] == "500112-2026-0000001"


def test_the_preview_is_the_settlement(opened: tuple[Desk, PeopleKnown]) -> None:
    """Nothing is stored by a preview, and the settlement that follows shows the same steps."""
    desk, people = opened
    person = people.add(P1, region="500112", identities=("subsistence_margin",))
    stay = desk.discharged(person, "A1", charges=YUBEI)
    before = desk.parts.ledger.log.last_position()

    preview = desk.write(f"/v1/stays/{stay}/preview", {}).json()

    assert desk.parts.ledger.log.last_position() == before
    settled = desk.settle(stay, expected_personal_fen=preview["patient_fen"]).json()
    assert settled["steps"] == preview["steps"]


def test_a_changed_personal_share_is_refused_with_the_difference(
    opened: tuple[Desk, PeopleKnown],
) -> None:
    """The cashier said another amount than the settlement would give: nothing is stored."""
    desk, people = opened
    person = people.add(P1, region="500112", identities=("subsistence_margin",))
    stay = desk.discharged(person, "A1", charges=YUBEI)
    before = desk.parts.ledger.log.last_position()

    refused = desk.settle(stay, expected_personal_fen=5_625_19)

    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:yizhan:problem:personal-share-changed"
    assert "相差 0.01 元" in refused.json()["detail"]
    assert desk.parts.ledger.log.last_position() == before


def test_a_retry_gets_the_first_answer_byte_for_byte(opened: tuple[Desk, PeopleKnown]) -> None:
    """The same message four times is one settlement."""
    desk, people = opened
    person = people.add(P1, region="500112", identities=("subsistence_margin",))
    stay = desk.discharged(person, "A1", charges=YUBEI)

    first = desk.settle(stay, key="K1")
    again = [desk.settle(stay, key="K1") for _ in range(3)]

    assert [a.content for a in again] == [first.content] * 3
    assert all(a.headers["Idempotency-Replayed"] == "true" for a in again)
    assert desk.read(f"/v1/stays/{stay}").json()["settlement_number"] == "500112-2026-0000001"


def test_one_key_does_not_stand_for_two_stays(opened: tuple[Desk, PeopleKnown]) -> None:
    """A key that settled one stay is refused for another, though both bodies are empty."""
    desk, people = opened
    person = people.add(P1, region="500112", identities=("subsistence_margin",))
    one = desk.discharged(person, "A1", charges=YUBEI)
    two = desk.discharged(person, "A2", charges=YUBEI)
    assert desk.settle(one, key="K1").status_code == 200

    refused = desk.settle(two, key="K1")

    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:yizhan:problem:request-key-reused"


def test_a_second_settlement_under_another_key_is_refused(
    opened: tuple[Desk, PeopleKnown],
) -> None:
    """A repeated settlement is never a second one, whatever key it comes with."""
    desk, people = opened
    person = people.add(P1, region="500112", identities=("subsistence_margin",))
    stay = desk.discharged(person, "A1", charges=YUBEI)
    desk.settle(stay)

    refused = desk.settle(stay)

    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:yizhan:problem:already-settled"
    assert "500112-2026-0000001" in refused.json()["detail"]


def test_the_second_stay_of_the_year_meets_the_counters_of_the_first(
    opened: tuple[Desk, PeopleKnown],
) -> None:
    """The critical threshold of 16,901 is shared by the year: 15,210 + 15,210 passes it.

    30,420 − 16,901 = 13,519 at 60% is 8,111.40; assistance takes 70% of what is left.
    """
    desk, people = opened
    person = people.add(P1, region="500112", identities=("subsistence_margin",))
    for number in ("A1", "A2"):
        desk.settle(desk.discharged(person, number, charges=YUBEI))
    second = desk.read("/v1/stays/" + _stay_id("A2")).json()
    statement = desk.read(f"/v1/stays/{second['stay_id']}/statement").json()

    assert paid(statement)["critical"] == 8_111_40
    assert paid(statement)["assistance"] == 4_969_02  # (15,210 − 8,111.40) × 70%
    assert paid(statement)["tilt"] == 0  # 2,129.58 lies below its own deductible of 3,000
    assert statement["patient_fen"] == 2_000_00 + 2_129_58


def test_a_reversal_gives_the_counters_back_and_the_next_number_is_new(
    opened: tuple[Desk, PeopleKnown],
) -> None:
    """Undone and settled again: the same amounts, another number, both in the history."""
    desk, people = opened
    person = people.add(P1, region="500112", identities=("subsistence_margin",))
    stay = desk.discharged(person, "A1", charges=YUBEI)
    first = desk.settle(stay).json()

    undone = desk.write(f"/v1/stays/{stay}/settlement/reversal", {"reason": "发票信息有误"})
    again = desk.settle(stay).json()

    assert undone.json()["returned_to_patient_fen"] == 5_625_20
    assert undone.json()["returned_by_hospital_to_funds_fen"] == 46_374_80
    assert again["settlement_number"] == "500112-2026-0000002"
    assert paid(again) == paid(first)
    old = desk.read(f"/v1/stays/{stay}/statement?number={first['settlement_number']}").json()
    assert old["status"] == "reversed"
    assert verify_ledger(desk.parts.ledger, desk.parts.laws).discrepancies == ()


def test_what_rests_on_nothing_of_an_undone_settlement_stays_as_it_is(
    opened: tuple[Desk, PeopleKnown],
) -> None:
    """A later stay in another benefit year read none of its counters."""
    desk, people = opened
    person = people.add(P1, region="500112", identities=("subsistence_margin",))
    early = desk.discharged(person, "A1", charges=YUBEI)
    late = desk.discharged(
        person, "A2", charges=YUBEI, admission="2024-02-01", discharge="2024-02-10"
    )
    desk.settle(early)
    settled = desk.settle(late).json()

    undone = desk.write(f"/v1/stays/{early}/settlement/reversal", {"reason": "更正"})

    assert undone.status_code == 200, undone.text
    assert undone.json()["adjustments"] == []
    assert desk.read(f"/v1/stays/{late}/statement").json() == settled
    assert verify_ledger(desk.parts.ledger, desk.parts.laws).discrepancies == ()


def test_a_whole_stay_in_one_call_is_one_transaction(opened: tuple[Desk, PeopleKnown]) -> None:
    """Admission, fees, discharge and settlement together; a refusal leaves no event at all."""
    desk, people = opened
    person = people.add(P1, region="500112", identities=("subsistence_margin",))
    asked = {
        "person_id": person,
        "hospital_stay_number": "A1",
        "admission_date": "2023-03-01",
        "discharge_date": "2023-03-10",
        "batches": [
            {"batch_number": "1", "charges": {"total_fen": 2_000_00, "in_scope_fen": 0}},
            {"batch_number": "2", "charges": {"total_fen": 50_000_00, "in_scope_fen": 50_000_00}},
        ],
    }
    before = desk.parts.ledger.log.last_position()
    wrong = desk.write("/v1/settlements", asked | {"expected_personal_fen": 1})
    assert wrong.status_code == 409
    assert desk.parts.ledger.log.last_position() == before

    settled = desk.write("/v1/settlements", asked)

    assert settled.status_code == 201
    assert paid(settled.json())["patient"] == 5_625_20


def test_the_history_tells_everything_in_order(opened: tuple[Desk, PeopleKnown]) -> None:
    """One event a payer step, those that came to zero among them."""
    desk, people = opened
    person = people.add(P1, region="500112", identities=("subsistence_margin",))
    stay = desk.discharged(person, "A1", charges=YUBEI)
    desk.settle(stay)

    events = desk.read(f"/v1/stays/{stay}/history").json()["events"]

    assert [e["topic"].removeprefix("settlement.") for e in events] == [
        "stay-admitted.v1",
        "fees-recorded.v1",
        "patient-discharged.v1",
        "settlement-opened.v1",
        "payer-step-settled.v1",
        "payer-step-settled.v1",
        "payer-step-settled.v1",
        "payer-step-settled.v1",
        "settlement-completed.v1",
    ]
    assert [e["version"] for e in events] == list(range(1, 10))
    assert events[0]["content"]["by"] == {
        "operator": "cashier-1",
        "institution_id": "H50011200001",
    }


def test_another_hospital_does_not_see_the_stay(opened: tuple[Desk, PeopleKnown]) -> None:
    """A stay of one institution is as unknown to another as one that never was."""
    desk, people = opened
    person = people.add(P1, region="500112", identities=("subsistence_margin",))
    stay = desk.discharged(person, "A1", charges=YUBEI)
    other = Desk(desk.parts, institution="H99010100001")

    assert other.read(f"/v1/stays/{stay}").json()["type"] == "urn:yizhan:problem:stay-unknown"
    assert other.settle(stay).status_code == 404


def test_the_book_is_chosen_by_enrolment_and_not_by_the_hospital(
    opened: tuple[Desk, PeopleKnown],
) -> None:
    """Someone enrolled in the other district is settled by its own tilt deductible of 3,500."""
    desk, people = opened
    person = people.add(P1, region="990101", identities=("subsistence_allowance",))
    stay = desk.discharged(
        person,
        "A1",
        charges={"total_fen": 200_000_00, "in_scope_fen": 180_000_00},
        admission="2023-10-01",
        discharge="2023-10-20",
    )

    settled = desk.settle(stay).json()

    assert paid(settled) == {
        "basic": 125_790_00,
        "critical": 29_743_68,
        "assistance": 17_126_42,
        "tilt": 2_687_93,
        "patient": 24_651_97,
    }
    assert settled["policy"]["region"] == "990101"
    assert any(n["name"] == "region" for n in settled["assumed"])


def test_personal_names_and_certificates_are_nowhere_in_the_ledger(
    opened: tuple[Desk, PeopleKnown],
) -> None:
    """Events of settlement know a person by an opaque id and an age."""
    desk, people = opened
    person = people.add(P1, region="500112", identities=("subsistence_margin",))
    stay = desk.discharged(person, "A1", charges=YUBEI)
    desk.settle(stay)
    fields = {
        key
        for event in desk.read(f"/v1/stays/{stay}/history").json()["events"]
        for key in _keys(event["content"])
    }
    assert not {f for f in fields if "certificate" in f or f in {"person_name", "birth_date"}}
    assert "person_id" in fields


def _keys(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {k for v in value.values() for k in _keys(v)}
    if isinstance(value, list):
        return {k for v in value for k in _keys(v)}
    return set()


def _stay_id(number: str) -> str:
    return str(stay_id_of(InstitutionId("H50011200001"), number))
