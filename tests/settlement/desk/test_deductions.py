"""An office deducts from what a fund pays a hospital: the patient owes what he owed.

Policies and bills are those of `test_undoing_rederives`: bills are of 1,000.00, of which the fund
pays 80%, at most 1,000.00 a year (`CAPPED`), or 80% of what is above 500.00 a year (`DEDUCTIBLE`).
"""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from settlement.application.deduct_from_hospital import ImposeDeduction, impose_deduction
from settlement.application.find_settlement import history_of_issued
from settlement.domain.deductions import DeductionTooLarge
from settlement.domain.fund_statement import Period
from settlement.domain.postings import Account
from settlement.domain.record import Actor
from settlement.domain.statement_code import statement_code
from tests.settlement.desk.test_late_amounts import OFFICE, deliver, events_of, refusal
from tests.settlement.desk.test_late_amounts import story_of as late_story
from tests.settlement.desk.test_undoing_rederives import (
    CAPPED,
    DEDUCTIBLE,
    FUND,
    LEVEL,
    OTHER,
    Story,
    story_of,
)
from tests.support.settlement_desk import Desk

NUMBER, SECOND = "990103-2026-0000001", "990103-2026-0000002"
HOSPITAL = "H50011200001"


def office(story: Story) -> Desk:
    """Whoever acts for a code that is in no directory of institutions."""
    return Desk(story.desk.parts, institution=OFFICE)


def deduct(desk: Desk, number: str, amount_fen: int, *, document: str = "", **asked: Any) -> Any:
    """Somebody deducts, whatever is answered."""
    stated = {
        "fund_id": FUND,
        "amount_fen": amount_fen,
        "reason": "超标准收费",
        "document_number": document or f"医保扣〔2026〕{amount_fen} 号",
    }
    key = asked.pop("key", None)
    return desk.write(f"/v1/settlements/{number}/deductions", stated | asked, key=key)


def withdraw(desk: Desk, number: str, deduction: int = 1) -> Any:
    """Somebody withdraws a deduction, whatever is answered."""
    path = f"/v1/settlements/{number}/deductions/{deduction}/withdrawal"
    return desk.write(path, {"reason": "申诉成立"})


def listed(desk: Desk, number: str) -> tuple[list[tuple[int, int, int]], list[tuple[str, int]]]:
    """Owed, deducted and net of each fund; status of each deduction and what stands of it."""
    shown = desk.read(f"/v1/settlements/{number}/deductions").json()
    return (
        [(f["owed_fen"], f["deducted_fen"], f["net_fen"]) for f in shown["funds"]],
        [(d["status"], d["stands_fen"]) for d in shown["deductions"]],
    )


def always(story: Story) -> Any:
    """The fund's statement of all days, as it is shown."""
    return story.desk.read(f"/v1/funds/{FUND}/statement?from=2020-01-01&to=2030-12-31").json()


def test_a_deduction_is_between_fund_and_hospital_alone(tmp_path: Path) -> None:
    """800 are owed, 100 deducted, 700 paid; the statement of the patient is to the letter the
    same."""
    story = story_of(tmp_path, CAPPED)
    stay = story.settle("A1")
    before = story.statement(stay)

    answer = deduct(office(story), NUMBER, 100_00, document="医保扣 7")

    assert answer.status_code == 201, answer.text
    assert answer.json() == {
        "settlement_number": NUMBER,
        "deduction": 1,
        "reference": f"{NUMBER}-K1",
        "fund_id": FUND,
        "amount_fen": 100_00,
        "stands_fen": 100_00,
        "status": "standing",
        "reason": "超标准收费",
        "document_number": "医保扣 7",
        "booked_on": "2026-03-02",
        "imposed_by": "cashier-1",
        "imposed_for": OFFICE,
    }
    assert story.statement(stay) == before
    assert before["patient_fen"] == 200_00
    assert listed(story.desk, NUMBER) == ([(800_00, 100_00, 700_00)], [("standing", 100_00)])
    assert story.balances() == {
        Account.FUND_BENEFITS.value: 800_00,
        Account.FUND_PAYABLE.value: -700_00,
        Account.FUND_DEDUCTIONS.value: -100_00,
        Account.HOSPITAL_RECEIVABLE.value: 700_00,
        Account.HOSPITAL_DEDUCTIONS.value: 100_00,
        Account.PATIENT_RECEIVABLE.value: 200_00,
        Account.CHARGES.value: -1_000_00,
    }
    assert story.discrepancies() == ()


