"""An amount that another system sends after the settlement: it is completed, and what came later
with it.

The fund pays 60% of a bill, the relief that others decide may come late, and a supplement pays
half of what is left, at most 300.00 a year. Bills are of 1,000.00.
"""

import json
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from rich.console import Console

from contracts.settlement_v1 import StatementShown
from contracts.vocabulary import InstitutionId
from settlement.application.find_settlements import Wanted
from settlement.application.settle_stay import Settled, SettleStay, settle_stay
from settlement.domain.postings import Account
from settlement.domain.record import Actor
from settlement.entrypoints.statement_table import print_statement
from tests.settlement.desk.test_undoing_rederives import BILL, LEVEL, OTHER, Story, changes
from tests.support.settlement_desk import P1, P2, Desk, open_parts
from tests.support.small_policies import REGION, layer_text, policy_text, write_book

BASIC = layer_text("base: total\nrate: 60%\n")
RELIEF = layer_text(
    "decided_elsewhere: {by: 民政局评审, at_most: total - basic, may_come_later: 是}\n",
    layer_id="relief",
    payer="civil_assistance",
)
SUPPLEMENT = layer_text(
    "base: total - basic - relief\nrate: 50%\ncaps: [{per: year, of: payment, amount: 300}]\n",
    layer_id="supplement",
    payer="medical_assistance",
)
OFFICE = "A990103"


def story_of(folder: Path, *, corrections: str = "") -> Story:
    """Two hospitals and P1 under these three layers."""
    more = f"corrections: {corrections}\n" if corrections else ""
    text = policy_text(BASIC, RELIEF, SUPPLEMENT, more=more)
    parts, people = open_parts(folder, policies=write_book(folder / "law", text))
    desk = Desk(parts)
    desk.import_institutions()
    people.add(P1, region=REGION)
    return Story(desk, Desk(parts, institution=OTHER), people)


def deliver(
    desk: Desk, stay: str, amount_fen: int, *, layer: str = "relief", key: str | None = None
) -> Any:
    """The amount comes, whatever is answered."""
    stated = {"layer": layer, "amount_fen": amount_fen, "reference": "MZ-7"}
    return desk.write(f"/v1/stays/{stay}/settlement/late-amounts", stated, key=key)


def paid(story: Story, stay: str, *, at: Desk | None = None) -> list[int]:
    """What each layer pays of it by now, and the patient, in fen."""
    shown = story.statement(stay, at=at)
    return [*(step["paid_fen"] for step in shown["steps"]), shown["patient_fen"]]


def events_of(story: Story) -> int:
    """How many events there are."""
    return len(list(story.desk.parts.ledger.events()))


def refusal(answer: Any) -> tuple[int, str]:
    """Status and type of a refusal."""
    return answer.status_code, answer.json()["type"].removeprefix("urn:yizhan:problem:")


def test_a_pending_layer_is_completed(tmp_path: Path) -> None:
    """600 + 0 + 200 and 200 for the patient become 600 + 100 + 150 and 150."""
    story = story_of(tmp_path)
    stay = story.settle("A1")
    number = story.statement(stay)["settlement_number"]
    assert paid(story, stay) == [600_00, 0, 200_00, 200_00]

    answer = deliver(story.desk, stay, 100_00)

    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["settlement_number"], told["was_fen"], told["patient_fen"]) == (
        number,
        None,
        150_00,
    )
    assert changes(told["adjustments"][0]) == [
        ("share", 100_00, "hospital"),
        ("share", -50_00, "hospital"),
        ("patient", -50_00, "hospital"),
    ]
    shown = story.statement(stay)
    assert paid(story, stay) == [600_00, 100_00, 150_00, 150_00]
    assert [s["pending"] for s in shown["steps"]] == [False, False, False]
    assert [
        (a["cause"], a["cause_reference"], a["cause_settlement"]) for a in shown["adjustments"]
    ] == [("late-layer", "MZ-7", number)]
    assert story.balances() == {
        Account.FUND_BENEFITS.value: 850_00,
        Account.FUND_PAYABLE.value: -850_00,
        Account.HOSPITAL_RECEIVABLE.value: 850_00,
        Account.PATIENT_RECEIVABLE.value: 150_00,
        Account.CHARGES.value: -1_000_00,
    }
    assert story.discrepancies() == ()


