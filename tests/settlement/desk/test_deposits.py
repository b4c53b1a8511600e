"""Deposits under the policy, and how the patient's part is paid: the hospital's books."""

from pathlib import Path
from typing import Any

import pytest

from tests.settlement.desk.test_changing_admission import (
    DISCHARGE,
    admitted,
    refused,
    said,
    verified,
)
from tests.support.settlement_desk import P1, P2, Desk, open_parts
from tests.support.small_policies import REGION, RICHER_POLICY, write_book

CIRCUMSTANCES = {
    "care": "inpatient",
    "disease": "阑尾炎",
    "declared": {"student": False, "years_insured": 8, "ward": "普通"},
}


@pytest.fixture(name="desk")
def _desk(tmp_path: Path) -> Desk:
    """The policy of P1 lets a hospital ask 30% of what others pay, and never above ¥200."""
    parts, people = open_parts(tmp_path, policies=write_book(tmp_path / "book", RICHER_POLICY))
    people.add(P1, region=REGION)
    desk = Desk(parts)
    desk.import_institutions()
    return desk


def paid(desk: Desk, stay: str, receipt: str, fen: int, normal: int | None = 1_000_00) -> Any:
    """A deposit, whatever comes out."""
    body = {"receipt_number": receipt, "amount_fen": fen, "method": "mobile"}
    return desk.write(f"{stay}/deposits", body | {"normal_deposit_fen": normal})


def settled(desk: Desk, stay: str, **asked: Any) -> Any:
    """Fees, discharge and settlement, whatever comes out of the last."""
    said(desk.write(f"{stay}/fees", {"batch_number": "1", "charges": {"total_fen": 6_000_00}}))
    said(desk.write(f"{stay}/discharge", DISCHARGE | {"circumstances": CIRCUMSTANCES}))
    return desk.write(f"{stay}/settlement", asked)


@pytest.mark.parametrize(("normal_fen", "most_fen"), [(600_00, 180_00), (1_000_00, 200_00), (0, 0)])
def test_what_may_be_asked_is_the_policys(desk: Desk, normal_fen: int, most_fen: int) -> None:
    """The lower of the share and the amount, with the policy and the numbers it rests on."""
    stay = admitted(desk)
    shown = desk.read(f"{stay}/deposit?normal_deposit_fen={normal_fen}").json()
    assert (shown["most_fen"], shown["may_ask_fen"], shown["held_fen"]) == (most_fen, most_fen, 0)
    assert shown["policy_says"] is True
    assert [n["value"] for n in shown["numbers"]] == ["30%", "200.00"]


def test_a_share_needs_to_know_of_what(desk: Desk) -> None:
    """What the hospital asks of others is never guessed."""
    stay = admitted(desk)
    assert desk.read(f"{stay}/deposit").json()["type"].endswith("normal-deposit-not-stated")
    refused(paid(desk, stay, "R1", 1, None), "normal-deposit-not-stated", "为普通押金的 30%")


def test_a_deposit_is_topped_up_to_what_is_allowed_and_given_back(desk: Desk) -> None:
    """More is refused with what is held; a receipt's number counts once."""
    stay = admitted(desk)
    said(paid(desk, stay, "R1", 150_00))
    refused(
        paid(desk, stay, "R2", 50_01),
        "deposit-above-allowed",
        "最多可收押金 200.00 元，在押 150.00 元，再收 50.01 元超出 0.01 元",
    )
    refused(paid(desk, stay, "R1", 1), "deposit-receipt-repeated", "R1")
    shown = said(paid(desk, stay, "R2", 50_00))
    assert (shown["held_fen"], shown["may_ask_fen"]) == (200_00, 0)

    back = {"amount_fen": 50_01, "method": "cash", "receipt_number": "R2"}
    refused(
        desk.write(f"{stay}/deposits/refund", back), "deposit-not-held", "收据 R2 所余只有 50.00"
    )
    said(desk.write(f"{stay}/deposits/refund", back | {"amount_fen": 20_00}))
    shown = said(
        desk.write(f"{stay}/deposits/refund", {"amount_fen": 160_00, "method": "transfer"})
    )

    assert shown["held_fen"] == 20_00
    assert [(r["receipt_number"], r["left_fen"]) for r in shown["receipts"]] == [
        ("R1", 0),
        ("R2", 20_00),
    ]
    over = {"amount_fen": 20_01, "method": "cash"}
    refused(desk.write(f"{stay}/deposits/refund", over), "deposit-not-held", "在押金额只有 20.00")
    assert verified(desk)