def test_the_statement_of_the_fund_tells_gross_deducted_and_net(tmp_path: Path) -> None:
    """Hospital by hospital, with the office's document; the list of funds tells it, too."""
    story = story_of(tmp_path, CAPPED)
    story.settle("A1")
    story.settle("B1", at=story.other)
    deduct(office(story), NUMBER, 100_00, document="医保扣 7")

    shown = always(story)

    sums = ("opening_fen", "owed_fen", "deducted_fen", "net_fen", "paid_fen", "closing_fen")
    assert [shown[name] for name in sums] == [0, 1_000_00, 100_00, 900_00, 0, 900_00]
    theirs = {h["institution_id"]: h for h in shown["hospitals"]}
    assert [theirs[OTHER][name] for name in sums] == [0, 200_00, 0, 200_00, 0, 200_00]
    assert theirs[OTHER]["deducted"] == []
    assert [theirs[HOSPITAL][name] for name in sums] == [0, 800_00, 100_00, 700_00, 0, 700_00]
    assert theirs[HOSPITAL]["deducted"] == [
        {
            "booked_on": "2026-03-02",
            "kind": "deduction",
            "settlement_number": NUMBER,
            "deduction": 1,
            "reference": f"{NUMBER}-K1",
            "gives_back_booked_on": None,
            "hospital_stay_number": "A1",
            "invoice_number": None,
            "document_number": "医保扣 7",
            "reason": "超标准收费",
            "amount_fen": 100_00,
        }
    ]
    (fund,) = (f for f in story.desk.read("/v1/funds").json()["funds"] if f["fund_id"] == FUND)
    assert (fund["owed_fen"], fund["deducted_fen"], fund["balance_fen"]) == (
        1_000_00,
        100_00,
        900_00,
    )


def test_all_deductions_together_are_at_most_what_the_fund_pays(tmp_path: Path) -> None:
    """500 of 800, then not 300.01, but 300; and then not a fen."""
    story = story_of(tmp_path, CAPPED)
    story.settle("A1")
    by = office(story)
    assert deduct(by, NUMBER, 500_00).status_code == 201
    before = events_of(story)

    answer = deduct(by, NUMBER, 300_01)

    assert refusal(answer) == (409, "deduction-too-large")
    assert "至多还可扣减 300.00 元" in answer.json()["detail"]
    assert events_of(story) == before
    assert deduct(by, NUMBER, 300_00).status_code == 201
    assert refusal(deduct(by, NUMBER, 1)) == (409, "deduction-too-large")
    assert listed(by, NUMBER)[0] == [(800_00, 800_00, 0)]
    assert story.discrepancies() == ()


def test_another_fund_pays_nothing_of_it(tmp_path: Path) -> None:
    """The fund is named; one that is no payer of the settlement has nothing to deduct from."""
    story = story_of(tmp_path, CAPPED)
    story.settle("A1")

    answer = deduct(office(story), NUMBER, 1, fund_id="990100-medical_assistance")

    assert refusal(answer) == (409, "deduction-too-large")
    assert "应付医院 0.00 元" in answer.json()["detail"]
    assert refusal(deduct(office(story), NUMBER, 0))[0] == 422


def test_hospitals_neither_deduct_nor_withdraw_nor_read_of_others(tmp_path: Path) -> None:
    """Its own it may read; nothing is stored."""
    story = story_of(tmp_path, CAPPED)
    story.settle("A1")
    deduct(office(story), NUMBER, 100_00)
    before = events_of(story)

    for hospital in (story.desk, story.other):
        assert refusal(deduct(hospital, NUMBER, 1)) == (403, "only-offices")
        assert refusal(withdraw(hospital, NUMBER)) == (403, "only-offices")
    unseen = story.other.read(f"/v1/settlements/{NUMBER}/deductions")
    unknown = office(story).read(f"/v1/settlements/{SECOND}/deductions")

    assert refusal(unseen) == refusal(unknown) == (404, "settlement-unknown")
    assert refusal(deduct(office(story), SECOND, 1)) == (404, "settlement-unknown")
    assert events_of(story) == before


