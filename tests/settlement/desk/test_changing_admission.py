"""Admission changed and cancelled, discharge undone: until the stay is settled."""

from pathlib import Path
from typing import Any

import pytest

from settlement.application.law_library import LawLibrary
from settlement.application.verify_ledger import verify_ledger
from tests.support.fee_lines import BED
from tests.support.settlement_desk import P1, P2, Desk, open_parts

BILL = {"total_fen": 26_000_00, "in_scope_fen": 25_000_00}
DISCHARGE = {"discharge_date": "2023-03-10", "invoice_number": "FP-1", "departure": "by_order"}


@pytest.fixture(name="desk")
def _desk(tmp_path: Path) -> Desk:
    parts, people = open_parts(tmp_path)
    people.add(P1, region="500112")
    people.add(P2, region="500112")
    desk = Desk(parts)
    desk.import_institutions()
    return desk


def admission(person: str, **other: Any) -> dict[str, Any]:
    """The admission under the number ZY-1."""
    return {
        "person_id": person,
        "hospital_stay_number": "ZY-1",
        "admission_date": "2023-03-01",
        "circumstances": {"emergency": True},
        **other,
    }


def admitted(desk: Desk, person: str = P1) -> str:
    """The path of a stay."""
    answer = desk.write("/v1/stays", admission(person))
    assert answer.status_code == 201, answer.text
    return f"/v1/stays/{answer.json()['stay_id']}"


def said(answer: Any) -> dict[str, Any]:
    """What a write that was accepted answers."""
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


def refused(answer: Any, slug: str, words: str) -> None:
    """A refusal by name that says what to do."""
    problem = answer.json()
    assert problem["type"].endswith(slug), problem
    assert words in problem["detail"]


def verified(desk: Desk) -> bool:
    """Whether everything in the ledger is decided alike again."""
    found = verify_ledger(desk.parts.ledger, LawLibrary(desk.parts.ledger))
    return found.discrepancies == ()


def test_the_registration_is_changed_as_a_whole(desk: Desk) -> None:
    """Date, scheme and circumstances; what is left out is no longer stated."""
    stay = admitted(desk)
    change = {"admission_date": "2023-02-27", "scheme": "resident"}

    shown = said(desk.write(f"{stay}/admission/change", change))

    assert (shown["admission_date"], shown["status"]) == ("2023-02-27", "admitted")
    history = desk.read(f"{stay}/history").json()["events"]
    assert [e["topic"] for e in history][1:] == ["settlement.admission-changed.v1"]
    assert history[1]["content"]["circumstances"]["emergency"] is None
    refused(desk.write(f"{stay}/admission/change", change), "nothing-changed", "没有变更")
    assert verified(desk)


def test_a_change_after_discharge_keeps_what_the_discharge_declared(desk: Desk) -> None:
    """The settlement rests on the changed date and on both declarations."""
    stay = admitted(desk)
    fees = {"batch_number": "1", "charges": BILL}
    said(desk.write(f"{stay}/fees", fees))
    said(desk.write(f"{stay}/discharge", DISCHARGE | {"circumstances": {"surgery": True}}))
    late = {"admission_date": "2023-03-11"}
    refused(desk.write(f"{stay}/admission/change", late), "discharge-before-admission", "请核对")

    changed = {"admission_date": "2023-02-20", "circumstances": {"referral": False}}
    said(desk.write(f"{stay}/admission/change", changed))
    said(desk.write(f"{stay}/settlement", {}))

    opened = [
        e["content"]["inputs"]
        for e in desk.read(f"{stay}/history").json()["events"]
        if e["topic"] == "settlement.settlement-opened.v1"
    ]
    stated = opened[0]["circumstances"]
    assert opened[0]["admission"] == "2023-02-20"
    assert (stated["referral"], stated["surgery"], stated["emergency"]) == (False, True, None)
    refused(
        desk.write(f"{stay}/admission/change", {"admission_date": "2023-02-21"}),
        "already-settled",
        "请先撤销结算，再变更入院登记",
    )
    assert verified(desk)


def test_a_cancelled_number_is_admitted_again_in_the_same_stay(desk: Desk) -> None:
    """Another person may lie under the number; what was is still told, and nothing of it counts."""
    stay = admitted(desk)
    said(desk.write(f"{stay}/fees", {"batch_number": "1", "charges": BILL}))
    cancellation = {"reason": "登记错人"}
    refused(
        desk.write(f"{stay}/admission/cancellation", cancellation), "admission-stands", "还有费用"
    )
    said(desk.write(f"{stay}/fees/deletion", {"batch_number": "1"}))

    assert said(desk.write(f"{stay}/admission/cancellation", cancellation))["status"] == "cancelled"

    for path, body in (
        ("fees", {"batch_number": "2", "charges": BILL}),
        ("discharge", DISCHARGE),
        ("settlement", {}),
        ("admission/change", {"admission_date": "2023-02-01"}),
        ("admission/cancellation", cancellation),
    ):
        refused(desk.write(f"{stay}/{path}", body), "stay-cancelled", "重新登记入院")
    assert admitted(desk, P2) == stay
    shown = desk.read(stay).json()
    assert (shown["person_id"], shown["status"], shown["batches"]) == (P2, "admitted", [])
    refused(desk.write("/v1/stays", admission(P1)), "already-admitted", "已登记入院")
    # The number of a batch of the cancelled admission is free again.
    said(desk.write(f"{stay}/fees", {"batch_number": "1", "charges": BILL}))
    said(desk.write(f"{stay}/discharge", DISCHARGE))
    assert said(desk.write(f"{stay}/settlement", {}))["person_id"] == P2
    assert verified(desk)


