"""What a policy owes, measures, takes first and tells beside the bill, over HTTP and in the books.

Payers + patient + hospital make up the bill; cash allowances, the surplus of a fixed price and
what is only computed stand apart from that sum.
"""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from contracts.settlement_v1 import StatementShown
from settlement.application.ledger_history import settlements_recorded
from settlement.application.replay_ledger import Scope, replay_ledger
from settlement.application.verify_ledger import verify_ledger
from settlement.domain.fund_statement import Period
from settlement.domain.postings import Account
from settlement.entrypoints.statement_table import print_statement
from settlement.law.book import PolicyBook
from tests.settlement.desk.book_of import book_of
from tests.support.settlement_desk import P1, Desk, open_parts
from tests.support.small_policies import REGION, layer_text, policy_text, write_book

BASIC, ASSISTANCE = "990100-basic", "990100-medical_assistance"

FIXED_PRICE = layer_text(
    """
    name: 阑尾炎按病种定额
    base: {fixed: 9000}
    rate: 80%
    surplus: hospital
    """
)
PATIENT_FIRST = """
- id: own
  name: 个人先付
  payer: patient
  base: {fixed: 500}
  rate: 100%
"""
MEASURE = """
- id: gap
  name: 起补差额
  payer: none
  base: total
  rate: 50%
"""
CASH = layer_text(
    """
    name: 住院生活补助
    base: {fixed: 300}
    rate: 100%
    pays: cash
    """,
    layer_id="allowance",
    payer="medical_assistance",
)
REVIEWED = layer_text(
    """
    name: 重特大疾病救助
    decided_elsewhere: {by: 民政局评审, at_most: total - basic, may_come_later: 是}
    borne_by: {payer: 财政兜底, pool: "990100", when: 次年预算}
    """,
    layer_id="reviewed",
    payer="medical_assistance",
)
REPORTED = """
reported:
  - {id: actual_ratio, name: 实际补偿比, share: basic, of: total, target: 80%}
  - {id: own_burden, name: 个人负担, amount: patient}
  - {id: tcm_share, name: 中药占比, share: item.tcm, of: total}
deposit: {share_of_normal: 30%, amount: 200}
"""
TEXT = policy_text(PATIENT_FIRST, FIXED_PRICE, MEASURE, CASH, REVIEWED, more=REPORTED)


@pytest.fixture(name="desk")
def _desk(tmp_path: Path) -> Desk:
    """A hospital under that policy, and one person enrolled there."""
    return opened(tmp_path, TEXT)


def opened(tmp_path: Path, text: str) -> Desk:
    """A hospital under a policy."""
    parts, people = open_parts(tmp_path, policies=write_book(tmp_path / "policies", text))
    people.add(P1, region=REGION)
    desk = Desk(parts)
    desk.import_institutions()
    return desk