def test_an_admission_with_a_deposit_is_not_cancelled_before_it_is_back(desk: Desk) -> None:
    """The refusal says how much and what to do."""
    stay = admitted(desk)
    said(paid(desk, stay, "R1", 100_00))
    cancel = {"reason": "未住院"}
    refused(desk.write(f"{stay}/admission/cancellation", cancel), "admission-stands", "押金 100.00")
    said(desk.write(f"{stay}/deposits/refund", {"amount_fen": 100_00, "method": "mobile"}))
    said(desk.write(f"{stay}/admission/cancellation", cancel))
    assert verified(desk)


def test_a_policy_that_says_nothing_of_deposits_limits_none(tmp_path: Path) -> None:
    """It is taken, and the answer says that the policy is silent."""
    parts, people = open_parts(tmp_path)
    people.add(P2, region="500112")
    desk = Desk(parts)
    desk.import_institutions()
    stay = admitted(desk, P2)
    shown = said(paid(desk, stay, "R1", 5_000_00, None))
    assert (shown["policy_says"], shown["most_fen"], shown["may_ask_fen"]) == (False, None, None)
    assert shown["held_fen"] == 5_000_00
    assert verified(desk)


def test_the_patient_pays_with_account_deposit_and_cash(desk: Desk) -> None:
    """Together what is owed; the rest of the deposit is given back; undoing frees all of it."""
    stay = admitted(desk)
    said(paid(desk, stay, "R1", 200_00))
    preview_fen = said(settled(desk, stay))["patient_fen"]
    said(desk.write(f"{stay}/settlement/reversal", {"reason": "登记支付方式"}))
    rest_fen = preview_fen - 150_00
    short = {"deposit_fen": 150_00, "cash_fen": rest_fen - 1}
    refused(desk.write(f"{stay}/settlement", {"tender": short}), "tender-does-not-add-up", "请核对")
    too_much = {"deposit_fen": 200_01, "cash_fen": preview_fen - 200_01}
    refused(desk.write(f"{stay}/settlement", {"tender": too_much}), "deposit-not-held", "200.00")

    tender = {"account_fen": rest_fen, "deposit_fen": 150_00, "cash_fen": 0}
    said(desk.write(f"{stay}/settlement", {"tender": tender}))

    shown = desk.read(stay).json()
    assert (shown["tender"], shown["deposit_held_fen"]) == (tender, 50_00)
    last = desk.read(f"{stay}/history").json()["events"][-1]
    assert last["topic"] == "settlement.tender-recorded.v1"
    assert last["content"]["refund_due_fen"] == 50_00
    refused(paid(desk, stay, "R2", 1), "already-settled", "请先撤销结算，再收押金")
    over = {"amount_fen": 50_01, "method": "cash"}
    refused(desk.write(f"{stay}/deposits/refund", over), "deposit-not-held", "50.00")
    said(desk.write(f"{stay}/deposits/refund", {"amount_fen": 50_00, "method": "cash"}))

    said(desk.write(f"{stay}/settlement/reversal", {"reason": "费用更正"}))

    shown = desk.read(stay).json()
    assert (shown["tender"], shown["deposit_held_fen"]) == (None, 150_00)
    assert verified(desk)