def test_what_rests_on_it_is_made_again(tmp_path: Path) -> None:
    """200 + 100 of a yearly 300; with relief the first needs 150, and 150 are left for the other
    hospital's, which pays back through it."""
    story = story_of(tmp_path, corrections="{underpaid: through_hospital, overpaid: leave}")
    first, second = story.settle("A1"), story.settle("A2", at=story.other)
    assert paid(story, second, at=story.other) == [600_00, 0, 100_00, 300_00]
    number = story.statement(first)["settlement_number"]

    adjusted = deliver(story.desk, first, 100_00).json()["adjustments"]

    assert [(a["institution_id"], a["hospital_stay_number"]) for a in adjusted] == [
        ("H50011200001", "A1"),
        (OTHER, None),
    ]
    assert adjusted[1]["changes"] == []
    assert paid(story, second, at=story.other) == [600_00, 0, 150_00, 250_00]
    shown = story.statement(second, at=story.other)["adjustments"][0]
    assert changes(shown) == [("share", 50_00, "hospital"), ("patient", -50_00, "hospital")]
    assert (shown["cause"], shown["cause_settlement"]) == ("late-layer", number)
    assert story.discrepancies() == ()


def test_a_wrong_amount_is_corrected_and_the_same_one_refused(tmp_path: Path) -> None:
    """All that the layer comes to is stated, not the difference."""
    story = story_of(tmp_path)
    stay = story.settle("A1")
    deliver(story.desk, stay, 100_00)

    corrected = deliver(story.desk, stay, 40_00).json()

    assert corrected["was_fen"] == 100_00
    assert paid(story, stay) == [600_00, 40_00, 180_00, 180_00]
    assert [a["adjustment"] for a in story.statement(stay)["adjustments"]] == [1, 2]
    before = events_of(story)
    again = deliver(story.desk, stay, 40_00)
    assert refusal(again) == (409, "late-amount-unchanged")
    assert "40.00 元" in again.json()["detail"]
    assert events_of(story) == before
    assert story.discrepancies() == ()


def test_that_nothing_is_paid_is_an_amount_too(tmp_path: Path) -> None:
    """The layer waits no longer, and nothing is booked."""
    story = story_of(tmp_path)
    stay = story.settle("A1")
    booked = story.balances()

    told = deliver(story.desk, stay, 0).json()

    assert told["adjustments"][0]["changes"] == []
    assert [s["pending"] for s in story.statement(stay)["steps"]] == [False, False, False]
    assert story.balances() == booked
    assert story.discrepancies() == ()


@pytest.mark.parametrize(("layer", "stated"), [("basic", {}), ("relief", {"relief": 100_00})])
def test_a_layer_that_nobody_waits_for_is_refused(
    tmp_path: Path, layer: str, stated: dict[str, int]
) -> None:
    """One that the policy computes, and one whose amount was stated when the stay was settled."""
    story = story_of(tmp_path)
    stay = story.desk.discharged(P1, "A1", charges=BILL)
    story.desk.settle(stay, decided_elsewhere_fen=stated)
    before = events_of(story)

    answer = deliver(story.desk, stay, 50_00, layer=layer)

    assert refusal(answer) == (409, "late-amount-not-awaited")
    assert f"待定：{'无' if stated else 'relief'}" in answer.json()["detail"]
    assert events_of(story) == before


def test_what_cannot_be_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    """More than the policy allows; before there is a settlement, and after it was undone."""
    story = story_of(tmp_path)
    stay = story.desk.discharged(P1, "A1", charges=BILL)
    assert refusal(deliver(story.desk, stay, 1)) == (409, "not-settled")
    story.desk.settle(stay)
    before = events_of(story)

    assert refusal(deliver(story.desk, stay, 400_01)) == (422, "elsewhere-amount-too-large")

    assert events_of(story) == before
    assert story.undo(stay).status_code == 200
    assert refusal(deliver(story.desk, stay, 1)) == (409, "not-settled")


def test_a_later_amount_decided_elsewhere_must_still_fit(tmp_path: Path) -> None:
    """Here the first relief leaves the supplement 150 more for the second stay, whose own relief
    of 250 was checked against what is left of the bill: it still fits, and is kept."""
    story = story_of(tmp_path)
    first, second = story.settle("A1"), story.settle("A2")
    deliver(story.desk, second, 250_00)

    assert deliver(story.desk, first, 400_00).status_code == 200

    assert paid(story, first) == [600_00, 400_00, 0, 0]
    assert paid(story, second) == [600_00, 250_00, 75_00, 75_00]
    assert story.discrepancies() == ()


def test_an_office_delivers_to_any_hospital_as_the_policy_says(tmp_path: Path) -> None:
    """Directly to the patient, and what was paid too much is left; another hospital sees none."""
    story = story_of(tmp_path, corrections="{underpaid: to_patient, overpaid: leave}")
    stay = story.settle("A1")
    office = Desk(story.desk.parts, institution=OFFICE)

    assert refusal(deliver(story.other, stay, 100_00)) == (404, "stay-unknown")
    told = deliver(office, stay, 100_00).json()

    assert [(c["layer"], c["delta_fen"], c["way"]) for c in told["adjustments"][0]["changes"]] == [
        ("relief", 100_00, "patient"),
        ("supplement", -50_00, "left"),
        (None, -100_00, "patient"),
        (None, 50_00, "left"),
    ]
    assert story.discrepancies() == ()
    assert story.undo(stay).status_code == 200
    assert story.balances() == LEVEL
    assert story.discrepancies() == ()