def settled(desk: Desk, number: str = "A1", **asked: Any) -> dict[str, Any]:
    """A stay of 6,000.00, settled."""
    stay = desk.discharged(P1, number, charges={"total_fen": 6_000_00})
    answer = desk.settle(stay, **asked)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def steps(shown: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The steps by layer."""
    return {step["layer"]: step for step in shown["steps"]}


def test_the_bill_adds_up_without_what_stands_beside_it(desk: Desk) -> None:
    """6,000 = 500 the patient's own + 5,500 of the fixed price of 7,200; 1,700 is surplus.

    The patient's first 500 leaves 5,500, which 80% of 9,000 more than covers.
    """
    shown = settled(desk)
    by_layer = steps(shown)

    assert shown["total_fen"] == 6_000_00
    assert (shown["funds_fen"], shown["hospital_fen"], shown["patient_fen"]) == (
        5_500_00,
        0,
        500_00,
    )
    kinds = {layer: (s["kind"], s["paid_fen"], s["amount_fen"]) for layer, s in by_layer.items()}
    assert kinds == {
        "own": ("patient", 500_00, 500_00),
        "basic": ("payment", 5_500_00, 5_500_00),
        "gap": ("measure", 0, 3_000_00),
        "allowance": ("cash", 0, 300_00),
        "reviewed": ("payment", 0, 0),
    }
    assert by_layer["basic"]["surplus_fen"] == 1_700_00
    assert by_layer["allowance"]["outside_fen"] == 300_00
    assert shown["outside"] == [
        {
            "layer": "basic",
            "name": "阑尾炎按病种定额",
            "kind": "surplus",
            "payer": "basic",
            "payer_label": "基本医疗保险",
            "fund": BASIC,
            "amount_fen": 1_700_00,
        },
        {
            "layer": "allowance",
            "name": "住院生活补助",
            "kind": "cash",
            "payer": "medical_assistance",
            "payer_label": "医疗救助",
            "fund": ASSISTANCE,
            "amount_fen": 300_00,
        },
    ]


def test_what_is_told_is_exact_and_never_paid(desk: Desk) -> None:
    """5,500 of 6,000 are 91.66…% and reach 80%; what the bill does not state is named."""
    assert settled(desk)["reported"] == [
        {
            "id": "actual_ratio",
            "name": "实际补偿比",
            "amount_fen": None,
            "numerator_fen": 5_500_00,
            "denominator_fen": 6_000_00,
            "target": "80%",
            "met": True,
            "missing": None,
        },
        {
            "id": "own_burden",
            "name": "个人负担",
            "amount_fen": 500_00,
            "numerator_fen": None,
            "denominator_fen": None,
            "target": None,
            "met": None,
            "missing": None,
        },
        {
            "id": "tcm_share",
            "name": "中药占比",
            "amount_fen": None,
            "numerator_fen": None,
            "denominator_fen": None,
            "target": None,
            "met": None,
            "missing": "item.tcm",
        },
    ]


def test_a_layer_that_is_still_to_be_decided_is_recorded_as_nothing_and_pending(
    desk: Desk,
) -> None:
    """Without its amount it is pending; undone and settled with it, it pays and is not."""
    first = settled(desk)
    assert first["pending"] == [
        {"layer": "reviewed", "name": "重特大疾病救助", "decided_by": "民政局评审"}
    ]
    assert steps(first)["reviewed"]["pending"] is True

    stay = desk.discharged(P1, "A2", charges={"total_fen": 9_000_00})
    later = desk.settle(stay, decided_elsewhere_fen={"reviewed": 1_000_00}).json()

    assert later["pending"] == []
    reviewed = steps(later)["reviewed"]
    assert (reviewed["pending"], reviewed["paid_fen"]) == (False, 1_000_00)
    assert reviewed["borne_by"] == "财政兜底，990100，次年预算"
    assert later["patient_fen"] == 9_000_00 - 7_200_00 - 1_000_00


def test_a_preview_tells_the_deposit_and_a_settlement_does_not(desk: Desk) -> None:
    """It is asked on admission, and part of no settlement."""
    stay = desk.discharged(P1, "A1", charges={"total_fen": 6_000_00})
    preview = desk.write(f"/v1/stays/{stay}/preview", {}).json()

    assert preview["deposit"] == {"share_of_normal": "30%", "amount_fen": 200_00}
    assert desk.settle(stay).json()["deposit"] is None


def test_the_statement_from_the_ledger_says_the_same(desk: Desk) -> None:
    """Computed again from the ledger alone: every field as it was answered."""
    shown = settled(desk)
    again = desk.read(f"/v1/stays/{shown['stay_id']}/statement").json()
    assert again == shown


def test_every_event_tells_its_part(desk: Desk) -> None:
    """Steps with their kinds; the completion with what stands beside it; shares of funds alone."""
    shown = settled(desk)
    events = desk.read(f"/v1/stays/{shown['stay_id']}/history").json()["events"]
    stored = [e["content"]["step"] for e in events if "payer-step" in e["topic"]]
    completed = next(e["content"] for e in events if "completed" in e["topic"])

    assert [(s["layer"], s["kind"], s["surplus_fen"], s["outside_fen"]) for s in stored] == [
        ("own", "patient", 0, 0),
        ("basic", "payment", 1_700_00, 0),
        ("gap", "measure", 0, 0),
        ("allowance", "cash", 0, 300_00),
        ("reviewed", "payment", 0, 0),
    ]
    assert [(s["layer"], s["amount_fen"]) for s in completed["shares"]] == [
        ("basic", 5_500_00),
        ("reviewed", 0),
    ]
    assert [(o["layer"], o["kind"], o["amount_fen"]) for o in completed["outside"]] == [
        ("basic", "surplus", 1_700_00),
        ("allowance", "cash", 300_00),
    ]
    assert completed["pending"] == ["reviewed"]
    assert [r["id"] for r in completed["reported"]] == ["actual_ratio", "own_burden", "tcm_share"]


def test_the_fund_owes_the_surplus_to_the_hospital_and_the_cash_to_the_patient(
    desk: Desk,
) -> None:
    """5,500 + 1,700 to the hospital; 300 to the patient; the bill's charges stay 6,000."""
    settled(desk)
    books = desk.parts.fund_account

    day = Period(*2 * (next(iter(books.balances())).last_booked_on,))
    lines = books.statement(BASIC, day).owed_lines
    listed = {b.fund_id: (b.owed_fen, b.to_patients_fen) for b in books.balances()}

    assert [(o.layer, o.is_surplus, o.amount_fen) for o in lines] == [
        ("basic", False, 5_500_00),
        ("basic", True, 1_700_00),
    ]
    assert listed == {BASIC: (7_200_00, 0), ASSISTANCE: (0, 300_00)}
    assert books.trial_balance() == {
        Account.FUND_BENEFITS: (7_500_00, 0),
        Account.FUND_PAYABLE: (0, 7_200_00),
        Account.FUND_PATIENT_PAYABLE: (0, 300_00),
        Account.HOSPITAL_RECEIVABLE: (7_200_00, 0),
        Account.PATIENT_RECEIVABLE: (500_00, 0),
        Account.CHARGES: (0, 6_000_00),
        Account.FIXED_PRICE_SURPLUS: (0, 1_700_00),
    }


def test_a_reversal_takes_back_what_was_owed_beside_the_bill(desk: Desk) -> None:
    """All accounts are level again, and the ledger and the accounts agree."""
    shown = settled(desk)
    undone = desk.write(f"/v1/stays/{shown['stay_id']}/settlement/reversal", {"reason": "更正"})

    assert undone.json()["cash_taken_back_fen"] == 300_00
    assert undone.json()["surplus_taken_back_fen"] == 1_700_00
    assert undone.json()["returned_by_hospital_to_funds_fen"] == 5_500_00
    trial = desk.parts.fund_account.trial_balance()
    assert all(debit == credit for debit, credit in trial.values())
    found = verify_ledger(desk.parts.ledger, desk.parts.laws, fund_books=desk.parts.fund_account)
    assert found.discrepancies == ()


def test_a_replay_tells_what_another_policy_would_owe_beside_the_bill(desk: Desk) -> None:
    """A fixed price of 8,000 instead of 9,000: 800 less surplus, the bill itself unchanged."""
    settled(desk)
    other: PolicyBook = book_of(TEXT.replace("fixed: 9000", "fixed: 8000"))

    found = replay_ledger(settlements_recorded(desk.parts.ledger.events()), other, Scope())

    assert found.refused == ()
    assert found.totals_fen() == {
        "basic": (5_500_00, 5_500_00),
        "medical_assistance": (0, 0),
        "patient": (500_00, 500_00),
        "cash": (300_00, 300_00),
        "surplus": (1_700_00, 900_00),
    }
    assert [s.is_changed for s in found.stays] == [True]


def test_the_printed_statement_tells_all_of_it(desk: Desk) -> None:
    """Below the sum: what is owed beside it, what is to come, what is only told."""
    stay = desk.discharged(P1, "A1", charges={"total_fen": 6_000_00})
    preview = desk.write(f"/v1/stays/{stay}/preview", {}).json()
    target = StringIO()

    print_statement(
        StatementShown.model_validate_json(json.dumps(preview)), Console(file=target, width=140)
    )

    said = [" ".join(line.split()) for line in target.getvalue().splitlines()]
    at = said.index("总费用 6000.00 ＝ 各基金 5500.00 ＋ 医院 0.00 ＋ 个人 500.00 元")
    assert said[at + 1 : at + 9] == [
        "账外 阑尾炎按病种定额：应付医院定额结余 1700.00 元（基本医疗保险 990100-basic）",
        "账外 住院生活补助：应付个人现金 300.00 元（医疗救助 990100-medical_assistance）",
        "待定 重特大疾病救助：等待民政局评审，暂记 0.00",
        "指标 实际补偿比：91.66%（5500.00 ÷ 6000.00），目标 80%：达到",
        "指标 个人负担：500.00 元",
        "指标 中药占比：费用单没有提供项目类别 tcm 的费用，无法计算",
        "押金 按本院通常押金的 30% 收取",
        "押金 200.00 元",
    ]
    text = "\n".join(said)
    assert "个人 500.00" in text
    assert "（3000.00）" in text
    assert "账外 300.00" in text
    assert "结余 1700.00" in text
    assert "待民政局评审确定" in text
