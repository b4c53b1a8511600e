"""An amount that people decide after the settlement: proposed by one, approved by another.

Policies and bills are those of `test_late_amounts`: 600 of 1,000.00 are paid, relief is pending,
a supplement pays half of the rest.
"""

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from settlement.application.ledger_history import settlements_recorded
from settlement.application.replay_ledger import Scope, replay_ledger
from tests.settlement.desk.test_late_amounts import (
    OFFICE,
    deliver,
    events_of,
    paid,
    refusal,
    story_of,
)
from tests.settlement.desk.test_undoing_rederives import LEVEL, OTHER, Story, changes
from tests.support.settlement_desk import Desk


class Clerk(Desk):
    """Somebody else at the same window."""

    def write(
        self, path: str, json: Any = None, *, key: str | None = None, content: bytes | None = None
    ) -> Any:
        """As the desk writes, by another operator."""
        headers = {
            "Yizhan-Institution": self.institution,
            "Yizhan-Operator": "clerk-2",
            "Idempotency-Key": key or sha256(f"{path} {json}".encode()).hexdigest(),
        }
        return self.http.post(path, json=json, content=content, headers=headers)


def propose(desk: Desk, stay: str, amount_fen: int, *, layer: str = "relief") -> Any:
    """Somebody proposes, whatever is answered."""
    asked = {"layer": layer, "amount_fen": amount_fen, "reason": "家庭困难，经评审"}
    return desk.write(f"/v1/stays/{stay}/decisions", asked)


def approve(desk: Desk, stay: str, decision: int = 1, **asked: Any) -> Any:
    """Somebody approves, whatever is answered."""
    return desk.write(f"/v1/stays/{stay}/decisions/{decision}/approval", asked)


def reject(desk: Desk, stay: str, decision: int = 1) -> Any:
    """Somebody rejects, whatever is answered."""
    path = f"/v1/stays/{stay}/decisions/{decision}/rejection"
    return desk.write(path, {"reason": "材料不全"})


def statuses(story: Story, stay: str, query: str = "") -> list[tuple[str, str, str | None]]:
    """Every decision that is listed: its reference, status, and why it lapsed."""
    listed = story.desk.read(f"/v1/stays/{stay}/decisions{query}").json()["decisions"]
    return [(d["reference"], d["status"], d["lapsed_because"]) for d in listed]


def clerk_of(story: Story) -> Clerk:
    """Somebody else at the first hospital's window."""
    return Clerk(story.desk.parts)


NUMBER = "990103-2026-0000001"


def test_a_proposal_moves_nothing_until_somebody_else_approves_it(tmp_path: Path) -> None:
    """600 + 0 + 200; approved, 600 + 100 + 150, with the decision as its cause."""
    story = story_of(tmp_path)
    stay = story.settle("A1")
    booked = story.balances()

    proposed = propose(story.desk, stay, 100_00)

    assert (proposed.status_code, proposed.json()["status"]) == (201, "proposed")
    assert proposed.json()["proposed_by"] == "cashier-1"
    assert paid(story, stay) == [600_00, 0, 200_00, 200_00]
    assert story.balances() == booked
    assert story.discrepancies() == ()

    made = approve(clerk_of(story), stay, expected_personal_fen=150_00)

    assert made.status_code == 200, made.text
    assert (made.json()["decision"]["status"], made.json()["patient_fen"]) == ("approved", 150_00)
    assert paid(story, stay) == [600_00, 100_00, 150_00, 150_00]
    (adjustment,) = story.statement(stay)["adjustments"]
    assert changes(adjustment) == [
        ("share", 100_00, "hospital"),
        ("share", -50_00, "hospital"),
        ("patient", -50_00, "hospital"),
    ]
    assert [adjustment[k] for k in ("cause", "cause_reference", "cause_settlement")] == [
        "decision",
        f"{NUMBER}-D1",
        NUMBER,
    ]
    assert statuses(story, stay) == [(f"{NUMBER}-D1", "approved", None)]
    assert story.discrepancies() == ()
    recorded = settlements_recorded(story.desk.parts.ledger.events())
    assert replay_ledger(recorded, story.desk.parts.book, Scope()).most_changed(1) == ()
    assert story.undo(stay).status_code == 200
    assert story.balances() == LEVEL
    assert story.discrepancies() == ()


@pytest.mark.parametrize("decide", [approve, reject])
def test_nobody_decides_on_his_own_proposal(tmp_path: Path, decide: Any) -> None:
    """Not for another institution, either; he is named, and nothing is stored."""
    story = story_of(tmp_path, corrections="{underpaid: to_patient, overpaid: leave}")
    stay = story.settle("A1")
    propose(story.desk, stay, 100_00)
    before = events_of(story)

    for desk in (story.desk, Desk(story.desk.parts, institution=OFFICE)):
        answer = decide(desk, stay)
        assert refusal(answer) == (409, "same-operator")
        assert "cashier-1" in answer.json()["detail"]

    assert events_of(story) == before


def test_a_rejected_proposal_is_closed_and_another_may_follow(tmp_path: Path) -> None:
    """Each is decided once; what is open is listed alone."""
    story = story_of(tmp_path)
    stay, clerk = story.settle("A1"), clerk_of(story)
    propose(story.desk, stay, 100_00)
    propose(story.desk, stay, 80_00)

    assert reject(clerk, stay, 1).json()["status"] == "rejected"

    assert refusal(approve(clerk, stay, 1)) == (409, "proposal-closed")
    assert refusal(approve(clerk, stay, 3)) == (404, "proposal-unknown")
    assert statuses(story, stay, "?status=proposed") == [(f"{NUMBER}-D2", "proposed", None)]
    assert approve(clerk, stay, 2).status_code == 200
    assert paid(story, stay) == [600_00, 80_00, 160_00, 160_00]
    assert story.discrepancies() == ()