def test_a_withdrawn_deduction_is_paid_after_all(tmp_path: Path) -> None:
    """Once; in the fund's statement both lines stay."""
    story = story_of(tmp_path, CAPPED)
    story.settle("A1")
    by = office(story)
    deduct(by, NUMBER, 100_00)

    answer = withdraw(by, NUMBER)

    assert (answer.status_code, answer.json()["status"]) == (200, "withdrawn")
    assert listed(by, NUMBER) == ([(800_00, 0, 800_00)], [("withdrawn", 0)])
    (hospital,) = always(story)["hospitals"]
    assert [(d["kind"], d["amount_fen"], d["reason"]) for d in hospital["deducted"]] == [
        ("deduction", 100_00, "超标准收费"),
        ("deduction_withdrawal", -100_00, "申诉成立"),
    ]
    again = by.write(
        f"/v1/settlements/{NUMBER}/deductions/1/withdrawal", {"reason": "再次申诉"}, key="again"
    )
    assert refusal(again) == (409, "deduction-closed")
    assert refusal(withdraw(by, NUMBER, 2)) == (404, "deduction-unknown")
    assert story.discrepancies() == ()


def test_one_document_deducts_once(tmp_path: Path) -> None:
    """From one fund on one settlement, as long as it stands; another office has its own papers."""
    story = story_of(tmp_path, CAPPED)
    story.settle("A1")
    by = office(story)
    deduct(by, NUMBER, 100_00, document="7 号")

    assert refusal(deduct(by, NUMBER, 50_00, document="7 号")) == (409, "deduction-repeated")
    other = Desk(story.desk.parts, institution="A990104")
    assert deduct(other, NUMBER, 50_00, document="7 号").status_code == 201
    withdraw(by, NUMBER)
    assert deduct(by, NUMBER, 60_00, document="7 号").status_code == 201
    assert listed(by, NUMBER)[1] == [("withdrawn", 0), ("standing", 50_00), ("standing", 60_00)]
    assert story.discrepancies() == ()


def test_undoing_the_settlement_releases_what_was_deducted(tmp_path: Path) -> None:
    """Nothing is paid, so nothing is deducted; settled again, nothing is until it is imposed
    anew."""
    story = story_of(tmp_path, CAPPED)
    stay = story.settle("A1")
    by = office(story)
    deduct(by, NUMBER, 100_00)
    deduct(by, NUMBER, 200_00)

    assert story.undo(stay).status_code == 200

    assert story.balances() == LEVEL
    assert listed(by, NUMBER) == ([], [("released", 0), ("released", 0)])
    assert refusal(withdraw(by, NUMBER)) == (409, "deduction-closed")
    assert refusal(deduct(by, NUMBER, 1)) == (409, "not-settled")
    assert story.discrepancies() == ()
    story.desk.settle(stay)
    assert listed(by, SECOND) == ([(800_00, 0, 800_00)], [])
    assert deduct(by, SECOND, 50_00).json()["reference"] == f"{SECOND}-K3"
    assert story.discrepancies() == ()