def test_an_undone_settlement_of_a_cancelled_admission_stays_that_persons(desk: Desk) -> None:
    """Its statement names who lay there then, after somebody else was admitted."""
    stay = admitted(desk)
    said(desk.write(f"{stay}/fees", {"batch_number": "1", "charges": BILL}))
    said(desk.write(f"{stay}/discharge", DISCHARGE))
    settled = said(desk.write(f"{stay}/settlement", {}))
    refused(
        desk.write(f"{stay}/admission/cancellation", {"reason": "x"}),
        "already-settled",
        "请先撤销结算",
    )
    said(desk.write(f"{stay}/settlement/reversal", {"reason": "登记错人"}))
    said(desk.write(f"{stay}/discharge/cancellation", {"reason": "登记错人"}))
    said(desk.write(f"{stay}/fees/deletion", {"batch_number": "1"}))
    said(desk.write(f"{stay}/admission/cancellation", {"reason": "登记错人"}))
    admitted(desk, P2)

    old = desk.read(f"{stay}/statement?number={settled['settlement_number']}").json()

    assert (old["person_id"], old["status"], old["invoice_number"]) == (P1, "reversed", "FP-1")
    assert verified(desk)


def test_a_discharge_is_undone_fees_corrected_and_the_patient_discharged_again(desk: Desk) -> None:
    """What the first discharge declared is gone with it; the refusal says the way."""
    stay = admitted(desk)
    said(desk.write(f"{stay}/fees", {"batch_number": "1", "charges": BILL}))
    said(desk.write(f"{stay}/discharge", DISCHARGE | {"circumstances": {"surgery": True}}))
    more = {"batch_number": "2", "charges": BILL}
    refused(desk.write(f"{stay}/fees", more), "already-discharged", "请先取消出院，更正费用后重新")
    said(desk.write(f"{stay}/settlement", {}))
    refused(desk.write(f"{stay}/fees", more), "already-discharged", "请先撤销结算、取消出院")
    undo = {"reason": "漏记费用"}
    refused(desk.write(f"{stay}/discharge/cancellation", undo), "already-settled", "请先撤销结算")
    said(desk.write(f"{stay}/settlement/reversal", undo))

    shown = said(desk.write(f"{stay}/discharge/cancellation", undo))

    assert (shown["status"], shown["discharge_date"], shown["departure"]) == (
        "admitted",
        None,
        None,
    )
    refused(desk.write(f"{stay}/discharge/cancellation", undo), "not-discharged", "还没有办理出院")
    said(desk.write(f"{stay}/fees", more))
    again = DISCHARGE | {"departure": "death", "discharge_date": "2023-03-12"}
    assert said(desk.write(f"{stay}/discharge", again))["departure"] == "death"
    assert said(desk.write(f"{stay}/settlement", {}))["total_fen"] == 52_000_00
    assert verified(desk)


def test_another_hospital_sees_none_of_it(desk: Desk) -> None:
    """A stay of somebody else is as unknown as one that never was."""
    stay = admitted(desk)
    other = Desk(desk.parts, institution="H42000000001")
    for path, body in (
        ("admission/change", {"admission_date": "2023-02-01"}),
        ("admission/cancellation", {"reason": "x"}),
        ("discharge/cancellation", {"reason": "x"}),
        ("fees/deletion", {"batch_number": "1"}),
        ("fees/lines/deletion", {"line_number": "1"}),
        ("deposits/refund", {"amount_fen": 1, "method": "cash"}),
    ):
        refused(other.write(f"{stay}/{path}", body), "stay-unknown", "没有住院")
    assert other.read(f"{stay}/fees").status_code == 404
    assert other.read(f"{stay}/deposit").status_code == 404


def test_a_repeated_request_gets_the_first_answer_and_a_refusal_leaves_nothing(desk: Desk) -> None:
    """Each change once, whatever is sent again; what was refused may be sent corrected."""
    stay = admitted(desk)
    writes = [
        ("admission/change", {"admission_date": "2023-02-27"}),
        ("fees", {"batch_number": "1", "lines": [BED]}),
        ("fees/lines/correction", {"line": BED | {"quantity": "9", "amount_fen": 900_00}}),
        ("fees/lines/deletion", {"line_number": "L1"}),
        ("fees", {"batch_number": "2", "charges": BILL}),
        ("fees/deletion", {"batch_number": "2"}),
        ("deposits", {"receipt_number": "R1", "amount_fen": 1_00, "method": "cash"}),
        ("deposits/refund", {"amount_fen": 1_00, "method": "cash"}),
        ("discharge", DISCHARGE),
        ("discharge/cancellation", {"reason": "x"}),
        ("admission/cancellation", {"reason": "x"}),
    ]
    for at, (path, body) in enumerate(writes):
        first = desk.write(f"{stay}/{path}", body, key=f"key-{at}")
        again = desk.write(f"{stay}/{path}", body, key=f"key-{at}")
        assert first.is_success, first.text
        assert (again.status_code, again.content) == (first.status_code, first.content)
    refused(desk.write(f"{stay}/fees", {"batch_number": "3"}, key="late"), "stay-cancelled", "撤销")
    assert len(desk.read(f"{stay}/history").json()["events"]) == 1 + len(writes)
    assert verified(desk)