def test_a_proposal_is_checked_when_it_is_made(tmp_path: Path) -> None:
    """More than is left of the bill, a layer that nobody waits for, another hospital's stay."""
    story = story_of(tmp_path)
    stay = story.settle("A1")
    before = events_of(story)

    assert refusal(propose(story.desk, stay, 400_01)) == (422, "elsewhere-amount-too-large")
    assert refusal(propose(story.desk, stay, 1, layer="basic")) == (409, "late-amount-not-awaited")
    other = Desk(story.desk.parts, institution=OTHER)
    assert refusal(propose(other, stay, 1)) == (404, "stay-unknown")
    assert events_of(story) == before


def test_a_proposal_lapses_when_its_settlement_is_undone(tmp_path: Path) -> None:
    """Settled again, the stay has another settlement; the old proposal is not about it."""
    story = story_of(tmp_path)
    stay, clerk = story.settle("A1"), clerk_of(story)
    propose(story.desk, stay, 100_00)
    story.undo(stay)
    story.desk.settle(stay)

    answer = approve(clerk, stay)

    assert refusal(answer) == (409, "proposal-lapsed")
    assert f"结算 {NUMBER} 已撤销" in answer.json()["detail"]
    assert statuses(story, stay) == [(f"{NUMBER}-D1", "lapsed", f"结算 {NUMBER} 已撤销")]
    assert reject(clerk, stay).status_code == 200
    assert story.discrepancies() == ()


def test_a_proposal_lapses_when_what_it_was_checked_against_changes(tmp_path: Path) -> None:
    """The first stay's relief leaves the supplement of the second 50 more."""
    story = story_of(tmp_path)
    first, second = story.settle("A1"), story.settle("A2")
    propose(story.desk, second, 100_00)
    deliver(story.desk, first, 100_00)
    before = events_of(story)

    answer = approve(clerk_of(story), second)

    assert refusal(answer) == (409, "proposal-lapsed")
    assert (
        "supplement 由 100.00 元变为 150.00 元，个人应付 由 300.00 元变为 250.00 元"
        in answer.json()["detail"]
    )
    assert events_of(story) == before


def test_a_proposal_lapses_when_the_amount_comes_meanwhile(tmp_path: Path) -> None:
    """Even if it comes to nothing, and no payer pays another amount."""
    story = story_of(tmp_path)
    stay = story.settle("A1")
    propose(story.desk, stay, 100_00)
    deliver(story.desk, stay, 0)

    answer = approve(clerk_of(story), stay)

    assert refusal(answer) == (409, "proposal-lapsed")
    assert "relief 由待定变为 0.00 元" in answer.json()["detail"]


def test_who_approves_may_say_what_he_expects(tmp_path: Path) -> None:
    """Another personal share than he was shown is refused with the difference."""
    story = story_of(tmp_path)
    stay = story.settle("A1")
    propose(story.desk, stay, 100_00)
    before = events_of(story)

    answer = approve(clerk_of(story), stay, expected_personal_fen=140_00)

    assert refusal(answer) == (409, "personal-share-changed")
    assert events_of(story) == before


def test_a_retry_of_an_approval_gets_the_first_answer(tmp_path: Path) -> None:
    """Not that it is closed."""
    story = story_of(tmp_path)
    stay, clerk = story.settle("A1"), clerk_of(story)
    propose(story.desk, stay, 100_00)

    assert approve(clerk, stay).json() == approve(clerk, stay).json()

    assert [a["adjustment"] for a in story.statement(stay)["adjustments"]] == [1]


def test_the_history_tells_who_decided_what(tmp_path: Path) -> None:
    """In words; who did it stands beside them."""
    story = story_of(tmp_path)
    stay, clerk = story.settle("A1"), clerk_of(story)
    propose(story.desk, stay, 90_00)
    propose(story.desk, stay, 100_00)
    reject(clerk, stay, 1)
    approve(clerk, stay, 2)

    history = story.desk.read(f"/v1/stays/{stay}/history").json()["events"][-5:]

    assert [(e["operator"], e["happened"]) for e in history] == [
        (
            "cashier-1",
            f"提议裁定 {NUMBER}-D1：“relief”由待定改为 90.00 元，理由“家庭困难，经评审”",
        ),
        (
            "cashier-1",
            f"提议裁定 {NUMBER}-D2：“relief”由待定改为 100.00 元，理由“家庭困难，经评审”",
        ),
        ("clerk-2", f"退回裁定 {NUMBER}-D1：理由“材料不全”"),
        (
            "clerk-2",
            (
                f"批准裁定 {NUMBER}-D2：“relief”由待定改为 100.00 元，由 cashier-1 提议；"
                "记账日 2026-03-02"
            ),
        ),
        (
            "clerk-2",
            (
                f"更正结算 {NUMBER}（第 1 次）：因结算 {NUMBER} 的事后裁定 {NUMBER}-D2，"
                "民政救助多付 100.00 元，医疗救助少付 50.00 元，个人应付现为 150.00 元；"
                "记账日 2026-03-02"
            ),
        ),
    ]