def test_an_adjustment_releases_what_is_too_much_the_newest_first(tmp_path: Path) -> None:
    """800 of the second stay become 400: of 300 + 200 + 150 deducted, 250 are released."""
    story = story_of(tmp_path, DEDUCTIBLE)
    first, second = story.settle("A1"), story.settle("A2")
    by = office(story)
    for amount_fen in (300_00, 200_00, 150_00):
        assert deduct(by, SECOND, amount_fen).status_code == 201
    assert listed(by, SECOND)[0] == [(800_00, 650_00, 150_00)]

    story.undo(first)

    assert (story.paid(second), story.statement(second)["patient_fen"]) == (400_00, 600_00)
    assert listed(by, SECOND) == (
        [(400_00, 400_00, 0)],
        [("standing", 300_00), ("standing", 100_00), ("released", 0)],
    )
    (hospital,) = always(story)["hospitals"]
    released = [
        (d["deduction"], d["amount_fen"], d["reason"])
        for d in hospital["deducted"]
        if d["kind"] == "deduction_release"
    ]
    assert released == [(3, -150_00, None), (2, -100_00, None)]
    assert hospital["closing_fen"] == 0
    assert story.discrepancies() == ()
    assert withdraw(by, SECOND, 2).status_code == 200
    assert listed(by, SECOND)[0] == [(400_00, 300_00, 100_00)]
    assert story.discrepancies() == ()


def test_what_is_released_does_not_come_back(tmp_path: Path) -> None:
    """A supplement of 200 falls to 150, which releases 30 of 180; it rises to 180 again, and the
    office may deduct anew."""
    story = late_story(tmp_path)
    stay = story.settle("A1")
    by, fund_id = office(story), "990100-medical_assistance"
    assert deduct(by, NUMBER, 180_00, fund_id=fund_id).status_code == 201

    assert deliver(story.desk, stay, 100_00, key="1").status_code == 200
    assert listed(by, NUMBER)[0][-1] == (150_00, 150_00, 0)
    assert deliver(story.desk, stay, 40_00, key="2").status_code == 200

    assert listed(by, NUMBER) == (
        [(600_00, 0, 600_00), (40_00, 0, 40_00), (180_00, 150_00, 30_00)],
        [("standing", 150_00)],
    )
    assert deduct(by, NUMBER, 30_00, fund_id=fund_id).status_code == 201
    history = story.desk.read(f"/v1/stays/{stay}/history").json()["events"]
    assert [e["happened"] for e in history if "released" in e["topic"]] == [
        (
            f"解除扣减 {NUMBER}-K1：因结算第 1 次更正，解除 30.00 元，仍扣减 150.00 元；"
            "记账日 2026-03-02"
        )
    ]
    assert story.discrepancies() == ()


def test_what_goes_past_the_hospital_releases_nothing(tmp_path: Path) -> None:
    """The other hospital's 800 become 400, reclaimed from the patient: it is still owed 800."""
    switches = "{underpaid: to_patient, overpaid: from_patient}"
    story = story_of(tmp_path, DEDUCTIBLE, corrections=switches)
    first, _ = story.settle("A1"), story.settle("A2", at=story.other)
    by = office(story)
    deduct(by, SECOND, 700_00)

    assert story.undo(first).status_code == 200

    assert listed(by, SECOND) == ([(800_00, 700_00, 100_00)], [("standing", 700_00)])
    assert story.discrepancies() == ()


def test_a_retry_gets_the_first_answer_and_deducts_once(tmp_path: Path) -> None:
    """What became of it is told by its key; another body under the key is refused."""
    story = story_of(tmp_path, CAPPED)
    story.settle("A1")
    by = office(story)

    first, again = (deduct(by, NUMBER, 100_00, document="7", key="k-1") for _ in range(2))

    assert again.json() == first.json()
    assert listed(by, NUMBER)[0] == [(800_00, 100_00, 700_00)]
    assert by.read("/v1/requests/impose-deduction/k-1").json()["state"] == "done"
    assert deduct(by, NUMBER, 90_00, document="7", key="k-1").status_code == 409