def test_an_office_is_told_where_the_policy_does_not_say(tmp_path: Path) -> None:
    """The hospital can deliver it itself, and nothing is stored."""
    story = story_of(tmp_path)
    stay = story.settle("A1")
    before = events_of(story)

    answer = deliver(Desk(story.desk.parts, institution=OFFICE), stay, 100_00)

    assert refusal(answer) == (409, "corrections-unstated")
    assert "请改由机构 H50011200001 登记" in answer.json()["detail"]
    assert events_of(story) == before


def test_a_retry_gets_the_first_answer(tmp_path: Path) -> None:
    """The receipt stands in the same transaction; what became of the request can be asked."""
    story = story_of(tmp_path)
    stay = story.settle("A1")

    answer = deliver(story.desk, stay, 100_00, key="k-1")
    events = events_of(story)
    again = deliver(story.desk, stay, 100_00, key="k-1")

    assert (again.status_code, again.json()) == (200, answer.json())
    assert events_of(story) == events
    outcome = story.desk.read("/v1/requests/deliver-late-amount/k-1").json()
    assert outcome["state"] == "done"


def test_who_looks_for_the_settlement_finds_it_as_it_is_now(tmp_path: Path) -> None:
    """The index follows: shares and the patient's part."""
    story = story_of(tmp_path)
    stay = story.settle("A1")
    deliver(story.desk, stay, 100_00)

    (found,) = story.desk.parts.settlements.found(Wanted(), after=0, limit=9)

    assert found.patient_fen == 150_00
    assert [share.amount_fen for share in found.shares] == [600_00, 100_00, 150_00]


def test_who_settles_under_another_id_meanwhile_looks_again(tmp_path: Path) -> None:
    """The amount comes between reading the person's totals and storing what rests on them."""
    story = story_of(tmp_path)
    parts = story.desk.parts
    first = story.settle("A1")
    story.people.add(P2, region=REGION)
    story.people.same = {P1: (P2,), P2: (P1,)}
    second = story.desk.discharged(P2, "A2", charges=BILL)
    tries: list[int] = []

    def accept(settled: Settled) -> None:
        if not tries:
            assert deliver(story.desk, first, 100_00).status_code == 200
        tries.append(settled.prepared.patient_fen)

    settle_stay(
        SettleStay(
            stay_id=UUID(second),
            elsewhere_fen={},
            expected_personal_fen=None,
            settled_on=date(2026, 3, 2),
            by=Actor("cashier-1", InstitutionId(story.desk.institution)),
            at=parts.clock(),
        ),
        ledger=parts.ledger,
        eligibility=parts.eligibility,
        book=parts.book,
        clock=parts.clock,
        accept=accept,
    )

    assert tries == [300_00, 250_00]
    assert paid(story, second) == [600_00, 0, 150_00, 250_00]
    assert story.discrepancies() == ()


def test_statement_and_history_say_why(tmp_path: Path) -> None:
    """In words, with the numbers people quote."""
    story = story_of(tmp_path)
    stay = story.settle("A1")
    deliver(story.desk, stay, 100_00)
    deliver(story.desk, stay, 40_00)
    target = StringIO()

    shown = StatementShown.model_validate_json(json.dumps(story.statement(stay)))
    print_statement(shown, Console(file=target, width=200))

    assert "更正 1 2026-03-02 因结算 990103-2026-0000001 的后到金额 MZ-7" in target.getvalue()
    history = story.desk.read(f"/v1/stays/{stay}/history").json()["events"]
    assert [e["happened"] for e in history[-4:]] == [
        (
            "登记后到金额 990103-2026-0000001：“relief”由待定改为 100.00 元，对方编号 MZ-7；"
            "记账日 2026-03-02"
        ),
        (
            "更正结算 990103-2026-0000001（第 1 次）：因结算 990103-2026-0000001 的后到金额 MZ-7，"
            "民政救助多付 100.00 元，医疗救助少付 50.00 元，个人应付现为 150.00 元；"
            "记账日 2026-03-02"
        ),
        (
            "登记后到金额 990103-2026-0000001：“relief”由 100.00 元改为 40.00 元，对方编号 MZ-7；"
            "记账日 2026-03-02"
        ),
        (
            "更正结算 990103-2026-0000001（第 2 次）：因结算 990103-2026-0000001 的后到金额 MZ-7，"
            "民政救助少付 60.00 元，医疗救助多付 30.00 元，个人应付现为 180.00 元；"
            "记账日 2026-03-02"
        ),
    ]