def test_two_offices_at_once_do_not_deduct_more_than_is_paid(tmp_path: Path) -> None:
    """The one that is overtaken looks again, and meets what the other has left."""
    story = story_of(tmp_path, CAPPED)
    story.settle("A1")
    parts, tries = story.desk.parts, []

    def accept(decided: Any) -> None:
        tries.append(decided.kept.stands_fen)
        if len(tries) == 1:
            other = Desk(parts, institution="A990104")
            assert deduct(other, NUMBER, 500_00).status_code == 201

    command = ImposeDeduction(
        number=NUMBER,
        fund_id=FUND,
        amount_fen=400_00,
        reason="分解住院",
        document="8 号",
        booked_on=date(2026, 3, 2),
        by=Actor(operator="auditor", institution_id=OFFICE),
        at=datetime(2026, 3, 2, 4, tzinfo=UTC),
    )
    with pytest.raises(DeductionTooLarge, match=r"至多还可扣减 300\.00 元"):
        impose_deduction(command, ledger=parts.ledger, numbers=parts.papers.numbers, accept=accept)

    assert tries == [400_00]
    assert listed(story.desk, NUMBER) == ([(800_00, 500_00, 300_00)], [("standing", 500_00)])


def test_an_adjustment_meanwhile_is_met(tmp_path: Path) -> None:
    """The settlement is undone while an office decides: it is refused, and nothing is left."""
    story = story_of(tmp_path, CAPPED)
    stay = story.settle("A1")
    by, parts = office(story), story.desk.parts
    save, tries = parts.ledger.save, []

    def saving(*aggregates: Any, receipt: object = None) -> None:
        if not tries:
            tries.append(aggregates)
            assert story.undo(stay).status_code == 200
        save(*aggregates, receipt=receipt)

    object.__setattr__(parts.ledger, "save", saving)

    assert refusal(deduct(by, NUMBER, 100_00)) == (409, "not-settled")
    assert story.balances() == LEVEL
    assert story.discrepancies() == ()


def test_the_history_of_the_stay_tells_it_in_words(tmp_path: Path) -> None:
    """Imposed, withdrawn, and released with the settlement."""
    story = story_of(tmp_path, CAPPED)
    stay = story.settle("A1")
    by = office(story)
    deduct(by, NUMBER, 100_00, document="7 号")
    withdraw(by, NUMBER)
    deduct(by, NUMBER, 200_00, document="8 号")
    story.undo(stay)

    history = story.desk.read(f"/v1/stays/{stay}/history").json()["events"]

    assert [e["happened"] for e in history if "provider-deduction" in e["topic"]] == [
        (
            f"违规扣减 {NUMBER}-K1：基金 {FUND} 少付医院 100.00 元，文书 7 号，原因“超标准收费”；"
            "该基金应付净额 700.00 元，个人应付不变；记账日 2026-03-02"
        ),
        (
            f"撤回扣减 {NUMBER}-K1：基金 {FUND} 补付医院 100.00 元，原因“申诉成立”；"
            "记账日 2026-03-02"
        ),
        (
            f"违规扣减 {NUMBER}-K2：基金 {FUND} 少付医院 200.00 元，文书 8 号，原因“超标准收费”；"
            "该基金应付净额 600.00 元，个人应付不变；记账日 2026-03-02"
        ),
        (f"解除扣减 {NUMBER}-K2：因结算撤销，解除 200.00 元，仍扣减 0.00 元；记账日 2026-03-02"),
    ]


def test_a_paper_printed_before_still_matches(tmp_path: Path) -> None:
    """The code on it is that of the settlement, which did not change."""
    story = story_of(tmp_path, CAPPED)
    stay = story.settle("A1")
    parts = story.desk.parts
    code = statement_code(history_of_issued(parts.ledger, UUID(stay), NUMBER)[-1])

    deduct(office(story), NUMBER, 100_00)

    assert len(history_of_issued(parts.ledger, UUID(stay), NUMBER)) == 1
    checked = story.desk.read(f"/v1/settlements/check?number={NUMBER}&code={code}").json()
    assert checked["result"] == "matches"


def test_a_statement_of_a_period_goes_by_the_day_it_was_booked(tmp_path: Path) -> None:
    """Before it the fund owes what the settlement says."""
    story = story_of(tmp_path, CAPPED)
    story.settle("A1")
    deduct(office(story), NUMBER, 100_00)
    accounts = story.desk.parts.fund_account

    after = accounts.statement(FUND, Period(date(2026, 3, 3), date(2026, 3, 31)))

    assert (after.opening_fen, after.deducted_fen, after.closing_fen) == (700_00, 0, 700_00)
